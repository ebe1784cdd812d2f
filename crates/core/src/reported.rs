//! Results of effects, read as the kind that the effect's documentation names. Any other kind is the driver's fault,
//! never Windows'.

use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;

use autoenroll_model::{
    CaReply, CardDescription, CardSerial, CertificateCheck, CoreError, EffectId, EffectResult, EnrollmentService,
    HResult, KeyPlace, PolicyResponse, PrincipalObject, ReaderView, RootDse, Settings, Stores, Template,
    TrustContainer,
};

/// The result of an effect that is open.
#[derive(Clone, Debug)]
pub(crate) struct Reported {
    effect: EffectId,
    result: EffectResult,
}

/// Why a card did not verify a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PinFailure {
    /// It failed with this code.
    Code(HResult),
    /// The PIN is wrong; so many tries are left, when the card tells.
    Wrong(Option<u8>),
}

/// Why a provider did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CardFailure {
    /// It failed with this code.
    Code(HResult),
    /// This card refused a PIN that it took before.
    WrongPin(CardSerial),
}

/// A new key: where it is, and its `SubjectPublicKeyInfo` in DER.
#[derive(Clone, Debug)]
pub(crate) struct GeneratedKey {
    pub(crate) place: KeyPlace,
    pub(crate) public_key: Vec<u8>,
}

/// Methods that take a result of one kind, or the code with which the effect failed.
macro_rules! kinds {
    ($( $visibility:vis $name:ident: $word:literal, $pattern:pat => $value:expr, $type:ty; )*) => {
        $(
            $visibility fn $name(self) -> Result<Result<$type, HResult>, CoreError> {
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
        pub(crate) done: "done", EffectResult::Done => (), ();
        pub(crate) settings: "settings", EffectResult::Settings(settings) => settings, Arc<Settings>;
        pub(crate) directory: "directory", EffectResult::Directory(root) => root, RootDse;
        pub(crate) trust: "trust", EffectResult::Trust(containers) => containers, Vec<TrustContainer>;
        pub(crate) principal: "principal", EffectResult::Principal(principal) => principal, Arc<PrincipalObject>;
        pub(crate) templates: "templates", EffectResult::Templates(templates) => templates, Vec<Arc<Template>>;
        pub(crate) enrollment_services: "enrollment-services", EffectResult::EnrollmentServices(list) => list, Vec<EnrollmentService>;
        pub(crate) policy: "policy", EffectResult::Policy(response) => response, PolicyResponse;
        pub(crate) stores: "stores", EffectResult::Stores(stores) => stores, Arc<Stores>;
        pub(crate) checks: "checks", EffectResult::Checks(checks) => checks, Vec<CertificateCheck>;
        pub(crate) readers: "readers", EffectResult::Readers(readers) => readers, Vec<ReaderView>;
        pub(crate) card: "card", EffectResult::Card(description) => description, CardDescription;
        pub(crate) certificate: "certificate", EffectResult::Certificate(certificate) => certificate, Vec<u8>;
        pub(crate) reply: "reply", EffectResult::Reply(reply) => reply, CaReply;
        pub(crate) exchange_certificate: "exchange-certificate", EffectResult::ExchangeCertificate(der) => der, Vec<u8>;
        pub(crate) archived_key: "archived-key", EffectResult::ArchivedKey(blob) => blob, Vec<u8>;
        any_signature: "signature", EffectResult::Signature(signature) => signature, Vec<u8>;
        any_key: "generated", EffectResult::Generated { key, public_key } => GeneratedKey { place: key, public_key },
            GeneratedKey;
    }

    /// The verification of a PIN.
    pub(crate) fn verified(self) -> Result<Result<(), PinFailure>, CoreError> {
        match self.result {
            EffectResult::WrongPin { tries_left } => Ok(Err(PinFailure::Wrong(tries_left))),
            result => Ok(Self { effect: self.effect, result }.done()?.map_err(PinFailure::Code)),
        }
    }

    /// An operation of a card that has nothing to report.
    pub(crate) fn done_by_card(self, card: &CardSerial) -> Result<Result<(), CardFailure>, CoreError> {
        self.with_pin(Some(card), Self::done)
    }

    /// A signature, by a card or in software.
    pub(crate) fn signature(self, card: Option<&CardSerial>) -> Result<Result<Vec<u8>, CardFailure>, CoreError> {
        self.with_pin(card, Self::any_signature)
    }

    /// A new key, on a card or in software.
    pub(crate) fn generated(self, card: Option<&CardSerial>) -> Result<Result<GeneratedKey, CardFailure>, CoreError> {
        self.with_pin(card, Self::any_key)
    }

    /// Any operation with a PIN that the card has taken before: what `read` makes of it, or why it was not done.
    /// Without a card there is
    /// no PIN to be refused.
    fn with_pin<T>(
        self,
        card: Option<&CardSerial>,
        read: impl FnOnce(Self) -> Result<Result<T, HResult>, CoreError>,
    ) -> Result<Result<T, CardFailure>, CoreError> {
        match (&self.result, card) {
            (EffectResult::WrongPin { .. }, Some(card)) => Ok(Err(CardFailure::WrongPin(card.clone()))),
            _ => Ok(read(self)?.map_err(CardFailure::Code)),
        }
    }
}

fn mismatch(effect: EffectId, expected: &str, found: &EffectResult) -> CoreError {
    CoreError::WrongResult { effect, expected: expected.to_string(), found: found.word().to_string() }
}
