//! What a core asks its driver to do, and what the driver reports back.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::{
    CardDescription, CardSerial, CertificateCheck, Certificates, DirectoryCache, EnrollmentService, HResult,
    KeyAlgorithm, KeyPlace, KeySpec, PinId, PolicyResponse, PolicyServer, PrincipalObject, ReaderView, RequestEntry,
    RootDse, Settings, SignatureAlgorithm, StoredCertificate, Stores, Template, Thumbprint, TrustContainer, TrustStore,
};

/// Names an effect within its core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct EffectId(pub u32);

/// Something the driver does for the core. Each is answered by one [`EffectResult`], the one its documentation names,
/// or by [`EffectResult::Failed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Effect {
    /// Policy, registry settings and installed providers. → [`EffectResult::Settings`]
    ///
    /// Failure: policy is not known; the run ends, and an event states the code.
    ReadSettings,
    /// Remember the state of the last download. → [`EffectResult::Done`]
    ///
    /// Failure: the run goes on, and the next one reads the trust containers again.
    WriteDirectoryCache(DirectoryCache),
    /// Find a domain controller and bind to it. → [`EffectResult::Directory`]
    ///
    /// Failure: no domain controller answers; the run ends, and an event states the code.
    BindDirectory,
    /// The trust containers of the directory ([MS-WCCE] 2.2.2.11). → [`EffectResult::Trust`]
    ///
    /// Failure: no container can be read; the run ends, and an event states the code. One container that cannot be
    /// read is no failure: it has `failed` for its content.
    ReadTrust,
    /// Make a local trust store equal to these. → [`EffectResult::Done`]
    ///
    /// Failure: the store keeps what it held and the others are still written; the download is not remembered, so that
    /// the next run tries again.
    WriteTrust {
        /// The store.
        store: TrustStore,
        /// Its whole new content.
        certificates: Certificates,
    },
    /// The principal's own object. → [`EffectResult::Principal`]
    ///
    /// Failure: who enrolls is not known; the run ends, and an event states the code.
    ReadPrincipal,
    /// Remove values from the principal's `userCertificate`. → [`EffectResult::Done`]
    ///
    /// Failure: the values stay; a later run removes those of certificates that are expired or revoked then.
    RemovePublished(Vec<Thumbprint>),
    /// All templates of the directory that the principal can see. → [`EffectResult::Templates`]
    ///
    /// Failure: which templates there are is not known; the run ends, and an event states the code.
    ReadTemplates,
    /// All enrollment services of the directory. → [`EffectResult::EnrollmentServices`]
    ///
    /// Failure: which CAs there are is not known; the run ends, and an event states the code.
    ReadEnrollmentServices,
    /// Ask a policy server. → [`EffectResult::Policy`]
    ///
    /// Failure: this policy server gives no answer; the code is what the enrollment web service returned, or why there
    /// was none. An event states it, the other end points are asked, and what they tell holds for this run only.
    GetPolicies(PolicyServer),
    /// MY and REQUEST. → [`EffectResult::Stores`]
    ///
    /// Failure: what is enrolled already is not known; the run ends, and an event states the code.
    ReadStores,
    /// Add to MY, with properties; an entry of the same thumbprint is replaced. → [`EffectResult::Done`]
    ///
    /// Failure: the item fails with this code. Its entry in REQUEST stays, so that a later run takes it up again.
    AddCertificate(StoredCertificate),
    /// Set the archived property. → [`EffectResult::Done`]
    ///
    /// Failure: the certificate stays as it is, and the item succeeds all the same; a later run tries again when the
    /// certificate is expired or revoked then.
    ArchiveCertificate(Thumbprint),
    /// Delete from MY. → [`EffectResult::Done`]
    ///
    /// Failure: as for `archive-certificate`.
    DeleteCertificate(Thumbprint),
    /// Write to REQUEST; an entry of the same key id is replaced. → [`EffectResult::Done`]
    ///
    /// Failure: the item fails with this code. A new key of which nothing else knows is deleted before anything is
    /// submitted, and an answer of the CA that could not be noted is not acted on.
    PutRequest(RequestEntry),
    /// Delete from REQUEST, by key id. → [`EffectResult::Done`]
    ///
    /// Failure: the entry stays until a later run. When its certificate has just been added, the item fails with this
    /// code.
    RemoveRequest(String),
    /// Chain, revocation and key of certificates in MY, in an issued entry of REQUEST, or in the principal's object.
    /// → [`EffectResult::Checks`]
    ///
    /// Failure: nothing is known of these certificates, which does not mean that they are worthless; the run ends, and
    /// an event states the code.
    Inspect(Vec<Thumbprint>),
    /// Every reader and what is in it. → [`EffectResult::Readers`]
    ///
    /// Failure: the item that needs a card fails with this code. A prompt that is open stays open, and its answer asks
    /// for the readers again.
    ReadReaders,
    /// One transaction with a card: verify when a PIN is given, operate, log out. → the result of the operation, or
    /// [`EffectResult::WrongPin`] when the card refused the PIN.
    ///
    /// Failure: the code of the provider; what it means is said at each operation. SCARD_W_CHV_BLOCKED: the PIN is
    /// blocked. SCARD_W_REMOVED_CARD and its like: the card went away, and whatever it had not done is undone.
    Card {
        /// Which card; the driver finds its reader.
        card: CardSerial,
        /// The PIN to verify first; without one, a provider with a dialog of its own asks for it (`dialogs` of the
        /// card).
        pin: Option<PinId>,
        /// What to do.
        operation: CardOperation,
    },
    /// An operation of a provider that keeps keys in software. → the result of the operation.
    ///
    /// Failure: the code of the provider; what it means is said at each operation.
    Software {
        /// The provider.
        provider: String,
        /// What to do.
        operation: SoftwareOperation,
    },
    /// Send a request to a CA ([MS-WCCE] 3.1.1.4.3). → [`EffectResult::Reply`]
    ///
    /// Failure: no answer came: the CA cannot be reached or is too slow. The next CA may be asked. A CA that refuses
    /// does answer: that is a reply.
    Submit(Submission),
    /// Ask a CA for the outcome of an earlier request ([MS-WCCE] 3.1.1.4.3.7). → [`EffectResult::Reply`]
    ///
    /// Failure: no answer came; the item fails with this code, the request stays pending, and the next run asks again.
    Retrieve {
        /// Name of the CA.
        ca: String,
        /// Its host, or the `https://` address of an enrollment web service in front of it.
        host: String,
        /// Number of the request there.
        request_id: u32,
    },
    /// Fetch the CA's exchange certificate. → [`EffectResult::ExchangeCertificate`]
    ///
    /// Failure: this CA archives no key; the next CA is asked, and without another one the item fails with this code.
    ReadExchangeCertificate {
        /// Name of the CA.
        ca: String,
        /// Its host, or the `https://` address of an enrollment web service in front of it.
        host: String,
    },
}

impl Effect {
    /// The word of the result that this effect has when it does not fail.
    #[must_use]
    pub const fn expected_result(&self) -> &'static str {
        match self {
            Self::ReadSettings => "settings",
            Self::BindDirectory => "directory",
            Self::ReadTrust => "trust",
            Self::ReadPrincipal => "principal",
            Self::ReadTemplates => "templates",
            Self::ReadEnrollmentServices => "enrollment-services",
            Self::GetPolicies(_) => "policy",
            Self::ReadStores => "stores",
            Self::Inspect(_) => "checks",
            Self::ReadReaders => "readers",
            Self::Submit(_) | Self::Retrieve { .. } => "reply",
            Self::ReadExchangeCertificate { .. } => "exchange-certificate",
            Self::WriteDirectoryCache(_)
            | Self::WriteTrust { .. }
            | Self::RemovePublished(_)
            | Self::AddCertificate(_)
            | Self::ArchiveCertificate(_)
            | Self::DeleteCertificate(_)
            | Self::PutRequest(_)
            | Self::RemoveRequest(_) => "done",
            Self::Card { operation, .. } => operation.expected_result(),
            Self::Software { operation, .. } => operation.expected_result(),
        }
    }
}

/// What a CSP does with a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum CardOperation {
    /// Containers, free space and PIN status. → [`EffectResult::Card`]
    ///
    /// Failure: the card is asked for again when it is gone, three times in all; otherwise the item fails with this
    /// code.
    Describe,
    /// Only the verification of the PIN. → [`EffectResult::Done`]
    ///
    /// Failure: the card is asked for again when it is gone, three times in all; otherwise the item fails with this
    /// code. A PIN that the card refuses is asked for again; one that it took before is forgotten, and the item fails.
    VerifyPin,
    /// A new key in a new container, whose name the provider chooses. → [`EffectResult::Generated`]
    ///
    /// Failure: the item fails with this code. NTE_TOKEN_KEYSET_STORAGE_FULL: the card is full, and a renewal may use
    /// the old key where template and profile allow it.
    Generate {
        /// Which key.
        algorithm: KeyAlgorithm,
        /// For what.
        key_spec: KeySpec,
        /// Move the default flag here at once.
        make_default: bool,
        /// Generate into this container instead, over what it holds.
        overwrite: Option<String>,
    },
    /// Sign with the key of a container; the provider hashes. → [`EffectResult::Signature`]
    ///
    /// Failure: the item fails with this code; the next run removes key and entry.
    Sign {
        /// The container.
        container: String,
        /// How.
        algorithm: SignatureAlgorithm,
        /// The whole message.
        #[serde(with = "crate::hex")]
        #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Bytes"))]
        message: Vec<u8>,
    },
    /// The certificate of a container. → [`EffectResult::Certificate`]
    ///
    /// Failure: a certificate that cannot be read is told by the reason why; without a card, the card is asked for
    /// again.
    ReadCertificate {
        /// The container.
        container: String,
    },
    /// Store a certificate in a container. → [`EffectResult::Done`]
    ///
    /// Failure: the item fails with this code; its entry stays, and the next run resumes here.
    WriteCertificate {
        /// The container.
        container: String,
        /// The certificate, DER.
        #[serde(with = "crate::hex")]
        #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Bytes"))]
        certificate: Vec<u8>,
    },
    /// Move the default flag to a container. → [`EffectResult::Done`]
    ///
    /// Failure: as for `write-certificate`.
    SetDefault {
        /// The container.
        container: String,
    },
    /// Delete a container with its key and certificate. → [`EffectResult::Done`]
    ///
    /// Failure: the key stays, and its entry in REQUEST with it, so that a later run tries again; NTE_BAD_KEYSET: there
    /// is no such key, and its entry goes. Either way the item goes on.
    Delete {
        /// The container.
        container: String,
    },
}

impl CardOperation {
    const fn expected_result(&self) -> &'static str {
        match self {
            Self::Describe => "card",
            Self::Generate { .. } => "generated",
            Self::Sign { .. } => "signature",
            Self::ReadCertificate { .. } => "certificate",
            Self::VerifyPin | Self::WriteCertificate { .. } | Self::SetDefault { .. } | Self::Delete { .. } => "done",
        }
    }
}

/// What a software provider does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum SoftwareOperation {
    /// A new key in a new container, whose name the provider chooses. → [`EffectResult::Generated`]
    ///
    /// Failure: the item fails with this code.
    Generate {
        /// Which key.
        algorithm: KeyAlgorithm,
        /// For what.
        key_spec: KeySpec,
        /// May it be exported?
        exportable: bool,
        /// Does each use ask the user?
        protected: bool,
    },
    /// Sign with the key of a container; the provider hashes. → [`EffectResult::Signature`]
    ///
    /// Failure: the item fails with this code; the next run removes key and entry.
    Sign {
        /// The container.
        container: String,
        /// How.
        algorithm: SignatureAlgorithm,
        /// The whole message.
        #[serde(with = "crate::hex")]
        #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Bytes"))]
        message: Vec<u8>,
    },
    /// Encrypt the private key to a CA's exchange certificate, as an enveloped message for key archival ([MS-WCCE]
    /// 3.1.1.4.3.6). → [`EffectResult::ArchivedKey`]
    ///
    /// Failure: the item fails with this code; the next run removes key and entry.
    Archive {
        /// The container.
        container: String,
        /// The exchange certificate, DER.
        #[serde(with = "crate::hex")]
        #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Bytes"))]
        exchange_certificate: Vec<u8>,
    },
    /// Delete a container with its key. → [`EffectResult::Done`]
    ///
    /// Failure: as for a card.
    Delete {
        /// The container.
        container: String,
    },
}

impl SoftwareOperation {
    const fn expected_result(&self) -> &'static str {
        match self {
            Self::Generate { .. } => "generated",
            Self::Sign { .. } => "signature",
            Self::Archive { .. } => "archived-key",
            Self::Delete { .. } => "done",
        }
    }
}

/// A request on its way to a CA: the shape of ICertRequestD::Request ([MS-WCCE] 3.2.1.4.2.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Submission {
    /// Name of the CA (`pwszAuthority`).
    pub ca: String,
    /// Its host, or the `https://` address of an enrollment web service in front of it.
    pub host: String,
    /// `dwFlags`: request type and options ([MS-WCCE] 3.2.1.4.3.1.1).
    pub flags: u32,
    /// `pwszAttributes`: name and value pairs.
    pub attributes: Vec<(String, String)>,
    /// The request, DER.
    #[serde(with = "crate::hex")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Bytes"))]
    pub request: Vec<u8>,
}

/// What a CA answered: the shape of the out parameters of ICertRequestD::Request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct CaReply {
    /// Number of the request at the CA; 0 when it made no row.
    pub request_id: u32,
    /// `pdwDisposition`.
    pub disposition: Disposition,
    /// `pctbEncodedCert`, DER; only when issued.
    #[serde(default, with = "crate::hex::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::Bytes>"))]
    pub certificate: Option<Vec<u8>>,
    /// `pctbCertChain`: a certificates-only or full CMC response.
    #[serde(default, with = "crate::hex::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::Bytes>"))]
    pub response: Option<Vec<u8>>,
    /// `pctbDispositionMessage`, in the CA's language; never interpreted.
    pub message: String,
}

/// The disposition of a request ([MS-WCCE] 3.1.1.4.3, 3.2.1.4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Disposition {
    /// CR_DISP_ISSUED, 3.
    Issued,
    /// CR_DISP_UNDER_SUBMISSION, 5.
    Pending,
    /// CR_DISP_DENIED, 2: by the manager or the policy module, with the code returned.
    Denied(HResult),
    /// Any other value: the request failed with this code.
    Failed(HResult),
}

/// What came of an effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum EffectResult {
    /// Done; nothing to report.
    Done,
    /// It failed.
    Failed(HResult),
    /// The card refused the PIN.
    WrongPin {
        /// Attempts left; `None` when the card does not tell.
        tries_left: Option<u8>,
    },
    /// Settings.
    Settings(Arc<Settings>),
    /// A bound domain controller.
    Directory(RootDse),
    /// Trust containers.
    Trust(Vec<TrustContainer>),
    /// The principal.
    Principal(Arc<PrincipalObject>),
    /// Templates.
    Templates(Vec<Arc<Template>>),
    /// CAs.
    EnrollmentServices(Vec<EnrollmentService>),
    /// A policy server's answer.
    Policy(PolicyResponse),
    /// Stores.
    Stores(Arc<Stores>),
    /// Certificate checks, one for each thumbprint asked that is known.
    Checks(Vec<CertificateCheck>),
    /// Readers, in the order of their names.
    Readers(Vec<ReaderView>),
    /// A card's description.
    Card(CardDescription),
    /// A new key.
    Generated {
        /// The container it is in.
        key: KeyPlace,
        /// Its SubjectPublicKeyInfo, DER.
        #[serde(with = "crate::hex")]
        #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Bytes"))]
        public_key: Vec<u8>,
    },
    /// A signature: PKCS #1 octets, or an ECDSA-Sig-Value in DER.
    Signature(
        #[serde(with = "crate::hex")]
        #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Bytes"))]
        Vec<u8>,
    ),
    /// A certificate, DER.
    Certificate(
        #[serde(with = "crate::hex")]
        #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Bytes"))]
        Vec<u8>,
    ),
    /// A CA's answer.
    Reply(CaReply),
    /// A CA's exchange certificate, DER.
    ExchangeCertificate(
        #[serde(with = "crate::hex")]
        #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Bytes"))]
        Vec<u8>,
    ),
    /// A private key, enveloped to the CA.
    ArchivedKey(
        #[serde(with = "crate::hex")]
        #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Bytes"))]
        Vec<u8>,
    ),
}

impl EffectResult {
    /// The word that JSON uses for this result.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed(_) => "failed",
            Self::WrongPin { .. } => "wrong-pin",
            Self::Settings(_) => "settings",
            Self::Directory(_) => "directory",
            Self::Trust(_) => "trust",
            Self::Principal(_) => "principal",
            Self::Templates(_) => "templates",
            Self::EnrollmentServices(_) => "enrollment-services",
            Self::Policy(_) => "policy",
            Self::Stores(_) => "stores",
            Self::Checks(_) => "checks",
            Self::Readers(_) => "readers",
            Self::Card(_) => "card",
            Self::Generated { .. } => "generated",
            Self::Signature(_) => "signature",
            Self::Certificate(_) => "certificate",
            Self::Reply(_) => "reply",
            Self::ExchangeCertificate(_) => "exchange-certificate",
            Self::ArchivedKey(_) => "archived-key",
        }
    }
}
