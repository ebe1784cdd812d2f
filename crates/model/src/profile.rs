//! Profiles: one switch for each point on which Windows versions differ or no public document speaks.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::words;

words! {
    /// How well a statement is supported.
    pub enum Evidence as "evidence class" {
        /// A public document says so.
        Documented = "documented",
        /// Seen from outside.
        Observed = "observed",
        /// Concluded, or chosen where nothing is known.
        Inferred = "inferred",
    }
}

/// The values of a switch that can be off or a duration, or a number, are written as texts like the words are.
macro_rules! switches {
    ($( $(#[doc = $doc:literal])*
        $field:ident: $type:ty = $name:literal, $id:literal, $evidence:ident, [$old:expr, $new:expr]; )*) => {
        /// A complete set of switches under a name.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Profile {
            /// `server-2003-sp1`, `windows-10-22h2`; overrides do not change it.
            pub name: String,
            $( $(#[doc = $doc])* pub $field: $type, )*
        }

        /// Every switch, in the order of the open points they settle.
        pub const SWITCHES: &[Switch] = &[ $( Switch {
            name: $name,
            requirement: $id,
            evidence: Evidence::$evidence,
            about: concat!($( $doc, )* ""),
            values: <$type as SwitchValue>::VALUES,
        }, )* ];

        impl Profile {
            /// Windows XP and Server 2003 with Service Pack 1: the founding document's world, and the default.
            #[must_use]
            pub fn server_2003_sp1() -> Self {
                Self { name: "server-2003-sp1".to_string(), $( $field: $old, )* }
            }

            /// Windows 10 22H2.
            #[must_use]
            pub fn windows_10_22h2() -> Self {
                Self { name: "windows-10-22h2".to_string(), $( $field: $new, )* }
            }

            /// The value of a switch as text.
            ///
            /// # Errors
            /// When there is no such switch.
            pub fn get(&self, switch: &str) -> Result<String, SwitchError> {
                match switch {
                    $( $name => Ok(SwitchValue::print(&self.$field)), )*
                    _ => Err(SwitchError::Unknown { switch: switch.to_string() }),
                }
            }

            /// Sets a switch from text.
            ///
            /// # Errors
            /// When there is no such switch, or the text is none of its values.
            pub fn set(&mut self, switch: &str, value: &str) -> Result<(), SwitchError> {
                match switch {
                    $( $name => {
                        self.$field = SwitchValue::read(value).ok_or_else(|| SwitchError::Value {
                            switch: switch.to_string(),
                            found: value.to_string(),
                            expected: <$type as SwitchValue>::VALUES,
                        })?;
                        Ok(())
                    } )*
                    _ => Err(SwitchError::Unknown { switch: switch.to_string() }),
                }
            }
        }
    };
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

/// A switch, for lists and messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch {
    /// Name in scenarios.
    pub name: &'static str,
    /// The open point or rule it settles.
    pub requirement: &'static str,
    /// How well the two profiles' values are supported.
    pub evidence: Evidence,
    /// What it decides.
    pub about: &'static str,
    /// Its values, in words.
    pub values: &'static [&'static str],
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

impl Profile {
    /// The names of all profiles, the default first.
    pub const NAMES: &'static [&'static str] = &["server-2003-sp1", "windows-10-22h2"];

    /// The profile of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "server-2003-sp1" => Some(Self::server_2003_sp1()),
            "windows-10-22h2" => Some(Self::windows_10_22h2()),
            _ => None,
        }
    }
}

switches! {
    /// Is there a timer of the core's own, counted from the last activation?
    // T2.1.pulse
    timer: Period = "timer", "P7.1", Documented, [Period(Some(Duration::hours(8))), Period(Some(Duration::hours(8)))];
    /// Which Group Policy refreshes start a run.
    gp_triggers: GpTriggers = "gp-triggers", "P7.2", Documented, [GpTriggers::EveryRefresh, GpTriggers::EveryRefresh];
    /// What happens when neither policy nor registry says anything.
    unconfigured: Unconfigured = "unconfigured", "P7.3", Inferred, [Unconfigured::TrustOnly, Unconfigured::TrustOnly];
    /// The highest template schema version that is understood.
    schema: SchemaLimit = "schema", "P7.4", Documented, [SchemaLimit::V2, SchemaLimit::V4];
    /// What No to replacing the default container leads to.
    replace_no: ReplaceNo = "replace-no", "P7.5", Inferred, [ReplaceNo::NextProvider, ReplaceNo::NextProvider];
    /// Where the extensions of a request stand.
    extensions_attribute: ExtensionsAttribute = "extensions-attribute", "P7.9", Observed,
        [ExtensionsAttribute::Microsoft, ExtensionsAttribute::Pkcs9];
    /// How requests are hashed before they are signed, when the template does not say.
    request_hash: RequestHash = "request-hash", "P7.44", Observed, [RequestHash::Sha1, RequestHash::Sha256];
    /// Whether the private key flags for the same key at renewal and for client versions are understood.
    same_key_renewal: Toggle = "same-key-renewal", "P7.11", Documented, [Toggle::No, Toggle::Yes];
    /// Whether a full card may keep its key at renewal.
    key_reuse: Toggle = "key-reuse", "S10.full-reuse", Documented, [Toggle::No, Toggle::Yes];
    /// Whether a renewal may repeat the names of the old certificate.
    renewal_subject: Toggle = "renewal-subject", "P7.12", Documented, [Toggle::No, Toggle::Yes];
    /// Whether policy servers are asked.
    policy_servers: Toggle = "policy-servers", "R027", Documented, [Toggle::No, Toggle::Yes];
    /// Event sources and numbers.
    events: EventTable = "events", "P7.15", Inferred, [EventTable::Classic, EventTable::Modern];
    /// Severity of the event for a directory that cannot be reached.
    directory_event: Severity = "directory-event", "P7.16", Inferred, [Severity::Error, Severity::Error];
    /// Which events are logged.
    event_log: EventLog = "event-log", "P7.43", Inferred, [EventLog::Results, EventLog::Results];
    /// Whether certificates near their end are announced.
    expiry_events: Toggle = "expiry-events", "P7.18", Documented, [Toggle::No, Toggle::Yes];
    /// Which providers a smart card template without a list may use.
    no_providers: NoProviders = "no-providers", "P7.20", Inferred, [NoProviders::Registered, NoProviders::Registered];
    /// Whether renewal is due exactly at the threshold.
    threshold: Threshold = "threshold", "P7.27", Inferred, [Threshold::Inclusive, Threshold::Inclusive];
    /// Whether an item that the user cancelled is told in the summary.
    cancelled: Cancelled = "cancelled", "P7.31", Inferred, [Cancelled::Failed, Cancelled::Failed];
    /// A trigger while a run is open.
    trigger_during_run: DuringRun = "trigger-during-run", "P7.35", Inferred, [DuringRun::Coalesce, DuringRun::Coalesce];
    /// When the default flag moves to the new container.
    default_flag: DefaultFlag = "default-flag", "P7.36", Inferred,
        [DefaultFlag::AfterCertificate, DefaultFlag::AfterCertificate];
    /// How long a PIN is remembered.
    pin_cache: PinCache = "pin-cache", "P7.37", Inferred, [PinCache::Run, PinCache::Run];
    /// What Yes to replacing the default container does.
    replace_yes: ReplaceYes = "replace-yes", "P7.38", Inferred, [ReplaceYes::Beside, ReplaceYes::Beside];
    /// Whether the insert prompt closes by itself when the right card arrives.
    insert_prompt: InsertPrompt = "insert-prompt", "P7.42", Inferred, [InsertPrompt::OkNeeded, InsertPrompt::OkNeeded];
    /// Time from the start of a run to the balloon.
    // T2.2.balloon-delay
    balloon_delay: Delay = "balloon-delay", "T2.2.balloon-delay", Documented,
        [Delay(Duration::seconds(60)), Delay(Duration::seconds(60))];
    /// How long the balloon stays before only the icon is left. No public number: arbitrary.
    // T2.2.balloon-visible
    balloon_visible: Delay = "balloon-visible", "P7.45", Inferred,
        [Delay(Duration::seconds(15)), Delay(Duration::seconds(15))];
    /// How old the template cache may be.
    template_cache: Delay = "template-cache", "R030", Documented,
        [Delay(Duration::minutes(10)), Delay(Duration::minutes(10))];
}

/// A type whose values switches have.
trait SwitchValue: Sized {
    /// What to write, in words.
    const VALUES: &'static [&'static str];
    /// The value of a text.
    fn read(text: &str) -> Option<Self>;
    /// The text of a value.
    fn print(&self) -> String;
}

macro_rules! word_switches {
    ($($name:ident),*) => { $(
        impl SwitchValue for $name {
            const VALUES: &'static [&'static str] = Self::WORDS;
            fn read(text: &str) -> Option<Self> { Self::from_str(text).ok() }
            fn print(&self) -> String { self.to_string() }
        }
    )* };
}

use crate::{Duration, Severity};

/// `off`, or a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(pub Option<Duration>);

impl SwitchValue for Period {
    const VALUES: &'static [&'static str] = &["off", "a duration like 8h"];
    fn read(text: &str) -> Option<Self> {
        if text == "off" {
            Some(Self(None))
        } else {
            text.parse().ok().filter(|s| *s > Duration::ZERO).map(|s| Self(Some(s)))
        }
    }
    fn print(&self) -> String {
        self.0.map_or_else(|| "off".to_string(), |span| span.to_string())
    }
}

/// A duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay(pub Duration);

impl SwitchValue for Delay {
    const VALUES: &'static [&'static str] = &["a duration like 60s"];
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
    fn print(&self) -> String {
        self.0.to_string()
    }
}

word_switches!(
    Toggle,
    GpTriggers,
    Unconfigured,
    SchemaLimit,
    ReplaceNo,
    ExtensionsAttribute,
    RequestHash,
    EventTable,
    Severity,
    EventLog,
    NoProviders,
    Threshold,
    Cancelled,
    DuringRun,
    DefaultFlag,
    PinCache,
    ReplaceYes,
    InsertPrompt
);

words! {
    /// Yes or no.
    pub enum Toggle as "switch value" {
        /// Yes.
        Yes = "yes",
        /// No.
        No = "no",
    }
}

impl Toggle {
    /// Whether it is yes.
    #[must_use]
    pub const fn is_yes(self) -> bool {
        matches!(self, Self::Yes)
    }
}

words! {
    /// See [`Profile::gp_triggers`].
    pub enum GpTriggers as "switch value" {
        /// Foreground, background and forced.
        EveryRefresh = "every-refresh",
        /// At boot and logon, and when forced.
        Foreground = "foreground",
        /// Only when forced.
        ForcedOnly = "forced-only",
    }
}

words! {
    /// See [`Profile::unconfigured`].
    pub enum Unconfigured as "switch value" {
        /// Trust stores are synchronised, nothing else.
        TrustOnly = "trust-only",
        /// Nothing happens.
        Nothing = "nothing",
    }
}

words! {
    /// See [`Profile::schema`].
    pub enum SchemaLimit as "switch value" {
        /// Versions 1 and 2 (Windows XP, Server 2003).
        V2 = "2",
        /// Version 3 too (Vista, Server 2008).
        V3 = "3",
        /// Version 4 too (Windows 8, Server 2012).
        V4 = "4",
    }
}

impl SchemaLimit {
    /// The highest version.
    #[must_use]
    pub const fn highest(self) -> u32 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
            Self::V4 => 4,
        }
    }
}

words! {
    /// See [`Profile::replace_no`].
    pub enum ReplaceNo as "switch value" {
        /// As Cancel at the insert prompt: the next provider, and failure after the last.
        NextProvider = "next-provider",
        /// The item fails.
        Fail = "fail",
        /// The new container is made, but the default flag stays where it is.
        Beside = "beside",
    }
}

words! {
    /// See [`Profile::extensions_attribute`].
    pub enum ExtensionsAttribute as "switch value" {
        /// 1.3.6.1.4.1.311.2.1.14.
        Microsoft = "microsoft",
        /// 1.2.840.113549.1.9.14.
        Pkcs9 = "pkcs9",
    }
}

words! {
    /// See [`Profile::request_hash`].
    pub enum RequestHash as "switch value" {
        /// SHA-1.
        Sha1 = "sha1",
        /// SHA-256.
        Sha256 = "sha256",
    }
}

words! {
    /// See [`Profile::events`].
    pub enum EventTable as "switch value" {
        /// One source, Windows XP and Server 2003.
        Classic = "classic",
        /// Several sources, Vista and later.
        Modern = "modern",
    }
}

words! {
    /// See [`Profile::event_log`].
    pub enum EventLog as "switch value" {
        /// Errors, warnings and the result of each certificate; start and end of runs only at full level.
        Results = "results",
        /// Errors and warnings; information only at full level.
        Problems = "problems",
        /// Everything.
        Everything = "everything",
    }
}

words! {
    /// See [`Profile::no_providers`].
    pub enum NoProviders as "switch value" {
        /// The machine's registered smart card providers in registry order.
        Registered = "registered",
        /// None: the item fails.
        None = "none",
    }
}

words! {
    /// See [`Profile::threshold`].
    pub enum Threshold as "switch value" {
        /// Due when now >= threshold.
        Inclusive = "inclusive",
        /// Due when now > threshold.
        Exclusive = "exclusive",
    }
}

words! {
    /// See [`Profile::cancelled`].
    pub enum Cancelled as "switch value" {
        /// It counts as a failure that the user is told.
        Failed = "failed",
        /// It does not: the user knows.
        Quiet = "quiet",
    }
}

words! {
    /// See [`Profile::trigger_during_run`].
    pub enum DuringRun as "switch value" {
        /// Any number of triggers become one run after the open one.
        Coalesce = "coalesce",
        /// Triggers are dropped.
        Drop = "drop",
    }
}

words! {
    /// See [`Profile::default_flag`].
    pub enum DefaultFlag as "switch value" {
        /// When the certificate is on the card.
        AfterCertificate = "after-certificate",
        /// When the key is generated.
        AtGenerate = "at-generate",
    }
}

words! {
    /// See [`Profile::pin_cache`].
    pub enum PinCache as "switch value" {
        /// Until the run ends.
        Run = "run",
        /// Until log off.
        Logon = "logon",
        /// While the card stays in the reader.
        CardPresent = "card-present",
        /// Not at all beyond one item.
        Item = "item",
    }
}

words! {
    /// See [`Profile::replace_yes`].
    pub enum ReplaceYes as "switch value" {
        /// A new container beside the old one, which loses the default flag.
        Beside = "beside",
        /// The default container gets the new key.
        Overwrite = "overwrite",
    }
}

words! {
    /// See [`Profile::insert_prompt`].
    pub enum InsertPrompt as "switch value" {
        /// The user confirms with OK.
        OkNeeded = "ok-needed",
        /// It closes by itself.
        ClosesItself = "closes-itself",
    }
}

#[cfg(test)]
mod tests {
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
    fn a_wrong_value_names_the_right_ones() {
        let mut profile = Profile::server_2003_sp1();
        let error = profile.set("replace-no", "maybe").unwrap_err();
        assert_eq!(error.to_string(), "`maybe` is not a value of `replace-no`; expected next-provider, fail, beside");
        assert!(matches!(profile.set("replace", "no"), Err(SwitchError::Unknown { .. })));
        profile.set("timer", "off").unwrap();
        assert_eq!(profile.timer, Period(None));
    }
}
