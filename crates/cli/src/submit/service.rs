//! A CA behind an enrollment web service.

use std::path::Path;

use autoenroll_net::client::{Answered, Client, ClientError, Credentials, PolicyAnswer, PolicyCa};
use autoenroll_wire::{Certificate, Request, TemplateReference};

use super::{Answer, Decision, MOST_BYTES, certs, template_of};
use crate::arguments::{Authentication, Submit};
use crate::{Failure, file};

/// Where Debian keeps what the system trusts.
const SYSTEM_TRUST: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Those of a system are a hundredth.
const MOST_TRUST: u64 = 64 << 20;

pub(super) fn ask(arguments: &Submit, request: &[u8]) -> Result<Answer, Failure> {
    let failed = |error: ClientError| match error {
        ClientError::Unusable(text) => Failure::Usage(text),
        other => Failure::Bench(other.to_string()),
    };
    let service = Service::of(arguments)?;
    let (Asked { ca, .. }, answered) =
        service.submit(request, arguments, arguments.template.as_deref()).map_err(failed)?;
    let (decision, request_id, message) = match answered {
        Answered::Issued { certificate, message, request_id, .. } => {
            (Decision::Issued { certificate }, request_id, message)
        }
        Answered::Pending { request_id, message } => (Decision::Pending, Some(request_id), message),
        Answered::Refused { code, reason, request_id, .. } => (Decision::Refused { code }, request_id, reason),
    };
    Ok(Answer { ca, decision, request_id, message, rules: Vec::new() })
}

/// Who was asked in the end.
pub(super) struct Asked {
    /// Name of the CA; its address when it has no other.
    pub(super) ca: String,
    /// The address of its enrollment web service.
    pub(super) url: String,
}

/// A policy server, or the service of one CA.
pub(super) struct Service {
    pub(super) client: Client,
    pub(super) url: String,
}

impl Service {
    /// What the arguments say of it.
    ///
    /// # Errors
    /// When a file cannot be read, or the credentials are not what the method wants.
    pub(super) fn of(arguments: &Submit) -> Result<Self, Failure> {
        let credentials = credentials(arguments)?;
        let trust = arguments.trust.as_deref().unwrap_or(Path::new(SYSTEM_TRUST));
        let roots = certs::blocks(&text(trust, MOST_TRUST)?, |label| label.ends_with("CERTIFICATE"));
        let name = match &credentials {
            Credentials::Anonymous => "Anonymous",
            Credentials::UserName { .. } => "UsernamePassword",
            Credentials::Certificate { .. } => "Certificate",
        };
        let url = match (&arguments.url, &arguments.server) {
            (Some(url), _) => url.clone(),
            (None, server) => {
                let server = server.as_deref().unwrap_or_default();
                format!("https://{server}/ADPolicyProvider_CEP_{name}/service.svc/CEP")
            }
        };
        let client = Client::new(credentials, &roots).map_err(|error| Failure::Usage(error.to_string()))?;
        Ok(Self { client, url })
    }

    /// Sends a request to the CA that issues its template, or the one that is meant where it names none.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(super) fn submit(
        &self,
        request: &[u8],
        arguments: &Submit,
        template: Option<&str>,
    ) -> Result<(Asked, Answered), ClientError> {
        let named = template_of(request);
        let attribute = template.filter(|_| named.is_none());
        let attributes: Vec<(String, String)> =
            attribute.map(|name| ("CertificateTemplate".to_owned(), name.to_owned())).into_iter().collect();
        if self.is_enrollment_service() {
            let asked = Asked { ca: self.url.clone(), url: self.url.clone() };
            return self.client.submit(&self.url, request, &attributes).map(|answered| (asked, answered));
        }
        let policies = self.policies()?;
        let template = match &named {
            Some(TemplateReference::Name(name)) => Some(name.as_str()),
            // The policy has its identifier, and certmonger names it besides.
            Some(TemplateReference::Oid { .. }) | None => template,
        };
        let renewal = Request::parse(request)
            .and_then(|request| request.attributes()?.renewal_certificate())
            .is_ok_and(|renewed| renewed.is_some());
        let wanted = |ca: &&PolicyCa| match &arguments.ca {
            Some(wanted) => name_of(ca).is_some_and(|name| name.eq_ignore_ascii_case(wanted)),
            None => true,
        };
        let usable = policies.cas_of(template).filter(wanted);
        let found = usable.filter_map(|ca| Some((ca, self.client.uri_of(ca, renewal)?))).next();
        let (ca, uri) = found.ok_or_else(|| {
            let what = template.map(|name| format!(" for {name}")).unwrap_or_default();
            ClientError::Refused(format!(
                "the policy server tells of no CA{what} that this account may ask and that takes these credentials"
            ))
        })?;
        let answered = self.client.submit(&uri.uri, request, &attributes)?;
        let asked = Asked { ca: name_of(ca).unwrap_or_else(|| uri.uri.clone()), url: uri.uri.clone() };
        Ok((asked, answered))
    }

    /// What the policy server tells.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(super) fn policies(&self) -> Result<PolicyAnswer, ClientError> {
        if self.is_enrollment_service() {
            return Err(ClientError::Unusable(
                "an enrollment web service tells of no policies; name the policy server".to_owned(),
            ));
        }
        self.client.policies(&self.url)
    }

    fn is_enrollment_service(&self) -> bool {
        self.url.to_ascii_lowercase().ends_with("/ces")
    }
}

/// The name in the certificate of a CA.
pub(super) fn name_of(ca: &PolicyCa) -> Option<String> {
    Certificate::parse(&ca.certificate).ok()?.subject.common_name()
}

fn credentials(arguments: &Submit) -> Result<Credentials, Failure> {
    let lacks = |what: &str| Failure::Usage(format!("this way to prove who asks needs {what}"));
    let by_name = || -> Result<Credentials, Failure> {
        let (name, file) = arguments
            .user
            .as_ref()
            .zip(arguments.password_file.as_deref())
            .ok_or_else(|| lacks("--user and --password-file"))?;
        let text = text(file, MOST_BYTES)?;
        let password = text.lines().next().unwrap_or_default().to_owned();
        Ok(Credentials::UserName { name: name.clone(), password })
    };
    let by_certificate = || -> Result<Credentials, Failure> {
        let (certificate, key) = arguments
            .certificate
            .as_deref()
            .zip(arguments.key.as_deref())
            .ok_or_else(|| lacks("--certificate and --key"))?;
        let chain = certs::blocks(&text(certificate, MOST_BYTES)?, |label| label.ends_with("CERTIFICATE"));
        let keys = certs::blocks(&text(key, MOST_BYTES)?, |label| label == "PRIVATE KEY");
        let key = keys.into_iter().next().ok_or_else(|| lacks("a key in PKCS #8 (BEGIN PRIVATE KEY)"))?;
        Ok(Credentials::Certificate { chain, key })
    };
    match arguments.auth {
        Some(Authentication::Anonymous) => Ok(Credentials::Anonymous),
        Some(Authentication::UserName) => by_name(),
        Some(Authentication::Certificate) => by_certificate(),
        Some(Authentication::Kerberos) => {
            Err(Failure::Usage("Kerberos is not spoken here; use UsernamePassword, or cepces itself".to_owned()))
        }
        None if arguments.user.is_some() => by_name(),
        None if arguments.certificate.is_some() => by_certificate(),
        None => Ok(Credentials::Anonymous),
    }
}

fn text(path: &Path, most: u64) -> Result<String, Failure> {
    let unreadable = |error: std::io::Error| Failure::Usage(format!("{} cannot be read: {error}", path.display()));
    let bytes = file::read(path, most).map_err(unreadable)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
