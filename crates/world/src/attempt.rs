//! A user who is about to log on with a card: what is known of the attempt while the card works.

use autoenroll_csp::Pin;
use autoenroll_model::{ContainerView, Effect, Facts, HResult, SignatureAlgorithm};
use autoenroll_trace::RecordId;
use autoenroll_wire::Certificate;

use crate::spec::ReaderName;

/// A user who is about to log on with a card. The computer's user interface waits meanwhile; there is no session.
#[derive(Clone, Debug)]
pub(crate) struct CardLogon {
    pub(crate) user: String,
    pub(crate) computer: String,
    pub(crate) card: String,
    pub(crate) reader: ReaderName,
    pub(crate) provider: String,
    pub(crate) pin: Pin,
    /// The record of its beginning.
    pub(crate) record: RecordId,
    pub(crate) stage: Stage,
    /// The operation that is under way, and the facts of its beginning.
    pub(crate) running: Option<(Effect, Facts)>,
}

/// How far a logon has come: each state owns what is known by then.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// The card is asked for its containers.
    Describing,
    /// The certificates of these containers are read, the last one first.
    Reading { left: Vec<ContainerView>, found: Vec<Candidate> },
    /// The PIN is presented.
    Verifying(Candidate),
    /// The key signs the request to the domain controller.
    Signing(Candidate, Signed),
}

/// A certificate that may be logged on with.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) container: String,
    pub(crate) default: bool,
    pub(crate) certificate: Certificate,
}

/// What the key on the card has signed, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) message: Vec<u8>,
}

/// Why a logon is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// What the user is told: a code of the card, or the NTSTATUS of the logon.
    pub(crate) code: HResult,
    /// The error of the domain controller (RFC 4556 3.1.3, [MS-PKCA] 3.1.5.2).
    pub(crate) kdc_error: Option<&'static str>,
    pub(crate) tries_left: Option<u8>,
}

impl Refusal {
    pub(crate) const fn of_card(code: HResult) -> Self {
        Self { code, kdc_error: None, tries_left: None }
    }

    pub(crate) const fn of_kdc(code: HResult, error: &'static str) -> Self {
        Self { code, kdc_error: Some(error), tries_left: None }
    }
}
