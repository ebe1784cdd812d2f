//! Results of effects, read as the kind that the effect's documentation names. Any other kind is the driver's fault, never Windows'.

use alloc::string::ToString;
use alloc::vec::Vec;

use autoenroll_model::{
    CaReply, CardDescription, CertificateCheck, CoreError, EffectId, EffectResult, EnrollmentService, HResult,
    KeyPlace, PolicyResponse, PrincipalObject, ReaderView, RootDse, Settings, Stores, Template, TrustContainer,
};

/// The result of an effect that is open.
#[derive(Clone, Debug)]
pub(crate) struct Reported {
    effect: EffectId,
    result: EffectResult,
}

/// Why a card did not do what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CardFailure {
    /// It failed with this code.
    Code(HResult),
    /// The card refused the PIN; so many retries are left, when it tells.
    WrongPin(Option<u8>),
}

/// A new key: where it is, and its `SubjectPublicKeyInfo` in DER.
#[derive(Clone, Debug)]
pub(crate) struct GeneratedKey {
    pub(crate) place: KeyPlace,
    pub(crate) public_key: Vec<u8>,
}

/// Methods that take a result of one kind, or the code with which the effect failed.
macro_rules! kinds {
    ($( $name:ident: $word:literal, $pattern:pat => $value:expr, $type:ty; )*) => {
        $(
            pub(crate) fn $name(self) -> Result<Result<$type, HResult>, CoreError> {
                match self.result {
                    $pattern => Ok(Ok($value)),
                    EffectResult::Failed(code) => Ok(Err(code)),
                    other => Err(mismatch(self.effect, $word, &other)),
                }
            }
        )*
    };
}

impl Reported {
    pub(crate) const fn new(effect: EffectId, result: EffectResult) -> Self {
        Self { effect, result }
    }

    /// The same effect, as if it had failed with that code.
    pub(crate) fn failed(effect: EffectId, code: HResult) -> Self {
        Self { effect, result: EffectResult::Failed(code) }
    }

    kinds! {
        done: "done", EffectResult::Done => (), ();
        settings: "settings", EffectResult::Settings(settings) => settings, Settings;
        directory: "directory", EffectResult::Directory(root) => root, RootDse;
        trust: "trust", EffectResult::Trust(containers) => containers, Vec<TrustContainer>;
        principal: "principal", EffectResult::Principal(principal) => principal, PrincipalObject;
        templates: "templates", EffectResult::Templates(templates) => templates, Vec<Template>;
        enrollment_services: "enrollment-services", EffectResult::EnrollmentServices(list) => list, Vec<EnrollmentService>;
        policy: "policy", EffectResult::Policy(response) => response, PolicyResponse;
        stores: "stores", EffectResult::Stores(stores) => stores, Stores;
        checks: "checks", EffectResult::Checks(checks) => checks, Vec<CertificateCheck>;
        readers: "readers", EffectResult::Readers(readers) => readers, Vec<ReaderView>;
        card: "card", EffectResult::Card(description) => description, CardDescription;
        reply: "reply", EffectResult::Reply(reply) => reply, CaReply;
        exchange_certificate: "exchange-certificate", EffectResult::ExchangeCertificate(der) => der, Vec<u8>;
        archived_key: "archived-key", EffectResult::ArchivedKey(blob) => blob, Vec<u8>;
    }

    /// Any operation with the PIN of a card: what `read` makes of it, or why the card refused.
    fn with_pin<T>(
        self,
        read: impl FnOnce(Self) -> Result<Result<T, HResult>, CoreError>,
    ) -> Result<Result<T, CardFailure>, CoreError> {
        match self.result {
            EffectResult::WrongPin { tries_left } => Ok(Err(CardFailure::WrongPin(tries_left))),
            result => Ok(read(Self { effect: self.effect, result })?.map_err(CardFailure::Code)),
        }
    }

    /// An operation of a card that has nothing to report.
    pub(crate) fn done_by_card(self) -> Result<Result<(), CardFailure>, CoreError> {
        self.with_pin(Self::done)
    }

    /// A signature, by a card or in software.
    pub(crate) fn signature(self) -> Result<Result<Vec<u8>, CardFailure>, CoreError> {
        self.with_pin(|this| match this.result {
            EffectResult::Signature(signature) => Ok(Ok(signature)),
            EffectResult::Failed(code) => Ok(Err(code)),
            other => Err(mismatch(this.effect, "signature", &other)),
        })
    }

    /// A new key, on a card or in software.
    pub(crate) fn generated(self) -> Result<Result<GeneratedKey, CardFailure>, CoreError> {
        self.with_pin(|this| match this.result {
            EffectResult::Generated { key, public_key } => Ok(Ok(GeneratedKey { place: key, public_key })),
            EffectResult::Failed(code) => Ok(Err(code)),
            other => Err(mismatch(this.effect, "generated", &other)),
        })
    }
}

fn mismatch(effect: EffectId, expected: &str, found: &EffectResult) -> CoreError {
    CoreError::WrongResult { effect, expected: expected.to_string(), found: word(found).to_string() }
}

/// The word of a result's kind, as the core protocol has it.
const fn word(result: &EffectResult) -> &'static str {
    match result {
        EffectResult::Done => "done",
        EffectResult::Failed(_) => "failed",
        EffectResult::WrongPin { .. } => "wrong-pin",
        EffectResult::Settings(_) => "settings",
        EffectResult::Directory(_) => "directory",
        EffectResult::Trust(_) => "trust",
        EffectResult::Principal(_) => "principal",
        EffectResult::Templates(_) => "templates",
        EffectResult::EnrollmentServices(_) => "enrollment-services",
        EffectResult::Policy(_) => "policy",
        EffectResult::Stores(_) => "stores",
        EffectResult::Checks(_) => "checks",
        EffectResult::Readers(_) => "readers",
        EffectResult::Card(_) => "card",
        EffectResult::Generated { .. } => "generated",
        EffectResult::Signature(_) => "signature",
        EffectResult::Certificate(_) => "certificate",
        EffectResult::Reply(_) => "reply",
        EffectResult::ExchangeCertificate(_) => "exchange-certificate",
        EffectResult::ArchivedKey(_) => "archived-key",
    }
}
