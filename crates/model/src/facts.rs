//! Named facts: what prompts, decisions and trace records state, and what scenarios match.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;

/// A text of a fact or a record. Up to 23 bytes it is kept in place, and a longer one is shared: most are names and
/// words, and a text of its own on the heap for each was a third of what recording costs.
pub type Text = smol_str::SmolStr;

/// Facts by name, in the order in which they were stated. A name occurs once. Two of them are kept in place.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Facts(SmallVec<[(Text, Fact); FEW]>);

/// Most decisions are made on no more facts than these.
const FEW: usize = 2;

impl Facts {
    /// No facts.
    #[must_use]
    pub fn new() -> Self {
        Self(SmallVec::new())
    }

    /// These facts and one more; a name that is there already gets the new value in its old place.
    #[must_use]
    pub fn with(mut self, name: &'static str, fact: impl Into<Fact>) -> Self {
        self.put(name, fact.into(), Text::new_static);
        self
    }

    /// These facts and, where there is a value, one more.
    #[must_use]
    pub fn with_some(self, name: &'static str, fact: Option<impl Into<Fact>>) -> Self {
        match fact {
            Some(fact) => self.with(name, fact),
            None => self,
        }
    }

    /// States a fact; a name that is there already gets the new value in its old place.
    pub fn set(&mut self, name: &str, fact: impl Into<Fact>) {
        self.put(name, fact.into(), Text::new);
    }

    fn put<'n>(&mut self, name: &'n str, fact: Fact, text: impl FnOnce(&'n str) -> Text) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = fact,
            None => self.0.push((text(name), fact)),
        }
    }

    /// The fact of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Fact> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, fact)| fact)
    }

    /// The fact of that name when it is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Fact::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Name and value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Fact)> + Clone {
        self.0.iter().map(|(name, fact)| (name.as_str(), fact))
    }

    /// Name and value, in order; values can be replaced.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Fact)> {
        self.0.iter_mut().map(|(name, fact)| (name.as_str(), fact))
    }

    /// Takes away the facts for which `stays` is false.
    pub fn retain(&mut self, mut stays: impl FnMut(&str, &Fact) -> bool) {
        self.0.retain(|(name, fact)| stays(name, fact));
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// Of facts with the same name the last one counts, in the place of the first.
impl FromIterator<(Text, Fact)> for Facts {
    fn from_iter<I: IntoIterator<Item = (Text, Fact)>>(named: I) -> Self {
        let mut facts = Self::new();
        for (name, fact) in named {
            facts.set(&name, fact);
        }
        facts
    }
}

/// `provider=Vendor Card CSP reader=empty`; texts with blanks are quoted.
impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, fact)) in self.0.iter().enumerate() {
            let blank = if at == 0 { "" } else { " " };
            write!(f, "{blank}{name}={fact}")?;
        }
        Ok(())
    }
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fact {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A text.
    Text(Text),
    /// Several values, in order.
    List(Vec<Fact>),
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text)
                if text.is_empty() || text.contains(|c: char| matches!(c, ' ' | '"') || c.is_control()) =>
            {
                write!(f, "{text:?}")
            }
            Self::Text(text) => f.write_str(text),
            Self::List(list) => {
                f.write_str("[")?;
                for (at, fact) in list.iter().enumerate() {
                    write!(f, "{}{fact}", if at == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
        }
    }
}

impl From<bool> for Fact {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}
impl From<i64> for Fact {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}
impl From<u32> for Fact {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}
impl From<u16> for Fact {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}
impl From<u8> for Fact {
    fn from(number: u8) -> Self {
        Self::Number(number.into())
    }
}
impl From<usize> for Fact {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
impl From<&str> for Fact {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}
impl From<&String> for Fact {
    fn from(text: &String) -> Self {
        Self::Text(text.into())
    }
}
impl From<String> for Fact {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}
impl From<Text> for Fact {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}
impl From<&Text> for Fact {
    fn from(text: &Text) -> Self {
        Self::Text(text.clone())
    }
}
impl<T: Into<Self>> From<Vec<T>> for Fact {
    fn from(list: Vec<T>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, fact) in &self.0 {
            map.serialize_entry(name, fact)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Facts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Facts;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("facts by name")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Facts, A::Error> {
                let mut facts = Facts::new();
                while let Some((name, fact)) = map.next_entry::<Text, Fact>()? {
                    facts.set(&name, fact);
                }
                Ok(facts)
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
