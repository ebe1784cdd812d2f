//! The vocabulary of Windows certificate autoenrollment.
//!
//! Time, templates, policy, principals, stores, decision points, failure codes, events, profiles, and the contract
//! between an enrollment core and whatever drives it ([`EnrollmentCore`]). Two rules live here because every party
//! needs them: the access check ([`access_check`]) and the one function through which rules decide
//! ([`Decisions::decide`]).
//!
//! It deliberately lacks I/O, clocks, cryptography, and any encoding but serde's: bytes on a wire are `wire`'s concern.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod access;
mod cause;
mod contract;
mod decision;
mod effect;
mod event;
mod facts;
mod guid;
pub mod hex;
mod hresult;
mod key;
mod limits;
mod policy;
mod principal;
mod profile;
mod prompt;
#[cfg(feature = "schema")]
#[doc(hidden)]
pub mod schema;
mod shared;
mod store;
mod template;
#[cfg(feature = "test-support")]
mod test_support;
mod time;
mod words;

pub use access::{Access, Ace, AceEffect, Right, SecurityDescriptor, Token, access, access_check, accesses, rights};
pub use cause::{Cause, Causes};
pub use contract::{
    Action, CoreError, CoreFactory, EnrollmentCore, Input, Outcome, Output, OutputBody, PolicyRefresh, Report, Trigger,
    TriggerCause,
};
pub use decision::{Decided, Decision, Decisions, Inverted, Role, Rule, RuleRow};
pub use effect::{CaReply, CardOperation, Disposition, Effect, EffectId, EffectResult, SoftwareOperation, Submission};
pub use event::{EventEntry, EventSource, LifecycleEvent, Severity};
pub use facts::{Fact, Facts, Text};
pub use guid::{Guid, GuidError};
pub use hresult::{HResult, NAMES as HRESULT_NAMES};
pub use key::{CardSerial, HashAlgorithm, KeyAlgorithm, KeyPlace, PinId, Provider, ProviderKind, SignatureAlgorithm};
pub use limits::Limit;
pub use policy::AePolicy;
pub use principal::{Context, Identity, PrincipalObject, Sid, SidError};
pub use profile::{
    CaOrder, Cancelled, Cosigning, DefaultFlag, Delay, DnsMismatch, DuringRun, EventLog, EventTable, Evidence,
    ExtensionsAttribute, GpTriggers, InsertPrompt, LogonContainer, ManualRenewal, NoProviders, NoReader, Notification,
    Period, PinCache, Profile, Removal, ReplaceNo, ReplaceYes, RequestHash, SWITCHES, SchemaLimit, StrongMapping,
    SupersededCopies, Switch, SwitchError, SwitchStep, Threshold, TimerCadence, Toggle, Unconfigured, WindowsVersion,
};
pub use prompt::{Answer, BalloonId, Choice, DecisionPoint, PromptId};
pub use shared::Shared;
pub use store::{
    CardDescription, CertificateCheck, Certificates, ContainerView, DirectoryCache, PolicyResponse, PolicyServer,
    PolicyTemplate, ProviderDialogs, ReaderState, ReaderView, RequestEntry, RequestStage, RootDse, Settings,
    StoredCertificate, Stores, Thumbprint, TrustContainer, TrustStore,
};
pub use template::{
    CaUri, CngSettings, EnrollmentFlags, EnrollmentService, GeneralFlags, KeySpec, KeyUsage, NameFlags, Oid, OidError,
    PrivateKeyFlags, ProviderPreference, Template, UnknownHash,
};
pub use time::{Duration, DurationError, FileTime, Now, SimTime};
pub use words::{UnknownWord, Word};
