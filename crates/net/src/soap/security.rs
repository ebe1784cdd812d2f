//! wsse:Security: the user name and password of a caller (WS-Security, UsernameToken profile 1.0).

use roxmltree::Node;

use super::{Fault, Subcode, Writer, ns, xml};

/// What a message says about who sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Security {
    pub(crate) username_token: Option<UsernameToken>,
}

/// A name and a password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct UsernameToken {
    pub(crate) name: String,
    pub(crate) password: String,
}

/// Passwords are not shown.
impl std::fmt::Debug for UsernameToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UsernameToken").field("name", &self.name).finish_non_exhaustive()
    }
}

const PASSWORD_TEXT: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText";

impl Security {
    /// Reads the headers. Time stamps, nonces and dates of creation are not looked at: the clock of the client is
    /// another one, and clients send a nonce twice. A signature of XML is refused, because a message that this service
    /// does not verify must not look as if it had been verified.
    pub(super) fn read(headers: &[Node<'_, '_>]) -> Result<Self, Fault> {
        let mut found = headers.iter().filter(|header| header.has_tag_name((ns::SECURITY, "Security")));
        let Some(header) = found.next() else { return Ok(Self::default()) };
        if found.next().is_some() {
            return Err(Fault::sender("the message has two security headers").with(Subcode::InvalidSecurity));
        }
        if header.descendants().any(|node| node.has_tag_name((ns::SIGNATURE, "Signature"))) {
            let fault = Fault::sender("signatures of XML are not verified here; a certificate is shown to TLS");
            return Err(fault.with(Subcode::FailedCheck));
        }
        let mut tokens = xml::elements(*header).filter(|node| node.has_tag_name((ns::SECURITY, "UsernameToken")));
        let token = tokens.next();
        if tokens.next().is_some() {
            return Err(Fault::sender("the message names two users").with(Subcode::InvalidSecurity));
        }
        Ok(Self { username_token: token.map(username_token).transpose()? })
    }
}

fn username_token(token: Node<'_, '_>) -> Result<UsernameToken, Fault> {
    let name = xml::child(token, (ns::SECURITY, "Username")).map(xml::text).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Fault::sender("the token names no user").with(Subcode::InvalidSecurity))?;
    let password = xml::child(token, (ns::SECURITY, "Password"));
    let password = password.ok_or_else(|| Fault::sender("the token has no password").with(Subcode::InvalidSecurity))?;
    // cepces qualifies the attribute, which the standard does not.
    let kind = password.attribute("Type").or_else(|| password.attribute((ns::SECURITY, "Type")));
    if kind.is_some_and(|kind| kind != PASSWORD_TEXT) {
        let fault = Fault::sender("the password has to be text");
        return Err(fault.with(Subcode::UnsupportedSecurityToken));
    }
    Ok(UsernameToken { name, password: xml::whole_text(password) })
}

pub(super) fn write_username_token(writer: &mut Writer, name: &str, password: &str) {
    let attributes = [("s:mustUnderstand", "1"), ("xmlns:o", ns::SECURITY)];
    writer.element("o:Security", &attributes, |writer| {
        writer.element("o:UsernameToken", &[], |writer| {
            writer.text("o:Username", name);
            writer.element("o:Password", &[("Type", PASSWORD_TEXT)], |writer| writer.write(password));
        });
    });
}
