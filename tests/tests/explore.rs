//! `autoenroll explore` as a user runs it.

use std::fs;

use autoenroll_cli::Exit;
use autoenroll_tests::{Autoenroll, Ran, scratch};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

fn explore(arguments: &str) -> Ran {
    Autoenroll::new(PROGRAM, ["explore"].into_iter().chain(arguments.split_whitespace())).run()
}

/// It ends with that exit code, and its output or complaint has these words.
fn check(arguments: &str, exit: Exit, words: &[&str]) -> String {
    let ran = explore(arguments);
    let text = format!("{}{}", ran.out, ran.err);
    assert_eq!(ran.code, Some(i32::from(exit.code())), "explore {arguments}\n{text}");
    for word in words {
        assert!(text.contains(word), "explore {arguments}\n  expected: {word}\n{text}");
    }
    ran.out
}

#[test]
fn options_that_would_do_nothing_are_refused() {
    for arguments in [
        "--depth 1 --seed 3",
        "--depth 1 --shard 1/2",
        "--depth 1 --resume report.json",
        "--depth 1 --one",
        "--depth 1 --closed",
        "--closed --seeds 3",
        "--coverage --known report.json",
        "--pairs --seed 3",
        "--merge one.json --jobs 2",
        "--merge one.json --shard 1/2",
        "--merge one.json --known one.json",
        "--merge one.json --time 1s",
    ] {
        check(arguments, Exit::Usage, &["cannot be used with"]);
    }
    check("--states 3", Exit::Usage, &["required arguments"]);
    check("--pairs --states 3", Exit::Usage, &["required arguments"]);
    check("--faults 1", Exit::Usage, &["required arguments"]);
    check("--seed 4611686018427387905", Exit::Usage, &["--seed"]);
}

#[test]
fn parts_make_the_whole_and_go_on_alone() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "explore-parts");
    let file = |name: &str| directory.join(name).display().to_string();
    let whole = check("--seeds 5 --seed 2 --format json", Exit::Ok, &[]);
    for part in ["1/2", "2/2"] {
        let kept = file(&format!("{}.json", &part[..1]));
        // First a piece of it, then the rest.
        check(&format!("--seeds 3 --seed 2 --shard {part} --resume {kept}"), Exit::Ok, &[]);
        check(&format!("--seeds 5 --seed 2 --shard {part} --resume {kept}"), Exit::Ok, &[]);
    }
    let (one, two) = (file("1.json"), file("2.json"));
    assert_eq!(check(&format!("--merge {two} {one} --format json"), Exit::Ok, &[]), whole);
    check(&format!("--merge {one} {one}"), Exit::Usage, &["part 1/2 is there twice"]);
    check(&format!("--merge {two}"), Exit::Usage, &["part 2/2 alone", "not all was played", "part 1/2 is missing"]);
    check(&format!("--seeds 5 --seed 2 --shard 2/2 --resume {one}"), Exit::Usage, &["part 2/2", "in 2 parts"]);
    check(&format!("--seeds 5 --seed 2 --resume {one}"), Exit::Usage, &["is of another search"]);
    check(&format!("--seeds 5 --seed 2 --shard 1/3 --resume {one}"), Exit::Usage, &["is of another search"]);
}

/// What tasks of an array of jobs write, whatever counts them, is the whole; a merge says what is not there.
#[test]
fn tasks_of_an_array_play_parts_of_it() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "explore-array");
    let whole = check("--seeds 7 --format json", Exit::Ok, &[]);
    let slurm = |at: usize, of: usize| {
        let named = |name: &str, value: usize| (format!("SLURM_ARRAY_TASK_{name}"), (1 + 2 * value).to_string());
        let count = ("SLURM_ARRAY_TASK_COUNT".to_owned(), of.to_string());
        let step = ("SLURM_ARRAY_TASK_STEP".to_owned(), "2".to_owned());
        vec![named("ID", at), named("MIN", 0), named("MAX", of - 1), count, step]
    };
    let kubernetes = |at: usize, of: usize| {
        let named = |name: &str, value: usize| (name.to_owned(), value.to_string());
        vec![named("JOB_COMPLETION_INDEX", at), named("JOB_COMPLETIONS", of)]
    };
    let ci = |at: usize, of: usize| {
        let named = |name: &str, value: usize| (name.to_owned(), value.to_string());
        vec![named("CI_NODE_INDEX", at + 1), named("CI_NODE_TOTAL", of)]
    };
    type Variables = dyn Fn(usize, usize) -> Vec<(String, String)>;
    let arrays: [(&str, usize, &Variables); 3] = [("slurm", 4, &slurm), ("kubernetes", 3, &kubernetes), ("ci", 2, &ci)];
    for (name, of, variables) in arrays {
        let files: Vec<String> = (0..of)
            .map(|at| {
                let task = Autoenroll::new(PROGRAM, "explore --seeds 7 --format json".split_whitespace());
                let variables = variables(at, of);
                let ran = variables.iter().fold(task, |task, (name, value)| task.env(name, value)).run();
                assert_eq!(ran.code, Some(0), "{variables:?}: {}", ran.err);
                let file = directory.join(format!("{name}-{at}.json"));
                fs::write(&file, ran.out).unwrap();
                file.display().to_string()
            })
            .collect();
        assert_eq!(check(&format!("--merge {} --format json", files.join(" ")), Exit::Ok, &[]), whole, "{name}");
        let missing = format!("part 1/{of} is missing");
        check(&format!("--merge {}", files[1..].join(" ")), Exit::Usage, &["not all was played", &missing]);
        fs::write(&files[0], "").unwrap();
        check(&format!("--merge {}", files.join(" ")), Exit::Usage, &[&format!("{name}-0.json: EOF")]);
    }
    let part =
        Autoenroll::new(PROGRAM, ["explore", "--seeds", "7", "--format", "json"]).env("JOB_COMPLETION_INDEX", "1");
    let ran = part.run();
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
    assert!(ran.err.contains("no JOB_COMPLETIONS"), "{}", ran.err);
    let all = Autoenroll::new(PROGRAM, ["explore", "--seeds", "7", "--format", "json", "--shard", "1/1"]);
    assert_eq!(all.env("CI_NODE_INDEX", "2").env("CI_NODE_TOTAL", "2").run().out, whole);
    check("--seeds 1 --shard array", Exit::Usage, &["expected to run in an array of jobs"]);
}

#[test]
fn a_part_that_was_not_played_to_its_end_is_told() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "explore-unfinished");
    let file = |name: &str| directory.join(name).display().to_string();
    let (one, two) = (file("1.json"), file("2.json"));
    // The first part has done the numbers below 2 only, as one that was killed.
    check(&format!("--seeds 2 --shard 1/2 --resume {one}"), Exit::Ok, &[]);
    let begun = fs::read_to_string(&one).unwrap().replace("\"end\":2,", "\"end\":6,");
    fs::write(&one, begun).unwrap();
    check(&format!("--seeds 6 --shard 2/2 --resume {two}"), Exit::Ok, &[]);
    check(
        &format!("--merge {one} {two}"),
        Exit::Usage,
        &["4 stories", "not all was played", "part 1/2 ended before 2"],
    );
    check(&format!("--seeds 6 --shard 1/2 --resume {one}"), Exit::Ok, &[]);
    check(&format!("--merge {one} {two}"), Exit::Ok, &["6 stories", "the last was 5"]);
}

/// A number is another story where the file or the program is another one.
#[test]
fn parts_of_two_stories_or_programs_are_none_of_one_search() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "explore-parts-of-two");
    let file = |name: &str| directory.join(name).display().to_string();
    let (story, one, two) = (file("story.toml"), file("1.json"), file("2.json"));
    let base = "scenario = 1\ntitle = \"a story\"\n[world]\nextends = \"enrolling\"\n[timeline]\nsteps = [";
    let steps = "{ logon = \"alice\" }, { expect = \"item-ended\" }";
    let part = |number: u64| format!("--from {story} --shard {number}/400 --jobs 1 --format json");
    let put = |text: &str| fs::write(&story, text).unwrap();
    put(&format!("{base}{steps}]\n"));
    fs::write(&one, check(&part(1), Exit::Ok, &[])).unwrap();
    check(&format!("{} --resume {two}", part(2)), Exit::Ok, &["\"story\":\"", "\"program\":\"autoenroll "]);
    // Laid out otherwise it is the same story.
    put(&format!("{base}\n    {steps}\n]\n"));
    check(&format!("{} --resume {two}", part(2)), Exit::Ok, &[]);
    let missing = "part 3/400 is missing";
    check(&format!("--merge {one} {two}"), Exit::Usage, &[missing]);
    // At another time, as many neighbours.
    put(&format!("{base}{}]\n", steps.replace("{ logon", "{ after = \"1h\", logon")));
    let words = ["2.json: expected a report of the story with the digest ", ", found one of ", "search once more"];
    check(&format!("{} --resume {two}", part(2)), Exit::Usage, &words);
    fs::remove_file(&two).unwrap();
    check(&format!("{} --resume {two}", part(2)), Exit::Ok, &[]);
    check(&format!("--merge {one} {two}"), Exit::Usage, &words);
    let report = fs::read_to_string(&one).unwrap();
    fs::write(&two, report.replace("\"program\":\"autoenroll ", "\"program\":\"other ").replace("{\"1\":", "{\"2\":"))
        .unwrap();
    let words = ["2.json: expected a report of the program autoenroll ", ", found one of other ", "search once more"];
    check(&format!("--merge {one} {two}"), Exit::Usage, &words);
    let found = ["2.json: expected a report of the program autoenroll ", ", found one of other "];
    put(&format!("{base}{steps}]\n"));
    check(&format!("{} --resume {two}", part(2)), Exit::Usage, &found);
}

#[test]
fn groups_that_grow_know_nothing_of_each_other() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "explore-grown");
    let file = |name: &str| directory.join(name).display().to_string();
    let whole = check("--grow --seeds 2 --jobs 1 --format json", Exit::Ok, &[]);
    let (one, two) = (file("1.json"), file("2.json"));
    check(&format!("--grow --seeds 2 --jobs 2 --shard 2/2 --resume {two}"), Exit::Ok, &[]);
    check(&format!("--grow --seeds 2 --jobs 2 --shard 1/2 --resume {one}"), Exit::Ok, &[]);
    assert_eq!(check(&format!("--merge {two} {one} --format json"), Exit::Ok, &[]), whole);
}

#[test]
fn where_nothing_can_be_written_nothing_is_searched() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "explore-unwritable");
    let taken = directory.join("taken");
    fs::write(&taken, "no directory").unwrap();
    let taken = taken.display();
    for arguments in [format!("--seeds 1 --write {taken}/found"), format!("--seeds 1 --resume {taken}/report.json")] {
        let out = check(&arguments, Exit::Usage, &["taken"]);
        assert_eq!(out, "", "{arguments}");
    }
}

#[test]
fn a_search_of_everything_says_how_far_it_went_and_why_it_ended() {
    let words = "6 states and 20 things that can be done in them, 1 deep; what is left is deeper";
    check("--depth 1 --jobs 2", Exit::Ok, &[words, "findings: 0"]);
    check("--closed --states 5", Exit::Ok, &["5 states and", "it was cut off there"]);
    check(
        "--closed --runs 0",
        Exit::Ok,
        &["closed with 1 fault: 3 states, 15 things", "closed: there is nothing else"],
    );
    check(
        "--closed --runs 0 --faults 0",
        Exit::Ok,
        &["closed with 0 faults: 3 states", "closed: there is nothing else"],
    );
    check("--closed --time 0s", Exit::Ok, &["1 state and 0 things", "it was stopped there"]);
}

#[test]
fn a_story_that_fails_by_itself_is_told() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "explore-failing");
    let path = directory.join("failing.toml");
    let text = "scenario = 1\ntitle = \"Nobody comes\"\nprofile = \"server-2003-sp1\"\n\n[world]\n\
                extends = \"contoso\"\n\n[timeline]\nsteps = [\n  { logon = \"alice\" },\n  \
                { expect = \"balloon\", within = \"2m\" },\n]\n";
    fs::write(&path, text).unwrap();
    let arguments = format!("--from {} --time 0s", path.display());
    check(&arguments, Exit::Ok, &["itself does not pass", "of its expectations"]);
}
