//! `autoenroll submit`: a request that somebody made, and what a CA says to it; also as a helper of certmonger.

mod certmonger;
mod certs;
mod service;
mod stage;

use std::io::{self, Read as _};
use std::path::Path;

use autoenroll_model::HResult;
use autoenroll_wire::Request;
use serde_json::json;

use crate::arguments::{Format, STANDARD_INPUT, Submit};
use crate::console::{Console, one_line};
use crate::{Exit, Failure, file};

/// The largest file that is read: a request with an archived key is a hundredth.
const MOST_BYTES: u64 = 1 << 20;

pub(crate) fn run(arguments: &Submit, console: &mut Console<'_>) -> Result<Exit, Failure> {
    if let Some(operation) = certmonger::operation() {
        return certmonger::run(&operation, arguments, console);
    }
    let request = request(&arguments.request)?;
    let answer = match &arguments.world {
        Some(world) => stage::ask(arguments, world, &request)?,
        None => service::ask(arguments, &request)?,
    };
    if let (Some(path), Some(certificate)) = (&arguments.out, answer.certificate()) {
        let failed = |error: io::Error| Failure::Usage(format!("{} cannot be written: {error}", path.display()));
        file::put(path, certs::pem("CERTIFICATE", certificate).as_bytes()).map_err(failed)?;
    }
    match arguments.format {
        Format::Text => answer.tell(arguments.out.is_none(), console)?,
        Format::Json => writeln!(console.out, "{}", answer.to_json())?,
    }
    Ok(match answer.decision {
        Decision::Issued { .. } | Decision::Pending => Exit::Ok,
        Decision::Refused { .. } => Exit::Failed,
    })
}

/// What a CA said.
struct Answer {
    /// The CA, or the service in front of it.
    ca: String,
    decision: Decision,
    /// Number of the request, when it got one.
    request_id: Option<String>,
    /// The disposition message.
    message: String,
    /// The decisions that led to it, in words; only of a world.
    rules: Vec<Rule>,
}

enum Decision {
    Issued { certificate: Vec<u8> },
    Pending,
    Refused { code: Option<HResult> },
}

/// A decision of the CA.
struct Rule {
    id: String,
    holds: bool,
    text: String,
}

impl Answer {
    fn certificate(&self) -> Option<&[u8]> {
        match &self.decision {
            Decision::Issued { certificate } => Some(certificate),
            Decision::Pending | Decision::Refused { .. } => None,
        }
    }

    const fn word(&self) -> &'static str {
        match self.decision {
            Decision::Issued { .. } => "issued",
            Decision::Pending => "pending",
            Decision::Refused { .. } => "refused",
        }
    }

    fn code(&self) -> Option<HResult> {
        match self.decision {
            Decision::Refused { code } => code,
            Decision::Issued { .. } | Decision::Pending => None,
        }
    }

    fn tell(&self, with_certificate: bool, console: &mut Console<'_>) -> Result<(), Failure> {
        let number = self.request_id.as_ref().map(|id| format!(", request {id}")).unwrap_or_default();
        let code = self.code().map(|code| format!(": {code}")).unwrap_or_default();
        writeln!(console.out, "{} by {}{number}{code}", self.word(), self.ca)?;
        if !self.message.is_empty() {
            writeln!(console.out, "  {}", one_line(&self.message))?;
        }
        for rule in &self.rules {
            writeln!(console.out, "  {}", one_line(&rule.text))?;
        }
        if let Some(certificate) = self.certificate().filter(|_| with_certificate) {
            write!(console.out, "{}", certs::pem("CERTIFICATE", certificate))?;
        }
        Ok(())
    }

    fn to_json(&self) -> serde_json::Value {
        let rules = self.rules.iter().map(|rule| json!({ "rule": rule.id, "holds": rule.holds, "text": rule.text }));
        json!({
            "decision": self.word(),
            "ca": self.ca,
            "request-id": self.request_id,
            "code": self.code().map(|code| code.to_string()),
            "message": self.message,
            "certificate": self.certificate().map(|der| certs::pem("CERTIFICATE", der)),
            "rules": rules.collect::<Vec<_>>(),
        })
    }
}

/// The request of a file or of standard input, DER.
fn request(path: &Path) -> Result<Vec<u8>, Failure> {
    let wrong = |what: &dyn std::fmt::Display| Failure::Usage(one_line(&format!("{}: {what}", path.display())));
    let bytes = if path == Path::new(STANDARD_INPUT) {
        let mut bytes = Vec::new();
        io::stdin().take(MOST_BYTES).read_to_end(&mut bytes).map_err(|error| wrong(&error))?;
        bytes
    } else {
        file::read(path, MOST_BYTES).map_err(|error| wrong(&format_args!("cannot be read: {error}")))?
    };
    let der = certs::der(&bytes).ok_or_else(|| wrong(&"it is neither DER nor PEM"))?;
    Request::parse(&der).map_err(|error| wrong(&format_args!("it is no request: {error}")))?;
    Ok(der)
}

/// The template that a request names itself.
fn template_of(der: &[u8]) -> Option<autoenroll_wire::TemplateReference> {
    let attributes = Request::parse(der).ok()?.attributes().ok()?;
    attributes.extensions().ok()?.template().ok()?
}
