//! Sources in which every mutant is present and a switch says which one holds, so that one program is built for all.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::list::{Genre, Mutant};
use super::place::Places;

/// The environment variable with the number of the mutant that holds.
pub(super) const VARIABLE: &str = "AUTOENROLL_MUTANT";
/// The environment variable with a file. Where it is set, no mutant holds, and the file gets the number of each mutant
/// whose place is reached, a line each.
pub(super) const REACHED: &str = "AUTOENROLL_MUTANTS_REACHED";

/// What is added to a crate: the switch. The environment is read once.
pub(super) const SWITCH: &str = "
mod mutant_switch {
    extern crate std;
    use std::io::Write as _;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, Ordering};
    static NUMBER: OnceLock<u32> = OnceLock::new();
    static REACHED: [AtomicBool; 10_000] = [const { AtomicBool::new(false) }; 10_000];
    const ALL: u32 = u32::MAX;
    pub(crate) fn on(number: u32) -> bool {
        let holds = *NUMBER.get_or_init(|| match std::env::var_os(\"AUTOENROLL_MUTANTS_REACHED\") {
            Some(_) => ALL,
            None => std::env::var(\"AUTOENROLL_MUTANT\").ok().and_then(|text| text.parse().ok()).unwrap_or(0),
        });
        if holds == ALL {
            reached(number);
        }
        holds == number
    }
    #[cold]
    fn reached(number: u32) {
        if REACHED[number as usize].swap(true, Ordering::Relaxed) {
            return;
        }
        let path = std::env::var_os(\"AUTOENROLL_MUTANTS_REACHED\").unwrap();
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
        file.unwrap().write_all(std::format!(\"{number}\\n\").as_bytes()).unwrap();
    }
}
";

/// A file with switches.
#[derive(Debug, Default)]
pub(super) struct Switched {
    /// Its text.
    pub(super) text: String,
    /// Which part of it is there for which mutants; inner ones after the outer ones.
    pub(super) regions: Vec<Region>,
    /// The mutants that are not in it, and why.
    pub(super) left_out: BTreeMap<u32, LeftOut>,
}

/// A part of a file with switches, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) range: Range<usize>,
    pub(super) part: Part,
}

/// What it is there for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What one mutant does.
    Mutated(u32),
    /// The expression around the places of several.
    Switched(Vec<u32>),
}

/// Why a mutant is not built with a switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeftOut {
    /// It is no Rust, or does not compile.
    Unviable,
    /// A switch cannot express it: it has to be built alone.
    Alone,
}

/// An expression that is there several times, once as it was.
struct Choice {
    range: Range<usize>,
    /// The mutants and what each makes of it.
    others: Vec<(u32, String)>,
}

/// Something that is added; for one mutant.
struct Addition {
    at: usize,
    text: String,
    number: u32,
}

/// The functions that stay as they are because something computed at compile time calls them.
pub(super) type Constants = BTreeSet<String>;

/// Puts switches into a file for these mutants of it, by number.
///
/// # Errors
/// When the file is no Rust, or a mutant is nowhere in it.
pub(super) fn switched(text: &str, mutants: &[(u32, &Mutant)], constants: &Constants) -> Result<Switched, String> {
    let places = Places::find(text)?;
    let mut source = text.to_owned();
    let mut writer = Writer::default();
    let mut choices: BTreeMap<(usize, std::cmp::Reverse<usize>), Choice> = BTreeMap::new();
    for (number, mutant) in mutants {
        let at = mutant.place(text)?;
        let function = places.const_functions.iter().find(|function| function.body.contains(&at));
        if let Some(function) = function {
            if constants.contains(&function.name) {
                writer.switched.left_out.insert(*number, LeftOut::Alone);
                continue;
            }
            // A switch is nothing that is known at compile time.
            source.replace_range(function.word.clone(), "     ");
        } else if places.constant.iter().any(|range| range.contains(&at)) {
            writer.switched.left_out.insert(*number, LeftOut::Alone);
            continue;
        }
        let range = match placed(*number, mutant, at, &places, &mut writer)? {
            Placed::Choice(range) => range,
            Placed::Added => continue,
            Placed::LeftOut(why) => {
                writer.switched.left_out.insert(*number, why);
                continue;
            }
        };
        let length: usize = text[at..].chars().take(mutant.length).map(char::len_utf8).sum();
        let other = format!("{}{}{}", &text[range.start..at], mutant.replacement, &text[at + length..range.end]);
        let key = (range.start, std::cmp::Reverse(range.end));
        choices.entry(key).or_insert_with(|| Choice { range, others: Vec::new() }).others.push((*number, other));
    }
    writer.additions.sort_by_key(|addition| addition.at);
    let choices: Vec<Choice> = choices.into_values().collect();
    writer.write(&source, 0..source.len(), &choices);
    writer.plain(&source, source.len()..source.len(), true);
    Ok(writer.switched)
}

/// How a mutant gets its place.
enum Placed {
    /// In this expression.
    Choice(Range<usize>),
    /// By something that is added.
    Added,
    /// Not at all.
    LeftOut(LeftOut),
}

fn placed(number: u32, mutant: &Mutant, at: usize, places: &Places, writer: &mut Writer) -> Result<Placed, String> {
    let nowhere = || format!("{}: `{}` is not at its place in `{}`", mutant.file, mutant.what, mutant.line);
    let mut add = |at: usize, text: String| writer.additions.push(Addition { at, text, number });
    let on = format!("crate::mutant_switch::on({number})");
    Ok(match mutant.genre {
        // What it returns must be of one type, which only the function itself knows.
        Genre::FnValue if mutant.what.contains("-> impl ") => Placed::LeftOut(LeftOut::Alone),
        Genre::FnValue => {
            add(at, format!("if {on} {{ return {}; }} ", mutant.replacement));
            Placed::Added
        }
        Genre::BinaryOperator => match places.operators.get(&at).ok_or_else(nowhere)? {
            Some(range) => Placed::Choice(range.clone()),
            None => Placed::LeftOut(LeftOut::Unviable),
        },
        Genre::UnaryOperator => Placed::Choice(places.signs.get(&at).ok_or_else(nowhere)?.clone()),
        Genre::StructField => Placed::Choice(places.fields.get(&at).ok_or_else(nowhere)?.clone()),
        Genre::MatchArmGuard => {
            let arm = places.arms.values().find(|arm| arm.guard.as_ref().is_some_and(|guard| guard.start == at));
            let arm = arm.ok_or_else(nowhere)?;
            match &arm.guard {
                Some(guard) if !arm.binds => Placed::Choice(guard.clone()),
                _ => Placed::LeftOut(LeftOut::Alone),
            }
        }
        Genre::MatchArm => {
            let arm = places.arms.get(&at).ok_or_else(nowhere)?;
            match &arm.guard {
                None => add(arm.pattern_end, format!(" if !{on}")),
                Some(guard) if arm.binds => add(guard.start, format!("!{on} && ")),
                Some(guard) => {
                    add(guard.start, format!("!{on} && ("));
                    add(guard.end, ")".to_owned());
                }
            }
            Placed::Added
        }
    })
}

#[derive(Default)]
struct Writer {
    additions: Vec<Addition>,
    /// How many of them are written.
    added: usize,
    switched: Switched,
}

impl Writer {
    /// Writes a part of the source, with those choices, which lie in it, outer ones before inner ones.
    fn write(&mut self, source: &str, part: Range<usize>, choices: &[Choice]) {
        let (mut from, mut next) = (part.start, 0);
        while let Some(choice) = choices.get(next) {
            let inner = choices[next + 1..].iter().take_while(|inner| inner.range.end <= choice.range.end).count();
            self.plain(source, from..choice.range.start, true);
            self.choice(source, choice, &choices[next + 1..next + 1 + inner]);
            from = choice.range.end;
            next += 1 + inner;
        }
        self.plain(source, from..part.end, false);
    }

    fn choice(&mut self, source: &str, choice: &Choice, inner: &[Choice]) {
        let whole = self.switched.regions.len();
        let begin = self.switched.text.len();
        let numbers = choice.others.iter().map(|(number, _)| *number).collect();
        self.switched.regions.push(Region { range: begin..begin, part: Part::Switched(numbers) });
        self.switched.text.push('(');
        for (number, other) in &choice.others {
            self.mutated(*number, &format!("if crate::mutant_switch::on({number}) {{ {other} }}"));
            self.switched.text.push_str(" else ");
        }
        self.switched.text.push_str("{ ");
        self.write(source, choice.range.clone(), inner);
        self.switched.text.push_str(" })");
        self.switched.regions[whole].range.end = self.switched.text.len();
    }

    fn mutated(&mut self, number: u32, text: &str) {
        let begin = self.switched.text.len();
        self.switched.text.push_str(text);
        self.switched.regions.push(Region { range: begin..self.switched.text.len(), part: Part::Mutated(number) });
    }

    /// Writes what has no choice in it, with what is added in it; also what is added at its end, if it says so.
    fn plain(&mut self, source: &str, part: Range<usize>, with_end: bool) {
        let mut from = part.start;
        while let Some(addition) = self.additions.get(self.added) {
            if addition.at > part.end || (addition.at == part.end && !with_end) {
                break;
            }
            let (at, number, text) = (addition.at, addition.number, addition.text.clone());
            self.switched.text.push_str(&source[from..at]);
            self.mutated(number, &text);
            from = at;
            self.added += 1;
        }
        self.switched.text.push_str(&source[from..part.end]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(genre: Genre, line: &str, changed: &str, replacement: &str) -> Mutant {
        let column = line.find(changed).unwrap();
        let length = if matches!(genre, Genre::FnValue | Genre::MatchArm) { 0 } else { changed.len() };
        let (file, what) = ("crates/x/src/lib.rs".to_owned(), format!("replace {changed}"));
        let (line, replacement) = (line.to_owned(), replacement.to_owned());
        Mutant { file, line, nth: 0, column, what, genre, length, replacement }
    }

    /// What becomes of `line`, the body of a function, when these changes are put into it; `on(n)` is the switch.
    fn check(line: &str, changes: &[(Genre, &str, &str)], expected: &str) {
        let mutants: Vec<Mutant> = changes.iter().map(|(genre, of, to)| mutant(*genre, line, of, to)).collect();
        let numbered: Vec<(u32, &Mutant)> = (1..).zip(&mutants).collect();
        let found = switched(&format!("fn f() {{\n    {line}\n}}\n"), &numbered, &Constants::new()).unwrap();
        let body = found.text.lines().nth(1).unwrap().trim().replace("crate::mutant_switch::", "");
        assert_eq!(body, expected, "{line}");
    }

    #[test]
    fn each_kind_of_change_gets_its_switch() {
        use Genre::{BinaryOperator, FnValue, MatchArm, MatchArmGuard, StructField, UnaryOperator};
        check("a == b", &[(BinaryOperator, "==", "!=")], "(if on(1) { a != b } else { a == b })");
        check("g(!a)", &[(UnaryOperator, "!", "")], "g((if on(1) { a } else { !a }))");
        check("a", &[(FnValue, "a", "0"), (FnValue, "a", "1")], "if on(1) { return 0; } if on(2) { return 1; } a");
        check("match a { 1 => 2, _ => 3 }", &[(MatchArm, "1", "")], "match a { 1 if !on(1) => 2, _ => 3 }");
        let guarded = "match a { 1 if b => 2, _ => 3 }";
        check(guarded, &[(MatchArm, "1", "")], "match a { 1 if !on(1) && (b) => 2, _ => 3 }");
        let both = "match a { 1 if !on(1) && ((if on(2) { true } else { b })) => 2, _ => 3 }";
        check(guarded, &[(MatchArm, "1", ""), (MatchArmGuard, "b", "true")], both);
        let field = "(if on(1) { S {  ..r } } else { S { a: 1, ..r } })";
        check("S { a: 1, ..r }", &[(StructField, "a: 1,", "")], field);
    }

    #[test]
    fn an_operator_binds_as_it_would_in_the_text() {
        use Genre::{BinaryOperator, UnaryOperator};
        // With `&&` in place of the second `||`, `a` stands alone.
        let text = "(if on(1) { a || b && c } else { a || b || c })";
        check("a || b || c", &[(BinaryOperator, "|| c", "&& c")], text);
        let nested = "(if on(1) { !a || b != c } else { (if on(2) { a } else { !a }) || b == c })";
        check("!a || b == c", &[(BinaryOperator, "==", "!="), (UnaryOperator, "!", "")], nested);
        // The links of a chain with `let` are each for themselves.
        let chain = "if let Some(a) = b && (if on(1) { c != d } else { c == d }) {}";
        check("if let Some(a) = b && c == d {}", &[(BinaryOperator, "==", "!=")], chain);
    }

    #[test]
    fn what_no_switch_can_express_is_left_out() {
        let left = |text: &str, mutant: &Mutant| {
            let found = switched(text, &[(1, mutant)], &Constants::from(["constant".to_owned()])).unwrap();
            assert_eq!(found.text, text);
            found.left_out.get(&1).copied()
        };
        let check = |line: &str, genre, changed: &str, replacement: &str, expected| {
            assert_eq!(
                left(&format!("{line}\n"), &mutant(genre, line, changed, replacement)),
                Some(expected),
                "{line}"
            );
        };
        let chain = "fn f() { if let Some(a) = b && c {} }";
        check(chain, Genre::BinaryOperator, "&&", "||", LeftOut::Unviable);
        check("const A: bool = B == C;", Genre::BinaryOperator, "==", "!=", LeftOut::Alone);
        check("const fn constant() -> bool { b == c }", Genre::BinaryOperator, "==", "!=", LeftOut::Alone);
    }

    #[test]
    fn a_mutant_that_is_not_in_its_file_is_an_error() {
        let absent = mutant(Genre::FnValue, "a", "a", "0");
        let error = switched("fn f() {\n    b\n}\n", &[(1, &absent)], &Constants::new()).unwrap_err();
        assert_eq!(error, "crates/x/src/lib.rs: there is no line `a`, number 1, for: replace a");
    }
}
