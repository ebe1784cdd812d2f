//! The story as a list, with reasons on demand; the rules; the scenario; what went otherwise.

use std::collections::BTreeMap;

use autoenroll_model::Fact;
use autoenroll_trace::Record;
use maud::{Markup, html};

use crate::lost;
use crate::rows::{Between, Row, Rows};
use crate::run::{Problem, Run, Words};
use crate::shell;
use crate::text::{cut, facts};

/// Causes and rules of a row that are named.
const MOST_NAMED: usize = 12;
/// Lines of a scenario that are shown, and characters of a line.
const MOST_SOURCE_LINES: usize = 5_000;
const MOST_LINE: usize = 1_000;
/// Bytes of what a terminal would show of a failure.
const MOST_TOLD: usize = 40_000;
/// Rules and problems that are told.
const MOST_RULES: usize = 1_000;
const MOST_PROBLEMS: usize = 100;

/// How the run went otherwise than its file says, and what came instead.
pub(crate) fn failure(run: &Run<'_>, rows: &Rows) -> Markup {
    let told = run.told.char_indices().nth(MOST_TOLD).map_or(&*run.told, |(end, _)| &run.told[..end]);
    shell::section(
        "failure",
        "What went otherwise",
        &html! {
            @for (at, problem) in run.problems.iter().take(MOST_PROBLEMS).enumerate() {
                article.problem id={ "p" (at) } {
                    h3 {
                    span aria-hidden="true" { "✗ " }
                    @if !problem.code.is_empty() { code { (problem.code) } " " }
                    (problem.message)
                }
                    @if let Some(line) = problem.line { p { "The scenario asks for it in " (line_link(line)) "." } }
                    @if let Some(help) = &problem.help { pre { (help) } }
                    (instead(problem, rows))
                }
            }
            @if !told.is_empty() {
                details open[run.problems.is_empty()] { summary { "As a terminal shows it" } pre { (told) } }
            }
        },
    )
}

fn instead(problem: &Problem, rows: &Rows) -> Markup {
    let came: Vec<&Row> = problem.records.iter().filter_map(|id| rows.row_of(*id)).take(MOST_NAMED).collect();
    html! { @if !came.is_empty() {
        p { "What came instead:" }
        ul { @for row in came { li { (time(row)) " " (row_link(row)) } } }
    } }
}

/// The story, instant by instant.
pub(crate) fn story(run: &Run<'_>, rows: &Rows) -> Markup {
    let mut instants: Vec<(usize, &[Row])> = Vec::new();
    for instant in rows.list.chunk_by(|one, other| one.record.at == other.record.at) {
        let first = instants.last().map_or(0, |(first, before)| first + before.len());
        instants.push((first, instant));
    }
    shell::section(
        "story",
        "What happened, and why",
        &html! {
            @if rows.list.is_empty() { p { "Nothing that people would see." } }
            @if lost::behind(run, rows, 0).next().is_some() { ol.story { (lost(run, rows, 0)) } }
            @for (first, instant) in instants {
                @if let Some(head) = instant.first() {
                    h3.time { (head.record.at) " " span.quiet { (head.wall) } }
                }
                ol.story { @for (at, row) in (first..).zip(instant) {
                    @if let Some((_, count)) = rows.left_out.filter(|(before, _)| *before == at) {
                        li { (count) " more are left out here; " code { "autoenroll show" } " tells them." }
                    }
                    (item(rows, row))
                    (lost(run, rows, at + 1))
                } }
            }
            @if !rows.rest.is_empty() { h3.time { (run.end) " " span.quiet { "the end" } } (between(&rows.rest, rows)) }
        },
    )
}

/// Points of no return behind so many rows.
fn lost(run: &Run<'_>, rows: &Rows, count: usize) -> Markup {
    html! { @for (number, loss) in lost::behind(run, rows, count) { li.lost { (lost::mark(number, loss)) } } }
}

fn item(rows: &Rows, row: &Row) -> Markup {
    html! {
        li id={ "r" (row.record.id.0) } {
            p {
                span class={ "tag " (row.lane.class()) } { (row.lane.title()) } " "
                @if row.fails { span.fails aria-hidden="true" { "✗ " } }
                (row.sentence)
                @for line in &row.lines { " " span.line { (line_link(*line)) } }
            }
            @if let Some(dialog) = &row.dialog {
                div.shown { code { (dialog.point) } " "
                    @for offer in &dialog.offers {
                        @let chosen = dialog.answer.as_ref().is_some_and(|answer| offer == answer);
                        span.offer.chosen[chosen] { (offer) @if chosen { " ✓" span.unseen { " answered" } } } " "
                    }
                    @match &dialog.answer {
                        None => { span.quiet { "no answer" } }
                        Some(answer) if !dialog.offers.iter().any(|offer| offer == answer) => { "answered: " (cut(answer)) }
                        Some(_) => {}
                    }
                }
            }
            @if let Some(card) = &row.card { div.shown { (card.shown()) } }
            (reasons(rows, row))
            (between(&row.between, rows))
        }
    }
}

fn reasons(rows: &Rows, row: &Row) -> Markup {
    let mut by: BTreeMap<&str, u32> = BTreeMap::new();
    for one in &row.by {
        by.entry(&one.rule).or_insert(one.decision.0);
    }
    let causes = row.because.iter().take(MOST_NAMED).filter_map(|at| rows.list.get(*at));
    html! {
        @if !row.because.is_empty() || !by.is_empty() {
            p.because {
                @for (at, cause) in causes.enumerate() {
                    @if at == 0 { "because " } @else { "; and " }
                    (row_link(cause))
                    @if cause.record.at != row.record.at { " at " (cause.record.at) }
                }
                @if !by.is_empty() {
                    @if row.because.is_empty() { "by " } @else { "; by " }
                    @for (at, (rule, decision)) in by.iter().take(MOST_NAMED).enumerate() {
                        @if at > 0 { ", " }
                        a href={ "#d" (decision) } { (cut(rule)) }
                    }
                    @if by.len() > MOST_NAMED { " and " (by.len() - MOST_NAMED) " more" }
                }
            }
        }
    }
}

/// What came since the row before, on demand.
fn between(between: &Between, rows: &Rows) -> Markup {
    let Between { decisions, work, commands, more } = between;
    let counted = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{count} {many}")),
    };
    let parts = [
        counted(decisions.len(), "decision", "decisions"),
        counted(work.len(), "step of work", "steps of work"),
        counted(*commands, "card command", "card commands"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    html! { @if !parts.is_empty() {
        details {
            summary { (parts.join(", ")) " before it" }
            @if !decisions.is_empty() { ul.decisions { @for record in decisions { (decision(record, rows)) } } }
            @if !work.is_empty() { ul.work { @for record in work {
                li { (record.actor) " " code { (record.kind.as_str()) } " " (facts(&record.facts, &[])) }
            } } }
            @if *more > 0 { p { (more) " more are left out." } }
        }
    } }
}

fn decision(record: &Record, rows: &Rows) -> Markup {
    let rule = record.facts.text("rule").unwrap_or_default();
    let number = rows.rules.get(rule).copied().unwrap_or_default();
    let holds = record.facts.get("outcome") == Some(&Fact::Flag(true));
    let about = facts(&record.facts, &["rule", "outcome", "subject"]);
    html! {
        li id={ "d" (record.id.0) } {
            a href={ "#rule" (number) } { (cut(rule)) }
            @if holds { " yes" } @else { " no" }
            @if let Some(subject) = record.facts.text("subject") { " for " (cut(subject)) }
            @if let Some(title) = rows.titles.get(rule) { ": " (cut(title)) }
            @if !about.is_empty() { span.quiet { " (" (about) ")" } }
        }
    }
}

/// The rules that decided, each with its statement and its sources.
pub(crate) fn rules(rows: &Rows, words: &dyn Words) -> Markup {
    shell::section(
        "rules",
        "Rules that decided",
        &html! {
            @if rows.rules.is_empty() { p { "None: the story has no decisions." } }
            @for (id, number) in rows.rules.iter().take(MOST_RULES) {
                @let rule = words.rule(id).unwrap_or_default();
                details.rule id={ "rule" (number) } {
                    summary { b { (cut(id)) } " " (rule.title) }
                    p { (rule.text) }
                    @if !rule.evidence.is_empty() { p { "Support: " (rule.evidence) } }
                    @if !rule.sources.is_empty() { p { "Sources:" } ul { @for source in &rule.sources { li { (source) } } } }
                }
            }
        },
    )
}

/// The text of the scenario with numbers, and beside a line what it matched and what is wrong with it.
pub(crate) fn scenario(run: &Run<'_>, rows: &Rows) -> Markup {
    let mut matched: BTreeMap<usize, Vec<&Row>> = BTreeMap::new();
    for step in &run.steps {
        if let Some(row) = step.record.and_then(|id| rows.row_of(id)) {
            matched.entry(step.line).or_default().push(row);
        }
    }
    let mut wrong: BTreeMap<usize, Vec<(usize, &Problem)>> = BTreeMap::new();
    for (at, problem) in run.problems.iter().take(MOST_PROBLEMS).enumerate() {
        if let Some(line) = problem.line {
            wrong.entry(line).or_default().push((at, problem));
        }
    }
    let more = run.text.lines().count().saturating_sub(MOST_SOURCE_LINES);
    shell::section(
        "scenario",
        "The scenario",
        &html! {
            ol.source { @for (number, line) in (1_usize..).zip(run.text.lines().take(MOST_SOURCE_LINES)) {
                @let problems = wrong.get(&number).map(Vec::as_slice).unwrap_or_default();
                li.wrong[!problems.is_empty()] id={ "L" (number) } {
                    code { (line.char_indices().nth(MOST_LINE).map_or(line, |(end, _)| &line[..end])) }
                    @for row in matched.get(&number).into_iter().flatten().take(MOST_NAMED) {
                        " " a.match href={ "#r" (row.record.id.0) } { "→ " (row.record.at) span.unseen { ": what line " (number) " matched" } }
                    }
                    @for (at, problem) in problems { div.message { a href={ "#p" (at) } { "✗ " (problem.message) } } }
                }
            } }
            @if more > 0 { p { (more) " more lines are left out." } }
        },
    )
}

fn row_link(row: &Row) -> Markup {
    html! { a href={ "#r" (row.record.id.0) } { (row.sentence) } }
}

fn time(row: &Row) -> Markup {
    html! { span.quiet { (row.record.at) } }
}

fn line_link(line: usize) -> Markup {
    html! { a href={ "#L" (line) } { "line " (line) } }
}
