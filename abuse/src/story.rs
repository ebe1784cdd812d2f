//! Damaged scenarios that still mean something: values that stand elsewhere for the same key, other lengths of time and
//! numbers, steps and parts of worlds that are left out, doubled, moved or taken from another scenario.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::dice::{Dice, damage};

/// The scenarios of the suite, and every value in them by its place.
#[derive(Debug)]
pub struct Corpus {
    files: Vec<File>,
    /// Values by their place without numbers, such as `timeline.steps[].facts.id`.
    values: BTreeMap<String, Vec<Value>>,
    /// Keys that some table at that place has.
    keys: BTreeMap<String, Vec<String>>,
}

#[derive(Debug)]
struct File {
    name: String,
    text: String,
    root: Table,
}

/// So many different values of a place are kept.
const MOST_VALUES: usize = 400;

/// A damaged scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// The name of a file that has its form: TOML or JSON.
    pub name: &'static str,
    /// What is in the file.
    pub bytes: Vec<u8>,
    /// The scenario that it was.
    pub from: String,
}

/// A way from the root of a document to a value.
type Path = Vec<Part>;

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Key(String),
    At(usize),
}

impl Corpus {
    /// Of files with their names. What is not TOML is left out.
    #[must_use]
    pub fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut corpus = Self { files: Vec::new(), values: BTreeMap::new(), keys: BTreeMap::new() };
        for (name, text) in files {
            let Ok(root) = text.parse::<Table>() else { continue };
            corpus.learn("", &Value::Table(root.clone()));
            corpus.files.push(File { name: name.to_owned(), text: text.to_owned(), root });
        }
        corpus
    }

    /// How many scenarios there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    fn learn(&mut self, place: &str, value: &Value) {
        let known = self.values.entry(place.to_owned()).or_default();
        if known.len() < MOST_VALUES && !known.contains(value) {
            known.push(value.clone());
        }
        match value {
            Value::Table(table) => {
                for (key, value) in table {
                    let keys = self.keys.entry(place.to_owned()).or_default();
                    if !keys.contains(key) {
                        keys.push(key.clone());
                    }
                    self.learn(&format!("{place}.{key}"), value);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| self.learn(&format!("{place}[]"), value)),
            _ => {}
        }
    }

    /// A scenario with a few changes: of its tree, or for one in fifteen of its bytes.
    #[must_use]
    pub fn damaged(&self, dice: &mut Dice) -> Damaged {
        let Some(file) = dice.of(&self.files) else {
            return Damaged { name: "abuse.toml", bytes: Vec::new(), from: String::new() };
        };
        let from = file.name.clone();
        if dice.one_in(15) {
            let mut bytes = file.text.clone().into_bytes();
            let other = dice.of(&self.files).map(|file| file.text.as_bytes()).unwrap_or_default();
            (0..dice.changes()).for_each(|_| damage(dice, &mut bytes, other));
            return Damaged { name: "abuse.toml", bytes, from };
        }
        let mut root = Value::Table(file.root.clone());
        for _ in 0..dice.changes() {
            self.change(dice, &mut root);
        }
        if dice.one_in(10) {
            return Damaged { name: "abuse.json", bytes: to_json(&root).to_string().into_bytes(), from };
        }
        let text = root.as_table().and_then(|root| toml::to_string(root).ok()).unwrap_or_default();
        Damaged { name: "abuse.toml", bytes: text.into_bytes(), from }
    }

    fn change(&self, dice: &mut Dice, root: &mut Value) {
        match dice.below(100) {
            0..34 => self.replace(dice, root),
            34..46 => quantity(dice, root),
            46..68 => self.steps(dice, root),
            68..76 => self.part_of_world(dice, root),
            76..84 => remove(dice, root),
            84..92 => self.add(dice, root),
            92..96 => rename(dice, root),
            _ => extreme(dice, root),
        }
    }

    /// Puts what stands elsewhere in the same place.
    fn replace(&self, dice: &mut Dice, root: &mut Value) {
        let places = places(root, |value| !matches!(value, Value::Table(_)));
        let Some((path, place)) = dice.of(&places) else { return };
        let Some(new) = self.values.get(place).and_then(|values| dice.of(values)) else { return };
        if let Some(value) = at(root, path) {
            *value = new.clone();
        }
    }

    /// Leaves out, doubles, moves or inserts a step.
    fn steps(&self, dice: &mut Dice, root: &mut Value) {
        let other = dice.of(&self.files).and_then(|file| steps_of(&file.root));
        let other = other.and_then(|steps| dice.of(steps)).cloned();
        let Some(steps) = root.get_mut("timeline").and_then(|it| it.get_mut("steps")).and_then(Value::as_array_mut)
        else {
            return;
        };
        let (one, two) = (dice.below(steps.len()), dice.below(steps.len()));
        if one >= steps.len() {
            return;
        }
        match dice.below(5) {
            0 => drop(steps.remove(one)),
            1 => steps.insert(two, steps[one].clone()),
            2 => steps.swap(one, two),
            3 => steps.truncate(one),
            _ => steps.extend(other.into_iter().take(1)),
        }
        if dice.one_in(3)
            && let Some(last) = steps.pop()
        {
            steps.insert(two.min(steps.len()), last);
        }
    }

    /// Takes a part of the world from another scenario.
    fn part_of_world(&self, dice: &mut Dice, root: &mut Value) {
        let Some(other) = dice.of(&self.files).and_then(|file| file.root.get("world")).and_then(Value::as_table) else {
            return;
        };
        let keys: Vec<&String> = other.keys().collect();
        let Some(key) = dice.of(&keys) else { return };
        if let Some(world) = root.get_mut("world").and_then(Value::as_table_mut) {
            match (world.get_mut(*key), &other[*key]) {
                (Some(Value::Array(own)), Value::Array(more)) if dice.one_in(2) => own.extend(more.iter().cloned()),
                (_, part) => drop(world.insert((*key).clone(), part.clone())),
            }
        }
    }

    /// Adds a key that other tables of the place have, or an element that other lists of the place have.
    fn add(&self, dice: &mut Dice, root: &mut Value) {
        let places = places(root, |value| matches!(value, Value::Table(_) | Value::Array(_)));
        let Some((path, place)) = dice.of(&places) else { return };
        match at(root, path) {
            Some(Value::Table(table)) => {
                let Some(key) = self.keys.get(place).and_then(|keys| dice.of(keys)) else { return };
                let Some(new) = self.values.get(&format!("{place}.{key}")).and_then(|values| dice.of(values)) else {
                    return;
                };
                table.insert(key.clone(), new.clone());
            }
            Some(Value::Array(list)) => {
                let Some(new) = self.values.get(&format!("{place}[]")).and_then(|values| dice.of(values)) else {
                    return;
                };
                list.insert(dice.below(list.len() + 1), new.clone());
            }
            _ => {}
        }
    }
}

fn steps_of(root: &Table) -> Option<&Vec<Value>> {
    root.get("timeline")?.get("steps")?.as_array()
}

/// Another length of time, or another number.
fn quantity(dice: &mut Dice, root: &mut Value) {
    const LENGTHS: [&str; 24] = [
        "0s", "1ns", "1ms", "1s", "59s", "60s", "61s", "5m", "1h", "1h1s", "7h59m59s", "8h", "8h1m", "12h", "1d",
        "36h", "6d", "45d", "180d", "365d", "1825d", "1826d", "10000d", "-1s",
    ];
    let places = places(root, |value| match value {
        Value::Integer(_) => true,
        Value::String(text) => is_length(text),
        _ => false,
    });
    let Some((path, _)) = dice.of(&places) else { return };
    match at(root, path) {
        Some(Value::Integer(number)) => {
            *number = match dice.below(8) {
                0 => number.saturating_add(1),
                1 => number.saturating_sub(1),
                2 => number.saturating_mul(2),
                3 => 0,
                4 => dice.one([1, 2, 3, 7, 16, 100, 255, 256, 1000, 1024, 2048, 4096, 65_535, 65_536]),
                5 => *number / 2,
                6 => *number ^ (1 << dice.below(20)),
                _ => dice.one([-1, i64::from(u32::MAX), i64::from(i32::MAX), i64::MAX, i64::MIN]),
            }
        }
        Some(Value::String(text)) => {
            *text = if dice.one_in(2) {
                dice.one(LENGTHS).to_owned()
            } else {
                // One digit more, or another one.
                let digits = text.chars().map(|c| match c {
                    '0'..='9' if dice.one_in(2) => dice.one(['0', '1', '2', '5', '9']),
                    other => other,
                });
                digits.collect()
            }
        }
        _ => {}
    }
}

fn is_length(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.ends_with(['s', 'm', 'h', 'd'])
        && text.chars().all(|c| c.is_ascii_digit() || "nsmhdu".contains(c))
}

fn remove(dice: &mut Dice, root: &mut Value) {
    let places = places(root, |_| true);
    let Some((path, _)) = dice.of(&places) else { return };
    let Some((last, parent)) = path.split_last() else { return };
    match (at(root, parent), last) {
        (Some(Value::Table(table)), Part::Key(key)) => drop(table.remove(key)),
        (Some(Value::Array(list)), Part::At(index)) if *index < list.len() => drop(list.remove(*index)),
        _ => {}
    }
}

/// A text of the scenario where another one stands: mostly a name.
fn rename(dice: &mut Dice, root: &mut Value) {
    let texts = places(root, Value::is_str);
    let (Some((from, _)), Some((to, _))) = (dice.of(&texts), dice.of(&texts)) else { return };
    let Some(text) = at(root, from).cloned() else { return };
    if let Some(value) = at(root, to) {
        *value = text;
    }
}

/// What hardly anybody writes.
fn extreme(dice: &mut Dice, root: &mut Value) {
    let places = places(root, |_| true);
    let Some((path, _)) = dice.of(&places) else { return };
    let Some(value) = at(root, path) else { return };
    *value = match dice.below(9) {
        0 => Value::String(String::new()),
        1 => Value::String("\u{1b}[2J\r\u{202e}\u{0}".to_owned()),
        2 => Value::String("\u{fc}\u{1F600}".repeat(1 + dice.below(200))),
        3 => Value::String("x".repeat(1 << dice.below(16))),
        4 => Value::Float(dice.one([0.5, f64::NAN, f64::INFINITY, -0.0])),
        5 => Value::Boolean(dice.one_in(2)),
        6 => Value::Array(vec![value.clone(); dice.below(40)]),
        7 => Value::Table(Table::new()),
        _ => Value::String(format!("${}", dice.one(["new", "old", "card", "ca.x", "", "."]))),
    };
}

/// Every place below the root that is wanted, with its name without numbers.
fn places(root: &Value, wanted: impl Fn(&Value) -> bool) -> Vec<(Path, String)> {
    let mut found = Vec::new();
    let mut open: Vec<(Path, String, &Value)> = vec![(Path::new(), String::new(), root)];
    while let Some((path, place, value)) = open.pop() {
        let mut inside = |part: Part, place: String, value| {
            let mut path = path.clone();
            path.push(part);
            open.push((path, place, value));
        };
        match value {
            Value::Table(table) => {
                table.iter().for_each(|(key, value)| inside(Part::Key(key.clone()), format!("{place}.{key}"), value));
            }
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(at, value)| inside(Part::At(at), format!("{place}[]"), value));
            }
            _ => {}
        }
        if !path.is_empty() && wanted(value) {
            found.push((path, place));
        }
    }
    found
}

fn at<'a>(root: &'a mut Value, path: &[Part]) -> Option<&'a mut Value> {
    path.iter().try_fold(root, |value, part| match part {
        Part::Key(key) => value.get_mut(key.as_str()),
        Part::At(index) => value.get_mut(*index),
    })
}

fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::String(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Boolean(value) => (*value).into(),
        Value::Datetime(time) => time.to_string().into(),
        Value::Array(list) => list.iter().map(to_json).collect(),
        Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), to_json(value))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "scenario = 1\ntitle = \"one\"\n[world]\nextends = \"contoso\"\n[timeline]\nsteps = [{ logon = \"alice\" }, { wait = \"8h\" }]\n";
    const OTHER: &str = "scenario = 1\ntitle = \"other\"\n[world]\nextends = \"fabrikam\"\n[timeline]\nsteps = [{ boot = \"WKS01\" }]\n";

    #[test]
    fn a_damaged_scenario_takes_from_its_neighbours_and_is_made_again_by_its_number() {
        let corpus = Corpus::new([("one", ONE), ("other", OTHER), ("none", "[")]);
        assert_eq!(corpus.len(), 2);
        let damaged = |case| corpus.damaged(&mut Dice::new(1, case));
        let all: Vec<String> =
            (0..400).map(|case| String::from_utf8_lossy(&damaged(case).bytes).into_owned()).collect();
        assert_eq!(damaged(7), damaged(7));
        let crossed = |text: &&String| text.contains("alice") && text.contains("fabrikam");
        assert!(all.iter().filter(crossed).count() > 3, "worlds are crossed");
        assert!(all.iter().filter(|text| text.parse::<Table>().is_ok()).count() > 300, "most are TOML");
        assert!(all.iter().any(|text| text.starts_with('{')), "some are JSON");
    }
}
