//! Enrollment web services ([MS-WSTEP]).

use autoenroll_model::HResult;
use autoenroll_world::Caller;

use super::ask::{Ask, escape};
use super::paths::Authentication;
use super::{Connection, Web, broken};
use crate::live::LiveWorld;
use crate::soap::{self, Envelope, Fault, xml};
use crate::wstep::{self, TokenRequest};

/// An enrollment web service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) ca: String,
    pub(super) authentication: Authentication,
    /// The code with which it answers everything.
    pub(super) failure: Option<HResult>,
    /// It takes renewals only.
    pub(super) renewal_only: bool,
}

impl Web {
    /// Answers a RequestSecurityToken.
    pub(super) fn token(&self, connection: &mut Connection, ask: &Ask, endpoint: &Endpoint) -> Result<String, Fault> {
        let document = xml::parse(ask.message()?)?;
        let envelope = Envelope::read(&document)?;
        let answering = |fault: Fault| fault.answering(envelope.message_id.clone());
        let request =
            TokenRequest::read(&envelope.action, envelope.content).ok_or_else(|| envelope.unsupported_action())?;
        let answered = self.live.with(|world| {
            let caller = self.sender(connection, ask, endpoint.authentication, &envelope, world)?;
            if let Some(failure) = endpoint.failure {
                return Err(wstep::refused(&failure, "", None));
            }
            let here = format!("https://{}{}", ask.host, escape(&ask.decoded_path().unwrap_or_default()));
            serve(world, &caller, endpoint, request.clone()?, &here, envelope.message_id.as_deref())
        });
        answered.unwrap_or_else(|error| Err(broken(&error))).map_err(answering)
    }
}

/// Asks the CA.
fn serve(
    world: &mut LiveWorld,
    caller: &Caller,
    endpoint: &Endpoint,
    request: TokenRequest,
    here: &str,
    id: Option<&str>,
) -> Result<String, Fault> {
    let failed = |code: HResult| wstep::refused(&code, "", None);
    let ca = endpoint.ca.as_str();
    match request {
        TokenRequest::Issue { request, context } => {
            let renewal = autoenroll_wire::Request::parse(&request)
                .and_then(|request| request.attributes()?.renewal_certificate())
                .is_ok_and(|named| named.is_some());
            if endpoint.renewal_only && !renewal {
                return Err(wstep::refused(&HResult::E_ACCESSDENIED, "this service takes renewals only", None));
            }
            // Without other credentials, those of a renewal are its signature.
            let caller = match caller {
                Caller::Anonymous => world.account_of_renewal(&request).map_or(Caller::Anonymous, Caller::Account),
                Caller::Account(_) => caller.clone(),
            };
            let reply = world.submit_from_outside(&caller, &wstep::submission(ca, request, context));
            let body = wstep::answer(&reply.map_err(failed)?, here)?;
            Ok(soap::message(wstep::RSTRC, id, body))
        }
        TokenRequest::Query { request_id } => {
            let reply = world.retrieve_from_outside(caller, ca, request_id).map_err(failed)?;
            let body = wstep::answer(&reply, here)?;
            Ok(soap::message(wstep::RSTRC, id, body))
        }
        TokenRequest::ExchangeCertificate => {
            let certificate = world.exchange_certificate_from_outside(caller, ca).map_err(failed)?;
            Ok(soap::message(wstep::RSTR_KET, id, |writer| wstep::exchange_answer(writer, &certificate)))
        }
    }
}
