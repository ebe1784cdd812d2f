//! Every switch: what it decides, and its value from each Windows version on.

use super::values::{
    CaOrder, Cancelled, Cosigning, DefaultFlag, Delay, DnsMismatch, DuringRun, EventLog, EventTable,
    ExtensionsAttribute, GpTriggers, InsertPrompt, LogonContainer, ManualRenewal, NoProviders, NoReader, Notification,
    Period, PinCache, Removal, ReplaceNo, ReplaceYes, RequestHash, SchemaLimit, StrongMapping, SupersededCopies,
    SwitchValue, Threshold, TimerCadence, Toggle, Unconfigured,
};
use super::{Evidence, Switch, SwitchError, SwitchStep, WindowsVersion};
use crate::{Duration, Severity};
use alloc::string::{String, ToString};

/// A row: doc, field, type, name in scenarios, requirement; then, from each version on at which something is known to
/// be otherwise or better known: the value, its evidence, and the releases that the sources speak about, as far as the
/// last profile among them.
macro_rules! switches {
    ($( $(#[doc = $doc:literal])*
        $field:ident: $type:ty = $name:literal, $id:literal, [
            $since:ident $(to $until:ident, $known:literal)?: $evidence:ident, $value:expr
            $(; $later:ident $(to $later_until:ident, $later_known:literal)?: $later_evidence:ident, $later_value:expr)*
        ]; )*) => {
        /// A complete set of switches under a name.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Profile {
            /// Of the Windows version, as scenarios name it; overrides do not change it.
            pub name: String,
            $( $(#[doc = $doc])* pub $field: $type, )*
        }

        /// Every switch, in the order of the open points they settle.
        pub const SWITCHES: &[Switch] = &[ $( Switch {
            name: $name,
            requirement: $id,
            about: concat!($( $doc, )* ""),
            values: <$type as SwitchValue>::VALUES,
            steps: &[
                step!($since $(to $until, $known)?: $evidence),
                $( step!($later $(to $later_until, $later_known)?: $later_evidence), )*
            ],
        }, )* ];

        impl Profile {
            /// What is known of that version; where nothing is, what holds for the one before.
            #[must_use]
            pub fn of(version: WindowsVersion) -> Self {
                Self {
                    name: version.to_string(),
                    $( $field: {
                        let value = $value;
                        $( let value = if version >= WindowsVersion::$later { $later_value } else { value }; )*
                        value
                    }, )*
                }
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

/// A step without `to` is supported by no source about a release.
macro_rules! step {
    ($since:ident: $evidence:ident) => {
        SwitchStep { since: WindowsVersion::$since, evidence: Evidence::$evidence, known: None }
    };
    ($since:ident to $until:ident, $known:literal: $evidence:ident) => {
        SwitchStep {
            since: WindowsVersion::$since,
            evidence: Evidence::$evidence,
            known: Some((WindowsVersion::$until, $known)),
        }
    };
}

switches! {
    /// Is there a timer of the client's own?
    // T2.1.pulse
    timer: Period = "timer", "P7.1", [
        Server2003Sp1 to Server2003Sp1, "XP, Server 2003": Contested, Period(Some(Duration::hours(8)));
        Windows7Sp1 to Windows10_22h2, "Vista to Windows 10": Documented, Period(Some(Duration::hours(8)))
    ];
    /// From when its period counts.
    timer_cadence: TimerCadence = "timer-cadence", "P7.47", [
        Server2003Sp1 to Server2003Sp1, "XP, Server 2003": Documented, TimerCadence::LastActivation;
        Windows7Sp1 to Windows10_22h2, "Vista to Windows 10": Observed, TimerCadence::Fixed
    ];
    /// Which Group Policy refreshes start a run.
    gp_triggers: GpTriggers = "gp-triggers", "P7.2", [
        Server2003Sp1 to Server2003Sp1, "XP, Server 2003": Contested, GpTriggers::EveryRefresh;
        Windows7Sp1 to Windows10_22h2, "Vista to Windows 10": Observed, GpTriggers::Changed
    ];
    /// What happens when neither policy nor registry says anything.
    unconfigured: Unconfigured = "unconfigured", "P7.3", [
        Server2003Sp1: Inferred, Unconfigured::TrustOnly;
        Windows7Sp1 to Windows10_22h2, "Windows 7 to Windows 10": Observed, Unconfigured::TrustOnly
    ];
    /// The highest template schema version that is understood.
    schema: SchemaLimit = "schema", "P7.4", [
        Server2003Sp1 to Server2003Sp1, "XP, Server 2003": Documented, SchemaLimit::V2;
        Windows7Sp1 to Windows7Sp1, "Vista, Windows 7": Documented, SchemaLimit::V3;
        Windows10_22h2 to Server2025, "Windows 8 and later": Documented, SchemaLimit::V4
    ];
    /// What No to replacing the default container leads to.
    replace_no: ReplaceNo = "replace-no", "P7.5", [Server2003Sp1: Inferred, ReplaceNo::NextProvider];
    /// Where the extensions of a request stand.
    extensions_attribute: ExtensionsAttribute = "extensions-attribute", "P7.9", [
        Server2003Sp1 to Server2003Sp1, "XP, Server 2003": Documented, ExtensionsAttribute::Microsoft;
        Windows7Sp1 to Windows10_22h2, "Vista to Windows 10": Observed, ExtensionsAttribute::Pkcs9
    ];
    /// How requests are hashed before they are signed, when the template does not say.
    request_hash: RequestHash = "request-hash", "P7.44", [
        Server2003Sp1 to Server2003Sp1, "XP, Server 2003": Documented, RequestHash::Sha1;
        Windows10_22h2 to Windows10_22h2, "Windows 10": Observed, RequestHash::Sha256
    ];
    /// Whether the private key flags for the same key at renewal and for client versions are understood.
    same_key_renewal: Toggle = "same-key-renewal", "P7.11", [
        Server2003Sp1 to Windows7Sp1, "XP to Windows 7": Documented, Toggle::No;
        Windows10_22h2 to Server2025, "Windows 8 and later": Documented, Toggle::Yes
    ];
    /// Whether a full card may keep its key at renewal.
    key_reuse: Toggle = "key-reuse", "S10.full-reuse", [
        Server2003Sp1 to Windows7Sp1, "XP to Windows 7": Documented, Toggle::No;
        Windows10_22h2 to Server2025, "Windows 8 and later": Documented, Toggle::Yes
    ];
    /// Whether a renewal may repeat the names of the old certificate.
    renewal_subject: Toggle = "renewal-subject", "P7.12", [
        Server2003Sp1 to Server2003Sp1, "XP to Vista": Documented, Toggle::No;
        Windows7Sp1 to Server2025, "Windows 7 and later": Documented, Toggle::Yes
    ];
    /// Whether policy servers are asked.
    policy_servers: Toggle = "policy-servers", "R027", [
        Server2003Sp1 to Server2003Sp1, "XP to Vista": Documented, Toggle::No;
        Windows7Sp1 to Server2025, "Windows 7 and later": Documented, Toggle::Yes
    ];
    /// Event sources and numbers.
    events: EventTable = "events", "P7.15", [
        Server2003Sp1: Inferred, EventTable::Classic;
        Windows7Sp1 to Windows10_22h2, "Vista to Windows 10": Observed, EventTable::Modern
    ];
    /// Whether the log of certificates' lives is written.
    lifecycle_events: Toggle = "lifecycle-events", "E5.1.lifecycle", [
        Server2003Sp1 to Windows7Sp1, "XP to Windows 7": Observed, Toggle::No;
        Windows10_22h2 to Windows10_22h2, "Windows 8 to Windows 10": Observed, Toggle::Yes
    ];
    /// Severity of the event for a directory that cannot be reached.
    directory_event: Severity = "directory-event", "P7.16", [Server2003Sp1: Inferred, Severity::Error];
    /// Which events are logged.
    event_log: EventLog = "event-log", "P7.43", [
        Server2003Sp1: Inferred, EventLog::Results;
        Windows7Sp1 to Windows10_22h2, "Windows 7 to Windows 10": Contested, EventLog::Results
    ];
    /// Whether certificates near their end are announced.
    expiry_events: Toggle = "expiry-events", "P7.18", [
        Server2003Sp1 to Server2003Sp1, "XP, Server 2003": Documented, Toggle::No;
        Windows7Sp1: Inferred, Toggle::Yes;
        Windows10_22h2 to Windows10_22h2, "Windows 8 to Windows 10": Documented, Toggle::Yes
    ];
    /// Which providers a smart card template without a list may use.
    no_providers: NoProviders = "no-providers", "P7.20", [
        Server2003Sp1: Inferred, NoProviders::Registered;
        Windows7Sp1 to Windows7Sp1, "Vista, Windows 7": Observed, NoProviders::None;
        Windows10_22h2: Inferred, NoProviders::None
    ];
    /// When a signature with the user's own certificate, in place of a registration authority, wants the user.
    cosigning: Cosigning = "co-signing", "P7.58", [
        Server2003Sp1: Inferred, Cosigning::Always;
        Windows7Sp1 to Windows7Sp1, "Vista, Windows 7": Observed, Cosigning::Protected;
        Windows10_22h2: Inferred, Cosigning::Protected
    ];
    /// Whether renewal is due exactly at the threshold.
    threshold: Threshold = "threshold", "P7.27", [Server2003Sp1: Inferred, Threshold::Inclusive];
    /// Whether an item that the user cancelled is told in the summary.
    cancelled: Cancelled = "cancelled", "P7.31", [Server2003Sp1: Inferred, Cancelled::Failed];
    /// A trigger while a run is open.
    trigger_during_run: DuringRun = "trigger-during-run", "P7.35", [Server2003Sp1: Inferred, DuringRun::Coalesce];
    /// When the default flag moves to the new container.
    default_flag: DefaultFlag = "default-flag", "P7.36", [Server2003Sp1: Inferred, DefaultFlag::AfterCertificate];
    /// How long a PIN is remembered.
    pin_cache: PinCache = "pin-cache", "P7.37", [Server2003Sp1: Inferred, PinCache::Run];
    /// What Yes to replacing the default container does.
    replace_yes: ReplaceYes = "replace-yes", "P7.38", [Server2003Sp1: Inferred, ReplaceYes::Beside];
    /// Whether the insert prompt closes by itself when the right card arrives.
    insert_prompt: InsertPrompt = "insert-prompt", "P7.42", [Server2003Sp1: Inferred, InsertPrompt::OkNeeded];
    /// Time from the start of a run to the balloon.
    // T2.2.balloon-delay
    balloon_delay: Delay = "balloon-delay", "T2.2.balloon-delay", [
        Server2003Sp1 to Server2003Sp1, "Windows 2000, XP": Documented, Delay(Duration::seconds(60));
        Windows7Sp1: Inferred, Delay(Duration::ZERO)
    ];
    /// What tells the user that certificates wait for him.
    notification: Notification = "notification", "P7.61", [
        Server2003Sp1 to Server2003Sp1, "Windows 2000, XP": Documented, Notification::Balloon;
        Windows7Sp1 to Windows7Sp1, "Vista, Windows 7": Observed, Notification::Balloon;
        Windows10_22h2: Inferred, Notification::Icon
    ];
    /// Whether the entry AEExpress takes the time before the balloon away.
    express: Toggle = "express", "P7.32", [
        Server2003Sp1 to Server2003Sp1, "Windows 2000, XP": Documented, Toggle::Yes;
        Windows7Sp1: Inferred, Toggle::No
    ];
    /// Whether the user is asked before a card's occupied default container gives way, where its provider does not ask.
    replace_question: Toggle = "replace-question", "P7.62", [
        Server2003Sp1 to Server2003Sp1, "Windows 2000, XP": Documented, Toggle::Yes;
        Windows7Sp1: Inferred, Toggle::No
    ];
    /// What becomes of an item that needs a card on a computer without a reader.
    no_reader: NoReader = "no-reader", "P7.63", [
        Server2003Sp1: Inferred, NoReader::Prompt;
        Windows7Sp1 to Windows10_22h2, "Vista to Windows 10": Observed, NoReader::Fail
    ];
    /// How long the balloon stays before only the icon is left. No public number: arbitrary.
    // T2.2.balloon-visible
    balloon_visible: Delay = "balloon-visible", "P7.45", [Server2003Sp1: Inferred, Delay(Duration::seconds(15))];
    /// How old the template cache may be.
    template_cache: Delay = "template-cache", "R030", [
        Server2003Sp1 to Server2003Sp1, "XP, Server 2003": Documented, Delay(Duration::minutes(10));
        Windows7Sp1: Inferred, Delay(Duration::minutes(10))
    ];
    /// Whether a certificate that is no longer valid leaves the store although nothing replaces it.
    removal: Removal = "removal", "P7.48", [
        Server2003Sp1: Inferred, Removal::Always;
        Windows7Sp1 to Windows10_22h2, "Windows 7 to Windows 10": Observed, Removal::WithReplacement
    ];
    /// What becomes of the copy of a superseded certificate in the directory object.
    superseded_copies: SupersededCopies = "superseded-copies", "P7.49", [
        Server2003Sp1 to Server2003Sp1, "XP, Server 2003": Documented, SupersededCopies::Removed;
        Windows7Sp1 to Windows10_22h2, "Vista to Windows 10": Documented, SupersededCopies::Kept
    ];
    /// Whether expired and revoked certificates are removed from the directory object.
    directory_cleaning: Toggle = "directory-cleaning", "P7.50", [
        Server2003Sp1 to Server2003Sp1, "XP, Server 2003": Documented, Toggle::Yes;
        Windows7Sp1 to Windows10_22h2, "Vista to Windows 10": Contested, Toggle::Yes
    ];
    /// The order of CAs that nothing else ranks.
    ca_order: CaOrder = "ca-order", "P7.51", [Server2003Sp1: Inferred, CaOrder::ByName];
    /// Whether the CAs of the computer's own site come first.
    ca_sites: Toggle = "ca-sites", "P7.52", [
        Server2003Sp1 to Windows7Sp1, "XP to Windows 7": Documented, Toggle::No;
        Windows10_22h2 to Windows10_22h2, "Windows 8 to Windows 10": Documented, Toggle::Yes
    ];
    /// What becomes of a certificate near its end whose principal may enroll, but not autoenroll.
    manual_renewal: ManualRenewal = "manual-renewal", "P7.53", [
        Server2003Sp1: Inferred, ManualRenewal::Ignored;
        Windows7Sp1 to Windows10_22h2, "Windows 7 to Windows 10": Observed, ManualRenewal::Asked
    ];
    /// What follows when a computer no longer has the DNS name in its certificate.
    dns_mismatch: DnsMismatch = "dns-mismatch", "P7.54", [
        Server2003Sp1: Inferred, DnsMismatch::Ignored;
        Windows7Sp1 to Windows10_22h2, "Vista to Windows 10": Observed, DnsMismatch::Enroll
    ];
    /// How long after that was seen. No public number: arbitrary.
    dns_mismatch_delay: Delay = "dns-mismatch-delay", "P7.55", [Server2003Sp1: Inferred, Delay(Duration::hours(1))];
    /// Whether a key that a core has made counts as lost when nothing names it at the end of a run.
    known_keys: Toggle = "known-keys", "IN1.known-key", [Server2003Sp1: Inferred, Toggle::Yes];
    /// Which container of a card counts for logon.
    logon_container: LogonContainer = "logon-container", "P7.56", [
        Server2003Sp1 to Server2003Sp1, "Windows 2000, XP": Documented, LogonContainer::Default;
        Windows7Sp1 to Server2025, "Vista and later": Documented, LogonContainer::Any
    ];
    /// How a domain controller wants a certificate to name its account.
    strong_mapping: StrongMapping = "strong-mapping", "P7.57", [
        Server2003Sp1 to Windows7Sp1, "Server 2003 to Server 2008 R2": Documented, StrongMapping::Off;
        Windows10_22h2 to Server2025, "Server 2012 to Server 2025, updated since September 2025": Documented,
            StrongMapping::Full
    ];
}
