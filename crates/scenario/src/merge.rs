//! Worlds that build on worlds: the same name overrides fields, a new name appends, `absent = true` takes away.

use std::collections::{BTreeMap, VecDeque};

use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::library::Library;
use crate::shape::{Shape, ValueType, WORLD};
use crate::source::{Span, Spanned};
use crate::suggestion::suggestion;
use crate::tree::{Entry, Node, Table, Value};

/// How many worlds may build on one another.
const MOST_WORLDS: usize = 16;

/// The world with everything that the worlds it extends have.
pub(crate) fn complete(world: &Table, library: &Library, found: &mut Diagnostics) -> Table {
    let mut on_the_way = Vec::new();
    extend(world, library, found, &mut on_the_way)
}

fn extend(world: &Table, library: &Library, found: &mut Diagnostics, on_the_way: &mut Vec<String>) -> Table {
    let base = match world.text("extends") {
        Some(name) => load(name, library, found, on_the_way),
        None => Some(Table::default()),
    };
    // Without its base nothing in it can be judged; the missing base is reported.
    match base {
        Some(base) => over(base, world, &WORLD, found),
        None => {
            let mut alone = over(Table::default(), world, &WORLD, &mut Diagnostics::new());
            alone.0.retain(|entry| entry.key.value != "extends");
            alone
        }
    }
}

fn load(
    name: Spanned<&str>,
    library: &Library,
    found: &mut Diagnostics,
    on_the_way: &mut Vec<String>,
) -> Option<Table> {
    if on_the_way.iter().any(|known| known == name.value) || on_the_way.len() >= MOST_WORLDS {
        let way = on_the_way.join(" -> ");
        let message = format!("`{}` extends itself: {way} -> {}", name.value, name.value);
        found.push(Diagnostic::error(Code::Cycle, message, name.span));
        return None;
    }
    if on_the_way.is_empty()
        && let Some(known) = library.complete_world(name.value, || without_problems(name, library))
    {
        return Some(known.clone());
    }
    load_anew(name, library, found, on_the_way)
}

/// The world of that name when nothing is wrong with it, nor with those that it extends.
fn without_problems(name: Spanned<&str>, library: &Library) -> Option<Table> {
    let mut found = Diagnostics::new();
    load_anew(name, library, &mut found, &mut Vec::new()).filter(|_| found.is_empty())
}

fn load_anew(
    name: Spanned<&str>,
    library: &Library,
    found: &mut Diagnostics,
    on_the_way: &mut Vec<String>,
) -> Option<Table> {
    let root = library.world(name, found)?;
    on_the_way.push(name.value.to_owned());
    let complete = extend(root.table("world")?, library, found, on_the_way);
    on_the_way.pop();
    Some(complete)
}

/// `upper` laid over `base`.
pub(crate) fn over(base: Table, upper: &Table, shape: &Shape, found: &mut Diagnostics) -> Table {
    let mut result = base;
    for entry in &upper.0 {
        let value_type = shape.key(&entry.key.value).map(|key| key.value_type);
        match result.0.iter_mut().find(|known| known.key.value == entry.key.value) {
            Some(known) => {
                let base = std::mem::replace(&mut known.node, Node { value: Value::Null, span: entry.node.span });
                let node = over_node(Some(base), &entry.node, value_type, found);
                *known = Entry { key: entry.key.clone(), node };
            }
            None => {
                let node = over_node(None, &entry.node, value_type, found);
                result.0.push(Entry { key: entry.key.clone(), node });
            }
        }
    }
    result
}

fn over_node(base: Option<Node>, upper: &Node, value_type: Option<ValueType>, found: &mut Diagnostics) -> Node {
    let list = |base: Option<Node>| match base {
        Some(Node { value: Value::List(list), .. }) => list,
        _ => Vec::new(),
    };
    let value = match (value_type, &upper.value) {
        (Some(ValueType::Table(shape)), Value::Table(table)) => {
            Value::Table(over(base.map(into_table).unwrap_or_default(), table, shape, found))
        }
        (Some(ValueType::Named(shape)), Value::List(own)) => Value::List(by_name(list(base), own, shape, found)),
        (Some(ValueType::Tables(_)), Value::List(own)) => {
            Value::List(list(base).into_iter().chain(own.iter().cloned()).collect())
        }
        // A value of another type is reported; what is below it stays, so that nothing else seems to be missing.
        (Some(ValueType::Table(_) | ValueType::Named(_) | ValueType::Tables(_)), _) => match base {
            Some(base) => return base,
            None => upper.value.clone(),
        },
        (_, value) => value.clone(),
    };
    Node { value, span: upper.span }
}

fn into_table(node: Node) -> Table {
    match node.value {
        Value::Table(table) => table,
        _ => Table::default(),
    }
}

fn by_name(base: Vec<Node>, upper: &[Node], shape: &Shape, found: &mut Diagnostics) -> Vec<Node> {
    let mut result: Vec<Option<Node>> = base.into_iter().map(Some).collect();
    // Where those of each name are; the first counts.
    let mut places: BTreeMap<String, VecDeque<usize>> = BTreeMap::new();
    for (at, node) in result.iter().flatten().enumerate() {
        if let Some(name) = node.as_table().and_then(|table| table.text("name")) {
            places.entry(name.value.to_owned()).or_default().push_back(at);
        }
    }
    for node in upper {
        let Some(table) = node.as_table() else { continue };
        let name = table.text("name").map(|name| name.value);
        let known = name.and_then(|name| places.get(name)?.front().copied());
        match (known, table.flag("absent")) {
            (Some(at), Some(true)) => {
                result[at] = None;
                if let Some(places) = name.and_then(|name| places.get_mut(name)) {
                    places.pop_front();
                }
            }
            (None, Some(true)) => {
                let noun = shape.name.split_once(' ').map_or(shape.name, |(_, noun)| noun);
                let message = format!("no extended world has a {noun} `{}` to leave out", name.unwrap_or(""));
                let names = result.iter().flatten().filter_map(|node| node.as_table()?.text("name"));
                let help = suggestion(name.unwrap_or(""), names.map(|name| name.value))
                    .map(|suggestion| format!("did you mean `{suggestion}`?"));
                found.push(
                    Diagnostic::error(Code::AbsentNothing, message, absent_place(table, node.span)).help_some(help),
                );
            }
            (Some(at), _) => {
                let below = result[at].take().map(into_table).unwrap_or_default();
                result[at] = Some(Node { value: Value::Table(over(below, table, shape, found)), span: node.span });
            }
            (None, _) => {
                let alone = over(Table::default(), table, shape, found);
                if let Some(name) = name {
                    places.entry(name.to_owned()).or_default().push_back(result.len());
                }
                result.push(Some(Node { value: Value::Table(alone), span: node.span }));
            }
        }
    }
    result.into_iter().flatten().collect()
}

fn absent_place(table: &Table, span: Span) -> Span {
    table.text("name").map_or(span, |name| name.span)
}
