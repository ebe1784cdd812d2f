//! TOML by way of the `toml` crate, which recovers from errors and keeps places.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Entry, MAX_DEPTH, Node, Table, Value};
use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Place, Placed};

pub(super) fn read(file: FileId, text: &str, found: &mut Diagnostics) -> Table {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let place = Place { file, start: span.start, end: span.end };
        let deep = error.message().contains("recurs");
        let code = if deep { Code::TooDeep } else { Code::NotToml };
        found.push(Diagnostic::error(code, error.message().to_owned(), place));
    }
    convert_table(file, table.get_ref(), 0, found)
}

fn convert_table(file: FileId, table: &DeTable<'_>, depth: usize, found: &mut Diagnostics) -> Table {
    let entries = table.iter().map(|(key, value)| Entry {
        key: Placed::new(key.get_ref().to_string(), place_of(file, key)),
        node: convert(file, value, depth + 1, found),
    });
    Table(entries.collect())
}

fn convert(file: FileId, value: &Spanned<DeValue<'_>>, depth: usize, found: &mut Diagnostics) -> Node {
    let place = place_of(file, value);
    if depth > MAX_DEPTH {
        found.push(Diagnostic::error(Code::TooDeep, format!("nested deeper than {MAX_DEPTH} levels"), place));
        return Node { value: Value::Table(Table::default()), place };
    }
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Number(number),
            Err(_) => Value::Fraction(number.to_string()),
        },
        DeValue::Float(number) => Value::Fraction(number.to_string()),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(date) => Value::Instant(date.to_string()),
        DeValue::Array(list) => {
            Value::List(list.iter().map(|element| convert(file, element, depth + 1, found)).collect())
        }
        DeValue::Table(table) => Value::Table(convert_table(file, table, depth, found)),
    };
    Node { value, place }
}

fn place_of<T>(file: FileId, spanned: &Spanned<T>) -> Place {
    let span = spanned.span();
    Place { file, start: span.start, end: span.end }
}
