//! GUIDs.

use alloc::string::{String, ToString};
use core::fmt;

use serde::{Deserialize, Serialize};

/// A GUID in the order in which it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(pub [u8; 16]);

/// Lower case with leading zeros: `0e10c968-78fb-11d2-90d4-00c04f79dc55`.
impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = crate::hex::encode(&self.0);
        write!(f, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

/// The text is not a GUID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuidError {
    /// The text that came.
    pub found: String,
}

impl fmt::Display for GuidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a GUID; write 32 hex digits as 8-4-4-4-12, braces optional", self.found)
    }
}

impl core::error::Error for GuidError {}

impl core::str::FromStr for Guid {
    type Err = GuidError;
    fn from_str(text: &str) -> Result<Self, GuidError> {
        let error = || GuidError { found: text.to_string() };
        let bare = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
        if !bare.split('-').map(str::len).eq([8, 4, 4, 4, 12]) {
            return Err(error());
        }
        let bytes = crate::hex::decode(&bare.replace('-', "")).ok_or_else(error)?;
        Ok(Self(bytes.try_into().map_err(|_| error())?))
    }
}

impl Serialize for Guid {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Guid {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_keep_leading_zeros_and_take_braces() {
        let guid: Guid = "{0E10C968-78fb-11d2-90d4-00c04f79dc05}".parse().unwrap();
        assert_eq!(guid.to_string(), "0e10c968-78fb-11d2-90d4-00c04f79dc05");
        assert!("0e10c968".parse::<Guid>().is_err());
    }
}
