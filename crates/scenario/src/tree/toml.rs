//! TOML by way of the `toml` crate, which recovers from errors and keeps places.

use toml::de::{DeTable, DeValue};

use super::{Entry, MAX_DEPTH, Node, Table, Value};
use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Span, Spanned};

pub(super) fn read(file: FileId, text: &str, found: &mut Diagnostics) -> Table {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let bytes = error.span().unwrap_or(0..0);
        let span = Span { file, start: bytes.start, end: bytes.end };
        let deep = error.message().contains("recurs");
        let code = if deep { Code::TooDeep } else { Code::NotToml };
        found.push(Diagnostic::error(code, error.message().to_owned(), span));
    }
    convert_table(file, table.get_ref(), 0, found)
}

fn convert_table(file: FileId, table: &DeTable<'_>, depth: usize, found: &mut Diagnostics) -> Table {
    let entries = table.iter().map(|(key, value)| Entry {
        key: Spanned::new(key.get_ref().to_string(), span_of(file, key)),
        node: convert(file, value, depth + 1, found),
    });
    Table(entries.collect())
}

fn convert(file: FileId, value: &toml::Spanned<DeValue<'_>>, depth: usize, found: &mut Diagnostics) -> Node {
    let span = span_of(file, value);
    if depth > MAX_DEPTH {
        found.push(Diagnostic::error(Code::TooDeep, format!("nested deeper than {MAX_DEPTH} levels"), span));
        return Node { value: Value::Table(Table::default()), span };
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
    Node { value, span }
}

fn span_of<T>(file: FileId, spanned: &toml::Spanned<T>) -> Span {
    let bytes = spanned.span();
    Span { file, start: bytes.start, end: bytes.end }
}
