//! Values of switches.

use alloc::string::{String, ToString};
use core::str::FromStr;

use crate::{Duration, Severity, words};

/// A type whose values switches have.
pub(super) trait SwitchValue: Sized {
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

/// `off`, or a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(pub Option<Duration>);

impl SwitchValue for Period {
    const VALUES: &'static [&'static str] = &["off", "a duration like 8h, at least one minute"];
    fn read(text: &str) -> Option<Self> {
        if text == "off" {
            Some(Self(None))
        } else {
            // A scheduled task repeats every minute at the most (Win32 documentation: Task Scheduler schema, Interval).
            text.parse().ok().filter(|period| *period >= Duration::MINUTE).map(|period| Self(Some(period)))
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
    Cosigning,
    Threshold,
    Cancelled,
    DuringRun,
    DefaultFlag,
    PinCache,
    ReplaceYes,
    InsertPrompt,
    TimerCadence,
    Removal,
    SupersededCopies,
    CaOrder,
    ManualRenewal,
    DnsMismatch,
    LogonContainer,
    StrongMapping,
    Notification,
    NoReader
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
    /// See [`crate::Profile::gp_triggers`].
    pub enum GpTriggers as "switch value" {
        /// Foreground, background and forced.
        EveryRefresh = "every-refresh",
        /// At boot and logon, and when forced.
        Foreground = "foreground",
        /// Only when forced.
        ForcedOnly = "forced-only",
        /// At boot and logon, when forced, and in the background when policy is another than at the last application.
        Changed = "changed",
    }
}

words! {
    /// See [`crate::Profile::notification`].
    pub enum Notification as "switch value" {
        /// A balloon with an icon, of which the icon remains.
        Balloon = "balloon",
        /// An icon alone.
        Icon = "icon",
    }
}

words! {
    /// See [`crate::Profile::no_reader`].
    pub enum NoReader as "switch value" {
        /// A card is asked for all the same.
        Prompt = "prompt",
        /// The item fails.
        Fail = "fail",
    }
}

words! {
    /// See [`crate::Profile::unconfigured`].
    pub enum Unconfigured as "switch value" {
        /// Trust stores are synchronised, nothing else.
        TrustOnly = "trust-only",
        /// Nothing happens.
        Nothing = "nothing",
    }
}

words! {
    /// See [`crate::Profile::schema`].
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
    /// See [`crate::Profile::replace_no`].
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
    /// See [`crate::Profile::extensions_attribute`].
    pub enum ExtensionsAttribute as "switch value" {
        /// 1.3.6.1.4.1.311.2.1.14.
        Microsoft = "microsoft",
        /// 1.2.840.113549.1.9.14.
        Pkcs9 = "pkcs9",
    }
}

words! {
    /// See [`crate::Profile::request_hash`].
    pub enum RequestHash as "switch value" {
        /// SHA-1.
        Sha1 = "sha1",
        /// SHA-256.
        Sha256 = "sha256",
    }
}

words! {
    /// See [`crate::Profile::events`].
    pub enum EventTable as "switch value" {
        /// One source, Windows XP and Server 2003.
        Classic = "classic",
        /// Several sources, Vista and later.
        Modern = "modern",
    }
}

words! {
    /// See [`crate::Profile::event_log`].
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
    /// See [`crate::Profile::no_providers`].
    pub enum NoProviders as "switch value" {
        /// The machine's registered smart card providers in registry order.
        Registered = "registered",
        /// None: the item fails.
        None = "none",
    }
}

words! {
    /// See [`crate::Profile::cosigning`].
    pub enum Cosigning as "switch value" {
        /// Every such signature.
        Always = "always",
        /// One with a key on a card, or with one that was made with strong protection.
        Protected = "protected",
    }
}

words! {
    /// See [`crate::Profile::threshold`].
    pub enum Threshold as "switch value" {
        /// Due when now >= threshold.
        Inclusive = "inclusive",
        /// Due when now > threshold.
        Exclusive = "exclusive",
    }
}

words! {
    /// See [`crate::Profile::cancelled`].
    pub enum Cancelled as "switch value" {
        /// It counts as a failure that the user is told.
        Failed = "failed",
        /// It does not: the user knows.
        Quiet = "quiet",
    }
}

words! {
    /// See [`crate::Profile::trigger_during_run`].
    pub enum DuringRun as "switch value" {
        /// Any number of triggers become one run after the open one.
        Coalesce = "coalesce",
        /// Triggers are dropped.
        Drop = "drop",
    }
}

words! {
    /// See [`crate::Profile::default_flag`].
    pub enum DefaultFlag as "switch value" {
        /// When the certificate is on the card.
        AfterCertificate = "after-certificate",
        /// When the key is generated.
        AtGenerate = "at-generate",
    }
}

words! {
    /// See [`crate::Profile::pin_cache`].
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
    /// See [`crate::Profile::replace_yes`].
    pub enum ReplaceYes as "switch value" {
        /// A new container beside the old one, which loses the default flag.
        Beside = "beside",
        /// The default container gets the new key; where its own has to sign before, it is removed last.
        Overwrite = "overwrite",
    }
}

words! {
    /// See [`crate::Profile::insert_prompt`].
    pub enum InsertPrompt as "switch value" {
        /// The user confirms with OK.
        OkNeeded = "ok-needed",
        /// It closes by itself.
        ClosesItself = "closes-itself",
    }
}

words! {
    /// See [`crate::Profile::timer_cadence`].
    pub enum TimerCadence as "switch value" {
        /// The period begins anew with each activation, whatever activated.
        LastActivation = "last-activation",
        /// The timer repeats from boot or logon, whatever happens in between.
        Fixed = "fixed",
    }
}

words! {
    /// See [`crate::Profile::removal`].
    pub enum Removal as "switch value" {
        /// A certificate that is no longer valid leaves the store, with a successor or without.
        Always = "always",
        /// It leaves only together with the certificate that takes its place.
        WithReplacement = "with-replacement",
    }
}

words! {
    /// See [`crate::Profile::superseded_copies`].
    pub enum SupersededCopies as "switch value" {
        /// The client takes them out of the directory object.
        Removed = "removed",
        /// They stay.
        Kept = "kept",
    }
}

words! {
    /// See [`crate::Profile::ca_order`].
    pub enum CaOrder as "switch value" {
        /// By name, in ordinal order.
        ByName = "by-name",
        /// In the order in which the directory lists them.
        AsListed = "as-listed",
    }
}

words! {
    /// See [`crate::Profile::manual_renewal`].
    pub enum ManualRenewal as "switch value" {
        /// Autoenrollment leaves it alone.
        Ignored = "ignored",
        /// It is renewed; a user is asked.
        Asked = "asked",
    }
}

words! {
    /// See [`crate::Profile::dns_mismatch`].
    pub enum DnsMismatch as "switch value" {
        /// The certificate is kept.
        Ignored = "ignored",
        /// A certificate for the new name is enrolled.
        Enroll = "enroll",
    }
}

words! {
    /// See [`crate::Profile::logon_container`].
    pub enum LogonContainer as "switch value" {
        /// The default container alone.
        Default = "default",
        /// Any container whose certificate is for logon.
        Any = "any",
    }
}

words! {
    /// See [`crate::Profile::strong_mapping`].
    pub enum StrongMapping as "switch value" {
        /// The name in the certificate suffices.
        Off = "off",
        /// The name suffices, unless the certificate is older than the account.
        Compatibility = "compatibility",
        /// The certificate has to name the account by its SID, or the account the certificate.
        Full = "full",
    }
}
