//! Worlds that build on worlds: the same name overrides fields, a new name appends, `absent = true` takes away.

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
        Some(base) => over(&base, world, &WORLD, found),
        None => {
            let mut alone = over(&Table::default(), world, &WORLD, &mut Diagnostics::new());
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
    let root = library.world(name, found)?;
    on_the_way.push(name.value.to_owned());
    let complete = extend(root.table("world")?, library, found, on_the_way);
    on_the_way.pop();
    Some(complete)
}

/// `upper` laid over `base`.
pub(crate) fn over(base: &Table, upper: &Table, shape: &Shape, found: &mut Diagnostics) -> Table {
    let mut result = base.clone();
    for entry in &upper.0 {
        let value_type = shape.key(&entry.key.value).map(|key| key.value_type);
        match result.0.iter_mut().find(|known| known.key.value == entry.key.value) {
            Some(known) => {
                *known =
                    Entry { key: entry.key.clone(), node: over_node(Some(&known.node), &entry.node, value_type, found) }
            }
            None => {
                let node = over_node(None, &entry.node, value_type, found);
                result.0.push(Entry { key: entry.key.clone(), node });
            }
        }
    }
    result
}

fn over_node(base: Option<&Node>, upper: &Node, value_type: Option<ValueType>, found: &mut Diagnostics) -> Node {
    let value = match (value_type, &upper.value) {
        (Some(ValueType::Table(shape)), Value::Table(table)) => {
            let below = base.and_then(Node::as_table).cloned().unwrap_or_default();
            Value::Table(over(&below, table, shape, found))
        }
        (Some(ValueType::Named(shape)), Value::List(list)) => {
            Value::List(by_name(base.map_or(&[][..], Node::as_list), list, shape, found))
        }
        (Some(ValueType::Tables(_)), Value::List(list)) => {
            Value::List(base.map_or(&[][..], Node::as_list).iter().chain(list).cloned().collect())
        }
        // A value of another type is reported; what is below it stays, so that nothing else seems to be missing.
        (Some(ValueType::Table(_) | ValueType::Named(_) | ValueType::Tables(_)), _) => match base {
            Some(base) => return base.clone(),
            None => upper.value.clone(),
        },
        (_, value) => value.clone(),
    };
    Node { value, span: upper.span }
}

fn by_name(base: &[Node], upper: &[Node], shape: &Shape, found: &mut Diagnostics) -> Vec<Node> {
    let mut result: Vec<Node> = base.to_vec();
    for node in upper {
        let Some(table) = node.as_table() else { continue };
        let name = table.text("name").map(|name| name.value);
        let known = result.iter().position(|known| {
            name.is_some() && known.as_table().and_then(|table| table.text("name")).map(|name| name.value) == name
        });
        match (known, table.flag("absent")) {
            (Some(at), Some(true)) => {
                result.remove(at);
            }
            (None, Some(true)) => {
                let noun = shape.name.split_once(' ').map_or(shape.name, |(_, noun)| noun);
                let message = format!("no extended world has a {noun} `{}` to leave out", name.unwrap_or(""));
                let names = result.iter().filter_map(|node| node.as_table()?.text("name")).map(|name| name.value);
                let help =
                    suggestion(name.unwrap_or(""), names).map(|suggestion| format!("did you mean `{suggestion}`?"));
                found.push(
                    Diagnostic::error(Code::AbsentNothing, message, absent_place(table, node.span)).help_some(help),
                );
            }
            (Some(at), _) => {
                let below = result[at].as_table().cloned().unwrap_or_default();
                result[at] = Node { value: Value::Table(over(&below, table, shape, found)), span: node.span };
            }
            (None, _) => {
                let alone = over(&Table::default(), table, shape, found);
                result.push(Node { value: Value::Table(alone), span: node.span });
            }
        }
    }
    result
}

fn absent_place(table: &Table, span: Span) -> Span {
    table.text("name").map_or(span, |name| name.span)
}
