//! As a helper of certmonger: what is to be done is in the environment, and the exit code says what became of it.

use std::env;

use autoenroll_net::client::{Answered, ClientError};
use autoenroll_wire::{Certificate, Request};

use super::certs;
use super::service::{Service, name_of};
use crate::arguments::Submit;
use crate::console::{Console, one_line};
use crate::{Exit, Failure};

const ISSUED: u8 = 0;
const REJECTED: u8 = 2;
const UNREACHABLE: u8 = 3;
const UNCONFIGURED: u8 = 4;
const WAIT: u8 = 5;
const UNSUPPORTED: u8 = 6;

/// What certmonger wants, when it is certmonger that called.
pub(super) fn operation() -> Option<String> {
    variable("CERTMONGER_OPERATION")
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

pub(super) fn run(operation: &str, arguments: &Submit, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let (code, said) = match operation {
        "IDENTIFY" => (ISSUED, format!("autoenroll {}\n", env!("CARGO_PKG_VERSION"))),
        // The template is what certmonger calls a profile.
        "GET-NEW-REQUEST-REQUIREMENTS" | "GET-RENEW-REQUEST-REQUIREMENTS" => {
            (ISSUED, "CERTMONGER_CA_PROFILE\n".to_owned())
        }
        "FETCH-ROOTS" | "GET-SUPPORTED-TEMPLATES" | "SUBMIT" | "POLL" => match Service::of(arguments) {
            Ok(service) if arguments.world.is_none() => {
                let done = match operation {
                    "FETCH-ROOTS" => roots(&service),
                    "GET-SUPPORTED-TEMPLATES" => templates(&service),
                    "SUBMIT" => submit(&service, arguments),
                    _ => poll(&service, arguments),
                };
                done.unwrap_or_else(failed)
            }
            Ok(_) => (UNCONFIGURED, "a helper needs a CA that remembers its requests: --url or --server\n".to_owned()),
            Err(failure) => (UNCONFIGURED, format!("{failure}\n")),
        },
        _ => (UNSUPPORTED, String::new()),
    };
    write!(console.out, "{said}")?;
    Ok(Exit::Helper(code))
}

/// What is said when there was no answer: one line, which certmonger shows.
fn failed(error: ClientError) -> (u8, String) {
    let code = match error {
        ClientError::Unreachable(_) => UNREACHABLE,
        ClientError::Unusable(_) | ClientError::Refused(_) => UNCONFIGURED,
        ClientError::Strange(_) => UNREACHABLE,
    };
    (code, format!("{}\n", one_line(&error.to_string())))
}

/// Certificates of CAs with their names: roots, an empty line, others above the account's certificates.
fn roots(service: &Service) -> Result<(u8, String), ClientError> {
    let policies = service.policies()?;
    let certificates =
        policies.cas.iter().filter_map(|ca| Some((name_of(ca)?, Certificate::parse(&ca.certificate).ok()?)));
    let (roots, others): (Vec<_>, Vec<_>) = certificates.partition(|(_, certificate)| certificate.is_self_issued());
    let list = |list: &[(String, Certificate)]| -> String {
        list.iter().map(|(name, it)| format!("{}\n{}", one_line(name), certs::pem("CERTIFICATE", &it.raw))).collect()
    };
    Ok((
        ISSUED,
        match others.as_slice() {
            [] => list(&roots),
            others => format!("{}\n\n{}", list(&roots), list(others)),
        },
    ))
}

fn templates(service: &Service) -> Result<(u8, String), ClientError> {
    let policies = service.policies()?;
    let allowed = policies.policies.iter().filter(|policy| policy.enroll && !policy.cas.is_empty());
    Ok((ISSUED, allowed.map(|policy| format!("{}\n", one_line(&policy.name))).collect()))
}

fn submit(service: &Service, arguments: &Submit) -> Result<(u8, String), ClientError> {
    let unusable = |what: &str| ClientError::Unusable(format!("CERTMONGER_CSR {what}"));
    let request = variable("CERTMONGER_CSR").ok_or_else(|| unusable("is not set"))?;
    let request = certs::der(request.as_bytes()).filter(|der| Request::parse(der).is_ok());
    let request = request.ok_or_else(|| unusable("is no request"))?;
    let profile = variable("CERTMONGER_CA_PROFILE");
    let (asked, answered) = service.submit(&request, arguments, profile.as_deref())?;
    Ok(said(arguments, &asked.url, answered))
}

/// A cookie is the number of the request and, behind a comma, the address of the service.
fn poll(service: &Service, arguments: &Submit) -> Result<(u8, String), ClientError> {
    let cookie = variable("CERTMONGER_CA_COOKIE");
    let (id, url) = cookie.as_deref().and_then(|cookie| cookie.trim().split_once(',')).ok_or_else(|| {
        ClientError::Unusable("CERTMONGER_CA_COOKIE is not what this helper said for a request that waits".to_owned())
    })?;
    let answered = service.client.query(url, id)?;
    Ok(said(arguments, url, answered))
}

fn said(arguments: &Submit, url: &str, answered: Answered) -> (u8, String) {
    match answered {
        Answered::Issued { certificate, .. } => (ISSUED, certs::pem("CERTIFICATE", &certificate)),
        Answered::Pending { request_id, .. } => (WAIT, format!("{}\n{request_id},{url}\n", arguments.poll_interval)),
        Answered::Refused { code, reason, denied, request_id } => {
            let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
            // Without a number the CA was not asked, or did not answer.
            let unanswered = !denied && request_id.is_none();
            (if unanswered { UNREACHABLE } else { REJECTED }, format!("{}{code}\n", one_line(&reason)))
        }
    }
}
