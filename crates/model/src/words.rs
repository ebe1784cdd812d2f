//! Enumerations whose variants are words of the scenario language.

/// The text is not one of the words of an enumeration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    /// What was expected, e.g. `decision point`.
    pub expected: &'static str,
    /// The text that came instead.
    pub found: alloc::string::String,
    /// Every word that would have been accepted.
    pub known: &'static [&'static str],
}

impl core::fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "`{}` is not a {}; expected one of {}", self.found, self.expected, self.known.join(", "))
    }
}

impl core::error::Error for UnknownWord {}

/// Defines an enumeration together with its words: `as_str`, `ALL`, `WORDS`, `Display`, `FromStr`, serde as the word.
///
/// One list instead of four that could disagree: the name in Rust, in scenarios, in traces and in JSON.
#[macro_export]
macro_rules! words {
    ($(#[doc = $doc:literal])* $(#[derive($($derive:ident),*)])? $vis:vis enum $name:ident as $what:literal {
        // The literal in `#[default]` never stands there: a repetition must name something that repeats.
        $( $(#[doc = $vdoc:literal])* $(#[default $($default:literal)?])? $variant:ident = $word:literal, )*
    }) => {
        $(#[doc = $doc])*
        $(#[derive($($derive),*)])?
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $( $(#[doc = $vdoc])* $(#[default $($default)?])? $variant, )* }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];
            /// Every word, in the order of declaration.
            pub const WORDS: &'static [&'static str] = &[ $( $word, )* ];
            /// The word that scenarios, traces and JSON use.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result { f.pad(self.as_str()) }
        }

        impl core::str::FromStr for $name {
            type Err = $crate::UnknownWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $( $word => Ok(Self::$variant), )*
                    _ => Err($crate::UnknownWord { expected: $what, found: text.into(), known: Self::WORDS }),
                }
            }
        }

        $crate::words_schema! { $name, concat!($( $doc, "\n", )* ""), $( $word = concat!($( $vdoc, "\n", )* ""), )* }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <$crate::Word as serde::Deserialize>::deserialize(deserializer)?;
                text.0.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// A text that is going to be parsed as a word; for [`words!`] only.
#[doc(hidden)]
#[derive(serde::Deserialize)]
#[serde(transparent)]
pub struct Word(pub alloc::string::String);

/// The JSON Schema of an enumeration of words: one constant with its description for each.
#[doc(hidden)]
#[cfg(feature = "schema")]
#[macro_export]
macro_rules! words_schema {
    ($name:ident, $about:expr, $( $word:literal = $meaning:expr, )*) => {
        impl $crate::schema::schemars::JsonSchema for $name {
            fn schema_name() -> $crate::schema::Name {
                stringify!($name).into()
            }
            fn json_schema(_: &mut $crate::schema::schemars::SchemaGenerator) -> $crate::schema::schemars::Schema {
                $crate::schema::words($about, &[ $( ($word, $meaning), )* ])
            }
        }
    };
}

/// No schema is asked for.
#[doc(hidden)]
#[cfg(not(feature = "schema"))]
#[macro_export]
macro_rules! words_schema {
    ($($none:tt)*) => {};
}
