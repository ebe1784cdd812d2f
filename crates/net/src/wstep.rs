//! [MS-WSTEP]: what a client asks an enrollment web service, and the service's answer.
//!
//! A request says its form by its own structure and not by `ValueType`, which examples of the standard itself have
//! wrong; but a type that is none of this protocol is refused. What an answer holds stands in the order in which
//! Windows wants it: type, message, full response, certificate, number.

mod read;

use autoenroll_model::{CaReply, Disposition, HResult, Submission};
use autoenroll_wire::flags::{CR_IN_FORMATANY, CR_IN_FULLRESPONSE};
use autoenroll_wire::ldif::{from_base64, to_base64};
use roxmltree::Node;

use crate::soap::{EnrollmentDetail, Fault, Subcode, Writer, ns, xml};

pub use read::Answered;
pub(crate) use read::{read_answer, read_exchange, read_fault};

/// wsa:Action of requests.
pub(crate) const RST: &str = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment/RST/wstep";
/// wsa:Action of their answers.
pub(crate) const RSTRC: &str = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment/RSTRC/wstep";
/// wsa:Action of a question for the exchange certificate.
pub(crate) const RST_KET: &str = "http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/KET";
/// wsa:Action of its answer.
pub(crate) const RSTR_KET: &str = "http://docs.oasis-open.org/ws-sx/ws-trust/200512/RSTR/KETFinal";

const ISSUE: &str = "http://docs.oasis-open.org/ws-sx/ws-trust/200512/Issue";
const QUERY: &str = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment/QueryTokenStatus";
const KET: &str = "http://docs.oasis-open.org/ws-sx/ws-trust/200512/KET";
const X509V3: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3";
const BASE64: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd#base64binary";
const PKCS7: &str = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment#PKCS7";
const PKCS10: &str = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment#PKCS10";
/// Forms of requests; with the namespace of the standard's text, or that of its examples before them.
const FORMS: &[&str] = &["PKCS10", "PKCS7", "CMC"];
/// Pairs of an AdditionalContext.
const MOST_CONTEXT: usize = 64;

/// A RequestSecurityToken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenRequest {
    /// A new certificate, or a renewal.
    Issue {
        /// The request, DER.
        request: Vec<u8>,
        /// AdditionalContext, which the CA gets as attributes.
        context: Vec<(String, String)>,
    },
    /// How an earlier request stands.
    Query {
        /// Its number.
        request_id: u32,
    },
    /// The exchange certificate.
    ExchangeCertificate,
}

impl TokenRequest {
    /// Reads the content of a body that came with that action; `None` for an action that is none of these.
    ///
    /// # Errors
    /// The fault that answers it.
    pub(crate) fn read(action: &str, content: Node<'_, '_>) -> Option<Result<Self, Fault>> {
        match action {
            RST => Some(Self::token(content, false)),
            RST_KET => Some(Self::token(content, true)),
            _ => None,
        }
    }

    fn token(content: Node<'_, '_>, exchange: bool) -> Result<Self, Fault> {
        if !content.has_tag_name((ns::TRUST, "RequestSecurityToken")) {
            return Err(invalid("the body holds no RequestSecurityToken"));
        }
        let token_type = xml::value(content, (ns::TRUST, "TokenType"));
        if token_type.is_some_and(|token_type| token_type != X509V3) {
            return Err(invalid("the only type of token is X509v3"));
        }
        let kind = xml::value(content, (ns::TRUST, "RequestType"));
        match (kind.as_deref(), exchange) {
            (Some(ISSUE), false) => Self::issue(content),
            (Some(QUERY), false) => {
                let id = xml::value(content, (ns::ENROLLMENT, "RequestID"));
                let id = id.ok_or_else(|| invalid("a question for the state of a request needs its RequestID"))?;
                // A string by the protocol; the numbers of CAs are what it holds.
                let unknown = |_| refused(&no_such_request(), "the RequestID is no number of this CA", None);
                Ok(Self::Query { request_id: id.trim_end_matches('\0').parse().map_err(unknown)? })
            }
            (Some(KET), true) => match xml::child(content, (ns::TRUST, "RequestKET")) {
                Some(_) => Ok(Self::ExchangeCertificate),
                None => Err(invalid("the element RequestKET is absent")),
            },
            (Some(other), _) => Err(invalid(&format!("this action has no RequestType {}", xml::shown(other)))),
            (None, _) => Err(invalid("the element RequestType is absent or nil")),
        }
    }

    fn issue(content: Node<'_, '_>) -> Result<Self, Fault> {
        let mut tokens = content.children().filter(|child| child.has_tag_name((ns::SECURITY, "BinarySecurityToken")));
        let token = tokens.next().filter(|token| !xml::is_nil(*token));
        let token = token.ok_or_else(|| invalid("the element BinarySecurityToken is absent or nil"))?;
        // One of two could be the one that somebody looked at, and the other the one that is used.
        if tokens.next().is_some() {
            return Err(invalid("the request holds two elements BinarySecurityToken"));
        }
        let form = token.attribute("ValueType").or_else(|| token.attribute((ns::SECURITY, "ValueType")));
        let known = |form: &str| form.rsplit_once('#').is_some_and(|(_, form)| FORMS.contains(&form));
        if !form.is_some_and(known) {
            return Err(invalid("the ValueType of a BinarySecurityToken ends with #PKCS10, #PKCS7 or #CMC"));
        }
        let encoding = token.attribute("EncodingType").or_else(|| token.attribute((ns::SECURITY, "EncodingType")));
        if encoding.is_some_and(|encoding| !encoding.to_ascii_lowercase().ends_with("#base64binary")) {
            return Err(invalid("the EncodingType of a BinarySecurityToken is #base64binary"));
        }
        let request = from_base64(&xml::whole_text(token).split_whitespace().collect::<String>());
        let request = request.filter(|request| !request.is_empty());
        let request = request.ok_or_else(|| invalid("the BinarySecurityToken holds no base64"))?;
        Ok(Self::Issue { request, context: additional_context(content)? })
    }
}

/// auth:AdditionalContext: pairs of names and values.
fn additional_context(content: Node<'_, '_>) -> Result<Vec<(String, String)>, Fault> {
    let Some(context) = xml::child(content, (ns::AUTHORIZATION, "AdditionalContext")) else { return Ok(Vec::new()) };
    let pairs: Vec<(String, String)> = xml::elements(context)
        .filter(|item| item.has_tag_name((ns::AUTHORIZATION, "ContextItem")))
        .filter_map(|item| Some((item.attribute("Name")?.to_owned(), xml::value(item, (ns::AUTHORIZATION, "Value"))?)))
        .collect();
    match pairs.len() {
        0..=MOST_CONTEXT => Ok(pairs),
        _ => Err(invalid(&format!("an AdditionalContext has at most {MOST_CONTEXT} items"))),
    }
}

/// What a CA is asked with a request: by [MS-WSTEP] 3.1.4.1.3.2 its answer is a full response.
pub(crate) fn submission(ca: &str, request: Vec<u8>, context: Vec<(String, String)>) -> Submission {
    let flags = CR_IN_FORMATANY | CR_IN_FULLRESPONSE;
    Submission { ca: ca.to_owned(), host: String::new(), flags, attributes: context, request }
}

/// Writes what a CA answered. `here` is the address at which a pending request can be asked for.
///
/// # Errors
/// The fault that answers a request that was not granted.
pub(crate) fn answer(reply: &CaReply, here: &str) -> Result<impl FnOnce(&mut Writer) + use<>, Fault> {
    let pending = match reply.disposition {
        Disposition::Issued => false,
        Disposition::Pending => true,
        Disposition::Denied(code) | Disposition::Failed(code) => {
            return Err(refused(&code, &reply.message, Some(reply)));
        }
    };
    let (reply, here) = (reply.clone(), here.to_owned());
    Ok(move |writer: &mut Writer| {
        collection(writer, |writer| {
            writer.element("DispositionMessage", &[("xmlns", ns::ENROLLMENT), ("xml:lang", "en-US")], |writer| {
                writer.write(&reply.message);
            });
            if let Some(response) = &reply.response {
                binary(writer, PKCS7, response);
            }
            writer.element("RequestedSecurityToken", &[], |writer| match &reply.certificate {
                Some(certificate) if !pending => binary(writer, X509V3, certificate),
                _ => writer.element("SecurityTokenReference", &[("xmlns", ns::SECURITY)], |writer| {
                    writer.element("Reference", &[("URI", &here)], |_| {});
                }),
            });
            writer.element("RequestID", &[("xmlns", ns::ENROLLMENT)], |writer| {
                writer.write(&reply.request_id.to_string());
            });
        });
    })
}

/// Writes the exchange certificate of a CA.
pub(crate) fn exchange_answer(writer: &mut Writer, certificate: &[u8]) {
    collection(writer, |writer| {
        writer.element("RequestedSecurityToken", &[], |writer| {
            writer.element("KeyExchangeToken", &[], |writer| binary(writer, X509V3, certificate));
        });
    });
}

/// The fault for a code with which the CA, or the way to it, answers.
pub(crate) fn refused(code: &HResult, message: &str, reply: Option<&CaReply>) -> Fault {
    let reason = match message {
        "" => format!("the request was not granted: {code}"),
        message => message.to_owned(),
    };
    let detail = EnrollmentDetail {
        binary_response: reply.and_then(|reply| reply.response.as_deref()).map(to_base64),
        error_code: Some(code.0.cast_signed()),
        invalid_request: reply.is_some_and(|reply| matches!(reply.disposition, Disposition::Denied(_))),
        request_id: reply.map(|reply| reply.request_id).filter(|id| *id != 0),
    };
    Fault::receiver(&reason).with(Subcode::RequestFailed).detailed(detail)
}

/// The code for a number that no request has ([MS-WCCE] 3.2.1.4.3.1.2).
const fn no_such_request() -> HResult {
    HResult::CERTSRV_E_PROPERTY_EMPTY
}

fn invalid(reason: &str) -> Fault {
    Fault::sender(reason).with(Subcode::InvalidRequest)
}

fn collection(writer: &mut Writer, content: impl FnOnce(&mut Writer)) {
    writer.element("RequestSecurityTokenResponseCollection", &[("xmlns", ns::TRUST)], |writer| {
        writer.element("RequestSecurityTokenResponse", &[], |writer| {
            writer.text("TokenType", X509V3);
            content(writer);
        });
    });
}

fn binary(writer: &mut Writer, form: &str, octets: &[u8]) {
    let attributes = [("ValueType", form), ("EncodingType", BASE64), ("xmlns", ns::SECURITY)];
    writer.element("BinarySecurityToken", &attributes, |writer| writer.write(&to_base64(octets)));
}

/// Writes a request for a certificate, as a client does.
pub(crate) fn write_issue(writer: &mut Writer, request: &[u8], context: &[(String, String)]) {
    token_request(writer, ISSUE, |writer| {
        // A CertificationRequest begins with a SEQUENCE in a SEQUENCE, a signed message with its type.
        let bare = autoenroll_wire::Request::parse(request)
            .is_ok_and(|request| matches!(request, autoenroll_wire::Request::Pkcs10(_)));
        binary(writer, if bare { PKCS10 } else { PKCS7 }, request);
        if !context.is_empty() {
            writer.element("AdditionalContext", &[("xmlns", ns::AUTHORIZATION)], |writer| {
                for (name, value) in context {
                    writer.element("ContextItem", &[("Name", name)], |writer| writer.text("Value", value));
                }
            });
        }
    });
}

/// Writes a question for the state of a request, as a client does.
pub(crate) fn write_query(writer: &mut Writer, request_id: &str) {
    token_request(writer, QUERY, |writer| {
        writer.element("RequestID", &[("xmlns", ns::ENROLLMENT)], |writer| writer.write(request_id));
    });
}

/// Writes a question for the exchange certificate, as a client does.
pub(crate) fn write_exchange(writer: &mut Writer) {
    token_request(writer, KET, |writer| writer.element("RequestKET", &[], |_| {}));
}

fn token_request(writer: &mut Writer, kind: &str, content: impl FnOnce(&mut Writer)) {
    writer.element("RequestSecurityToken", &[("xmlns", ns::TRUST)], |writer| {
        writer.text("TokenType", X509V3);
        writer.text("RequestType", kind);
        content(writer);
    });
}
