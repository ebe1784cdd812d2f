//! Settings: one row for each key of the language whose value is one field of a description. The row is all that the
//! reader, the reference, the JSON Schema and changes of a running world know of the key.

use autoenroll_model::{Duration, Fact, Oid, ProviderPreference};

/// A key and the field of `S` that it sets.
#[derive(Debug)]
pub struct Setting<S: 'static> {
    /// As it is written, and the name of the fact that a change records.
    pub name: &'static str,
    /// The attribute of a directory object that it is, as [MS-CRTD] names it. What has none has a default.
    pub attribute: Option<&'static str>,
    /// What it means in a scenario's `world`, without its default; `None` when only changes take it.
    pub in_world: Option<&'static str>,
    /// What it means in a `change`; `None` when it stays what it was at the start.
    pub in_change: Option<&'static str>,
    /// The field.
    pub field: Field<S>,
}

/// Where the value is, and so its type.
#[derive(Debug)]
pub enum Field<S: 'static> {
    /// True or false.
    Flag(fn(&mut S) -> &mut bool),
    /// A length of time.
    Duration(fn(&mut S) -> &mut Duration),
    /// A length of time in whole minutes, that many at most: a registry value.
    Minutes(u32, fn(&mut S) -> &mut Duration),
    /// A number of 32 bits, shown in hexadecimal, or none: a registry value.
    Bits(fn(&mut S) -> &mut Option<u32>),
    /// As [`Field::Bits`]; where a world does not give it, it is what the world says of the setting of that name.
    BitsAs(&'static str, fn(&mut S) -> &mut Option<u32>),
    /// A number from 0 to 100, or none.
    Percent(fn(&mut S) -> &mut Option<u8>),
    /// A list of texts.
    Texts(fn(&mut S) -> &mut Vec<String>),
    /// A text.
    Text(fn(&mut S) -> &mut String),
    /// A text, or none.
    TextOrNone(fn(&mut S) -> &mut Option<String>),
    /// A number between two others, both included.
    Number((u32, u32), fn(&mut S) -> &mut u32),
    /// As [`Field::Number`], of an attribute that may be absent.
    NumberOrAbsent((u32, u32), fn(&mut S) -> &mut Option<u32>),
    /// How many may follow; -1 for any number.
    Depth(fn(&mut S) -> &mut i32),
    /// Object identifiers, dotted or by name.
    Oids(fn(&mut S) -> &mut Vec<Oid>),
    /// Names of templates.
    Templates(fn(&mut S) -> &mut Vec<String>),
    /// Names of providers, first choice first.
    Providers(fn(&mut S) -> &mut Vec<ProviderPreference>),
    /// One of some words.
    Word {
        /// All of them.
        words: fn() -> Vec<&'static str>,
        /// Sets the field to what one of them means.
        set: fn(&mut S, &str),
    },
    /// Several of some words: flags.
    Words {
        /// All of them.
        words: fn() -> Vec<&'static str>,
        /// Sets the field to what they mean together.
        set: fn(&mut S, &[String]),
    },
}

/// A value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingValue {
    /// Of [`Field::Flag`].
    Flag(bool),
    /// Of [`Field::Duration`] and [`Field::Minutes`].
    Duration(Duration),
    /// Of [`Field::Bits`] and [`Field::BitsAs`].
    Bits(Option<u32>),
    /// Of [`Field::Percent`].
    Percent(Option<u8>),
    /// Of [`Field::Texts`], [`Field::Templates`], [`Field::Providers`] and [`Field::Words`].
    Texts(Vec<String>),
    /// Of [`Field::Text`] and [`Field::Word`].
    Text(String),
    /// Of [`Field::TextOrNone`].
    TextOrNone(Option<String>),
    /// Of [`Field::Number`] and [`Field::NumberOrAbsent`].
    Number(u32),
    /// Of [`Field::Depth`].
    Depth(i32),
    /// Of [`Field::Oids`].
    Oids(Vec<Oid>),
}

/// A setting with the value that it takes. Made by [`Setting::to`], so the value has the type of the field.
#[derive(Debug)]
pub struct Edit<S: 'static> {
    setting: &'static Setting<S>,
    value: SettingValue,
}

impl<S: Default> Setting<S> {
    /// The value when a scenario gives none; `None` for an attribute, which another template or nothing gives then.
    #[must_use]
    pub fn default_value(&self) -> Option<SettingValue> {
        let mut defaults = S::default();
        Some(match self.field {
            Field::Flag(field) => SettingValue::Flag(*field(&mut defaults)),
            Field::Duration(field) | Field::Minutes(_, field) => SettingValue::Duration(*field(&mut defaults)),
            Field::Bits(field) | Field::BitsAs(_, field) => SettingValue::Bits(*field(&mut defaults)),
            Field::Percent(field) => SettingValue::Percent(*field(&mut defaults)),
            Field::Texts(field) | Field::Templates(field) => SettingValue::Texts(std::mem::take(field(&mut defaults))),
            Field::TextOrNone(field) => SettingValue::TextOrNone(std::mem::take(field(&mut defaults))),
            Field::Text(_)
            | Field::Number(..)
            | Field::NumberOrAbsent(..)
            | Field::Depth(_)
            | Field::Oids(_)
            | Field::Providers(_)
            | Field::Word { .. }
            | Field::Words { .. } => return None,
        })
    }
}

impl<S> Setting<S> {
    /// Gives the setting a value; `None` for a value that is not of its type, or out of its bounds.
    #[must_use]
    pub fn to(&'static self, value: impl Into<SettingValue>) -> Option<Edit<S>> {
        let value = value.into();
        let fits = match (&self.field, &value) {
            (
                Field::Number((least, most), _) | Field::NumberOrAbsent((least, most), _),
                SettingValue::Number(number),
            ) => (least..=most).contains(&number),
            (Field::Depth(_), SettingValue::Depth(number)) => *number >= -1,
            (Field::Flag(_), SettingValue::Flag(_))
            | (Field::Duration(_) | Field::Minutes(..), SettingValue::Duration(_))
            | (Field::Bits(_) | Field::BitsAs(..), SettingValue::Bits(_))
            | (Field::Percent(_), SettingValue::Percent(_))
            | (Field::Text(_) | Field::Word { .. }, SettingValue::Text(_))
            | (Field::TextOrNone(_), SettingValue::TextOrNone(_))
            | (Field::Oids(_), SettingValue::Oids(_))
            | (
                Field::Texts(_) | Field::Templates(_) | Field::Providers(_) | Field::Words { .. },
                SettingValue::Texts(_),
            ) => true,
            _ => false,
        };
        fits.then_some(Edit { setting: self, value })
    }
}

impl<S> Edit<S> {
    /// Sets the field.
    pub fn apply(&self, to: &mut S) {
        match (&self.setting.field, &self.value) {
            (Field::Flag(field), SettingValue::Flag(value)) => *field(to) = *value,
            (Field::Duration(field) | Field::Minutes(_, field), SettingValue::Duration(value)) => *field(to) = *value,
            (Field::Bits(field) | Field::BitsAs(_, field), SettingValue::Bits(value)) => *field(to) = *value,
            (Field::Percent(field), SettingValue::Percent(value)) => *field(to) = *value,
            (Field::Text(field), SettingValue::Text(value)) => field(to).clone_from(value),
            (Field::Word { set, .. }, SettingValue::Text(value)) => set(to, value),
            (Field::TextOrNone(field), SettingValue::TextOrNone(value)) => field(to).clone_from(value),
            (Field::Number(_, field), SettingValue::Number(value)) => *field(to) = *value,
            (Field::NumberOrAbsent(_, field), SettingValue::Number(value)) => *field(to) = Some(*value),
            (Field::Depth(field), SettingValue::Depth(value)) => *field(to) = *value,
            (Field::Oids(field), SettingValue::Oids(value)) => field(to).clone_from(value),
            (Field::Texts(field) | Field::Templates(field), SettingValue::Texts(value)) => field(to).clone_from(value),
            (Field::Providers(field), SettingValue::Texts(value)) => {
                let numbered = (1_u32..).zip(value.iter().cloned());
                *field(to) = numbered.map(|(order, name)| ProviderPreference { order, name }).collect();
            }
            (Field::Words { set, .. }, SettingValue::Texts(value)) => set(to, value),
            _ => unreachable!("an edit is made by `Setting::to`, which compares the types"),
        }
    }

    /// The attribute of a directory object that it sets.
    pub(crate) fn attribute(&self) -> Option<&'static str> {
        self.setting.attribute
    }

    /// The fact that tells of the change.
    pub(crate) fn fact(&self) -> (&'static str, Fact) {
        let not_configured = || "not configured".to_owned();
        let value = match &self.value {
            SettingValue::Flag(value) => Fact::from(*value),
            SettingValue::Duration(value) => Fact::from(value.to_string()),
            SettingValue::Bits(value) => value.map_or_else(not_configured, |value| format!("0x{value:x}")).into(),
            SettingValue::Percent(value) => value.map_or_else(not_configured, |value| value.to_string()).into(),
            SettingValue::Texts(value) => Fact::from(value.clone()),
            SettingValue::Text(value) => Fact::from(value.as_str()),
            SettingValue::TextOrNone(value) => value.clone().unwrap_or_else(not_configured).into(),
            SettingValue::Number(value) => Fact::from(value.to_string()),
            SettingValue::Depth(value) => Fact::from(value.to_string()),
            SettingValue::Oids(value) => Fact::from(value.iter().map(ToString::to_string).collect::<Vec<_>>()),
        };
        (self.setting.name, value)
    }
}

impl<S> Clone for Edit<S> {
    fn clone(&self) -> Self {
        Self { setting: self.setting, value: self.value.clone() }
    }
}

/// A name stands in one row only.
impl<S> PartialEq for Edit<S> {
    fn eq(&self, other: &Self) -> bool {
        (self.setting.name, &self.value) == (other.setting.name, &other.value)
    }
}

impl From<bool> for SettingValue {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl From<Duration> for SettingValue {
    fn from(value: Duration) -> Self {
        Self::Duration(value)
    }
}

impl From<Option<u32>> for SettingValue {
    fn from(value: Option<u32>) -> Self {
        Self::Bits(value)
    }
}

impl From<Option<u8>> for SettingValue {
    fn from(value: Option<u8>) -> Self {
        Self::Percent(value)
    }
}

impl From<Vec<String>> for SettingValue {
    fn from(value: Vec<String>) -> Self {
        Self::Texts(value)
    }
}

impl From<String> for SettingValue {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Option<String>> for SettingValue {
    fn from(value: Option<String>) -> Self {
        Self::TextOrNone(value)
    }
}

impl From<u32> for SettingValue {
    fn from(value: u32) -> Self {
        Self::Number(value)
    }
}

impl From<i32> for SettingValue {
    fn from(value: i32) -> Self {
        Self::Depth(value)
    }
}

impl From<Vec<Oid>> for SettingValue {
    fn from(value: Vec<Oid>) -> Self {
        Self::Oids(value)
    }
}
