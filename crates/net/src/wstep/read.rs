//! Answers of an enrollment web service, as a client reads them.

use autoenroll_model::HResult;
use autoenroll_wire::ldif::from_base64;
use roxmltree::{Document, Node};

use crate::soap::{ns, xml};

use super::{PKCS7, X509V3};

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It was granted.
    Issued {
        /// The certificate, DER.
        certificate: Vec<u8>,
        /// The full response, DER, which has the chain.
        response: Option<Vec<u8>>,
        /// The disposition message.
        message: String,
        /// Number of the request.
        request_id: Option<String>,
    },
    /// It waits.
    Pending {
        /// Number of the request.
        request_id: String,
        /// The disposition message.
        message: String,
    },
    /// It was not granted.
    Refused {
        /// The code, when the service tells one.
        code: Option<HResult>,
        /// Why, for people.
        reason: String,
        /// The CA denied it, and nothing else went wrong.
        denied: bool,
        /// Number of the request, when it got one.
        request_id: Option<String>,
    },
}

/// Reads the content of a body.
///
/// # Errors
/// What it is instead.
pub(crate) fn read_answer(content: Node<'_, '_>) -> Result<Answered, String> {
    let response = xml::child(content, (ns::TRUST, "RequestSecurityTokenResponse"));
    let response = response.ok_or_else(|| format!("the service answered with {}", content.tag_name().name()))?;
    let requested = xml::child(response, (ns::TRUST, "RequestedSecurityToken"));
    let message = xml::value(response, (ns::ENROLLMENT, "DispositionMessage")).unwrap_or_default();
    let request_id = xml::value(response, (ns::ENROLLMENT, "RequestID"));
    match (requested.and_then(|requested| token(requested, X509V3)), request_id) {
        (Some(certificate), request_id) => {
            Ok(Answered::Issued { certificate, response: token(response, PKCS7), message, request_id })
        }
        (None, Some(request_id)) => Ok(Answered::Pending { request_id, message }),
        (None, None) => Err("the service sent neither a certificate nor the number of a request".to_owned()),
    }
}

/// Reads the content of a body that brings an exchange certificate, DER.
///
/// # Errors
/// What it is instead.
pub(crate) fn read_exchange(content: Node<'_, '_>) -> Result<Vec<u8>, String> {
    let path = ["RequestSecurityTokenResponse", "RequestedSecurityToken", "KeyExchangeToken"];
    let mut node = content;
    for name in path {
        node = xml::child(node, (ns::TRUST, name)).ok_or_else(|| format!("the service sent no {name}"))?;
    }
    token(node, X509V3).ok_or_else(|| "the service sent no exchange certificate".to_owned())
}

/// The token of that form in an element.
fn token(node: Node<'_, '_>, form: &str) -> Option<Vec<u8>> {
    let kind = |form: &str| form.rsplit_once('#').map(|(_, kind)| kind.to_owned());
    let found = node.children().find(|child| {
        child.has_tag_name((ns::SECURITY, "BinarySecurityToken"))
            && child.attribute("ValueType").and_then(kind) == kind(form)
    })?;
    from_base64(&xml::whole_text(found).split_whitespace().collect::<String>())
}

/// Reads a fault; `None` when the document is none.
pub(crate) fn read_fault(document: &Document<'_>) -> Option<Answered> {
    let body = xml::child(document.root_element(), (ns::SOAP, "Body"))?;
    let fault = xml::child(body, (ns::SOAP, "Fault"))?;
    let reason = xml::child(fault, (ns::SOAP, "Reason")).and_then(|it| xml::value(it, (ns::SOAP, "Text")));
    let detail = xml::child(fault, (ns::SOAP, "Detail"))
        .and_then(|it| xml::child(it, (ns::ENROLLMENT, "CertificateEnrollmentWSDetail")));
    let of_detail = |name: &str| detail.and_then(|detail| xml::value(detail, (ns::ENROLLMENT, name)));
    let code = of_detail("ErrorCode").and_then(|text| text.parse::<i32>().ok());
    Some(Answered::Refused {
        code: code.map(|code| HResult(code.cast_unsigned())),
        reason: reason.unwrap_or_default(),
        denied: of_detail("InvalidRequest").is_some_and(|text| text == "true" || text == "1"),
        request_id: of_detail("RequestID"),
    })
}
