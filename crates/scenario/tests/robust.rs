//! Whatever the bytes, reading and checking end, without a panic, and every place lies in its file.

mod loaded;

use autoenroll_scenario::{Bundle, ByPrefix, Code, Library, check, explain_code};
use proptest::prelude::*;

const STORY: &str = include_str!("../../../scenarios/founding/second-provider.toml");

/// Reads, checks and renders; the codes that were found.
fn survive(bytes: &[u8], fixtures: &Library) -> Vec<Code> {
    let checked = check("any.toml", bytes, fixtures, &ByPrefix);
    for problem in checked.found.list() {
        let text = checked.files.text(problem.span.file);
        assert!(problem.span.start <= text.len(), "{problem:?}");
        assert!(explain_code(problem.code.as_str()).is_some());
    }
    let rendered = checked.found.render(&checked.files, false);
    assert_eq!(rendered.is_empty(), checked.found.is_empty());
    assert_eq!(checked.found.to_json(&checked.files).len(), checked.found.list().len());
    assert_eq!(checked.scenarios.is_empty(), checked.found.has_errors() || bytes.is_empty());
    checked.found.list().iter().map(|problem| problem.code).collect()
}

fn no_fixtures() -> Library {
    Library::read(&Bundle::new())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        survive(&bytes, &no_fixtures());
    }

    #[test]
    fn random_text_is_survived(text in "[a-z0-9\"'{}\\[\\]=.,#\\n\\\\ $:é-]{0,300}") {
        survive(text.as_bytes(), &no_fixtures());
        survive(format!("{{{text}").as_bytes(), &no_fixtures());
    }

    #[test]
    fn a_mutated_story_is_survived(
        cuts in proptest::collection::vec((0_usize..STORY.len(), 0_usize..12, "[ -~\\n]{0,6}"), 1..4),
    ) {
        let mut bytes = STORY.as_bytes().to_vec();
        for (at, length, text) in cuts {
            let start = at.min(bytes.len());
            let end = (start + length).min(bytes.len());
            bytes.splice(start..end, text.into_bytes());
        }
        survive(&bytes, loaded::fixtures());
    }

    #[test]
    fn a_story_cut_short_is_survived(end in 0_usize..STORY.len()) {
        survive(&STORY.as_bytes()[..end], loaded::fixtures());
    }
}

#[test]
fn extreme_files_are_refused_in_words() {
    let none = no_fixtures();
    let ten_megabytes = vec![b'a'; 10 << 20];
    assert_eq!(survive(&ten_megabytes, &none), [Code::TooLarge]);
    let long_line = format!("scenario = 1\ntitle = \"{}\"\n[timeline]\nsteps = []\n", "x".repeat(500_000));
    assert_eq!(survive(long_line.as_bytes(), &none), [Code::NoSteps]);
    let check = |text: String, code: Code| {
        let codes = survive(text.as_bytes(), &none);
        assert!(codes.contains(&code), "{codes:?}");
    };
    check(format!("scenario = 1\ncovers = {}{}", "[".repeat(50_000), "]".repeat(50_000)), Code::TooDeep);
    check(format!("scenario = 1\n{} = 1\n", vec!["a"; 50_000].join(".")), Code::TooDeep);
    check(format!("scenario = 1\n[{}]\n", vec!["a"; 70].join(".")), Code::TooDeep);
    check(format!("{{\"scenario\": 1, \"covers\": {}", "[".repeat(50_000)), Code::TooDeep);
    check("scenario = 1\ntitle = \"\u{0}\"".to_owned(), Code::NotToml);
    assert_eq!(survive(b"scenario = 1\ntitle = \"\xff\"", &none), [Code::NotUtf8]);
    check("{\"scenario\": 1e999}".to_owned(), Code::Fraction);
    check("scenario = 99999999999999999999".to_owned(), Code::Fraction);
}

#[test]
fn a_file_of_errors_is_cut_off() {
    let mut text = String::from("scenario = 1\ntitle = \"t\"\n");
    for n in 0..5_000 {
        text += &format!("k{n} = {n}\n");
    }
    let checked = check("many.toml", text.as_bytes(), &no_fixtures(), &ByPrefix);
    assert_eq!(checked.found.list().len(), 200);
    assert!(checked.found.left_out() > 4_000);
}
