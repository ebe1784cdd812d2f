//! The programs of others, and how they are run: at the clock of a story.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use autoenroll_model::FileTime;

/// What is found where, when every program is there.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    /// OpenSC's PKCS #11 module.
    pub(crate) module: PathBuf,
    /// The library that shifts a program's clock.
    faketime: PathBuf,
}

impl Programs {
    /// `None` when one is missing, of these, of these files in a directory of libraries, or of what every realm needs;
    /// that is an error in CI.
    pub(crate) fn find(more: &[(&str, &'static str)], libraries: &[(&str, &'static str)]) -> Option<Self> {
        let needed = [
            ("/usr/sbin/pcscd", "pcscd"),
            ("/usr/lib/pcsc/drivers/serial/libifdvpcd.so", "vsmartcard-vpcd"),
            ("/usr/bin/opensc-tool", "opensc"),
            ("/usr/bin/openssl", "openssl"),
            ("/usr/bin/kinit", "krb5-user"),
        ];
        let there = |path: &str| Path::new(path).exists();
        let all = needed.iter().chain(more);
        let mut missing: Vec<&str> = all.filter(|(path, _)| !there(path)).map(|(_, package)| *package).collect();
        let all = [("krb5/plugins/preauth/pkinit.so", "krb5-pkinit")].iter().chain(libraries);
        missing.extend(all.filter(|(name, _)| library(name).is_none()).map(|(_, package)| *package));
        let module = library("opensc-pkcs11.so");
        let faketime = library("faketime/libfaketimeMT.so.1");
        missing.extend(module.is_none().then_some("opensc-pkcs11"));
        missing.extend(faketime.is_none().then_some("faketime"));
        if let (Some(module), Some(faketime), []) = (module, faketime, missing.as_slice()) {
            return Some(Self { module, faketime });
        }
        skip(&format!("not installed: {}", missing.join(" ")));
        None
    }
}

/// Says why a test is skipped. In CI nothing is.
pub(crate) fn skip(why: &str) {
    #[expect(clippy::disallowed_methods, reason = "CI is where a missing program is an error")]
    let ci = std::env::var_os("CI").is_some();
    assert!(!ci, "in CI nothing is skipped; {why}");
    eprintln!("skipped; {why}");
}

/// Before any story begins.
pub(crate) const LONG_AGO: FileTime = FileTime::from_unix_seconds(1_577_836_800);

/// `env`, for a program at the clock of the world.
pub(crate) fn command(programs: &Programs, here: &Path, wall: FileTime, environment: &[(&str, &str)]) -> Command {
    let wall = wall.to_string();
    let clock = format!("@{}", wall.trim_end_matches('Z').replace('T', " "));
    let mut command = Command::new("/usr/bin/env");
    command
        .current_dir(here)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("TZ", "UTC")
        .env("LD_PRELOAD", &programs.faketime)
        .env("FAKETIME", clock)
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        // Otherwise the modules of Samba's database see the clock of the machine.
        .env("LDB_MODULES_DISABLE_DEEPBIND", "1")
        .env("HOME", here)
        .env("OPENSC_CONF", here.join("opensc.conf"))
        .env("KRB5_CONFIG", here.join("krb5.conf"))
        .env("KRB5_KDC_PROFILE", here.join("kdc.conf"))
        .envs(environment.iter().copied());
    command
}

/// Runs lines of shell, the first that fails being the last; standard output and standard error.
pub(crate) fn run(
    programs: &Programs,
    here: &Path,
    wall: FileTime,
    environment: &[(&str, &str)],
    lines: &str,
) -> Result<String, String> {
    let output = command(programs, here, wall, environment)
        .args(["/usr/bin/timeout", "--kill-after=5", "60", "/bin/sh", "-ec", lines])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(said.into_owned()) } else { Err(said.into_owned()) }
}

/// A file in a directory of `/usr/lib`, such as `/usr/lib/x86_64-linux-gnu`.
fn library(name: &str) -> Option<PathBuf> {
    let directories = fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok);
    directories.map(|directory| directory.path().join(name)).find(|path| path.exists())
}
