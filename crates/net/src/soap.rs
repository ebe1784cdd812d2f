//! SOAP 1.2 with WS-Addressing, as policy and enrollment services speak it: a message that came in is read within
//! bounds, one that goes out is written.
//!
//! Names are compared by namespace, never by prefix. What these services do not have is refused: headers that must be
//! understood and are not, signatures of XML, replies to somewhere else.

mod fault;
mod security;
mod writer;
pub(crate) mod xml;

use autoenroll_keys::sha256;
use autoenroll_model::hex;
use roxmltree::{Document, Node};

pub(crate) use fault::{EnrollmentDetail, Fault, Subcode};
pub(crate) use security::Security;
pub(crate) use writer::Writer;

/// Namespaces that both services use.
pub(crate) mod ns {
    pub(crate) const SOAP: &str = "http://www.w3.org/2003/05/soap-envelope";
    pub(crate) const SOAP_1_1: &str = "http://schemas.xmlsoap.org/soap/envelope/";
    pub(crate) const ADDRESSING: &str = "http://www.w3.org/2005/08/addressing";
    pub(crate) const SECURITY: &str =
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
    pub(crate) const TRUST: &str = "http://docs.oasis-open.org/ws-sx/ws-trust/200512";
    pub(crate) const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
    pub(crate) const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
    pub(crate) const AUTHORIZATION: &str = "http://schemas.xmlsoap.org/ws/2006/12/authorization";
    pub(crate) const POLICY: &str = "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy";
    pub(crate) const ENROLLMENT: &str = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment";
}

/// Where the answer goes when it goes back on the connection.
const ANONYMOUS_ADDRESS: &str = "http://www.w3.org/2005/08/addressing/anonymous";
/// The longest message id that an answer repeats.
const LONGEST_MESSAGE_ID: usize = 1024;

/// A message that came in.
#[derive(Clone, Debug)]
pub(crate) struct Envelope<'a, 'i> {
    /// wsa:Action.
    pub(crate) action: String,
    /// wsa:MessageID, which the answer refers to.
    pub(crate) message_id: Option<String>,
    /// wsse:Security.
    pub(crate) security: Security,
    /// The only element of the body.
    pub(crate) content: Node<'a, 'i>,
}

impl<'a, 'i> Envelope<'a, 'i> {
    /// Reads a message.
    ///
    /// # Errors
    /// The fault that answers it.
    pub(crate) fn read(document: &'a Document<'i>) -> Result<Self, Fault> {
        let root = document.root_element();
        if root.tag_name().name() != "Envelope" || root.tag_name().namespace() != Some(ns::SOAP) {
            return Err(match root.tag_name().namespace() {
                Some(ns::SOAP_1_1) => Fault::version("the message is SOAP 1.1; this service speaks SOAP 1.2"),
                _ => Fault::version("the message is no SOAP 1.2 envelope"),
            });
        }
        let parts: Vec<Node<'a, 'i>> = xml::elements(root).collect();
        let (header, body) = match parts.as_slice() {
            [body] if is_soap(*body, "Body") => (None, *body),
            [header, body] if is_soap(*header, "Header") && is_soap(*body, "Body") => (Some(*header), *body),
            _ => return Err(Fault::sender("an envelope holds at most one header and exactly one body, in this order")),
        };
        let headers: Vec<Node<'a, 'i>> = header.into_iter().flat_map(xml::elements).collect();
        let message_id = addressing(&headers, "MessageID")?.filter(|id| id.len() <= LONGEST_MESSAGE_ID);
        let envelope = Self::of(&headers, body, message_id.clone());
        envelope.map_err(|fault| fault.answering(message_id))
    }

    fn of(headers: &[Node<'a, 'i>], body: Node<'a, 'i>, message_id: Option<String>) -> Result<Self, Fault> {
        if let Some(unknown) = headers.iter().find(|header| must_understand(**header) && !is_understood(**header)) {
            let name = unknown.tag_name();
            return Err(Fault::not_understood(name.namespace().unwrap_or_default(), name.name()));
        }
        let action = addressing(headers, "Action")?
            .ok_or_else(|| Fault::sender("the message says no action").with(Subcode::AddressingHeaderRequired))?;
        for reply in ["ReplyTo", "FaultTo"] {
            let there = headers.iter().find(|header| header.has_tag_name((ns::ADDRESSING, reply)));
            let address = there.and_then(|there| xml::child(*there, (ns::ADDRESSING, "Address"))).map(xml::text);
            if address.is_some_and(|address| address != ANONYMOUS_ADDRESS) {
                let fault = Fault::sender("answers go back on the same connection only");
                return Err(fault.with(Subcode::OnlyAnonymousAddress));
            }
        }
        let security = Security::read(headers)?;
        let mut contents = xml::elements(body);
        match (contents.next(), contents.next()) {
            (Some(content), None) => Ok(Self { action, message_id, security, content }),
            (None, _) => Err(Fault::sender("the body of the message is empty")),
            (Some(_), Some(_)) => Err(Fault::sender("the body of the message holds more than one element")),
        }
    }

    /// What answers an action that the service does not have.
    pub(crate) fn unsupported_action(&self) -> Fault {
        let fault = Fault::sender(&format!("this service has no action {}", xml::shown(&self.action)));
        fault.with(Subcode::ActionNotSupported).answering(self.message_id.clone())
    }
}

/// A message that goes out; `body` writes the content of its body.
pub(crate) fn message(action: &str, relates_to: Option<&str>, body: impl FnOnce(&mut Writer)) -> String {
    let mut writer = Writer::default();
    let namespaces = [("xmlns:s", ns::SOAP), ("xmlns:a", ns::ADDRESSING)];
    writer.element("s:Envelope", &namespaces, |writer| {
        writer.element("s:Header", &[], |writer| {
            writer.element("a:Action", &[("s:mustUnderstand", "1")], |writer| writer.write(action));
            if let Some(id) = relates_to {
                writer.text("a:RelatesTo", id);
            }
        });
        writer.element("s:Body", &[], body);
    });
    writer.finish()
}

/// A request that goes out, with a message id that follows from what it says.
pub(crate) fn request(
    action: &str,
    to: &str,
    credentials: Option<(&str, &str)>,
    body: impl FnOnce(&mut Writer),
) -> String {
    let mut content = Writer::default();
    body(&mut content);
    let content = content.finish();
    let digest = hex::encode(&sha256(format!("{action} {to} {content}").as_bytes())[..16]);
    let id = format!(
        "urn:uuid:{}-{}-{}-{}-{}",
        &digest[..8],
        &digest[8..12],
        &digest[12..16],
        &digest[16..20],
        &digest[20..]
    );
    let mut writer = Writer::default();
    let namespaces = [("xmlns:s", ns::SOAP), ("xmlns:a", ns::ADDRESSING)];
    writer.element("s:Envelope", &namespaces, |writer| {
        writer.element("s:Header", &[], |writer| {
            writer.element("a:Action", &[("s:mustUnderstand", "1")], |writer| writer.write(action));
            writer.text("a:MessageID", &id);
            writer.element("a:ReplyTo", &[], |writer| writer.text("a:Address", ANONYMOUS_ADDRESS));
            writer.element("a:To", &[("s:mustUnderstand", "1")], |writer| writer.write(to));
            if let Some((name, password)) = credentials {
                security::write_username_token(writer, name, password);
            }
        });
        writer.element("s:Body", &[("xmlns:xsi", ns::INSTANCE)], |writer| writer.raw(&content));
    });
    writer.finish()
}

/// The content of the body of a message that came back.
///
/// # Errors
/// What it is instead.
pub(crate) fn body<'a, 'i>(document: &'a Document<'i>) -> Result<Node<'a, 'i>, String> {
    let body = xml::child(document.root_element(), (ns::SOAP, "Body"));
    let content = body.and_then(|body| xml::elements(body).next());
    content.ok_or_else(|| "the server sent no SOAP message".to_owned())
}

fn is_soap(node: Node<'_, '_>, name: &str) -> bool {
    node.has_tag_name((ns::SOAP, name))
}

/// The text of an addressing header.
fn addressing(headers: &[Node<'_, '_>], name: &str) -> Result<Option<String>, Fault> {
    let mut found = headers.iter().filter(|header| header.has_tag_name((ns::ADDRESSING, name)));
    let first = found.next().map(|header| xml::text(*header));
    match found.next() {
        Some(_) => Err(Fault::sender(&format!("the message has two headers {name}")).with(Subcode::InvalidAddressing)),
        None => Ok(first),
    }
}

fn must_understand(header: Node<'_, '_>) -> bool {
    matches!(header.attribute((ns::SOAP, "mustUnderstand")), Some("1" | "true"))
}

fn is_understood(header: Node<'_, '_>) -> bool {
    let name = header.tag_name();
    match name.namespace() {
        Some(ns::ADDRESSING) => {
            ["Action", "MessageID", "To", "ReplyTo", "FaultTo", "From", "RelatesTo"].contains(&name.name())
        }
        Some(ns::SECURITY) => name.name() == "Security",
        _ => false,
    }
}
