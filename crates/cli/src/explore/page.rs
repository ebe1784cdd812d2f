//! What a search came to, and which answers the suite gives, as pages.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_explore::coverage::Edge;
use autoenroll_explore::report::{Finding, Listed, Report};
use autoenroll_page::{Block, Section, Sheet, Table, sheet};

use super::answers::Coverage;
use super::tell::came;

/// The page of a search.
pub(super) fn of(report: &Report) -> String {
    let mut sections = vec![Section { title: "In numbers".to_owned(), blocks: vec![Block::Table(numbers(report))] }];
    sections.push(findings(report));
    if !report.listed.is_empty() {
        sections.push(listed(report));
    }
    if !report.unmet.is_empty() {
        let rows = report.unmet.iter().map(|(one, other)| vec![one.clone(), other.clone()]).collect();
        let table = Table { caption: "Pairs that have not met".to_owned(), head: heads(&["one", "other"]), rows };
        sections.push(Section { title: "Pairs".to_owned(), blocks: vec![Block::Table(table)] });
    }
    let found = report.findings.len();
    let about = match found {
        0 => "Nothing breaks.".to_owned(),
        1 => "One finding.".to_owned(),
        _ => format!("{found} findings."),
    };
    sheet(&Sheet { title: format!("Search: {}", report.named()), about: vec![about], sections })
}

fn numbers(report: &Report) -> Table {
    let per_story = |count: u64| match report.stories {
        0 => String::new(),
        stories => format!("{:.1}", count as f64 / stories as f64),
    };
    let mut rows = match &report.everything {
        Some(everything) => vec![vec!["states".to_owned(), came(everything), String::new()]],
        None => vec![
            vec!["stories".to_owned(), report.stories.to_string(), String::new()],
            vec!["things done".to_owned(), report.moves.to_string(), per_story(report.moves)],
            vec!["records".to_owned(), report.records.to_string(), per_story(report.records)],
        ],
    };
    rows.push(vec!["broke something".to_owned(), report.broken.to_string(), per_story(report.broken)]);
    if report.pairs > 0 {
        let met = report.pairs - report.unmet.len() as u64;
        rows.push(vec!["pairs that met".to_owned(), format!("{met} of {}", report.pairs), String::new()]);
    }
    Table { caption: "What was done".to_owned(), head: heads(&["what", "how much", "a story"]), rows }
}

fn findings(report: &Report) -> Section {
    let row = |finding: &Finding| {
        let Finding { broken, steps, confirmed, signature, .. } = finding;
        let stories = report.numbers.get(signature).map_or(1, |numbers| numbers.len());
        let shows = if *confirmed { "yes" } else { "no" };
        vec![
            finding.name(),
            broken.law.clone(),
            broken.reason.clone(),
            steps.to_string(),
            stories.to_string(),
            shows.to_owned(),
        ]
    };
    let mut blocks = Vec::new();
    if report.findings.is_empty() {
        blocks.push(Block::Text("None.".to_owned()));
    } else {
        let head = heads(&["finding", "law", "what happened", "steps", "stories", "its file shows it"]);
        let caption = "What breaks, one story for each way".to_owned();
        blocks.push(Block::Table(Table { caption, head, rows: report.findings.iter().map(row).collect() }));
        let files = report.findings.iter();
        blocks
            .extend(files.map(|one| Block::File { name: format!("{}.toml", one.name()), text: one.scenario.clone() }));
    }
    Section { title: "Findings".to_owned(), blocks }
}

fn listed(report: &Report) -> Section {
    let row = |Listed { number, stories, law, reason }: &Listed| {
        vec![law.clone(), reason.clone(), stories.to_string(), number.to_string()]
    };
    let table = Table {
        caption: "Laws of order that no public source asks for".to_owned(),
        head: heads(&["law", "what happened", "stories", "the first"]),
        rows: report.listed.values().map(row).collect(),
    };
    Section { title: "Listed only".to_owned(), blocks: vec![Block::Table(table)] }
}

/// By answer and state of the card, what is told of each stage of the request.
type Rows<'a> = BTreeMap<(&'a str, &'a str), BTreeMap<&'a str, String>>;

/// The page of the answers that the suite gives: a table for each decision point, a column for each stage of the
/// request.
pub(super) fn of_coverage(told: &Coverage) -> String {
    let visited = told.visited.iter().map(|one| (&one.edge, format!("✓ {}", one.story)));
    let unvisited = told
        .unvisited
        .iter()
        .map(|one| (&one.edge, one.file.as_ref().map_or_else(|| "–".to_owned(), |file| format!("reached: {file}"))));
    let mut points: BTreeMap<&str, Rows<'_>> = BTreeMap::new();
    for (Edge { point, answer, card, stage }, cell) in visited.chain(unvisited) {
        points.entry(point).or_default().entry((answer, card)).or_default().insert(stage, cell);
    }
    let section = |(point, rows): (&&str, &Rows<'_>)| {
        let stages: BTreeSet<&str> = rows.values().flat_map(|cells| cells.keys().copied()).collect();
        let row = |((answer, card), cells): (&(&str, &str), &BTreeMap<&str, String>)| {
            let cells = stages.iter().map(|stage| cells.get(*stage).cloned().unwrap_or_default());
            [(*answer).to_owned(), (*card).to_owned()].into_iter().chain(cells).collect()
        };
        let stages_heads = stages.iter().map(|stage| format!("request {stage}"));
        let head = ["answer".to_owned(), "card".to_owned()].into_iter().chain(stages_heads).collect();
        let caption = format!("Answers to {point}, and the first story that gives each");
        let table = Table { caption, head, rows: rows.iter().map(row).collect() };
        Section { title: (*point).to_owned(), blocks: vec![Block::Table(table)] }
    };
    let about = format!(
        "{} of {} answers are given by a story of the suite. Not all of the others can be given.",
        told.visited.len(),
        told.edges
    );
    let sections = points.iter().map(section).collect();
    sheet(&Sheet { title: "Answers of the suite".to_owned(), about: vec![about], sections })
}

fn heads(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
