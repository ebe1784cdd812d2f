//! Keys that are made from the rows of the simulator's settings: those of a CA in `world`, and in a `change`.

use std::fmt;

use autoenroll_world::spec::{CaSpec, Field, Setting, SettingValue};

use super::{Key, ValueType};

/// Has a default that the reference prints.
pub(crate) trait Defaulted: fmt::Debug + Sync {
    /// As it is written, `none` for a length of zero; `None` for a flag that is not set.
    fn default_text(&self) -> Option<String>;
}

impl<S: Default + fmt::Debug> Defaulted for Setting<S> {
    fn default_text(&self) -> Option<String> {
        match self.default_value() {
            SettingValue::Flag(false) => None,
            SettingValue::Flag(true) => Some("true".to_owned()),
            SettingValue::Duration(duration) if duration.0 == 0 => Some("none".to_owned()),
            SettingValue::Duration(duration) => Some(duration.to_string()),
        }
    }
}

/// The table that a key stands in.
#[derive(Clone, Copy)]
pub(super) enum In {
    World,
    Change,
}

/// Keys with the settings of a CA between them. `N` is [`length`] of the same.
pub(super) const fn with_ca_settings<const N: usize>(table: In, before: &[Key], after: &[Key]) -> [Key; N] {
    let settings = CaSpec::SETTINGS;
    let mut keys = [Key { name: "", value_type: ValueType::Text, required: false, doc: "", default: None }; N];
    let (mut length, mut next) = (0, 0);
    while next < before.len() {
        keys[length] = before[next];
        (length, next) = (length + 1, next + 1);
    }
    next = 0;
    while next < settings.len() {
        if let Some(key) = key(&settings[next], table) {
            keys[length] = key;
            length += 1;
        }
        next += 1;
    }
    next = 0;
    while next < after.len() {
        keys[length] = after[next];
        (length, next) = (length + 1, next + 1);
    }
    assert!(length == N, "`N` is the number of keys");
    keys
}

/// How many keys [`with_ca_settings`] makes.
pub(super) const fn length(table: In, before: &[Key], after: &[Key]) -> usize {
    let (mut length, mut next) = (before.len() + after.len(), 0);
    while next < CaSpec::SETTINGS.len() {
        if key(&CaSpec::SETTINGS[next], table).is_some() {
            length += 1;
        }
        next += 1;
    }
    length
}

/// The key of a setting; `None` when the table does not take it.
const fn key(setting: &'static Setting<CaSpec>, table: In) -> Option<Key> {
    let value_type = match setting.field {
        Field::Flag(_) => ValueType::Flag,
        Field::Duration(_) => ValueType::Duration,
    };
    let name = setting.name;
    match (table, setting.in_world, setting.in_change) {
        (In::World, Some(doc), _) => Some(Key { name, value_type, required: false, doc, default: Some(setting) }),
        (In::Change, _, Some(doc)) => Some(Key { name, value_type, required: false, doc, default: None }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::{RECORDS, WORLD};
    use autoenroll_trace::Kind;

    #[test]
    fn the_reference_prints_the_defaults_of_a_ca_from_the_code() {
        let ValueType::Named(ca) = WORLD.key("ca").unwrap().value_type else { panic!("CAs have names") };
        let text = |name: &str| ca.key(name).unwrap().text();
        assert_eq!(text("maximum-validity"), "Longest life of a certificate; 730d unless said here.");
        assert_eq!(text("latency"), "Duration of every call; none unless said here.");
        assert_eq!(text("reachable"), "Whether its host answers; true unless said here.");
        assert_eq!(text("hangs"), "It takes requests and never answers.");
        for setting in CaSpec::SETTINGS {
            assert!(!setting.in_world.is_some_and(|doc| doc.contains("unless")), "{}", setting.name);
        }
    }

    #[test]
    fn a_change_of_each_setting_of_a_ca_has_a_fact() {
        let change = RECORDS.iter().find(|schema| schema.subject == Kind::Change).unwrap();
        for setting in CaSpec::SETTINGS.iter().filter(|setting| setting.in_change.is_some()) {
            assert!(change.facts.iter().any(|fact| fact.name == setting.name), "{}", setting.name);
        }
    }
}
