//! Pages and diagrams of damaged scenarios whose names and texts want to be markup: a page is read by rules that are
//! stricter than a browser's, and nothing of a scenario may be anything but text in it.

use std::fs;

use autoenroll_cli::Exit;
use autoenroll_scenario::FileId;

use crate::case::{Came, Cases, Done};
use crate::command::called;
use crate::dice::Dice;

/// What is put behind a name or a text, as it stands between quotes of TOML.
const HOSTILE: [&str; 8] = [
    "<abuse x='1' y=\\\"2\\\">&abuse;</abuse>",
    "--><abuse>",
    "</style></title></svg><abuse>",
    "\\\" autofocus onfocus=\\\"abuse()",
    "' onload='abuse() ",
    "&#60;abuse&#62;&lt;abuse&gt;",
    "]]><![CDATA[<abuse/>",
    "\\u202E\\u0000\\u001B[2J;%%{abuse}",
];
/// The most names and texts of a file that get one.
const MOST_HOSTILE: usize = 4;

/// Everything that a page is made of. A tag or an attribute that is not here has come from a text.
const TAGS: &str = "a article b body button caption code defs details div figcaption figure form h1 h2 h3 head header \
                    html input label li line main marker meta nav ol p path pre rect section span strong style summary \
                    svg table tbody td text th thead title tr ul";
const ATTRIBUTES: &str = "aria-hidden aria-label aria-labelledby charset class colspan content d height href http-equiv \
                          id lang marker-end markerHeight markerWidth name open orient refX refY role rx scope style \
                          tabindex viewBox width x x1 x2 y y1 y2";
const VOID: &str = "input meta";

/// Plays a case: the page, or one time in four the diagram, of a damaged scenario.
pub(crate) fn play(dice: &mut Dice, cases: &mut Cases) -> Result<Done, String> {
    // What is damaged otherwise as well is mostly refused, and has no page.
    let (name, text, variant) = match dice.of(&cases.stories).filter(|_| !dice.clone().one_in(4)) {
        Some(story) => ("abuse.toml", story.scenario.files.text(FileId::OWN).to_owned(), story.variant.clone()),
        None => {
            let damaged = cases.damaged(dice);
            (damaged.name, String::from_utf8_lossy(&damaged.bytes).into_owned(), None)
        }
    };
    let bytes = hostile(dice, &text).into_bytes();
    cases.input = Some((name.to_owned(), bytes.clone()));
    let variant: Vec<&str> = variant.iter().flat_map(|variant| ["--variant", variant]).collect();
    let [file, page] = [name, "page.html"].map(|name| cases.folder.path().join(name));
    fs::write(&file, &bytes).map_err(|error| format!("a case cannot be written: {error}"))?;
    let shown = file.display().to_string();
    let outcome = if dice.one_in(4) {
        let (exit, text) = called(&[&["show", &shown, "--mermaid"], &*variant].concat(), None)?;
        let drawn = if exit == Exit::Usage { Ok(()) } else { diagram(&text) };
        drawn.map(|()| exit)
    } else {
        let (exit, _) = called(&[&["show", &shown, "--html", &page.display().to_string()], &*variant].concat(), None)?;
        let read = fs::read_to_string(&page);
        let judged = match (exit, read) {
            (Exit::Usage, Err(_)) => Ok(()),
            (Exit::Usage, Ok(_)) => Err("there is a page of what is no scenario".to_owned()),
            (_, Ok(text)) => sound(&text),
            (_, Err(error)) => Err(format!("there is no page: {error}")),
        };
        judged.map(|()| exit)
    };
    for path in [&file, &page] {
        // A case that was refused has no page.
        let _absent = fs::remove_file(path);
    }
    match outcome? {
        Exit::Ok => Ok(Done::of(Came::Passed)),
        Exit::Failed => Ok(Done::of(Came::Failed)),
        Exit::Usage => Ok(Done::of(Came::Refused)),
        other => Err(format!("it ends with {other:?}")),
    }
}

/// The file with some of its names and texts, wherever they stand, made hostile.
fn hostile(dice: &mut Dice, text: &str) -> String {
    let mut names: Vec<&str> = text.lines().filter_map(quoted).collect();
    names.sort_unstable();
    names.dedup();
    let mut hostile = text.to_owned();
    for _ in 0..=dice.below(MOST_HOSTILE) {
        let Some(name) = dice.of(&names).filter(|name| !name.is_empty()) else { break };
        let more = dice.one(HOSTILE);
        hostile = hostile.replace(&format!("\"{name}\""), &format!("\"{name}{more}\""));
    }
    hostile
}

/// The plain text of a line `name = "…"`, `title = "…"` or `summary = "…"`.
fn quoted(line: &str) -> Option<&str> {
    let (key, value) = line.split_once(" = \"")?;
    let is_free = matches!(key.trim(), "name" | "title" | "summary" | "dn" | "upn");
    value.strip_suffix('"').filter(|value| is_free && !value.contains(['"', '\\']))
}

/// Whether each tag of a page is one of its own, closed in order, with attributes of its own, and each text nothing but
/// text.
///
/// # Errors
/// With what is not, and where.
pub fn sound(page: &str) -> Result<(), String> {
    let near = |rest: &str| rest.chars().take(60).collect::<String>();
    let mut rest = page.strip_prefix("<!DOCTYPE html>").ok_or("it begins otherwise than a page")?;
    let mut open: Vec<&str> = Vec::new();
    if let Some(unseen) = page.chars().find(|c| is_unseen(*c)) {
        return Err(format!("it has {unseen:?}"));
    }
    while !rest.is_empty() {
        let (text, tag) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        if open.last() != Some(&"style") {
            plain(text)?;
        }
        let Some(inside) = tag.strip_prefix('<') else { break };
        let end = end_of_tag(inside).ok_or_else(|| format!("a tag does not end: {}", near(tag)))?;
        let inner = inside.get(..end).unwrap_or_default();
        rest = inside.get(end + 1..).unwrap_or_default();
        if let Some(name) = inner.strip_prefix('/') {
            match open.pop() {
                Some(last) if last == name => {}
                last => return Err(format!("{last:?} is open, and this is closed: {}", near(tag))),
            }
            continue;
        }
        let (name, attributes) = inner.split_once(' ').unwrap_or((inner, ""));
        if !TAGS.split_whitespace().any(|tag| tag == name) {
            return Err(format!("no tag of a page: {}", near(tag)));
        }
        attributes_of(attributes).map_err(|why| format!("{why}: {}", near(tag)))?;
        if !VOID.split_whitespace().any(|tag| tag == name) {
            open.push(name);
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("it ends within {open:?}")) }
}

/// Where a tag ends that begins there: the first `>` outside of double quotes.
fn end_of_tag(inside: &str) -> Option<usize> {
    let mut quoted = false;
    inside.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == '>' && !quoted).then_some(at)
    })
}

fn attributes_of(mut rest: &str) -> Result<(), String> {
    while !rest.is_empty() {
        let (name, more) = rest.split_at(rest.find(['=', ' ']).unwrap_or(rest.len()));
        if !ATTRIBUTES.split_whitespace().any(|attribute| attribute == name) {
            return Err(format!("no attribute of a page, `{name}`"));
        }
        let Some(value) = more.strip_prefix("=\"") else {
            rest = more.trim_start_matches(' ');
            continue;
        };
        let (value, more) = value.split_once('"').ok_or("a value does not end")?;
        plain(value)?;
        if name == "href" && !value.starts_with('#') {
            return Err(format!("a link leads to `{value}`"));
        }
        if name == "style" && !value.strip_prefix("width:").is_some_and(|width| width.ends_with("px")) {
            return Err(format!("a style of its own, `{value}`"));
        }
        rest = more.trim_start_matches(' ');
    }
    Ok(())
}

/// Whether a text is text: what means something to a browser stands as its code.
fn plain(text: &str) -> Result<(), String> {
    if text.contains(['<', '>']) {
        return Err(format!("a text has a bracket: {text:?}"));
    }
    let known = |after: &str| ["amp;", "lt;", "gt;", "quot;"].iter().any(|code| after.starts_with(code));
    match text.split('&').skip(1).find(|after| !known(after)) {
        Some(after) => Err(format!("a text has a code of its own: &{}", after.chars().take(20).collect::<String>())),
        None => Ok(()),
    }
}

fn is_unseen(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (c.is_control() && !matches!(c, '\n' | '\t'))
}

/// Whether each line of a diagram is one of its own, and what it tells is text.
fn diagram(text: &str) -> Result<(), String> {
    let mut lines = text.lines();
    if lines.next() != Some("sequenceDiagram") {
        return Err("it begins otherwise than a diagram".to_owned());
    }
    let told = |text: &str| text.chars().all(|c| c.is_alphanumeric() || " .,-()/:=?_#;".contains(c));
    for line in lines {
        let line = line.strip_prefix("    ").ok_or_else(|| format!("no line of a diagram: {line:?}"))?;
        let (what, text) = line.split_once(": ").unwrap_or((line, ""));
        let own = what.chars().all(|c| c.is_ascii_alphanumeric() || " ,->".contains(c));
        if !own || !told(text) {
            return Err(format!("a line of a diagram is more than text: {line:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><style>a>b{}</style></head>\
                        <body><p id=\"r1\">TEXT</p><details open><summary>x</summary></details></body></html>";

    fn check(text: &str, is_sound: bool) {
        let judged = sound(&PAGE.replace("TEXT", text));
        assert_eq!(judged.is_ok(), is_sound, "{text:?}: {judged:?}");
    }

    #[test]
    fn what_is_more_than_text_is_found() {
        check("plain &lt;abuse&gt; &amp;lt; it's &quot;x&quot;", true);
        check("<a href=\"#r1\">to</a>", true);
        for wrong in [
            "<abuse>",
            "<script>x</script>",
            "<b>never closed",
            "</p><p>",
            "a > b",
            "&#60;",
            "&abuse;",
            "<b onclick=\"x\">y</b>",
            "<a href=\"javascript:x\">y</a>",
            "<p style=\"position:fixed\">y</p>",
            "<!-- x -->",
            "\u{202e}",
            "<p id=\"x",
        ] {
            // Tags that are closed in order are the page's own, whatever they are around.
            check(wrong, wrong == "</p><p>");
        }
    }

    #[test]
    fn a_diagram_is_lines_of_text() {
        assert_eq!(diagram("sequenceDiagram\n    participant core as Core\n    core->>ca: a#59; b\n"), Ok(()));
        for wrong in ["graph LR\n", "sequenceDiagram\ncore->>ca: x\n", "sequenceDiagram\n    core->>ca: <b>\n"] {
            assert!(diagram(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_are_made_hostile_wherever_they_stand() {
        let text = "title = \"T\"\n[[world.card]]\nname = \"card\"\nsteps = [{ insert = \"card\" }]\n";
        let changed = hostile(&mut Dice::new(1, 7), text);
        assert!(changed != text && changed.matches("abuse").count() + changed.matches("202E").count() > 0, "{changed}");
    }
}
