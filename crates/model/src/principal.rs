//! Who enrolls.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{Guid, Profile, words};

words! {
    /// In whose name a run happens.
    pub enum Context as "context" {
        /// The logged-on user, with a desktop.
        User = "user",
        /// The machine itself (SYSTEM), without one.
        Machine = "machine",
    }
}

/// What a core is told when it starts: one principal on one machine, under one profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Identity {
    /// The principal's name: a user's account, or the computer.
    pub principal: String,
    /// The computer it runs on.
    pub computer: String,
    /// NetBIOS name of the domain, for event texts and client information.
    pub domain: String,
    /// Whose run this is.
    pub context: Context,
    /// Whether the machine is a domain member; without one nothing triggers on Windows XP and Server 2003.
    pub domain_member: bool,
    /// Whether the machine is a domain controller.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub domain_controller: bool,
    /// The behaviour to show.
    pub profile: Profile,
}

/// The principal's own directory object, and the groups its token carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct PrincipalObject {
    /// Distinguished name.
    pub dn: String,
    /// `objectSid`.
    pub sid: Sid,
    /// Every group in the token, nested and well-known ones included.
    pub groups: Vec<Sid>,
    /// `objectGUID`.
    pub guid: Guid,
    /// `userPrincipalName`.
    pub upn: Option<String>,
    /// `mail`.
    pub mail: Option<String>,
    /// `dNSHostName`.
    pub dns: Option<String>,
    /// `userCertificate`, DER values.
    #[serde(with = "crate::hex::list")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<crate::schema::Bytes>"))]
    pub certificates: Vec<Vec<u8>>,
}

/// A security identifier in text form, `S-1-5-21-…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Sid(Arc<str>);

impl Sid {
    /// Everyone.
    pub const EVERYONE: &'static str = "S-1-1-0";
    /// Authenticated Users.
    pub const AUTHENTICATED_USERS: &'static str = "S-1-5-11";
    /// PRINCIPAL_SELF, which stands for the object itself and is in no token.
    pub const PRINCIPAL_SELF: &'static str = "S-1-5-10";

    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The text is not a security identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SidError {
    /// The text that came.
    pub found: String,
}

impl fmt::Display for SidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a security identifier; write it like S-1-5-21-1-2-3-1104", self.found)
    }
}

impl core::error::Error for SidError {}

/// `S-1-`, an authority below 2^48, and up to 15 sub-authorities below 2^32 ([MS-DTYP] 2.4.2).
impl core::str::FromStr for Sid {
    type Err = SidError;
    fn from_str(text: &str) -> Result<Self, SidError> {
        let error = || SidError { found: text.to_string() };
        let mut parts = text.strip_prefix("S-1-").ok_or_else(error)?.split('-');
        let authority: u64 = parts.next().and_then(|part| part.parse().ok()).ok_or_else(error)?;
        let subs: Vec<u32> = parts.map(|part| part.parse().map_err(|_| error())).collect::<Result<_, _>>()?;
        if authority >> 48 == 0 && subs.len() <= 15 && !text.contains('+') {
            Ok(Self(text.into()))
        } else {
            Err(error())
        }
    }
}

impl<'de> Deserialize<'de> for Sid {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
