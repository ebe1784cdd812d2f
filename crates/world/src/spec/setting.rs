//! Settings: one row for each key of the language whose value is one field of a description. The row is all that the
//! reader, the reference, the JSON Schema and changes of a running world know of the key.

use autoenroll_model::{Duration, Fact};

/// A key and the field of `S` that it sets.
#[derive(Debug)]
pub struct Setting<S: 'static> {
    /// As it is written, and the name of the fact that a change records.
    pub name: &'static str,
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
    /// Of [`Field::Texts`].
    Texts(Vec<String>),
}

/// A setting with the value that it takes. Made by [`Setting::to`], so the value has the type of the field.
#[derive(Debug)]
pub struct Edit<S: 'static> {
    setting: &'static Setting<S>,
    value: SettingValue,
}

impl<S: Default> Setting<S> {
    /// The value when a scenario gives none.
    #[must_use]
    pub fn default_value(&self) -> SettingValue {
        let mut defaults = S::default();
        match self.field {
            Field::Flag(field) => SettingValue::Flag(*field(&mut defaults)),
            Field::Duration(field) | Field::Minutes(_, field) => SettingValue::Duration(*field(&mut defaults)),
            Field::Bits(field) | Field::BitsAs(_, field) => SettingValue::Bits(*field(&mut defaults)),
            Field::Percent(field) => SettingValue::Percent(*field(&mut defaults)),
            Field::Texts(field) => SettingValue::Texts(std::mem::take(field(&mut defaults))),
        }
    }
}

impl<S> Setting<S> {
    /// Gives the setting a value; `None` for a value of another type.
    #[must_use]
    pub fn to(&'static self, value: impl Into<SettingValue>) -> Option<Edit<S>> {
        let value = value.into();
        let fits = matches!(
            (&self.field, &value),
            (Field::Flag(_), SettingValue::Flag(_))
                | (Field::Duration(_) | Field::Minutes(..), SettingValue::Duration(_))
                | (Field::Bits(_) | Field::BitsAs(..), SettingValue::Bits(_))
                | (Field::Percent(_), SettingValue::Percent(_))
                | (Field::Texts(_), SettingValue::Texts(_))
        );
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
            (Field::Texts(field), SettingValue::Texts(value)) => field(to).clone_from(value),
            (
                Field::Flag(_)
                | Field::Duration(_)
                | Field::Minutes(..)
                | Field::Bits(_)
                | Field::BitsAs(..)
                | Field::Percent(_)
                | Field::Texts(_),
                _,
            ) => unreachable!("an edit is made by `Setting::to`, which compares the types"),
        }
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
