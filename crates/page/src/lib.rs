//! One page a run: what happened in a story, lane by lane, with causes, decisions and the text of the scenario; and an
//! index of many stories. Both are HTML that stands alone: no script, no network, nothing of this machine.
//!
//! [`page`] takes a trace and what is known about it as plain values, and gives a text.
//!
//! It deliberately lacks any judgement, for the verdict is the caller's, and any file: what is written where is the
//! caller's business as well.
//!
//! Every text of a scenario or a trace is escaped by `maud`, which writes all markup. What no eye can see, control
//! characters and those that turn the direction of writing, is shown as `\u{202e}` and the like.

mod card;
mod chart;
mod desktop;
mod index;
mod lane;
mod list;
mod lost;
mod mermaid;
mod play;
mod rows;
mod run;
mod scale;
mod sheet;
mod shell;
mod text;

pub use index::{Coverage, Entry, Index, Shows, index};
pub use mermaid::mermaid;
pub use play::{Button, Buttons, Message, Play, Question, play, play_is_over};
pub use rows::MOST_ROWS;
pub use run::{Loss, Lost, Problem, Rule, Run, Step, Verdict, Words};
pub use sheet::{Block, Chart, Section, Sheet, Table, sheet};

use maud::html;

use crate::rows::Rows;

/// The page of a run. The same run is the same page to the byte.
#[must_use]
pub fn page(run: &Run<'_>, words: &dyn Words) -> String {
    let rows = Rows::of(run, words);
    let failed = !run.problems.is_empty() || !run.told.is_empty();
    let scale = scale::scale(run, &rows);
    let sections = [
        failed.then_some(("failure", "What went otherwise")),
        (!run.losses.is_empty()).then_some(("lost", lost::TITLE)),
        Some(("lanes", "Lanes over time")),
        scale.is_some().then_some(("scale", "Time to scale")),
        Some(("story", "What happened, and why")),
        Some(("rules", "Rules that decided")),
        Some(("scenario", "The scenario")),
    ];
    let sections: Vec<(&str, &str)> = sections.into_iter().flatten().collect();
    let head = html! {
        p.name { code { (run.name) } @if !run.profile.is_empty() { " under " code { (run.profile) } } }
        p { (shell::verdict(&run.verdict)) " " span.quiet { "over at " (run.end) " of simulated time; trace "
            code { (run.digest.get(..16).unwrap_or(&run.digest)) } } }
    };
    let body = html! {
        @if failed { (list::failure(run, &rows)) }
        @if !run.losses.is_empty() { (lost::section(run, &rows)) }
        (chart::chart(run, &rows))
        @if let Some(scale) = &scale { (scale) }
        (list::story(run, &rows))
        (list::rules(&rows, words))
        (list::scenario(run, &rows))
    };
    shell::document(&run.title, &head, &sections, &body)
}
