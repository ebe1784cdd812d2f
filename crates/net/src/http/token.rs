//! Enrollment web services ([MS-WSTEP]).

use autoenroll_model::{CaReply, HResult, Submission};
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
            serve(&mut Asked { world, caller }, endpoint, request.clone()?, &here, envelope.message_id.as_deref())
        });
        answered.unwrap_or_else(|error| Err(broken(&error))).map_err(answering)
    }
}

/// Asks the CA.
pub(super) fn serve(
    issuer: &mut impl Issuer,
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
            let reply = issuer.submit(&wstep::submission(ca, request, context));
            let body = wstep::answer(&reply.map_err(failed)?, here)?;
            Ok(soap::message(wstep::RSTRC, id, body))
        }
        TokenRequest::Query { request_id } => {
            let reply = issuer.retrieve(ca, request_id).map_err(failed)?;
            let body = wstep::answer(&reply, here)?;
            Ok(soap::message(wstep::RSTRC, id, body))
        }
        TokenRequest::ExchangeCertificate => {
            let certificate = issuer.exchange_certificate(ca).map_err(failed)?;
            Ok(soap::message(wstep::RSTR_KET, id, |writer| wstep::exchange_answer(writer, &certificate)))
        }
    }
}

/// The CAs behind enrollment web services, for one caller; each call fails with the code for which no CA answers.
pub(super) trait Issuer {
    /// Sends a request.
    fn submit(&mut self, submission: &Submission) -> Result<CaReply, HResult>;
    /// Asks how an earlier request stands.
    fn retrieve(&mut self, ca: &str, request_id: u32) -> Result<CaReply, HResult>;
    /// Asks for the exchange certificate.
    fn exchange_certificate(&mut self, ca: &str) -> Result<Vec<u8>, HResult>;
}

/// A world, and who asks.
struct Asked<'a> {
    world: &'a mut LiveWorld,
    caller: Caller,
}

impl Issuer for Asked<'_> {
    fn submit(&mut self, submission: &Submission) -> Result<CaReply, HResult> {
        // Without other credentials, those of a renewal are its signature.
        let caller = match &self.caller {
            Caller::Anonymous => {
                self.world.account_of_renewal(&submission.request).map_or(Caller::Anonymous, Caller::Account)
            }
            Caller::Account(_) => self.caller.clone(),
        };
        self.world.submit_from_outside(&caller, submission)
    }

    fn retrieve(&mut self, ca: &str, request_id: u32) -> Result<CaReply, HResult> {
        self.world.retrieve_from_outside(&self.caller, ca, request_id)
    }

    fn exchange_certificate(&mut self, ca: &str) -> Result<Vec<u8>, HResult> {
        self.world.exchange_certificate_from_outside(&self.caller, ca)
    }
}
