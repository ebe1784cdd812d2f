//! The page of a story in play: what has just happened, what is asked, what can be done, and the lanes so far. It works
//! without a script: each thing that can be done is a button of a form, which is sent to the caller's own server.

use autoenroll_model::SimTime;
use autoenroll_trace::Trace;
use maud::{Markup, html};

use crate::chart;
use crate::list;
use crate::rows::Rows;
use crate::run::{Run, Verdict, Words};
use crate::shell;
use crate::text::cut;

/// Sentences of what has just happened.
const MOST_JUST: usize = 40;
/// Characters that a field takes.
const MOST_FIELD: usize = 2_000;

/// A story in play. Forms are sent to `act`, relative to the page, by POST, and have a field `revision`.
#[derive(Clone, Debug)]
pub struct Play<'a> {
    /// Where it is played.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Everything that has happened.
    pub trace: &'a Trace,
    /// What the clock shows.
    pub now: SimTime,
    /// How many records there were before the last thing was done.
    pub before: usize,
    /// Which state of the story this is: a form that was made for another one is not obeyed.
    pub revision: u64,
    /// What came of the last form, beside the story.
    pub message: Option<Message>,
    /// What is asked.
    pub questions: Vec<Question>,
    /// What else can be done.
    pub groups: Vec<Buttons>,
    /// When something happens next by itself, in words.
    pub next: Option<String>,
    /// What the file that is played says next.
    pub written: Option<String>,
    /// What was done last, and can be taken back.
    pub did: Option<String>,
    /// The file that the story is saved to, when there is one.
    pub file: Option<String>,
}

/// What came of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// It was done.
    Done(String),
    /// It was not, and why.
    Refused(String),
}

/// A prompt that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who is asked.
    pub who: String,
    /// The decision point.
    pub point: String,
    /// What is asked, in words.
    pub text: String,
    /// The answers.
    pub answers: Vec<Button>,
}

/// Things of one kind that can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buttons {
    /// What kind.
    pub title: String,
    /// Whether they are shown at once, and not only when they are asked for.
    pub open: bool,
    /// The things.
    pub buttons: Vec<Button>,
}

/// One thing that can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// The value of the field `take`.
    pub value: usize,
    /// What is done.
    pub label: String,
    /// Whether a PIN has to be typed, in the field `pin`.
    pub wants_pin: bool,
}

/// The page of a story in play.
#[must_use]
pub fn play(play: &Play<'_>, words: &dyn Words) -> String {
    let run = Run {
        name: play.name.clone(),
        title: play.title.clone(),
        profile: String::new(),
        verdict: Verdict::Passed,
        text: "",
        trace: play.trace,
        digest: String::new(),
        end: play.now,
        steps: Vec::new(),
        losses: Vec::new(),
        problems: Vec::new(),
        told: String::new(),
    };
    let rows = Rows::of(&run, words);
    let mut sections = vec![("now", "Now"), ("do", "What can be done")];
    if !rows.list.is_empty() {
        sections.extend([
            ("lanes", "Lanes over time"),
            ("story", "What happened, and why"),
            ("rules", "Rules that decided"),
        ]);
    }
    let head = html! {
        p.name { "played in " code { (play.name) } }
        p { span.clock { (play.now) } " " span.quiet { (words.wall(play.now)) }
            @if let Some(next) = &play.next { span.quiet { " · something happens by itself at " (next) } } }
    };
    let body = html! {
        (shell::section("now", "Now", &now(play, &rows)))
        (shell::section("do", "What can be done", &possible(play)))
        @if !rows.list.is_empty() {
            (chart::chart(&run, &rows))
            (list::story(&run, &rows))
            (list::rules(&rows, words))
        }
    };
    shell::document_with_forms(&play.title, &head, &sections, &body)
}

/// The page that says that a story is over.
#[must_use]
pub fn play_is_over(title: &str, told: &str) -> String {
    let head = html! { p { (told) } };
    shell::document(title, &head, &[], &html! { p { "The server has ended; this page can be closed." } })
}

fn now(play: &Play<'_>, rows: &Rows) -> Markup {
    let just: Vec<_> = rows.list.iter().filter(|row| row.record.id.0 as usize >= play.before).collect();
    html! {
        @match &play.message {
            None => {}
            Some(Message::Done(text)) => { p.done role="status" { (cut(text)) } }
            Some(Message::Refused(text)) => { div.problem role="alert" { pre { (text) } } }
        }
        @if just.is_empty() { p.quiet { @if rows.list.is_empty() { "Nothing has happened yet." } @else { "Nothing that people would see." } } }
        @if just.len() > MOST_JUST { p.quiet { (just.len() - MOST_JUST) " sentences before these are below." } }
        ol.just { @for row in just.iter().skip(just.len().saturating_sub(MOST_JUST)) {
            li { span.quiet { (row.record.at) } " "
                @if row.fails { span.fails aria-hidden="true" { "✗ " } }
                a href={ "#r" (row.record.id.0) } { (row.sentence) } }
        } }
        @for (at, question) in play.questions.iter().enumerate() {
            div.question role="group" aria-labelledby={ "q" (at) } {
                p id={ "q" (at) } { b { (cut(&question.who)) } " is asked: " (cut(&question.text)) " "
                    code { (question.point) } }
                div.answers { (buttons(play, &question.answers)) }
            }
        }
        div.bar {
            @if let Some(written) = &play.written {
                (form(play, &html! {
                    button.first name="do" value="go" { "As the file says: " (cut(written)) }
                    button name="do" value="skip" { "Leave it out" }
                }))
            }
            (form(play, &html! {
                button.first name="do" value="next" { "Until something happens" }
                @for (value, text) in [("5s", "+5 s"), ("1m", "+1 min"), ("1h", "+1 h"), ("8h", "+8 h"), ("1d", "+1 day")] {
                    button name="wait" value=(value) { (text) }
                }
            }))
            (form(play, &html! {
                label { "Until " input name="until" required maxlength=(MOST_FIELD) size="20" placeholder="16:00 or 8h"; }
                button { "Go" }
            }))
            @if let Some(did) = &play.did {
                (form(play, &html! { button name="do" value="undo" { "Take back: " (cut(did)) } }))
            }
        }
        div.bar {
            @if let Some(file) = &play.file { (form(play, &html! { button name="do" value="save" { "Save to " (cut(file)) } })) }
            a.button href="scenario.toml" download="scenario.toml" { "Download the scenario" }
            (form(play, &html! {
                label { "Title " input name="title" required maxlength=(MOST_FIELD) size="32" value=(play.title); }
                button { "Change" }
            }))
            (form(play, &html! { button name="do" value="quit" { "Quit" } }))
        }
    }
}

fn possible(play: &Play<'_>) -> Markup {
    html! {
        @for group in &play.groups {
            @if group.open {
                h3 { (group.title) }
                div.answers { (buttons(play, &group.buttons)) }
            } @else {
                details.group { summary { (group.title) " (" (group.buttons.len()) ")" }
                    div.answers { (buttons(play, &group.buttons)) } }
            }
        }
        h3 { "A line of the scenario language" }
        (form(play, &html! {
            label.wide { span.unseen { "Line" }
                input.line name="line" required maxlength=(MOST_FIELD) spellcheck="false" autocapitalize="off"
                    placeholder="change = \"ca\", of = \"Contoso Issuing CA\", set = { hangs = true }"; }
            button { "Do it" }
        }))
    }
}

/// Buttons, those that want a PIN each with its field.
fn buttons(play: &Play<'_>, buttons: &[Button]) -> Markup {
    let plain: Vec<&Button> = buttons.iter().filter(|button| !button.wants_pin).collect();
    html! {
        @for button in buttons.iter().filter(|button| button.wants_pin) {
            (form(play, &html! {
                label { (cut(&button.label)) " "
                    input name="pin" required autocomplete="off" inputmode="numeric" maxlength="64" size="8"; }
                button name="take" value=(button.value) { "Give the PIN" }
            }))
        }
        @if !plain.is_empty() { (form(play, &html! {
            @for button in &plain { button name="take" value=(button.value) { (cut(&button.label)) } }
        })) }
    }
}

fn form(play: &Play<'_>, inner: &Markup) -> Markup {
    html! { form method="post" action="act" { input type="hidden" name="revision" value=(play.revision); (inner) } }
}
