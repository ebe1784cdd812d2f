//! What others paste into their CI does what it says: the shell code of the action's steps is run, and the script of
//! the recipe for GitLab. Both files are also valid by the schemas of their services (`check-jsonschema`, by hand).
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use autoenroll_tests::{root, scratch};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

const GOOD: &str = "scenario = 1\ntitle = \"Good\"\n\n[world]\nextends = \"enrolling\"\n\n[timeline]\nsteps = [{ boot = \"WKS01\" }]\n";

/// A checkout with scenarios, and what a runner has beside it.
struct Runner {
    directory: PathBuf,
}

impl Runner {
    fn new(name: &str) -> Self {
        let directory = scratch(env!("CARGO_TARGET_TMPDIR"), &format!("recipes-{name}"));
        for folder in ["work/autoenrollment", "work/two words", "temp", "home", "bin"] {
            fs::create_dir_all(directory.join(folder)).unwrap();
        }
        fs::write(directory.join("work/autoenrollment/good.toml"), GOOD).unwrap();
        let bad = GOOD.replace("[{ boot", "[{ logon = \"alice\" }, { expect = \"denied\" }, { boot");
        fs::write(directory.join("work/two words/bad.toml"), bad).unwrap();
        Self { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// A program of that name, before all others.
    fn stand_in(&self, name: &str, script: &str) {
        let file = self.path("bin").join(name);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs shell code in the checkout as a service does: bash that ends at the first failure.
    fn run(&self, code: &str, environment: &[(&str, &str)]) -> Output {
        let mut shell = Command::new("bash");
        shell.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", code]).env_clear();
        let path = std::env::var("PATH").unwrap_or_default();
        shell.env("PATH", format!("{}:{path}", self.path("bin").display()));
        shell.env("CI", "true").env("HOME", self.path("home")).env("RUNNER_TEMP", self.path("temp"));
        shell.env("GITHUB_OUTPUT", self.path("output")).envs(environment.iter().copied());
        shell.current_dir(self.path("work")).stdin(Stdio::null()).output().unwrap()
    }

    /// What a step has said for later steps.
    fn said(&self, name: &str) -> Option<String> {
        let said = fs::read_to_string(self.path("output")).unwrap_or_default();
        said.lines().rev().find_map(|line| line.strip_prefix(&format!("{name}=")).map(str::to_owned))
    }
}

/// The shell code of a step, by the step's name; it is all indented alike, and names no `${{ … }}`.
fn step(name: &str) -> String {
    let action = fs::read_to_string(root().join("action.yml")).unwrap();
    let (_, step) = action.split_once(&format!("    - name: {name}\n")).unwrap();
    let (_, code) = step.split_once("      run: |\n").unwrap();
    let lines = code.lines().map_while(|line| if line.is_empty() { Some("") } else { line.strip_prefix("        ") });
    let code: String = lines.take_while(|line| !line.is_empty()).map(|line| format!("{line}\n")).collect();
    assert!(!code.contains("${{"), "an expression is put into the code as it is: take it from the environment\n{code}");
    code
}

/// The inputs of the step that plays, empty unless said.
fn play<'a>(set: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let names = ["SCENARIOS", "FIXTURES", "PROFILE", "CORE", "KNOWN_FAILURES", "ARGUMENTS", "REPORT"];
    let mut all: Vec<_> = names.map(|name| (name, "")).into();
    all.extend([("PROGRAM", PROGRAM), ("JUNIT", "autoenroll.xml")]);
    all.extend(set);
    all
}

fn text(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat()
}

#[test]
fn the_action_plays_what_it_is_told_to() {
    let runner = Runner::new("play");
    let check = |set: &[(&str, &str)], code: i32, says: &[&str]| {
        let output = runner.run(&step("Play the scenarios"), &play(set));
        assert_eq!(output.status.code(), Some(code), "{set:?}\n{}", text(&output));
        for part in says {
            assert!(text(&output).contains(part), "{set:?}: {part}\n{}", text(&output));
        }
    };
    check(&[("SCENARIOS", "autoenrollment"), ("REPORT", "pages")], 0, &["1 passed"]);
    assert!(runner.path("work/pages/index.html").exists() && runner.path("work/autoenroll.xml").exists());
    check(
        &[("SCENARIOS", "autoenrollment\ntwo words\n")],
        1,
        &["1 passed", "1 failed", "::error file=two words/bad.toml"],
    );
    check(&[("SCENARIOS", "founding/second-provider"), ("PROFILE", "windows-95")], 2, &["windows-95"]);
    let arguments = "--shard=1/2\n--filter=founding";
    check(&[("SCENARIOS", ""), ("ARGUMENTS", arguments)], 0, &["founding/"]);
    check(&[("SCENARIOS", "--twice")], 2, &["there is no file `--twice`"]);
    check(&[("SCENARIOS", "autoenrollment"), ("CORE", &format!("{PROGRAM} core --stdio"))], 0, &["1 passed"]);
    check(&[("SCENARIOS", "autoenrollment"), ("KNOWN_FAILURES", "none.toml")], 2, &["none.toml"]);
    check(&[("SCENARIOS", "autoenrollment"), ("FIXTURES", "none")], 2, &["none is no directory"]);
}

#[test]
fn the_action_finds_a_program_that_is_there() {
    let runner = Runner::new("given");
    let action = root();
    let action = action.to_str().unwrap();
    let output = runner.run(&step("Find the program"), &[("PROGRAM", PROGRAM), ("ACTION", action), ("FEATURES", "")]);
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(runner.said("program").map(PathBuf::from), Some(fs::canonicalize(PROGRAM).unwrap()));
    assert_eq!(runner.said("root"), None);
}

/// Cargo is asked for the program of the place that the cache has; here it puts the one under test there.
#[test]
fn the_action_builds_a_program_once_for_each_version() {
    let runner = Runner::new("built");
    runner.stand_in(
        "cargo",
        &format!(r#"printf '%s ' "$@" > "$HOME/asked"; while [ "$1" != --root ]; do shift; done; mkdir -p "$2/bin"; cp {PROGRAM} "$2/bin/autoenroll""#),
    );
    let action = root();
    let action = action.to_str().unwrap();
    let key = |features: &str| {
        let output =
            runner.run(&step("Find the program"), &[("PROGRAM", ""), ("ACTION", action), ("FEATURES", features)]);
        assert!(output.status.success(), "{}", text(&output));
        runner.said("key").unwrap()
    };
    assert_ne!(key("serve"), key(""));
    assert_eq!(key("serve"), key("serve"));
    let (place, program) = (runner.said("root").unwrap(), runner.said("program").unwrap());
    let environment = [("ACTION", action), ("FEATURES", "serve"), ("ROOT", place.as_str())];
    let output = runner.run(&step("Build the program"), &environment);
    assert!(output.status.success(), "{}", text(&output));
    let asked = fs::read_to_string(runner.path("home/asked")).unwrap();
    assert!(
        asked.starts_with(&format!("install --locked --path {action}/crates/cli --features serve --root")),
        "{asked}"
    );
    assert!(Path::new(&program).exists(), "{program}");
}

/// The lines of `script`, with Cargo's work done already.
#[test]
fn the_recipe_for_gitlab_runs() {
    let runner = Runner::new("gitlab");
    let page = fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let (_, recipe) = page.split_once("```yaml\nautoenrollment:\n").unwrap();
    let (recipe, _) = recipe.split_once("```").unwrap();
    let (_, script) = recipe.split_once("  script:\n").unwrap();
    let script: Vec<&str> = script.lines().map_while(|line| line.strip_prefix("    - ")).collect();
    assert_eq!(script.len(), 2, "{script:?}");
    runner.stand_in(
        "cargo",
        &format!(r#"echo "$@" > "$HOME/asked"; mkdir -p "$CARGO_INSTALL_ROOT/bin"; cp {PROGRAM} "$CARGO_INSTALL_ROOT/bin/autoenroll""#),
    );
    let bench = runner.path("work/.bench");
    let environment = [
        ("CARGO_INSTALL_ROOT", bench.to_str().unwrap()),
        ("BENCH", "https://git.example/autoenroll"),
        ("BENCH_REVISION", "0123"),
    ];
    let output = runner.run(&script.join("\n"), &environment);
    assert!(output.status.success(), "{}", text(&output));
    let asked = fs::read_to_string(runner.path("home/asked")).unwrap();
    assert_eq!(asked, "install --locked --git https://git.example/autoenroll --rev 0123 autoenroll-cli\n");
    assert!(runner.path("work/autoenroll-pages/index.html").exists() && runner.path("work/autoenroll.xml").exists());
}
