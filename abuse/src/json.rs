//! Damaged JSON that is still JSON.

use serde_json::Value;

use crate::dice::Dice;

/// Changes a document in one way; `other` is a document of which a part may be taken.
pub fn damage(dice: &mut Dice, root: &mut Value, other: &Value) {
    let pointers = pointers(root);
    let Some(pointer) = dice.of(&pointers).cloned() else { return };
    let foreign = {
        let theirs = self::pointers(other);
        // What stands in the same place there, or anything.
        let same = other.pointer(&pointer).filter(|_| !dice.one_in(3));
        same.or_else(|| other.pointer(dice.of(&theirs)?)).cloned()
    };
    if dice.one_in(5) {
        return remove(dice, root, &pointer);
    }
    let Some(value) = root.pointer_mut(&pointer) else { return };
    *value = match value {
        Value::Number(number) if !dice.one_in(4) => {
            let number = number.as_u64().unwrap_or_default();
            match dice.below(6) {
                0 => number.wrapping_add(1).into(),
                1 => number.wrapping_sub(1).into(),
                2 => 0.into(),
                3 => (number ^ (1 << dice.below(40))).into(),
                4 => dice.one([1, 255, 65_536, u64::from(u32::MAX), 1 << 53, i64::MAX as u64, u64::MAX]).into(),
                _ => (-1).into(),
            }
        }
        Value::String(text) if !dice.one_in(3) => {
            let mut bytes = std::mem::take(text).into_bytes();
            crate::dice::damage(dice, &mut bytes, b"00ff30820101a1");
            String::from_utf8_lossy(&bytes).into_owned().into()
        }
        Value::Bool(held) if dice.one_in(2) => (!*held).into(),
        Value::Array(list) if !list.is_empty() && dice.one_in(2) => {
            let at = dice.below(list.len());
            let times = if dice.one_in(20) { 300 } else { 1 };
            let mut list = std::mem::take(list);
            let copies = vec![list[at].clone(); times];
            list.extend(copies);
            list.into()
        }
        _ => match dice.below(6) {
            0 => Value::Null,
            1 => Value::Array(Vec::new()),
            2 => Value::Object(serde_json::Map::new()),
            3 => "\u{1b}[2J\u{202e}\u{0}".into(),
            _ => foreign.unwrap_or(Value::Null),
        },
    };
}

fn remove(dice: &mut Dice, root: &mut Value, pointer: &str) {
    let Some((parent, last)) = pointer.rsplit_once('/') else { return };
    match root.pointer_mut(parent) {
        Some(Value::Object(object)) => {
            let removed = object.remove(&last.replace("~1", "/").replace("~0", "~"));
            if dice.one_in(4)
                && let Some(value) = removed
            {
                object.insert("unknown".to_owned(), value);
            }
        }
        Some(Value::Array(list)) => {
            if let Ok(at) = last.parse::<usize>()
                && at < list.len()
            {
                list.remove(at);
            }
        }
        _ => {}
    }
}

/// Every place of a document but the root, as JSON Pointers.
fn pointers(root: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), root)];
    while let Some((pointer, value)) = open.pop() {
        match value {
            Value::Object(object) => {
                let inside = |(key, value)| {
                    let key: &String = key;
                    (format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), value)
                };
                open.extend(object.iter().map(inside));
            }
            Value::Array(list) => {
                open.extend(list.iter().enumerate().map(|(at, value)| (format!("{pointer}/{at}"), value)));
            }
            _ => {}
        }
        if !pointer.is_empty() {
            found.push(pointer);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_damaged_document_differs_mostly_and_is_made_again_by_its_number() {
        let whole = json!({"a/b": [1, 2, {"c": "text"}], "d": true});
        let damaged = |case| {
            let mut document = whole.clone();
            damage(&mut Dice::new(3, case), &mut document, &json!({"d": "foreign"}));
            document
        };
        assert_eq!(damaged(1), damaged(1));
        let all: Vec<Value> = (0..200).map(damaged).collect();
        assert!(all.iter().filter(|document| **document != whole).count() > 150);
        assert!(all.iter().any(|document| document.get("a/b").is_none()));
        assert!(all.iter().any(|document| document["d"] == "foreign"));
    }
}
