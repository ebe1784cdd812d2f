//! Crates and floors: ARCHITECTURE.md says what there is, the manifests must agree.

use std::collections::BTreeMap;
use std::path::Path;

use super::read;

/// Crates that must do without the standard library, so that they run wherever an enrollment client runs.
const WITHOUT_STD: &[&str] = &["apdu", "card", "core", "keys", "model", "wire"];
/// From this floor on a crate may touch the machine it runs on, and carry its own `clippy.toml`.
const MACHINE_FLOOR: u8 = 5;
/// The feature that holds what several crates' tests begin with.
const TEST_SUPPORT: &str = "test-support";

/// A member of the workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Member {
    /// Its directory, from the root.
    pub(super) directory: String,
    /// Its package name.
    pub(super) package: String,
    /// Its floor; `None` when ARCHITECTURE.md does not name it.
    pub(super) floor: Option<u8>,
    /// Directory names of the members that it uses outside tests.
    pub(super) uses: Vec<String>,
    /// Those of them that it asks for what only tests need.
    pub(super) test_support: Vec<String>,
    /// Whether it takes over the lints of the workspace.
    pub(super) inherits_lints: bool,
    /// Whether it has its own `clippy.toml`.
    pub(super) own_clippy: bool,
    /// The text of `lib.rs` or `main.rs`; empty when it has neither.
    pub(super) entry: String,
}

impl Member {
    /// The name of its directory, which is its role.
    pub(super) fn role(&self) -> &str {
        self.directory.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it is one of the crates of the house, rather than tests or chores.
    pub(super) fn in_the_house(&self) -> bool {
        self.directory.starts_with("crates/")
    }
}

/// Reads the manifests and the crate table of ARCHITECTURE.md.
pub(super) fn read_members(root: &Path) -> Result<Vec<Member>, String> {
    let manifest = toml(root, "Cargo.toml")?;
    let list = manifest.get("workspace").and_then(|w| w.get("members")).and_then(toml::Value::as_array);
    let list = list.ok_or("Cargo.toml has no workspace.members")?;
    let floors = floors(&read(root, "ARCHITECTURE.md")?);
    list.iter().filter_map(toml::Value::as_str).map(|directory| read_member(root, directory, &floors)).collect()
}

fn read_member(root: &Path, directory: &str, floors: &BTreeMap<String, u8>) -> Result<Member, String> {
    let manifest = toml(root, &format!("{directory}/Cargo.toml"))?;
    let package = manifest.get("package").and_then(|p| p.get("name")).and_then(toml::Value::as_str);
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table).cloned().unwrap_or_default();
    let asks = |dependency: &toml::Value| {
        let features = dependency.get("features").and_then(toml::Value::as_array);
        features.is_some_and(|features| features.iter().any(|feature| feature.as_str() == Some(TEST_SUPPORT)))
    };
    let role = |name: &String| name.strip_prefix("autoenroll-").map(str::to_owned);
    let inherits = manifest.get("lints").and_then(|l| l.get("workspace")).and_then(toml::Value::as_bool);
    let entry = ["src/lib.rs", "src/main.rs"].map(|file| root.join(directory).join(file));
    let entry = entry.iter().find(|file| file.exists()).map(std::fs::read_to_string).transpose();
    let member = Member {
        directory: directory.to_owned(),
        package: package.unwrap_or_default().to_owned(),
        floor: None,
        uses: dependencies.keys().filter_map(role).collect(),
        test_support: dependencies
            .iter()
            .filter(|(_, dependency)| asks(dependency))
            .filter_map(|(name, _)| role(name))
            .collect(),
        inherits_lints: inherits == Some(true),
        own_clippy: root.join(directory).join("clippy.toml").exists(),
        entry: entry.map_err(|error| format!("{directory}: {error}"))?.unwrap_or_default(),
    };
    Ok(Member { floor: floors.get(member.role()).copied(), ..member })
}

fn toml(root: &Path, path: &str) -> Result<toml::Table, String> {
    read(root, path)?.parse().map_err(|error| format!("{path}: {error}"))
}

/// The rows of the crate table: ``| 2 | `core` | …``.
pub(super) fn floors(architecture: &str) -> BTreeMap<String, u8> {
    let rows = architecture.lines().filter_map(|line| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        let floor = cells.next()?.parse().ok()?;
        let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
        Some((name.to_owned(), floor))
    });
    rows.collect()
}

/// What is wrong with the members.
pub(super) fn check(members: &[Member]) -> Vec<String> {
    members.iter().flat_map(|member| check_member(member, members)).collect()
}

fn check_member(member: &Member, all: &[Member]) -> Vec<String> {
    let at = &member.directory;
    let mut findings = Vec::new();
    if !member.inherits_lints {
        findings.push(format!("{at}/Cargo.toml: takes over no lints; add `[lints] workspace = true`"));
    }
    if !member.entry.starts_with("//! ") {
        findings.push(format!("{at}: lib.rs or main.rs does not begin with a paragraph that says what the crate does"));
    }
    if !member.in_the_house() {
        return findings;
    }
    let role = member.role();
    if member.package != format!("autoenroll-{role}") {
        findings.push(format!("{at}/Cargo.toml: the package is named {}, not autoenroll-{role}", member.package));
    }
    let says_what_it_lacks = |line: &str| {
        line.starts_with("//!")
            && (line.contains(" lacks") || line.contains(" has no ") || line.contains("There is no "))
    };
    if !member.entry.lines().any(says_what_it_lacks) {
        findings.push(format!("{at}: the crate's documentation does not say what it deliberately lacks"));
    }
    if WITHOUT_STD.contains(&role) && !member.entry.contains("#![no_std]") {
        findings.push(format!("{at}: must do without the standard library, but has no `#![no_std]`"));
    }
    let Some(floor) = member.floor else {
        findings.push(format!("ARCHITECTURE.md: the crate table has no row for {at}"));
        return findings;
    };
    if member.own_clippy && floor < MACHINE_FLOOR {
        findings.push(format!("{at}/clippy.toml: below floor {MACHINE_FLOOR} the bans of the workspace hold"));
    }
    for used in &member.test_support {
        findings.push(format!(
            "{at}/Cargo.toml: `{TEST_SUPPORT}` of {used} is for dev-dependencies; a release has none of it"
        ));
    }
    for used in &member.uses {
        match all.iter().find(|other| other.role() == used).and_then(|other| other.floor) {
            Some(below) if below <= floor => {}
            Some(above) => findings.push(format!("{at}: floor {floor} uses {used} of floor {above}")),
            None => findings.push(format!("{at}: uses {used}, which is on no floor")),
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(role: &str, floor: u8, uses: &[&str]) -> Member {
        Member {
            directory: format!("crates/{role}"),
            package: format!("autoenroll-{role}"),
            floor: Some(floor),
            uses: uses.iter().map(|name| (*name).to_owned()).collect(),
            test_support: Vec::new(),
            inherits_lints: true,
            own_clippy: false,
            entry: "//! What. It deliberately lacks files.\n#![no_std]".to_owned(),
        }
    }

    #[test]
    fn a_floor_uses_floors_below() {
        let check = |members: &[Member], expected: &[&str]| assert_eq!(super::check(members), expected);
        let model = member("model", 0, &[]);
        check(&[model.clone(), member("core", 2, &["model"])], &[]);
        check(
            &[member("model", 0, &["core"]), member("core", 2, &[])],
            &["crates/model: floor 0 uses core of floor 2"],
        );
        check(&[member("core", 2, &["cron"])], &["crates/core: uses cron, which is on no floor"]);
        check(
            &[Member { floor: None, ..model.clone() }],
            &["ARCHITECTURE.md: the crate table has no row for crates/model"],
        );
        check(
            &[Member { test_support: vec!["keys".into()], ..model.clone() }],
            &["crates/model/Cargo.toml: `test-support` of keys is for dev-dependencies; a release has none of it"],
        );
        check(
            &[Member { own_clippy: true, ..model.clone() }],
            &["crates/model/clippy.toml: below floor 5 the bans of the workspace hold"],
        );
        check(
            &[Member { entry: "//! What. It deliberately lacks files.".into(), ..model }],
            &["crates/model: must do without the standard library, but has no `#![no_std]`"],
        );
    }

    #[test]
    fn the_crate_table_is_read() {
        let text =
            "| floor | crate | holds |\n| --- | --- | --- |\n| 0 | `model` | words |\n| 6 | `cli` | the command |\n";
        assert_eq!(floors(text), BTreeMap::from([("model".to_owned(), 0), ("cli".to_owned(), 6)]));
    }
}
