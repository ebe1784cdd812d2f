//! What `docs/scale` hands to Slurm, Kubernetes and CI plays the parts of a search and makes one report of them. Here a
//! shell runs it with what these services set; `docs/scale/try` runs the array on a cluster of one node.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use autoenroll_tests::{Autoenroll, root, scratch};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

/// A directory in which `autoenroll` is the program under test.
struct Place {
    directory: PathBuf,
}

impl Place {
    fn new(name: &str) -> Self {
        let directory = scratch(env!("CARGO_TARGET_TMPDIR"), &format!("scale-{name}"));
        fs::create_dir_all(directory.join("bin")).unwrap();
        symlink(PROGRAM, directory.join("bin/autoenroll")).unwrap();
        Self { directory }
    }

    fn stand_in(&self, name: &str, script: &str) {
        let file = self.directory.join("bin").join(name);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn run(&self, code: &str, environment: &[(&str, String)]) -> Output {
        let mut shell = Command::new("bash");
        shell.args(["--noprofile", "--norc", "-e", "-c", code]).env_clear();
        let path = std::env::var("PATH").unwrap_or_default();
        shell.env("PATH", format!("{}:{path}", self.directory.join("bin").display()));
        shell.envs(environment.iter().map(|(name, value)| (*name, value)));
        shell.current_dir(&self.directory).stdin(Stdio::null()).output().unwrap()
    }

    /// It ends with that code, and says these words.
    fn check(&self, code: &str, environment: &[(&str, String)], exit: i32, words: &[&str]) {
        let output = self.run(code, environment);
        let text = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat();
        assert_eq!(output.status.code(), Some(exit), "{code}\n{environment:?}\n{text}");
        for word in words {
            assert!(text.contains(word), "{code}\n  expected: {word}\n{text}");
        }
    }
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join("docs/scale").join(name)).unwrap()
}

/// The search in one piece, as text.
fn whole(arguments: &str) -> String {
    let ran = Autoenroll::new(PROGRAM, ["explore"].into_iter().chain(arguments.split_whitespace())).run();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    ran.out
}

#[test]
fn an_array_of_slurm_is_one_search() {
    let place = Place::new("slurm");
    // Runs what is submitted at once, as Slurm does later: a task that fails does not end the others.
    place.stand_in(
        "sbatch",
        r#"echo "$@" >>asked
while :; do
  case $1 in
    --parsable) shift ;;
    --array=1-*) count=${1#--array=1-}; shift ;;
    --dependency=*) shift ;;
    *) break ;;
  esac
done
if [ -n "$count" ]; then
  export SLURM_ARRAY_TASK_COUNT=$count SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=$count SLURM_ARRAY_TASK_STEP=1
  for task in $(seq "$count"); do
    if [ "$task" != "$FAILS" ]; then SLURM_ARRAY_TASK_ID=$task sh "$@" >log 2>&1 || exit 9; fi
  done
  echo 7
else
  sh "$@" >merged 2>&1
  echo "$?" >merge-code
  echo 8
fi"#,
    );
    let submit = root().join("docs/scale/slurm/submit").display().to_string();
    let read = |name: &str| fs::read_to_string(place.directory.join(name)).unwrap();
    place.check(&format!("{submit} 3 --seeds 7"), &[], 0, &["array 7, merge 8"]);
    assert!(read("asked").contains("--dependency=afterany:7"), "{}", read("asked"));
    assert_eq!((read("parts/report"), read("merge-code").as_str()), (whole("--seeds 7 --format json"), "0\n"));
    assert!(read("parts/report.html").contains("<html"));
    place.check(&format!("{submit} 3 --seeds 7"), &[], 2, &["parts is not empty"]);

    let broken = [("PARTS", "broken".to_owned()), ("FAILS", "2".to_owned())];
    place.check(&format!("{submit} 3 --seeds 7"), &broken, 0, &["array 7, merge 8"]);
    assert_eq!(read("merge-code"), "2\n");
    assert!(read("merged").contains("part 2/3 is missing"), "{}", read("merged"));
    // One task alone is an array of one; which part it plays is said.
    let alone = ["ID=2", "COUNT=1", "MIN=2", "MAX=2", "STEP=1"].map(|set| format!("SLURM_ARRAY_TASK_{set} "));
    let part = root().join("docs/scale/slurm/part.sbatch").display().to_string();
    place.check(&format!("{} SHARD=2/3 PARTS=broken sh {part} --seeds 7", alone.concat()), &[], 0, &[]);
    place.check("autoenroll explore --merge broken/*.json", &[], 0, &["7 stories"]);
}

/// The lines of a file that a service gives to a shell: those that begin so, without what is before the command.
fn commands(file: &str, before: &str) -> Vec<String> {
    let lines = file.lines().filter_map(|line| line.trim_start().strip_prefix(before));
    lines.filter(|line| line.starts_with("autoenroll ")).map(str::to_owned).collect()
}

#[test]
fn jobs_of_kubernetes_and_ci_are_one_search() {
    // The file of the parts, that of the merge, what stands before a command, what names the parts, the first number.
    let check = |name: &str, files: [&str; 2], before: &str, variables: [&str; 2], first: usize| {
        let place = Place::new(name);
        let inside = |command: &String| {
            let parts = place.directory.join("parts").display().to_string();
            command.replace("--seeds 100000 --grow", "--seeds 4").replace("/parts/", &format!("{parts}/"))
        };
        fs::create_dir_all(place.directory.join("parts")).unwrap();
        let [parts, merge] = files.map(|file| commands(&read(file), before).iter().map(inside).collect::<Vec<_>>());
        let (Some(part), Some(merge)) = (parts.first(), merge.last()) else { panic!("{files:?}: {parts:?} {merge:?}") };
        let of = 3;
        for at in 0..of {
            let [index, count] = variables;
            let environment = [(index, (at + first).to_string()), (count, of.to_string())];
            place.check(part, &environment, 0, &[]);
        }
        if merge.contains(" parts/*.json") && !part.contains("parts/") {
            // Artifacts of all jobs come into one directory.
            place.check("mv [0-9]*.json parts", &[], 0, &[]);
        }
        let told = whole("--seeds 4");
        place.check(merge, &[], 0, &[&told]);
        assert!(place.run("ls parts/report.html report.html", &[]).stdout.ends_with(b"report.html\n"), "{name}");
        place.check("rm $(ls parts/*.json part-*.json 2>/dev/null | head -1)", &[], 0, &[]);
        place.check(merge, &[], 2, &["is missing"]);
    };
    let kubernetes = ["kubernetes/parts.yaml", "kubernetes/merge.yaml"];
    check("kubernetes", kubernetes, "- ", ["JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"], 0);
    check("github", ["ci/github.yml"; 2], "run: ", ["CI_NODE_INDEX", "CI_NODE_TOTAL"], 1);
    check("gitlab", ["ci/gitlab.yml"; 2], "- ", ["CI_NODE_INDEX", "CI_NODE_TOTAL"], 1);
}

/// What an API server refuses, and what an array needs, of what `kubernetes-validate --strict` takes:
/// <https://kubernetes.io/docs/concepts/workloads/controllers/job/>.
fn complaints(jobs: &str) -> Vec<String> {
    let mut found = Vec::new();
    let claims: Vec<&str> = jobs.split("---\n").filter(|one| one.contains("kind: PersistentVolumeClaim\n")).collect();
    for job in jobs.split("---\n").filter(|one| one.contains("kind: Job\n")) {
        let value = |key: &str| {
            let mut lines = job.lines().map(|line| line.trim_start().trim_start_matches("- "));
            lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(": ")).map(|value| value.trim_matches('"'))
        };
        let number = |key: &str| value(key).and_then(|text| text.parse::<u32>().ok());
        let mut expect = |met: bool, what: &str| {
            if !met {
                found.push(what.to_owned());
            }
        };
        let never = value("restartPolicy") == Some("Never");
        expect(never || value("restartPolicy") == Some("OnFailure"), "restartPolicy: Never or OnFailure");
        let claimed =
            value("claimName").is_some_and(|name| claims.iter().any(|one| one.contains(&format!("name: {name}\n"))));
        expect(claimed, "claimName: a PersistentVolumeClaim");
        let indexed = value("completionMode") == Some("Indexed");
        expect(indexed || !job.contains("completionMode"), "completionMode: Indexed");
        if indexed {
            let completions = number("completions");
            expect(completions.is_some_and(|count| count > 0), "completions: how many there are");
            expect(job.contains("$JOB_COMPLETION_INDEX"), "JOB_COMPLETION_INDEX: in the name of a file");
            let (_, passed) = job.split_once("- name: JOB_COMPLETIONS\n").unwrap_or_default();
            let passed = passed.lines().next().and_then(|line| line.trim().strip_prefix("value: "));
            let quoted = completions.map(|count| format!("\"{count}\""));
            expect(passed.is_some() && passed == quoted.as_deref(), "JOB_COMPLETIONS: as many as completions");
            expect(never || !job.contains("backoffLimitPerIndex"), "backoffLimitPerIndex: with restartPolicy: Never");
            expect(number("maxFailedIndexes") <= completions, "maxFailedIndexes: no more than completions");
        } else {
            expect(!job.contains("backoffLimitPerIndex"), "backoffLimitPerIndex: with completionMode: Indexed");
        }
    }
    found
}

#[test]
fn manifests_have_what_no_schema_asks_for() {
    let jobs = format!("{}---\n{}", read("kubernetes/parts.yaml"), read("kubernetes/merge.yaml"));
    assert_eq!(complaints(&jobs), Vec::<String>::new());
    for (old, new, complaint) in [
        ("completionMode: Indexed", "completionMode: Index", "completionMode: Indexed"),
        ("restartPolicy: Never", "restartPolicy: Always", "restartPolicy: Never or OnFailure"),
        ("restartPolicy: Never", "restartPolicy: OnFailure", "backoffLimitPerIndex: with restartPolicy: Never"),
        ("  completions: 4\n", "", "completions: how many there are"),
        ("completions: 4", "completions: 5", "JOB_COMPLETIONS: as many as completions"),
        ("value: \"4\"", "value: 4", "JOB_COMPLETIONS: as many as completions"),
        ("name: JOB_COMPLETIONS", "name: COMPLETIONS", "JOB_COMPLETIONS: as many as completions"),
        ("$JOB_COMPLETION_INDEX", "part", "JOB_COMPLETION_INDEX: in the name of a file"),
        ("  completionMode: Indexed\n", "", "backoffLimitPerIndex: with completionMode: Indexed"),
        ("maxFailedIndexes: 4", "maxFailedIndexes: 5", "maxFailedIndexes: no more than completions"),
        ("claimName: autoenroll", "claimName: other", "claimName: a PersistentVolumeClaim"),
    ] {
        assert!(jobs.contains(old), "{old}");
        let found = complaints(&jobs.replacen(old, new, 1));
        assert!(found.iter().any(|one| one == complaint), "{new}: {found:?}");
    }
}

/// What the page about it names is there.
#[test]
fn the_page_names_every_file() {
    let page = read("README.md");
    let mut open = vec![root().join("docs/scale")];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root().join("docs/scale")).unwrap_or(Path::new("")).display().to_string();
            if path.is_dir() {
                open.push(path);
            } else {
                assert!(name == "README.md" || page.contains(&format!("({name})")), "{name} is not in the page");
            }
        }
    }
}
