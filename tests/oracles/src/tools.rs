//! Where the programs are. What is missing is said, and in CI it is an error.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// This package's folder.
const HERE: &str = env!("CARGO_MANIFEST_DIR");
/// The jars of Debian's libbcpkix-java.
const BOUNCY_CASTLE: [&str; 3] =
    ["/usr/share/java/bcprov.jar", "/usr/share/java/bcpkix.jar", "/usr/share/java/bcutil.jar"];

/// Java with BouncyCastle on its class path and a program of `scripts`, which it compiles and runs.
#[must_use]
pub fn java(script: &str) -> Option<Command> {
    if !works(Command::new("java").arg("-version")) {
        return missing("java", "install Debian's default-jdk-headless: the launcher of sources needs a compiler");
    }
    if let Some(jar) = BOUNCY_CASTLE.iter().find(|jar| !Path::new(jar).exists()) {
        return missing(jar, "install Debian's libbcpkix-java");
    }
    let mut command = Command::new("java");
    command.args(["-cp", &BOUNCY_CASTLE.join(":")]).arg(script_path(script));
    Some(command)
}

/// Chromium without a display, which keeps what it writes in a directory of the test.
#[must_use]
pub fn chromium(profile: &Path) -> Option<Command> {
    if !works(Command::new("chromium").arg("--version")) {
        return missing("chromium", "install Debian's chromium");
    }
    let mut command = Command::new("chromium");
    command.args(chromium_arguments(profile));
    Some(command)
}

/// The program that drives Chromium by WebDriver.
#[must_use]
pub fn chromedriver() -> Option<Command> {
    let there =
        works(Command::new("chromium").arg("--version")) && works(Command::new("chromedriver").arg("--version"));
    if there { Some(Command::new("chromedriver")) } else { missing("chromedriver", "install Debian's chromium-driver") }
}

/// How Chromium is started in a test.
#[must_use]
pub fn chromium_arguments(profile: &Path) -> Vec<String> {
    // Its sandbox needs rights that a container may not give; it reads pages of this repository alone.
    let plain = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--hide-scrollbars",
    ];
    let profile = format!("--user-data-dir={}", profile.display());
    plain.into_iter().map(str::to_owned).chain([profile]).collect()
}

/// Mono's compiler of C#, whose programs `mono` runs.
#[must_use]
pub fn mcs() -> Option<Command> {
    let advice = "install Debian's mono-mcs, mono-runtime and libmono-system-web-extensions4.0-cil";
    let there = works(Command::new("mcs").arg("--version")) && works(Command::new("mono").arg("--version"));
    if there { Some(Command::new("mcs")) } else { missing("mono", advice) }
}

/// OpenLDAP: its server, the loader of its database and its client, with the folder of its modules. They are where
/// Debian has them, or below the folder that AUTOENROLL_ORACLES_LDAP names.
#[derive(Clone, Debug)]
pub struct OpenLdap {
    /// slapd, which is the loader too, by its first argument `-T`.
    pub server: PathBuf,
    /// ldapsearch.
    pub client: PathBuf,
    /// Where modules are, such as back_mdb.
    pub modules: PathBuf,
}

/// OpenLDAP.
#[must_use]
pub fn openldap() -> Option<OpenLdap> {
    let root = std::env::var_os("AUTOENROLL_ORACLES_LDAP").map_or_else(|| PathBuf::from("/"), PathBuf::from);
    let found = OpenLdap {
        server: root.join("usr/sbin/slapd"),
        client: root.join("usr/bin/ldapsearch"),
        modules: root.join("usr/lib/ldap"),
    };
    if let Some(absent) = [&found.server, &found.client].into_iter().find(|path| !path.exists()) {
        let _ = missing(&absent.display().to_string(), "install Debian's slapd and ldap-utils");
        return None;
    }
    Some(found)
}

/// OpenSSL.
#[must_use]
pub fn openssl() -> Option<Command> {
    if !works(Command::new("openssl").arg("version")) {
        return missing("openssl", "install Debian's openssl");
    }
    Some(Command::new("openssl"))
}

/// Python with the packages of `requirements.txt`, and a program of `scripts`. It is looked for in
/// `tests/oracles/.venv`, or where AUTOENROLL_ORACLES_PYTHON says.
#[must_use]
pub fn python(script: &str) -> Option<Command> {
    let python = match std::env::var_os("AUTOENROLL_ORACLES_PYTHON") {
        Some(python) => PathBuf::from(python),
        None => Path::new(HERE).join(".venv/bin/python"),
    };
    if !works(
        Command::new(&python)
            .args(["-c", "import certihound, certipy, jsonschema, junitparser, pkilint, pyasn1_modules.rfc6402"]),
    ) {
        let advice = "python3 -m venv tests/oracles/.venv && tests/oracles/.venv/bin/pip install -r tests/oracles/requirements.txt";
        return missing(&python.display().to_string(), advice);
    }
    let mut command = Command::new(python);
    command.arg(script_path(script));
    Some(command)
}

/// Runs a program to its end.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Neovim without a display and without anything of the user's, or `None` where it is missing. It has only the
/// environment that the test gives it.
///
/// # Panics
/// In CI, where nothing is skipped.
#[must_use]
pub fn neovim() -> Option<Command> {
    let command = |arguments: &[&str]| {
        let mut command = Command::new("nvim");
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("LANG", "C.UTF-8");
        command.args(arguments);
        command
    };
    if !works(&mut command(&["--version"])) {
        return missing("Neovim", "install Debian's neovim");
    }
    Some(command(&["--headless", "--clean", "-n", "-i", "NONE"]))
}

/// What a program printed, when it ended well.
///
/// # Panics
/// With what it printed, when it did not.
#[must_use]
pub fn printed(command: &mut Command) -> String {
    let output = run(command);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}\n{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn script_path(script: &str) -> PathBuf {
    Path::new(HERE).join("scripts").join(script)
}

fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Says what is missing and what to do.
///
/// # Panics
/// In CI, where nothing is skipped.
fn missing(what: &str, advice: &str) -> Option<Command> {
    assert!(std::env::var_os("CI").is_none(), "{what} is missing, and in CI nothing is skipped: {advice}");
    eprintln!("skipped, because {what} is missing: {advice}");
    None
}
