//! The CA's database: one row for each request it has taken.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use autoenroll_model::{Disposition, FileTime, HResult, PrincipalObject, Submission};
use autoenroll_wire::Attribute;
use serde::{Deserialize, Serialize};

use crate::judge::Refusal;
use crate::request::VerifiedRequest;
use crate::revocation::RevocationReason;

/// The rows of a CA, by number. A template may ask that issued certificates leave no row (CT_FLAG_DONOTPERSISTINDB);
/// their numbers are not given again.
#[derive(Clone, Default)]
pub struct Database {
    rows: BTreeMap<u32, Slot>,
    /// Numbers of the rows that have a certificate, by its serial number.
    serials: BTreeMap<Box<[u8]>, u32>,
    /// Number of the last request taken.
    last: u32,
    /// Where the rows of resolved requests are kept; `None` for here.
    shelf: Option<Arc<dyn Shelf>>,
}

/// Rows are written down one by one, as [`Database::rows`] hands them out.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("rows", &self.rows.len()).finish_non_exhaustive()
    }
}

/// Keeps the rows of requests that are resolved outside of this process's memory, for a CA that issues without end.
///
/// What is put is never changed: copies of a CA share their shelf.
pub trait Shelf: fmt::Debug + Send + Sync {
    /// Takes octets, and says where they are; `None` when they cannot be kept, and stay where they were.
    fn put(&self, octets: &[u8]) -> Option<u64>;

    /// Octets that were put, as many as there were; `None` when they cannot be read any more.
    fn get(&self, at: u64, length: usize) -> Option<Vec<u8>>;
}

/// Where a row is.
#[derive(Clone, Debug)]
enum Slot {
    Here(Arc<Row>),
    /// On the shelf, as JSON.
    Shelved {
        at: u64,
        length: usize,
    },
}

/// One request ([MS-WCCE] 3.2.1.1.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Request_Request_ID, from 1.
    pub id: u32,
    /// Who asked. The object as it was when the request came; a certificate issued later is built from it. Its
    /// `userCertificate` is left out: the CA does not look at it, and each published certificate would be kept in every
    /// row that follows.
    pub requester: PrincipalObject,
    /// `cn` of the template, once it is known.
    pub template: Option<String>,
    /// When it came.
    pub submitted: FileTime,
    /// When it was issued, denied or found wrong; `None` while it is pending.
    pub resolved: Option<FileTime>,
    /// The request as it was received.
    #[serde(with = "autoenroll_model::hex")]
    pub request: Vec<u8>,
    /// `dwFlags` of its submission.
    pub flags: u32,
    /// `pwszAttributes` of its submission.
    pub attributes: Vec<(String, String)>,
    /// How it stands.
    pub state: RequestState,
    /// Request_Disposition_Message.
    pub message: String,
    /// Serial number of the certificate, big endian; set when it is issued and kept when it is revoked.
    #[serde(with = "autoenroll_model::hex::option")]
    pub serial: Option<Vec<u8>>,
    /// The certificate, DER.
    #[serde(with = "autoenroll_model::hex::option")]
    pub certificate: Option<Vec<u8>>,
    /// The archived private key, PKCS #8, when the request brought one.
    #[serde(skip)]
    pub archived_key: Option<Vec<u8>>,
    /// The attribute that stated the hash of the archived key; a full response repeats it.
    #[serde(skip)]
    pub(crate) archived_key_hash: Option<Attribute>,
    /// What was understood of the request, for the manager's approval; only while it is pending.
    #[serde(skip)]
    pub(crate) understood: Option<VerifiedRequest>,
    /// The template asks that nothing is kept.
    #[serde(skip)]
    pub(crate) transient: bool,
}

/// Request_Disposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RequestState {
    /// Taken under submission.
    Pending,
    /// The certificate exists.
    Issued,
    /// Denied by the policy module or by the manager.
    Denied(HResult),
    /// Something is wrong with the request itself.
    Failed(HResult),
    /// The certificate existed and is revoked.
    Revoked {
        /// Since when.
        at: FileTime,
        /// CRLReason (RFC 5280 5.3.1).
        reason: RevocationReason,
    },
}

impl RequestState {
    /// `pdwDisposition` ([MS-WCCE] 3.2.1.4.2.1.3). Revoked, 6 there, is told as failed with CRYPT_E_REVOKED.
    #[must_use]
    pub const fn disposition(self) -> Disposition {
        match self {
            Self::Pending => Disposition::Pending,
            Self::Issued => Disposition::Issued,
            Self::Denied(code) => Disposition::Denied(code),
            Self::Failed(code) => Disposition::Failed(code),
            Self::Revoked { .. } => Disposition::Failed(HResult::CRYPT_E_REVOKED),
        }
    }

    /// Since when, and why, the certificate is revoked.
    const fn revocation(self) -> Option<(FileTime, RevocationReason)> {
        match self {
            Self::Revoked { at, reason } => Some((at, reason)),
            _ => None,
        }
    }
}

impl fmt::Display for RequestState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.write_str("pending"),
            Self::Issued => f.write_str("issued"),
            Self::Denied(code) => write!(f, "denied with {code}"),
            Self::Failed(code) => write!(f, "failed with {code}"),
            Self::Revoked { at, reason } => write!(f, "revoked since {at} ({reason})"),
        }
    }
}

fn without_certificates(requester: &PrincipalObject) -> PrincipalObject {
    PrincipalObject {
        dn: requester.dn.clone(),
        sid: requester.sid.clone(),
        groups: requester.groups.clone(),
        guid: requester.guid,
        upn: requester.upn.clone(),
        mail: requester.mail.clone(),
        dns: requester.dns.clone(),
        certificates: Vec::new(),
    }
}

impl Row {
    pub(crate) fn new(id: u32, now: FileTime, requester: &PrincipalObject, submission: &Submission) -> Self {
        Self {
            id,
            requester: without_certificates(requester),
            template: None,
            submitted: now,
            resolved: None,
            request: submission.request.clone(),
            flags: submission.flags,
            attributes: submission.attributes.clone(),
            state: RequestState::Pending,
            message: String::new(),
            serial: None,
            certificate: None,
            archived_key: None,
            archived_key_hash: None,
            understood: None,
            transient: false,
        }
    }

    pub(crate) fn issue(&mut self, now: FileTime, serial: Vec<u8>, certificate: Vec<u8>, officer: Option<&str>) {
        self.state = RequestState::Issued;
        self.resolved = Some(now);
        self.message = officer.map_or_else(|| "Issued".to_string(), |officer| format!("Resubmitted by {officer}"));
        self.serial = Some(serial);
        self.certificate = Some(certificate);
    }

    pub(crate) fn deny(&mut self, now: FileTime, refusal: &Refusal) {
        self.state = RequestState::Denied(refusal.code);
        self.resolved = Some(now);
        self.message = format!("Denied by policy module: {refusal}");
    }

    pub(crate) fn fail(&mut self, now: FileTime, message: &str, refusal: &Refusal) {
        self.state = RequestState::Failed(refusal.code);
        self.resolved = Some(now);
        self.message = format!("{message}: {refusal}");
    }
}

impl Database {
    /// The row of that number; `None` also when it was shelved and cannot be read any more.
    #[must_use]
    pub fn row(&self, id: u32) -> Option<Arc<Row>> {
        self.read(self.rows.get(&id)?)
    }

    /// All rows, in the order of their numbers.
    pub fn rows(&self) -> impl Iterator<Item = Arc<Row>> {
        self.rows.values().filter_map(|slot| self.read(slot))
    }

    /// The rows that are here, in the order of their numbers: among them all that wait for the manager or whose
    /// certificate is revoked, for these are never shelved.
    pub fn unsettled(&self) -> impl Iterator<Item = &Row> {
        self.rows.values().filter_map(|slot| match slot {
            Slot::Here(row) => Some(&**row),
            Slot::Shelved { .. } => None,
        })
    }

    /// The row whose certificate has that serial number.
    #[must_use]
    pub fn by_serial(&self, serial: &[u8]) -> Option<Arc<Row>> {
        self.row(*self.serials.get(serial)?)
    }

    /// From now on, rows of requests that are resolved go to a shelf.
    pub(crate) fn shelve(&mut self, shelf: Arc<dyn Shelf>) {
        self.shelf = Some(shelf);
    }

    /// A number that no request has had.
    pub(crate) fn next_id(&mut self) -> u32 {
        self.last = self.last.saturating_add(1);
        self.last
    }

    pub(crate) fn put(&mut self, row: Row) {
        let id = row.id;
        if let Some(serial) = &row.serial {
            self.serials.insert(serial.as_slice().into(), id);
        }
        let slot = self.shelved(&row).unwrap_or_else(|| Slot::Here(Arc::new(row)));
        self.rows.insert(id, slot);
    }

    pub(crate) fn remove(&mut self, id: u32) {
        let serial = self.row(id).and_then(|row| row.serial.clone());
        self.rows.remove(&id);
        if let Some(serial) = serial {
            self.serials.remove(serial.as_slice());
        }
    }

    fn read(&self, slot: &Slot) -> Option<Arc<Row>> {
        match slot {
            Slot::Here(row) => Some(row.clone()),
            Slot::Shelved { at, length } => {
                let octets = self.shelf.as_ref()?.get(*at, *length)?;
                serde_json::from_slice(&octets).ok().map(Arc::new)
            }
        }
    }

    /// Where a row is on the shelf, when there is one and the row is not going to change. Archived keys stay here.
    fn shelved(&self, row: &Row) -> Option<Slot> {
        let shelf = self.shelf.as_ref()?;
        let settled = match row.state {
            RequestState::Pending | RequestState::Revoked { .. } => false,
            RequestState::Issued | RequestState::Denied(_) | RequestState::Failed(_) => row.archived_key.is_none(),
        };
        let octets = serde_json::to_vec(row).ok().filter(|_| settled)?;
        Some(Slot::Shelved { at: shelf.put(&octets)?, length: octets.len() })
    }

    /// Since when, and why, a certificate is revoked.
    #[must_use]
    pub fn revocation(&self, serial: &[u8]) -> Option<(FileTime, RevocationReason)> {
        match self.rows.get(self.serials.get(serial)?)? {
            Slot::Here(row) => row.state.revocation(),
            Slot::Shelved { .. } => None,
        }
    }

    /// Serial number, time and reason of every revoked certificate, in the order of requests.
    pub(crate) fn revoked(&self) -> impl Iterator<Item = (Vec<u8>, FileTime, RevocationReason)> {
        self.unsettled().filter_map(|row| {
            let (at, reason) = row.state.revocation()?;
            Some((row.serial.clone()?, at, reason))
        })
    }
}
