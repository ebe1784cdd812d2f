//! What every page has around what it tells: head, style, landmarks.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::run::Verdict;

/// The style of all pages; the only text that goes in as it is.
const STYLE: &str = include_str!("style.css");
/// Nothing is loaded and nothing is run, whatever a text of a scenario may say.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
/// The same where forms go back to where the page came from.
const POLICY_WITH_FORMS: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'";

/// A whole document. Sections are anchors with their headings, in the order in which they stand in the body.
pub(crate) fn document(title: &str, head: &Markup, sections: &[(&str, &str)], body: &Markup) -> String {
    whole(title, head, sections, body, POLICY)
}

/// The same with forms, for a server.
pub(crate) fn document_with_forms(title: &str, head: &Markup, sections: &[(&str, &str)], body: &Markup) -> String {
    whole(title, head, sections, body, POLICY_WITH_FORMS)
}

fn whole(title: &str, head: &Markup, sections: &[(&str, &str)], body: &Markup, policy: &str) -> String {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · autoenroll" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the story" }
                header { h1 { (title) } (head) }
                @if !sections.is_empty() { nav aria-label="On this page" { ul { @for (id, heading) in sections {
                    li { a href={ "#" (id) } { (heading) } }
                } } } }
                main #main { (body) }
            }
        }
    };
    visible(&document.into_string())
}

/// A section of a page, which is a landmark with its heading.
pub(crate) fn section(id: &str, heading: &str, body: &Markup) -> Markup {
    html! { section id=(id) aria-labelledby={ "h-" (id) } { h2 id={ "h-" (id) } { (heading) } (body) } }
}

/// A verdict in a word and a mark.
pub(crate) fn verdict(verdict: &Verdict) -> Markup {
    let (class, mark, word) = match verdict {
        Verdict::Passed => ("passed", "✓", "passed"),
        Verdict::Failed => ("failed", "✗", "failed"),
        Verdict::Known => ("known", "!", "known to fail"),
        Verdict::Bench => ("failed", "✗", "the bench failed"),
    };
    html! { strong class={ "verdict " (class) } { span aria-hidden="true" { (mark) " " } (word) } }
}

/// The document with what no eye can see as `\u{1b}` and the like. No markup has such characters but line ends.
pub(crate) fn visible(document: &str) -> String {
    let mut shown = String::with_capacity(document.len());
    for c in document.chars() {
        if is_unseen(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// Control characters, and those that turn the direction of writing.
fn is_unseen(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (c.is_control() && !matches!(c, '\n' | '\t'))
}
