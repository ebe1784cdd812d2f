//! Points of no return: where nothing that people can do leads to a certificate any more. Each is told in words at its
//! place in the lanes, on the line of time and in the list, and once for itself.

use autoenroll_model::SimTime;
use maud::{Markup, html};

use crate::rows::{Row, Rows};
use crate::run::{Loss, Run};
use crate::shell;
use crate::text::cut;

/// The heading of their section.
pub(crate) const TITLE: &str = "Points of no return";
/// The most that are told, and the most things of a way.
const MOST: usize = 100;
const MOST_DONE: usize = 60;

/// Those that are told, each with its number on the page.
fn told<'a>(run: &'a Run<'_>) -> impl Iterator<Item = (usize, &'a Loss)> {
    run.losses.iter().take(MOST).enumerate()
}

/// Those that come behind so many rows.
pub(crate) fn behind<'a>(run: &'a Run<'_>, rows: &'a Rows, count: usize) -> impl Iterator<Item = (usize, &'a Loss)> {
    told(run).filter(move |(_, loss)| loss.at.map(|at| rows.before(at)) == Some(count))
}

/// When they come.
pub(crate) fn times(run: &Run<'_>) -> impl Iterator<Item = SimTime> {
    told(run).filter_map(|(_, loss)| loss.at.map(|at| at.time))
}

/// All of them, with what could have been done.
pub(crate) fn section(run: &Run<'_>, rows: &Rows) -> Markup {
    shell::section(
        "lost",
        TITLE,
        &html! {
            p.hint { "Until when somebody could have got a certificate that nobody got: behind the step or the moment that is named, "
                "nothing that people can do leads to it. The lanes, the line of time and the list have a ⚑ there." }
            @for (number, loss) in told(run) {
                article.loss id={ "lost" (number) } {
                    p { (cut(&loss.told)) @if let Some(row) = place(loss, rows) {
                        " " a href={ "#r" (row.record.id.0) } { "→ " (row.record.at) span.unseen { ": the last thing before" } }
                    } }
                    @if !loss.way.is_empty() {
                        p { "What would have led to it:" }
                        ol { @for done in loss.way.iter().take(MOST_DONE) { li { (cut(done)) } } }
                        @if loss.way.len() > MOST_DONE { p { (loss.way.len() - MOST_DONE) " more things are left out." } }
                    }
                }
            }
            @if run.losses.len() > MOST { p { (run.losses.len() - MOST) " more are left out." } }
        },
    )
}

/// The row before it.
fn place<'a>(loss: &Loss, rows: &'a Rows) -> Option<&'a Row> {
    rows.before(loss.at?).checked_sub(1).and_then(|at| rows.list.get(at))
}

/// What stands at its place.
pub(crate) fn mark(number: usize, loss: &Loss) -> Markup {
    html! { span aria-hidden="true" { "⚑ " } a href={ "#lost" (number) } { "point of no return: " (cut(&loss.what)) } }
}
