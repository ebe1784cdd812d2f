//! `autoenroll fmt` as a user runs it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use autoenroll_cli::Exit;
use autoenroll_tests::{Autoenroll, Ran, scratch};

const UNTIDY: &str =
    "scenario=1\ntitle   = \"t\" # why\n[world]\nextends = \"contoso\"\n\n\n[timeline]\nsteps = [\n{wait='1h'} ]";
const TIDY: &str = "scenario = 1\ntitle = \"t\" # why\n\n[world]\nextends = \"contoso\"\n\n[timeline]\nsteps = [\n  { wait = '1h' },\n]\n";
const DIFFERENCE: &str = "\
--- a.toml
+++ a.toml
@@ -1,9 +1,10 @@
-scenario=1
-title   = \"t\" # why
+scenario = 1
+title = \"t\" # why
+
 [world]
 extends = \"contoso\"
 
-
 [timeline]
 steps = [
-{wait='1h'} ]
\\ No newline at end of file
+  { wait = '1h' },
+]
";

/// An empty directory with these files.
fn directory(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), &format!("fmt-{name}"));
    for (path, text) in files {
        let path = directory.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

fn fmt(directory: &Path, arguments: &str) -> Autoenroll {
    let program = env!("CARGO_BIN_EXE_autoenroll-under-test");
    Autoenroll::new(program, ["fmt"].into_iter().chain(arguments.split_whitespace())).directory(directory)
}

#[track_caller]
fn check(ran: &Ran, exit: Exit, out: &str) {
    assert_eq!((ran.out.as_str(), ran.err.as_str()), (out, ""));
    assert_eq!(ran.code, Some(i32::from(exit.code())));
}

#[test]
fn files_are_written_only_when_they_change() {
    let directory = directory("in-place", &[("a.toml", UNTIDY), ("deep/b.toml", TIDY)]);
    let long_ago = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let tidy = directory.join("deep/b.toml");
    fs::File::options().write(true).open(&tidy).unwrap().set_modified(long_ago).unwrap();
    check(&fmt(&directory, ".").run(), Exit::Ok, "formatted  ./a.toml\n2 files: 1 changed\n");
    assert_eq!(fs::read_to_string(directory.join("a.toml")).unwrap(), TIDY);
    assert_eq!(fs::read_to_string(&tidy).unwrap(), TIDY);
    assert_eq!(fs::metadata(&tidy).unwrap().modified().unwrap(), long_ago);
    check(&fmt(&directory, "a.toml deep a.toml").run(), Exit::Ok, "2 files: none changed\n");
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 2, "nothing is left over");
}

#[test]
fn check_writes_nothing_and_shows_the_difference() {
    let directory = directory("check", &[("a.toml", UNTIDY), ("b.toml", TIDY)]);
    let shown = format!("{DIFFERENCE}2 files: 1 would change\n");
    check(&fmt(&directory, "--check a.toml b.toml").run(), Exit::Failed, &shown);
    assert_eq!(fs::read_to_string(directory.join("a.toml")).unwrap(), UNTIDY);
    check(&fmt(&directory, "--check b.toml").run(), Exit::Ok, "1 file: none would change\n");
}

#[test]
fn standard_input_goes_to_standard_output() {
    let directory = directory("stdin", &[]);
    check(&fmt(&directory, "-").input(UNTIDY).run(), Exit::Ok, TIDY);
    check(&fmt(&directory, "-").input(TIDY).run(), Exit::Ok, TIDY);
    check(&fmt(&directory, "-").run(), Exit::Ok, "");
    check(
        &fmt(&directory, "--check -").input(UNTIDY).run(),
        Exit::Failed,
        &DIFFERENCE.replace("a.toml", "standard input"),
    );
    check(&fmt(&directory, "--check -").input(TIDY).run(), Exit::Ok, "");
    let broken = fmt(&directory, "-").input("scenario = 1\ntitle = \n").run();
    assert_eq!((broken.code, broken.out.as_str()), (Some(2), ""), "an editor takes standard output for the document");
    assert!(broken.err.contains("AE0101") && broken.err.contains("standard input:2:9"), "{}", broken.err);
}

#[test]
fn a_broken_file_is_reported_and_the_others_are_formatted() {
    let broken = "scenario = 1\ntitle = \n";
    let directory =
        directory("broken", &[("a.toml", broken), ("b.toml", UNTIDY), ("c.toml", "scenario=1\ntitel=''\n")]);
    let ran = fmt(&directory, "a.toml b.toml c.toml").run();
    assert_eq!(ran.code, Some(i32::from(Exit::Usage.code())));
    assert!(ran.out.starts_with("error[AE0101]") && ran.out.contains("a.toml:2:9"), "{}", ran.out);
    assert!(
        ran.out.ends_with("formatted  b.toml\nformatted  c.toml\n3 files: 2 changed, 1 with errors\n"),
        "{}",
        ran.out
    );
    let text = |name: &str| fs::read_to_string(directory.join(name)).unwrap();
    assert_eq!((text("a.toml"), text("b.toml")), (broken.to_owned(), TIDY.to_owned()));
    assert_eq!(text("c.toml"), "scenario = 1\ntitel = ''\n", "what words mean is the business of `check`");
}

#[test]
fn a_directory_has_files_of_other_programs() {
    let (card, other) = ("about='x'\natr='3B 00'\n", "[package]\nname='x'\n");
    let files =
        [("cards/a.toml", card), ("Cargo.toml", other), ("b.json", "{\"scenario\":1}"), ("package.json", "{\"a\":1}")];
    let directory = directory("mixed", &files);
    check(
        &fmt(&directory, ".").run(),
        Exit::Ok,
        "formatted  ./b.json\nformatted  ./cards/a.toml\n2 files: 2 changed\n",
    );
    check(&fmt(&directory, "Cargo.toml").run(), Exit::Ok, "formatted  Cargo.toml\n1 file: 1 changed\n");
    assert_eq!(fs::read_to_string(directory.join("b.json")).unwrap(), "{\n  \"scenario\": 1\n}\n");
}

#[test]
#[cfg(unix)]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let directory = directory("links", &[("a.toml", UNTIDY), ("locked.toml", UNTIDY)]);
    symlink("a.toml", directory.join("link.toml")).unwrap();
    let mode = |name: &str, mode| fs::set_permissions(directory.join(name), PermissionsExt::from_mode(mode)).unwrap();
    mode("a.toml", 0o640);
    mode("locked.toml", 0o444);
    check(&fmt(&directory, "link.toml").run(), Exit::Ok, "formatted  link.toml\n1 file: 1 changed\n");
    assert!(fs::symlink_metadata(directory.join("link.toml")).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(directory.join("a.toml")).unwrap(), TIDY);
    assert_eq!(fs::metadata(directory.join("a.toml")).unwrap().permissions().mode() & 0o777, 0o640);
    let locked = fmt(&directory, "locked.toml").run();
    assert_eq!(
        (locked.code, locked.err.as_str()),
        (Some(2), "autoenroll: locked.toml cannot be written: it is read-only\n")
    );
    assert_eq!(fs::read_to_string(directory.join("locked.toml")).unwrap(), UNTIDY);
}

#[test]
fn what_cannot_be_formatted_is_a_usage_error() {
    let directory = directory("usage", &[("notes.json", "{}"), ("notes/a.md", "")]);
    for (arguments, words) in [
        ("", "<PATH>..."),
        ("none.toml", "there is no file `none.toml`"),
        ("founding/second-provider", "founding/second-provider is inside this program"),
        ("- notes.json", "stands alone"),
        (".", "neither a scenario nor a fixture below ."),
    ] {
        let ran = fmt(&directory, arguments).run();
        assert_eq!(ran.code, Some(i32::from(Exit::Usage.code())), "{arguments}");
        assert!(ran.err.contains(words), "fmt {arguments}\n{}", ran.err);
    }
}

#[test]
fn what_the_command_writes_is_formatted() {
    let directory = directory("written", &[]);
    for story in ["silent", "smart-card"] {
        let path = format!("{story}.toml");
        let new = ["new", &path, "--story", story];
        assert_eq!(
            Autoenroll::new(env!("CARGO_BIN_EXE_autoenroll-under-test"), new).directory(&directory).run().code,
            Some(0)
        );
    }
    check(&fmt(&directory, "--check .").run(), Exit::Ok, "2 files: none would change\n");
}
