//! Keys that are made from the rows of the simulator's settings: those of CAs and of Group Policy, in `world` and in a
//! `change`.

use std::fmt;

use autoenroll_world::spec::{Field, Setting, SettingValue};

use super::{Key, ValueType};

/// Has a default that the reference prints.
pub(crate) trait Defaulted: fmt::Debug + Sync {
    /// As it is written, `none` for a length of zero; `None` for a flag that is not set and for what is not there.
    fn default_text(&self) -> Option<String>;
}

impl<S: Default + fmt::Debug> Defaulted for Setting<S> {
    fn default_text(&self) -> Option<String> {
        // An attribute that nothing gives keeps the value of the template that this one is based on.
        if self.attribute.is_some() || matches!(self.field, Field::BitsAs(..)) {
            return None;
        }
        match self.default_value()? {
            SettingValue::Flag(false) => None,
            SettingValue::Flag(true) => Some("true".to_owned()),
            SettingValue::Duration(duration) if duration.0 == 0 => Some("none".to_owned()),
            SettingValue::Duration(duration) => Some(duration.to_string()),
            SettingValue::Bits(bits) => bits.map(|bits| bits.to_string()),
            SettingValue::Percent(percent) => percent.map(|percent| percent.to_string()),
            SettingValue::Texts(texts) => Some(texts.join(", ")).filter(|texts| !texts.is_empty()),
            SettingValue::TextOrNone(text) => Some(text.unwrap_or_else(|| "none".to_owned())),
            SettingValue::Text(_) | SettingValue::Number(_) | SettingValue::Depth(_) | SettingValue::Oids(_) => None,
        }
    }
}

/// The table that a key stands in.
#[derive(Clone, Copy)]
pub(super) enum In {
    World,
    Change,
}

/// Some keys of a table.
#[derive(Clone, Copy)]
pub(super) enum Part<S: 'static> {
    /// Keys as they stand.
    Keys(&'static [Key]),
    /// Those of settings that the table takes.
    Settings(&'static [Setting<S>]),
}

/// The keys of a table. `N` is [`length`] of the same.
pub(super) const fn join<const N: usize, S: Default + fmt::Debug>(table: In, parts: &[Part<S>]) -> [Key; N] {
    let mut keys = [Key { name: "", value_type: ValueType::Text, required: false, doc: "", default: None }; N];
    let (mut length, mut part) = (0, 0);
    while part < parts.len() {
        let mut next = 0;
        while next < size(&parts[part]) {
            if let Some(key) = key(&parts[part], next, table) {
                keys[length] = key;
                length += 1;
            }
            next += 1;
        }
        part += 1;
    }
    assert!(length == N, "`N` is the number of keys");
    keys
}

/// How many keys [`join`] makes.
pub(super) const fn length<S: Default + fmt::Debug>(table: In, parts: &[Part<S>]) -> usize {
    let (mut length, mut part) = (0, 0);
    while part < parts.len() {
        let mut next = 0;
        while next < size(&parts[part]) {
            length += key(&parts[part], next, table).is_some() as usize;
            next += 1;
        }
        part += 1;
    }
    length
}

const fn size<S>(part: &Part<S>) -> usize {
    match part {
        Part::Keys(keys) => keys.len(),
        Part::Settings(settings) => settings.len(),
    }
}

/// A key of a part; `None` when the table does not take the setting.
const fn key<S: Default + fmt::Debug>(part: &Part<S>, at: usize, table: In) -> Option<Key> {
    let setting = match part {
        Part::Keys(keys) => return Some(keys[at]),
        Part::Settings(settings) => &settings[at],
    };
    let value_type = match setting.field {
        Field::Flag(_) => ValueType::Flag,
        Field::Duration(_) => ValueType::Duration,
        Field::Minutes(most, _) => ValueType::Minutes(most),
        Field::Bits(_) | Field::BitsAs(..) => ValueType::OrNone(&ValueType::Number(0, 0xFFFF_FFFF)),
        Field::Percent(_) => ValueType::OrNone(&ValueType::Number(0, 100)),
        Field::Texts(_) | Field::Templates(_) | Field::Providers(_) => ValueType::List(&ValueType::Text),
        Field::Text(_) | Field::TextOrNone(_) => ValueType::Text,
        Field::Number((least, most), _) | Field::NumberOrAbsent((least, most), _) => {
            ValueType::Number(least as i64, most as i64)
        }
        Field::Depth(_) => ValueType::Number(-1, i32::MAX as i64),
        Field::Oids(_) => ValueType::List(&ValueType::Oid),
        Field::Word { words, .. } => ValueType::Word(words),
        Field::Words { words, .. } => ValueType::Words(words),
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
    use autoenroll_world::spec::{CaSpec, PolicySpec};

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
    fn the_reference_prints_the_defaults_of_a_policy_from_the_code() {
        let ValueType::Table(policy) = WORLD.key("policy").unwrap().value_type else { panic!("there is one policy") };
        let text = |name: &str| policy.key(name).unwrap().text();
        assert_eq!(text("ae-policy"), "AEPolicy of users, and of computers unless those differ; 7 unless said here.");
        assert_eq!(text("machine-ae-policy"), "AEPolicy of computers.");
        assert_eq!(text("gp-interval"), "Background refresh; 1h30m unless said here.");
        assert_eq!(text("gp-offset"), "Upper bound of the random offset; none unless said here.");
        assert_eq!(text("expiration-percent"), "OfflineExpirationPercent.");
    }

    #[test]
    fn a_change_of_each_setting_has_a_fact() {
        let change = RECORDS.iter().find(|schema| schema.subject == Kind::Change).unwrap();
        let of_cas = CaSpec::SETTINGS.iter().filter(|setting| setting.in_change.is_some()).map(|setting| setting.name);
        let policy = PolicySpec::REFRESH.iter().chain(PolicySpec::EXPIRATION);
        let of_policy = policy.filter(|setting| setting.in_change.is_some()).map(|setting| setting.name);
        for name in of_cas.chain(of_policy) {
            assert!(change.facts.iter().any(|fact| fact.name == name), "{name}");
        }
    }
}
