//! The committed figures: `xtask/speed.toml`.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use super::Found;

const FILE: &str = "xtask/speed.toml";

/// Instructions by work, and what they were counted with.
#[derive(Debug, Default)]
pub(super) struct Figures {
    rustc: String,
    valgrind: String,
    /// What this machine has.
    found: [String; 2],
    instructions: toml::Table,
}

impl Figures {
    /// Reads the file; no figures when there is none.
    ///
    /// # Errors
    /// When it is no such file, or the versions of this machine cannot be found out.
    pub(super) fn read() -> Result<Self, String> {
        let found = [version(&["rustc", "--version"])?, version(&["valgrind", "--version"])?];
        let path = crate::root().join(FILE);
        if !path.exists() {
            return Ok(Self { found, ..Self::default() });
        }
        let text = fs::read_to_string(path).map_err(|error| format!("{FILE}: {error}"))?;
        let mut table: toml::Table = text.parse().map_err(|error| format!("{FILE}: {error}"))?;
        let mut text = |name: &str| match table.remove(name) {
            Some(toml::Value::String(text)) => Ok(text),
            _ => Err(format!("{FILE}: no `{name}`")),
        };
        let (rustc, valgrind) = (text("rustc")?, text("valgrind")?);
        let instructions = table.remove("instructions").and_then(|value| value.as_table().cloned());
        let instructions = instructions.ok_or_else(|| format!("{FILE}: no `instructions`"))?;
        Ok(Self { rustc, valgrind, found, instructions })
    }

    /// The committed instructions of a work.
    pub(super) fn instructions(&self, name: &str) -> Option<u64> {
        self.instructions.get(name)?.as_integer()?.try_into().ok()
    }

    /// Why what this machine counts cannot be compared with them.
    pub(super) fn incomparable(&self) -> Option<String> {
        let [rustc, valgrind] = &self.found;
        let other = [(&self.rustc, rustc), (&self.valgrind, valgrind)].into_iter().find(|(was, is)| was != is);
        other.map(|(was, is)| format!("{FILE} was made with `{was}`, this machine has `{is}`"))
    }

    /// Writes what was found into the file; works that were not measured keep their figures when they are comparable.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn accept(self, found: &[Found]) -> Result<(), String> {
        let mut instructions = if self.incomparable().is_none() { self.instructions } else { toml::Table::new() };
        for Found { name, instructions: count, .. } in found {
            let count = i64::try_from(*count).map_err(|_| format!("{name}: {count} is too large for the file"))?;
            instructions.insert((*name).to_owned(), toml::Value::Integer(count));
        }
        let [rustc, valgrind] = &self.found;
        let mut text = "# What `cargo xtask speed` compares with; `cargo xtask speed --accept` writes it.\n".to_owned();
        text += &format!("rustc = \"{rustc}\"\nvalgrind = \"{valgrind}\"\n\n[instructions]\n");
        for name in super::works::names() {
            if let Some(count) = instructions.get(name).and_then(toml::Value::as_integer) {
                writeln!(text, "{name} = {count}").map_err(|error| error.to_string())?;
            }
        }
        fs::write(crate::root().join(FILE), text).map_err(|error| format!("{FILE}: {error}"))
    }

    /// Figures that were made here.
    #[cfg(test)]
    pub(super) fn of_this_machine(instructions: &[(&str, i64)]) -> Self {
        let instructions = instructions.iter().map(|(name, count)| ((*name).to_owned(), (*count).into())).collect();
        Self { instructions, ..Self::default() }
    }
}

fn version(command: &[&str]) -> Result<String, String> {
    let output = Command::new(command[0]).args(&command[1..]).current_dir(crate::root()).output();
    let output = output.map_err(|error| format!("{} cannot be run: {error}", command[0]))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`{}` failed ({}): {}", command.join(" "), output.status, told.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
