//! The CAs and policy servers of worlds that are played, behind HTTPS at this machine's loopback address.
//!
//! Each CA is the very object that would be asked in process. Only the way is another: a request goes out as a message
//! of [MS-WSTEP], the answer of a policy server comes as one of [MS-XCEP], through TLS and a socket, read and written
//! by the code that serves worlds to programs of others. The world waits meanwhile, so that its clock stands still, and
//! is told what came back and nothing else.
//!
//! One [`CaServer`] serves all worlds of a process; [`HttpsCas`] is what one of them has of it.

mod server;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use autoenroll_ca::Ca;
use autoenroll_model::{CaReply, Disposition, FileTime, HResult, PolicyResponse, PrincipalObject, Submission};
use autoenroll_world::CaHost;

use crate::client::{Answered, Client, ClientError};
use crate::http::desk::{Asking, Desk, ENROLLMENT, LentCa, POLICY, lock};

pub use server::{CaServer, CaServerError};

/// The CAs of one world.
#[derive(Debug)]
pub struct HttpsCas {
    server: Arc<CaServer>,
    number: u64,
    desk: Arc<Mutex<Desk>>,
    ledger: CaLedger,
}

/// What went wrong on the way to the CAs of one world, and not in its story. To be looked at after each run.
#[derive(Clone, Debug, Default)]
pub struct CaLedger(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    questions: u64,
    fault: Option<ClientError>,
    uncarried: Option<Uncarried>,
}

impl CaLedger {
    /// The first question that got no answer. A run with one says nothing about the core.
    #[must_use]
    pub fn fault(&self) -> Option<ClientError> {
        lock(&self.0).fault.clone()
    }

    /// How many questions went over the socket, and were answered.
    #[must_use]
    pub fn questions(&self) -> u64 {
        lock(&self.0).questions
    }

    /// The first thing that the protocols have no word for; the world went on as if they had.
    #[must_use]
    pub fn uncarried(&self) -> Option<Uncarried> {
        lock(&self.0).uncarried
    }
}

/// What the protocols have no word for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Uncarried {
    /// A policy server tells of a CA that has no enrollment web service.
    CaWithoutService,
    /// A template has no object identifier that is one.
    MalformedOid,
}

impl Uncarried {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::CaWithoutService, Self::MalformedOid];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CaWithoutService => "ca-without-service",
            Self::MalformedOid => "malformed-oid",
        }
    }
}

impl fmt::Display for Uncarried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Every caller has it: it proves nothing but that the message comes from the world that waits.
const PASSWORD: &str = "autoenroll";

impl HttpsCas {
    /// Without any CAs: the world makes them.
    #[must_use]
    pub fn new(server: &Arc<CaServer>) -> Self {
        let desk = Arc::new(Mutex::new(Desk { cas: BTreeMap::new(), asking: None }));
        let number = server.open(&desk);
        Self { server: server.clone(), number, desk, ledger: CaLedger::default() }
    }

    /// What is left to see when the world is gone.
    #[must_use]
    pub fn ledger(&self) -> CaLedger {
        self.ledger.clone()
    }

    fn lent(&self, name: &str) -> Option<LentCa> {
        lock(&self.desk).cas.get(name).cloned()
    }

    /// Asks as somebody, at the time of the world.
    fn ask<R>(&self, asking: Asking, question: impl FnOnce(&Client) -> Result<R, ClientError>) -> Result<R, HResult> {
        let client = self.server.client().named(&asking.name, &asking.password);
        lock(&self.desk).asking = Some(asking);
        let answered = question(&client);
        lock(&self.desk).asking = None;
        let mut noted = lock(&self.ledger.0);
        match answered {
            Ok(answer) => {
                noted.questions += 1;
                Ok(answer)
            }
            Err(error) => {
                noted.fault.get_or_insert(error);
                Err(HResult::RPC_S_SERVER_UNAVAILABLE)
            }
        }
    }

    /// The address of the enrollment web service of a CA.
    pub(crate) fn service(&self, ca: &str) -> String {
        self.server.address(self.number, &format!("/{ca}{ENROLLMENT}"))
    }

    fn note(&self, uncarried: Uncarried) {
        lock(&self.ledger.0).uncarried.get_or_insert(uncarried);
    }
}

impl Drop for HttpsCas {
    fn drop(&mut self) {
        self.server.close(self.number);
    }
}

fn asked_by(name: &str) -> Asking {
    Asking {
        name: name.to_owned(),
        password: PASSWORD.to_owned(),
        object: None,
        now: FileTime::from_unix_seconds(0),
        policies: None,
    }
}

impl CaHost for HttpsCas {
    fn add_ca(&mut self, ca: Ca) {
        let name = ca.identity().name().to_owned();
        lock(&self.desk).cas.insert(name, Arc::new(Mutex::new(ca)));
    }

    fn ca<R>(&self, name: &str, look: impl FnOnce(&Ca) -> R) -> Option<R> {
        let ca = self.lent(name)?;
        Some(look(&lock(&ca)))
    }

    fn ca_mut<R>(&mut self, name: &str, change: impl FnOnce(&mut Ca) -> R) -> Option<R> {
        let ca = self.lent(name)?;
        Some(change(&mut lock(&ca)))
    }

    fn submit(
        &mut self,
        ca: &str,
        now: FileTime,
        caller: &PrincipalObject,
        submission: &Submission,
    ) -> Result<CaReply, HResult> {
        let asking = Asking { now, object: Some(caller.clone()), ..asked_by(&caller.dn) };
        let (url, request) = (self.service(ca), &submission.request);
        reply(self.ask(asking, |client| client.submit(&url, request, &submission.attributes))?)
    }

    fn retrieve(&mut self, ca: &str, caller: &str, request_id: u32) -> Result<CaReply, HResult> {
        let url = self.service(ca);
        reply(self.ask(asked_by(caller), |client| client.query(&url, &request_id.to_string()))?)
    }

    fn exchange_certificate(&mut self, ca: &str, caller: &str, now: FileTime) -> Result<Vec<u8>, HResult> {
        let url = self.service(ca);
        self.ask(Asking { now, ..asked_by(caller) }, |client| client.exchange_certificate(&url))?
    }

    fn policies(&mut self, caller: &str, told: PolicyResponse) -> Result<PolicyResponse, HResult> {
        if let Some(uncarried) = uncarried(&told) {
            self.note(uncarried);
            return Ok(told);
        }
        let url = self.server.address(self.number, POLICY);
        let asking = Asking { policies: Some(told), ..asked_by(caller) };
        self.ask(asking, |client| client.whole_policies(&url))
    }
}

/// What [MS-XCEP] has no word for.
fn uncarried(told: &PolicyResponse) -> Option<Uncarried> {
    if told.authorities.iter().any(|ca| ca.uris.is_empty()) {
        return Some(Uncarried::CaWithoutService);
    }
    told.templates.iter().any(|told| told.template.malformed_oid.is_some()).then_some(Uncarried::MalformedOid)
}

/// What a CA answered, from what its service did.
fn reply(answered: Answered) -> Result<CaReply, HResult> {
    let number = |id: Option<String>| id.and_then(|id| id.parse().ok()).unwrap_or_default();
    Ok(match answered {
        Answered::Issued { certificate, response, message, request_id } => CaReply {
            request_id: number(request_id),
            disposition: Disposition::Issued,
            certificate: Some(certificate),
            response,
            message,
        },
        Answered::Pending { request_id, message } => CaReply {
            request_id: number(Some(request_id)),
            disposition: Disposition::Pending,
            certificate: None,
            response: None,
            message,
        },
        Answered::Refused { code, reason, denied, request_id } => {
            let code = code.ok_or(HResult::RPC_S_SERVER_UNAVAILABLE)?;
            CaReply {
                request_id: number(request_id),
                disposition: if denied { Disposition::Denied(code) } else { Disposition::Failed(code) },
                certificate: None,
                response: None,
                message: reason,
            }
        }
    })
}
