//! The index of many runs: how each ended, and which of them shows which requirement.

use maud::{Markup, html};

use crate::run::Verdict;
use crate::shell;
use crate::text::cut;

/// Stories that are named beside a requirement.
const MOST_NAMED: usize = 3;

/// What an index tells.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// The stories, in order.
    pub entries: Vec<Entry>,
    /// What requirements there are; empty where the stories are not the whole suite and say nothing about coverage.
    pub coverage: Vec<Coverage>,
}

/// A story.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// The profile that it was played under.
    pub profile: String,
    /// How it ended.
    pub verdict: Verdict,
    /// What the clock showed at the end.
    pub end: String,
    /// The first line of what went wrong; empty when nothing did.
    pub why: String,
    /// Its page, a name of a file beside the index; none when it has no page.
    pub page: Option<String>,
}

/// A requirement.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// Its id.
    pub id: String,
    /// A few words.
    pub title: String,
    /// Whether a story shows it.
    pub state: Shows,
    /// How well it is supported.
    pub evidence: String,
    /// The stories that show it, by their places in [`Index::entries`].
    pub by: Vec<usize>,
}

/// Whether a story shows a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// One does.
    Covered,
    /// None can, and the catalogue says why.
    Excused,
    /// None does.
    Uncovered,
}

impl Shows {
    const fn word(self) -> &'static str {
        match self {
            Self::Covered => "✓ covered",
            Self::Excused => "– excused",
            Self::Uncovered => "✗ uncovered",
        }
    }
}

/// The index as a page. The same stories are the same page to the byte.
#[must_use]
pub fn index(index: &Index) -> String {
    let count = |verdict: Verdict| index.entries.iter().filter(|entry| entry.verdict == verdict).count();
    let (passed, failed) = (count(Verdict::Passed), count(Verdict::Failed) + count(Verdict::Bench));
    let known = count(Verdict::Known);
    let all = index.entries.len();
    let bad: Vec<&Entry> = index.entries.iter().filter(|entry| entry.verdict != Verdict::Passed).collect();
    let sections = [
        (!bad.is_empty()).then_some(("failing", "Stories that do not pass")),
        Some(("stories", "All stories")),
        (!index.coverage.is_empty()).then_some(("matrix", "Coverage")),
    ];
    let sections: Vec<(&str, &str)> = sections.into_iter().flatten().collect();
    let head = html! {
        p { strong.verdict.passed[failed == 0].failed[failed > 0] {
            @if failed == 0 { "✓ no story fails" } @else { "✗ " (failed) " failed" }
        } " " span.quiet { (all) " stories: " (passed) " passed, " (failed) " failed"
            @if known > 0 { ", " (known) " known to fail" } } }
    };
    let body = html! {
        @if !bad.is_empty() { (shell::section("failing", "Stories that do not pass", &table(&bad, "Stories that do not pass", true))) }
        (shell::section("stories", "All stories", &table(&index.entries.iter().collect::<Vec<_>>(), "All stories", false)))
        @if !index.coverage.is_empty() { (matrix(index)) }
    };
    shell::document(if all == 1 { "A story" } else { "Stories" }, &head, &sections, &body)
}

fn table(entries: &[&Entry], caption: &str, reasons: bool) -> Markup {
    html! {
        div.scroll role="group" aria-label=(caption) tabindex="0" { table.plain {
            caption { (caption) }
            thead { tr { th scope="col" { "Verdict" } th scope="col" { "Story" }
                @if reasons { th scope="col" { "Why" } } @else { th scope="col" { "What it shows" } }
                th scope="col" { "Profile" } th scope="col" { "Simulated" } } }
            tbody { @for entry in entries { tr {
                td { (shell::verdict(&entry.verdict)) }
                th scope="row" { (link(entry)) }
                td { @if reasons { (cut(&entry.why)) } @else { (entry.title) } }
                td { (entry.profile) }
                td.number { (entry.end) }
            } } }
        } }
    }
}

fn matrix(index: &Index) -> Markup {
    let of = |state: Shows| index.coverage.iter().filter(|row| row.state == state).count();
    let caption = "Requirements and the stories that show them";
    shell::section(
        "matrix",
        "Coverage",
        &html! {
            p { (index.coverage.len()) " requirements: " (of(Shows::Covered)) " covered, " (of(Shows::Excused)) " excused, "
                (of(Shows::Uncovered)) " uncovered" }
            div.scroll role="group" aria-label=(caption) tabindex="0" { table.plain {
                caption { (caption) }
                thead { tr { th scope="col" { "Requirement" } th scope="col" { "What" } th scope="col" { "State" }
                    th scope="col" { "Support" } th scope="col" { "Stories" } } }
                tbody { @for row in &index.coverage { tr {
                    th scope="row" { (row.id) }
                    td { (row.title) }
                    td { (row.state.word()) }
                    td { (row.evidence) }
                    @let named = row.by.iter().filter_map(|at| index.entries.get(*at)).take(MOST_NAMED);
                td { @for (at, entry) in named.enumerate() {
                            @if at > 0 { ", " }
                            (link(entry))
                        }
                        @if row.by.len() > MOST_NAMED { " and " (row.by.len() - MOST_NAMED) " more" } }
                } } }
            } }
        },
    )
}

fn link(entry: &Entry) -> Markup {
    html! { @if let Some(page) = &entry.page { a href=(page) { (entry.name) } } @else { (entry.name) } }
}
