//! The CAs and policy servers of worlds that are played, behind the same services as those of a world that is served.
//!
//! A world that is played asks one thing at a time, and waits. So what its services need besides the CAs is what the
//! world has just said: who asks, and what time it is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use autoenroll_ca::Ca;
use autoenroll_model::{CaReply, FileTime, Guid, HResult, PolicyResponse, PrincipalObject, Submission};
use autoenroll_world::exchange_certificate;

use super::ask::{Answer, Ask};
use super::authenticate::Connection;
use super::paths::Authentication;
use super::serve::Speaker;
use super::token::{Endpoint, Issuer};
use super::{Web, token};
use crate::soap::{self, Envelope, Fault, Subcode, xml};
use crate::wstep::TokenRequest;
use crate::xcep;

/// A CA that is lent to whoever has something to do with it.
pub(crate) type LentCa = Arc<Mutex<Ca>>;

/// What the services of one world know.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// By their names.
    pub(crate) cas: BTreeMap<String, LentCa>,
    /// The question that the world waits for the answer of.
    pub(crate) asking: Option<Asking>,
}

/// Who asks, as the world has it.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    /// The name by which it says who it is.
    pub(crate) name: String,
    /// The password by which it proves that.
    pub(crate) password: String,
    /// Its object, where the CA looks at it.
    pub(crate) object: Option<PrincipalObject>,
    /// The time of the world.
    pub(crate) now: FileTime,
    /// What a policy server tells it.
    pub(crate) policies: Option<PolicyResponse>,
}

/// The desks of all worlds that are played now, each by the number that its addresses begin with.
#[derive(Debug, Default)]
pub(crate) struct Desks(pub(crate) Mutex<BTreeMap<u64, Arc<Mutex<Desk>>>>);

/// The end of the path of a policy server.
pub(crate) const POLICY: &str = "/ADPolicyProvider_CEP_UsernamePassword/service.svc/CEP";
/// What follows the name of a CA in the path of its enrollment web service.
pub(crate) const ENROLLMENT: &str = "_CES_UsernamePassword/service.svc/CES";

/// A panic in a thread that held it leaves it as it was.
pub(crate) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Speaker for Desks {
    fn answer(&self, _: &mut Connection, ask: &Ask) -> Answer {
        let path = ask.decoded_path().unwrap_or_default();
        let (number, rest) = path.strip_prefix('/').and_then(|path| path.split_once('/')).unwrap_or_default();
        let desk = number.parse().ok().and_then(|number: u64| lock(&self.0).get(&number).cloned());
        match desk {
            Some(desk) if ask.posts() => Web::soap(answer(&desk, ask, rest)),
            Some(_) => Answer::not_allowed("POST"),
            None => Answer::text(404, "there is nothing at this path\n"),
        }
    }
}

fn answer(desk: &Mutex<Desk>, ask: &Ask, rest: &str) -> Result<String, Fault> {
    let document = xml::parse(ask.message()?)?;
    let envelope = Envelope::read(&document)?;
    let answering = |fault: Fault| fault.answering(envelope.message_id.clone());
    let asking = asking(desk, &envelope).map_err(answering)?;
    let id = envelope.message_id.as_deref();
    if rest == &POLICY[1..] {
        return policies(&asking, &envelope).map_err(answering);
    }
    let ca = rest.strip_suffix(ENROLLMENT).unwrap_or_default().to_owned();
    let behind = lock(desk).cas.get(&ca).cloned();
    let mut behind = Behind { ca: behind, asking };
    let request =
        TokenRequest::read(&envelope.action, envelope.content).ok_or_else(|| envelope.unsupported_action())?;
    let here = format!("https://{}{}", ask.host, ask.path);
    let endpoint = Endpoint { ca, authentication: Authentication::UserName, failure: None, renewal_only: false };
    request.and_then(|request| token::serve(&mut behind, &endpoint, request, &here, id)).map_err(answering)
}

/// Who asks, when that is whom the world says.
fn asking(desk: &Mutex<Desk>, envelope: &Envelope<'_, '_>) -> Result<Asking, Fault> {
    let wrong = || Fault::sender("the name or the password is wrong").with(Subcode::FailedAuthentication);
    let said = envelope.security.username_token.as_ref().ok_or_else(wrong)?;
    let asking = lock(desk).asking.clone().ok_or_else(wrong)?;
    if said.name == asking.name && said.password == asking.password { Ok(asking) } else { Err(wrong()) }
}

fn policies(asking: &Asking, envelope: &Envelope<'_, '_>) -> Result<String, Fault> {
    if envelope.action != xcep::GET_POLICIES {
        return Err(envelope.unsupported_action());
    }
    let question = xcep::Question::read(envelope.content)?;
    let response = asking.policies.as_ref().ok_or_else(|| Fault::receiver("this world has no policy server"))?;
    let answer = xcep::Answer { forest: Guid([0; 16]), domain: "", response };
    let id = envelope.message_id.as_deref();
    Ok(soap::message(xcep::GET_POLICIES_RESPONSE, id, |writer| answer.write(writer, &question)))
}

/// The CA behind a service, and who asks.
struct Behind {
    ca: Option<LentCa>,
    asking: Asking,
}

impl Behind {
    fn with<R>(&self, use_it: impl FnOnce(&mut Ca) -> R) -> Result<R, HResult> {
        let ca = self.ca.as_deref().ok_or(HResult::RPC_S_SERVER_UNAVAILABLE)?;
        Ok(use_it(&mut lock(ca)))
    }
}

impl Issuer for Behind {
    fn submit(&mut self, submission: &Submission) -> Result<CaReply, HResult> {
        let caller = self.asking.object.as_ref().ok_or(HResult::E_ACCESSDENIED)?;
        self.with(|ca| ca.submit(self.asking.now, caller, submission))
    }

    fn retrieve(&mut self, _: &str, request_id: u32) -> Result<CaReply, HResult> {
        self.with(|ca| ca.retrieve(request_id))
    }

    fn exchange_certificate(&mut self, _: &str) -> Result<Vec<u8>, HResult> {
        let certificate = self.with(|ca| exchange_certificate(ca, self.asking.now))?;
        certificate.ok_or(HResult::CERTSRV_E_KEY_ARCHIVAL_NOT_CONFIGURED)
    }
}
