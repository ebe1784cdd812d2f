//! What is handed out: an archive with the program, completions and pages for `man`, its checksum, and a bill of
//! materials. The same program makes the same bytes, on every path and at every time.

mod bill;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use sha2::{Digest as _, Sha256};

use self::bill::Graph;

/// What is asked for.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Put this program into the archive, in place of one that is built for it; for tests of everything else.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// The directory for the files.
    #[arg(long, value_name = "DIR", default_value = "target/dist")]
    to: PathBuf,
}

/// The package whose program is handed out, and its features: everything that needs no library of the system.
const PACKAGE: &str = "autoenroll-cli";
const FEATURES: &str = "serve,evtx";
/// The profile of the build, in `Cargo.toml`, and the directory below `target` that has its name.
const PROFILE: &str = "stripped";
/// The shells whose completions are in the archive, and where distributions have them.
const COMPLETIONS: &[(&str, &str)] = &[
    ("bash", "completions/bash/autoenroll"),
    ("fish", "completions/fish/autoenroll.fish"),
    ("zsh", "completions/zsh/_autoenroll"),
];
/// Files of the repository that are in the archive.
const DOCUMENTS: &[&str] = &["LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// Makes the archive and the files beside it.
///
/// # Errors
/// When something cannot be built or written, or a tool is missing: cargo, git, gzip, GNU tar and date.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let root = crate::root();
    let target = host()?;
    let graph = Graph::read(&root, PACKAGE, FEATURES, &target)?;
    let name = format!("autoenroll-{}-{target}", graph.version());
    let time = time_of_the_sources(&root)?;
    let program = match &options.program {
        Some(program) => program.clone(),
        None => build(&root)?,
    };
    // Below `target` is where everything may be removed.
    let staging = root.join("target").join("dist-staging");
    remove(&staging)?;
    fill(&root, &program, &staging.join(&name))?;
    let to = root.join(&options.to);
    fs::create_dir_all(&to).map_err(|error| format!("{} cannot be made: {error}", to.display()))?;
    let archive = to.join(format!("{name}.tar.gz"));
    pack(&staging, &name, time, &archive)?;
    remove(&staging)?;
    write(&to.join(format!("{name}.tar.gz.sha256")), checksum_line(&archive)?.as_bytes())?;
    let bill = format!("{:#}\n", graph.bill(&date(time)?, FEATURES));
    write(&to.join(format!("{name}.cdx.json")), bill.as_bytes())?;
    println!("{}", archive.display());
    Ok(())
}

/// Builds the program, without paths of this machine in it.
fn build(root: &Path) -> Result<PathBuf, String> {
    let home = std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")));
    let home = home.map_err(|_| "neither CARGO_HOME nor HOME is set".to_owned())?;
    let sysroot = said(Command::new("rustc").args(["--print", "sysroot"]))?;
    let flags = [(home.as_str(), "/cargo"), (sysroot.trim(), "/rust"), (&root.display().to_string(), "/autoenroll")];
    let flags = flags.map(|(from, to)| format!("--remap-path-prefix={from}={to}"));
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--locked", "--profile", PROFILE, "--package", PACKAGE, "--features", FEATURES]);
    // Between flags: paths may have blanks.
    cargo.current_dir(root).env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    // Compiling piece by piece makes other bytes than compiling at once.
    cargo.env("CARGO_INCREMENTAL", "0");
    done(&mut cargo)?;
    Ok(root.join("target").join(PROFILE).join("autoenroll"))
}

/// Puts everything into a directory that the archive has.
fn fill(root: &Path, program: &Path, directory: &Path) -> Result<(), String> {
    copy(program, &directory.join("autoenroll"))?;
    for document in DOCUMENTS {
        copy(&root.join(document), &directory.join(document))?;
    }
    for (shell, place) in COMPLETIONS {
        let script = Command::new(program).args(["completions", shell]).output();
        let script = script.map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
        if !script.status.success() {
            return Err(format!("completions for {shell}: {}", String::from_utf8_lossy(&script.stderr)));
        }
        write(&directory.join(place), &script.stdout)?;
    }
    done(Command::new(program).args(["manual", "--to"]).arg(directory.join("man/man1")))
}

/// Packs the directory of that name in `staging`: names in order, one time, no owner. GNU tar and gzip, because they
/// are on every machine that builds, and what they write is the same everywhere.
fn pack(staging: &Path, name: &str, time: u64, archive: &Path) -> Result<(), String> {
    let plain = staging.join("archive.tar");
    let mut tar = Command::new("tar");
    tar.args(["--create", "--format=ustar", "--sort=name", "--owner=0", "--group=0", "--numeric-owner"]);
    tar.args(["--mode=u=rwX,go=rX", &format!("--mtime=@{time}"), "--directory"]).arg(staging);
    done(tar.arg("--file").arg(&plain).arg(name).env("LC_ALL", "C"))?;
    let packed = Command::new("gzip").args(["--best", "--no-name", "--stdout"]).arg(&plain).output();
    let packed = packed.map_err(|error| format!("gzip cannot be started: {error}"))?;
    if !packed.status.success() {
        return Err(format!("gzip: {}", String::from_utf8_lossy(&packed.stderr)));
    }
    write(archive, &packed.stdout)
}

/// As `sha256sum` prints it, with the name of the file alone.
fn checksum_line(file: &Path) -> Result<String, String> {
    let bytes = fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let sum: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!("{sum}  {name}\n"))
}

/// When the sources are from, in seconds since 1970: `SOURCE_DATE_EPOCH`, or the time of the commit.
fn time_of_the_sources(root: &Path) -> Result<u64, String> {
    let text = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text,
        Err(_) => said(Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(root))
            .map_err(|error| format!("{error}; without git, set SOURCE_DATE_EPOCH"))?,
    };
    text.trim().parse().map_err(|_| format!("`{}` is no number of seconds", text.trim()))
}

/// Those seconds since 1970 as RFC 3339 has them.
fn date(time: u64) -> Result<String, String> {
    let date = said(Command::new("date").args(["--utc", &format!("--date=@{time}"), "+%Y-%m-%dT%H:%M:%SZ"]))?;
    Ok(date.trim().to_owned())
}

/// The target that this machine builds for.
fn host() -> Result<String, String> {
    let version = said(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| format!("rustc does not say its host: {version}"))
}

fn done(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{command:?} cannot be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}")) }
}

fn said(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?} cannot be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("{command:?} prints what is not UTF-8"))
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    make_parent(to)?;
    fs::copy(from, to).map(|_| ()).map_err(|error| format!("{} cannot be copied: {error}", from.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    make_parent(path)?;
    fs::write(path, bytes).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

fn make_parent(path: &Path) -> Result<(), String> {
    let parent = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(parent).map_err(|error| format!("{} cannot be made: {error}", parent.display()))
}

fn remove(directory: &Path) -> Result<(), String> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{} cannot be removed: {error}", directory.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_archives_of_the_same_files_are_the_same() {
        let directory = std::env::temp_dir().join(format!("autoenroll-dist-{}", std::process::id()));
        let make = |name: &str, order: [&str; 2]| {
            let staging = directory.join(name);
            for file in order {
                write(&staging.join("a").join(file), file.as_bytes()).unwrap();
            }
            let archive = directory.join(format!("{name}.tar.gz"));
            pack(&staging, "a", 1_700_000_000, &archive).unwrap();
            fs::read(archive).unwrap()
        };
        let one = make("one", ["b", "c/d"]);
        assert_eq!(one, make("two", ["c/d", "b"]));
        let line = checksum_line(&directory.join("one.tar.gz")).unwrap();
        assert!(line.len() > 64 && line.ends_with("  one.tar.gz\n"), "{line}");
        let listed = said(Command::new("tar").arg("-tzf").arg(directory.join("one.tar.gz"))).unwrap();
        assert_eq!(listed, "a/\na/b\na/c/\na/c/d\n");
        assert_eq!(date(1_700_000_000).unwrap(), "2023-11-14T22:13:20Z");
        remove(&directory).unwrap();
    }
}
