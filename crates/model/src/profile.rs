//! Profiles: one switch for each point on which Windows versions differ or no public document speaks.

mod switches;
mod values;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use self::switches::{Profile, SWITCHES};
pub use self::values::{
    CaOrder, Cancelled, Cosigning, DefaultFlag, Delay, DnsMismatch, DuringRun, EventLog, EventTable,
    ExtensionsAttribute, GpTriggers, InsertPrompt, LogonContainer, ManualRenewal, NoProviders, NoReader, Notification,
    Period, PinCache, Removal, ReplaceNo, ReplaceYes, RequestHash, SchemaLimit, StrongMapping, SupersededCopies,
    Threshold, TimerCadence, Toggle, Unconfigured,
};
use crate::words;

words! {
    /// A Windows version that has a profile, the oldest first. Client and server of one age behave alike.
    pub enum WindowsVersion as "profile" {
        /// Windows XP and Server 2003 with Service Pack 1: the founding document's world, and the default.
        Server2003Sp1 = "server-2003-sp1",
        /// Windows 7 and Server 2008 R2 with Service Pack 1.
        Windows7Sp1 = "windows-7-sp1",
        /// Windows 10 22H2, and Server 2016 to 2022.
        Windows10_22h2 = "windows-10-22h2",
        /// Server 2025 and Windows 11 24H2.
        Server2025 = "server-2025",
    }
}

words! {
    /// How well a statement is supported.
    pub enum Evidence as "evidence class" {
        /// A public document says so.
        Documented = "documented",
        /// Seen from outside.
        Observed = "observed",
        /// Concluded, or chosen where nothing is known.
        Inferred = "inferred",
        /// Public sources contradict each other.
        Contested = "contested",
    }
}

impl WindowsVersion {
    /// Version, build and platform of the release that the profile is named after, as requests tell them:
    /// `major.minor.build.platform`, with platform 2 for Windows NT ([MS-WCCE] 2.2.2.7.1; Microsoft Learn: Windows
    /// release information).
    #[must_use]
    pub const fn os_version(self) -> &'static str {
        match self {
            Self::Server2003Sp1 => "5.2.3790.2",
            Self::Windows7Sp1 => "6.1.7601.2",
            Self::Windows10_22h2 => "10.0.19045.2",
            Self::Server2025 => "10.0.26100.2",
        }
    }

    /// The key storage providers of Windows that keep keys in software, of each installation; none before Vista.
    #[must_use]
    pub const fn software_key_storage(self) -> &'static [&'static str] {
        match self {
            Self::Server2003Sp1 => &[],
            Self::Windows7Sp1 | Self::Windows10_22h2 | Self::Server2025 => &["Microsoft Software Key Storage Provider"],
        }
    }

    /// The key storage providers of Windows that need a device: a card, since Vista, and a TPM, since Windows 8. A
    /// computer of the bench has them only when its world says so.
    #[must_use]
    pub const fn device_key_storage(self) -> &'static [&'static str] {
        match self {
            Self::Server2003Sp1 => &[],
            Self::Windows7Sp1 => &["Microsoft Smart Card Key Storage Provider"],
            Self::Windows10_22h2 | Self::Server2025 => {
                &["Microsoft Smart Card Key Storage Provider", "Microsoft Platform Crypto Provider"]
            }
        }
    }
}

impl Profile {
    /// The version that it is of; the default one for a profile of another bench with a name that is not known here.
    #[must_use]
    pub fn version(&self) -> WindowsVersion {
        self.name.parse().unwrap_or(WindowsVersion::Server2003Sp1)
    }

    /// The names of all profiles, the default first.
    pub const NAMES: &'static [&'static str] = WindowsVersion::WORDS;

    /// The profile of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        name.parse().ok().map(Self::of)
    }

    /// That of [`WindowsVersion::Server2003Sp1`], the default.
    #[must_use]
    pub fn server_2003_sp1() -> Self {
        Self::of(WindowsVersion::Server2003Sp1)
    }

    /// That of [`WindowsVersion::Windows10_22h2`].
    #[must_use]
    pub fn windows_10_22h2() -> Self {
        Self::of(WindowsVersion::Windows10_22h2)
    }
}

/// A switch, for lists and messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch {
    /// Name in scenarios.
    pub name: &'static str,
    /// The open point or rule it settles.
    pub requirement: &'static str,
    /// What it decides.
    pub about: &'static str,
    /// Its values, in words.
    pub values: &'static [&'static str],
    /// From which versions on its value is another, or known otherwise; the first is the oldest profile's.
    pub steps: &'static [SwitchStep],
}

/// What is known of a switch from one version on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwitchStep {
    /// The first profile that it holds for.
    pub since: WindowsVersion,
    /// How well the value is supported.
    pub evidence: Evidence,
    /// The last profile that the sources speak about, and the releases in their words; `None` when none does. Later
    /// profiles inherit the value.
    pub known: Option<(WindowsVersion, &'static str)>,
}

impl Switch {
    /// What is known of its value in that version.
    #[must_use]
    pub fn at(&self, version: WindowsVersion) -> &SwitchStep {
        let until = self.steps.iter().rposition(|step| step.since <= version);
        &self.steps[until.unwrap_or_default()]
    }
}

impl SwitchStep {
    /// Whether the sources say nothing about that version, so that its value is that of an older one.
    #[must_use]
    pub fn is_inherited_by(&self, version: WindowsVersion) -> bool {
        self.known.map_or(version > self.since, |(until, _)| version > until)
    }
}

/// An object of texts: `name`, and each switch by the name and the value that scenarios use.
impl Serialize for Profile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(SWITCHES.len() + 1))?;
        map.serialize_entry("name", &self.name)?;
        for switch in SWITCHES {
            map.serialize_entry(switch.name, &self.get(switch.name).map_err(serde::ser::Error::custom)?)?;
        }
        map.end()
    }
}

/// A switch that is not known is ignored; one that is missing has the value of the profile of that name, or of the
/// default one, so that both sides can have switches of their own.
impl<'de> Deserialize<'de> for Profile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Switches;
        impl<'de> Visitor<'de> for Switches {
            type Value = Profile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a profile: its name, and switches by name")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Profile, A::Error> {
                let (mut name, mut set) = (None, Vec::new());
                while let Some(key) = map.next_key::<String>()? {
                    if key == "name" {
                        name = Some(map.next_value::<String>()?);
                    } else if SWITCHES.iter().any(|switch| switch.name == key) {
                        set.push((key, map.next_value::<String>()?));
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                let name = name.ok_or_else(|| serde::de::Error::missing_field("name"))?;
                let base = Profile::named(&name).unwrap_or_else(Profile::server_2003_sp1);
                let mut profile = Profile { name, ..base };
                for (switch, value) in &set {
                    profile.set(switch, value).map_err(serde::de::Error::custom)?;
                }
                Ok(profile)
            }
        }
        deserializer.deserialize_map(Switches)
    }
}

/// What is wrong with a switch or its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SwitchError {
    /// There is no such switch.
    Unknown {
        /// The name that came.
        switch: String,
    },
    /// It has no such value.
    Value {
        /// By its name, as profiles list it.
        switch: String,
        /// The value that came.
        found: String,
        /// Its values.
        expected: &'static [&'static str],
    },
}

impl fmt::Display for SwitchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { switch } => write!(f, "there is no switch `{switch}`; `autoenroll profiles` lists them"),
            Self::Value { switch, found, expected } => {
                write!(f, "`{found}` is not a value of `{switch}`; expected {}", expected.join(", "))
            }
        }
    }
}

impl core::error::Error for SwitchError {}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn every_switch_reads_what_it_prints() {
        for name in Profile::NAMES {
            let mut profile = Profile::named(name).unwrap();
            assert_eq!(profile.name, *name);
            for switch in SWITCHES {
                let value = profile.get(switch.name).unwrap();
                profile.set(switch.name, &value).unwrap();
                assert!(!switch.about.is_empty() && !switch.values.is_empty(), "{}", switch.name);
            }
            assert_eq!(Some(profile), Profile::named(name));
        }
    }

    #[test]
    fn steps_of_a_switch_are_in_order_and_begin_with_the_oldest_version() {
        for Switch { name, steps, .. } in SWITCHES {
            assert_eq!(steps.first().map(|step| step.since), WindowsVersion::ALL.first().copied(), "{name}");
            assert!(steps.is_sorted_by(|before, after| before.since < after.since), "{name}");
            for (at, step) in steps.iter().enumerate() {
                let next = steps.get(at + 1).map(|step| step.since);
                let until = step.known.map_or(step.since, |(until, _)| until);
                assert!(step.since <= until && next.is_none_or(|next| until < next), "{name} since {}", step.since);
                assert_eq!(
                    step.known.is_none(),
                    step.evidence == Evidence::Inferred,
                    "{name}: a source is of a release"
                );
            }
        }
    }

    #[test]
    fn a_version_of_which_nothing_is_known_inherits() {
        let hash = SWITCHES.iter().find(|switch| switch.name == "request-hash").unwrap();
        let check = |version, evidence, inherited| {
            let step = hash.at(version);
            assert_eq!((step.evidence, step.is_inherited_by(version)), (evidence, inherited), "{version}");
        };
        check(WindowsVersion::Server2003Sp1, Evidence::Documented, false);
        check(WindowsVersion::Windows7Sp1, Evidence::Documented, true);
        check(WindowsVersion::Windows10_22h2, Evidence::Observed, false);
        check(WindowsVersion::Server2025, Evidence::Observed, true);
    }

    #[test]
    fn versions_have_the_numbers_and_providers_of_their_release() {
        let check = |version: WindowsVersion, number, software: usize, device: usize| {
            let found =
                (version.os_version(), version.software_key_storage().len(), version.device_key_storage().len());
            assert_eq!(found, (number, software, device), "{version}");
            assert_eq!(Profile::of(version).version(), version);
        };
        check(WindowsVersion::Server2003Sp1, "5.2.3790.2", 0, 0);
        check(WindowsVersion::Windows7Sp1, "6.1.7601.2", 1, 1);
        check(WindowsVersion::Windows10_22h2, "10.0.19045.2", 1, 2);
        check(WindowsVersion::Server2025, "10.0.26100.2", 1, 2);
        let foreign = Profile { name: "another".to_string(), ..Profile::windows_10_22h2() };
        assert_eq!(foreign.version(), WindowsVersion::Server2003Sp1);
    }

    #[test]
    fn a_wrong_value_names_the_right_ones() {
        let mut profile = Profile::server_2003_sp1();
        let error = profile.set("replace-no", "maybe").unwrap_err();
        assert_eq!(error.to_string(), "`maybe` is not a value of `replace-no`; expected next-provider, fail, beside");
        assert!(matches!(profile.set("replace", "no"), Err(SwitchError::Unknown { .. })));
        profile.set("timer", "off").unwrap();
        assert_eq!(profile.timer, Period(None));
    }
}
