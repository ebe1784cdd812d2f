//! A question and its answer.

use crate::soap::{Fault, xml};

/// A question over HTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path of the target, as it was sent.
    pub path: String,
    /// Query of the target, as it was sent; empty without one.
    pub query: String,
    /// Host and port, as the client calls them.
    pub host: String,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Authorization`.
    pub authorization: Option<String>,
    /// It came through TLS.
    pub encrypted: bool,
    /// The certificate of the client, DER; TLS made sure that it has the key.
    pub certificate: Option<Vec<u8>>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Other headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Pairs of a form or query.
const MOST_PAIRS: usize = 64;

impl Ask {
    /// Whether it only reads.
    pub(super) fn reads(&self) -> bool {
        self.method == "GET" || self.is_head()
    }

    pub(super) fn posts(&self) -> bool {
        self.method == "POST"
    }

    pub(super) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// The path without escapes; `None` when they are malformed.
    pub(super) fn decoded_path(&self) -> Option<String> {
        unescape(&self.path, false)
    }

    /// The pairs of the query.
    pub(super) fn query_pairs(&self) -> Vec<(String, String)> {
        pairs(&self.query)
    }

    /// The pairs of a form.
    pub(super) fn form_pairs(&self) -> Vec<(String, String)> {
        std::str::from_utf8(&self.body).map(pairs).unwrap_or_default()
    }

    /// The host without its port.
    pub(super) fn host_name(&self) -> &str {
        match self.host.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
            _ => &self.host,
        }
    }

    /// The text of a SOAP message.
    pub(super) fn message(&self) -> Result<&str, Fault> {
        let kind = self.content_type.as_deref().unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        // SOAP 1.1 says what it is in its envelope as well, and there is a fault for that.
        if !["application/soap+xml", "text/xml", "application/xml"].iter().any(|known| kind.eq_ignore_ascii_case(known))
        {
            return Err(Fault::sender(&format!(
                "the type of a message is application/soap+xml, not {}",
                xml::shown(kind)
            )));
        }
        xml::decode(&self.body)
    }

    /// For the log.
    pub(super) fn line(&self) -> String {
        format!("{} {}", xml::shown(&self.method), xml::shown(&self.path))
    }
}

impl Answer {
    /// A text for people.
    pub(super) fn text(status: u16, text: &str) -> Self {
        let body = text.as_bytes().to_vec();
        Self { status, content_type: "text/plain; charset=utf-8", headers: Vec::new(), body }
    }

    pub(super) fn html(status: u16, html: String) -> Self {
        Self { status, content_type: "text/html; charset=utf-8", headers: Vec::new(), body: html.into_bytes() }
    }

    pub(super) fn octets(content_type: &'static str, body: Vec<u8>) -> Self {
        Self { status: 200, content_type, headers: Vec::new(), body }
    }

    pub(super) fn soap(status: u16, message: String) -> Self {
        let content_type = "application/soap+xml; charset=utf-8";
        Self { status, content_type, headers: Vec::new(), body: message.into_bytes() }
    }

    pub(super) fn not_allowed(allowed: &str) -> Self {
        Self::text(405, "this path has no such method\n").with("allow", allowed)
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(super) fn without_body(mut self) -> Self {
        self.body.clear();
        self
    }

    /// For the log.
    pub(super) fn line(&self) -> String {
        format!("{} ({} octets)", self.status, self.body.len())
    }
}

/// Names and values of application/x-www-form-urlencoded; what is malformed is left out.
fn pairs(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').take(MOST_PAIRS).filter(|pair| !pair.is_empty());
    let decoded = pairs.filter_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((unescape(name, true)?, unescape(value, true)?))
    });
    decoded.collect()
}

/// Text without `%XX`; in a form `+` is a blank.
fn unescape(text: &str, form: bool) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        octets.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?
            }
            b'+' if form => b' ',
            byte => byte,
        });
    }
    String::from_utf8(octets).ok()
}

/// The value of a name, of either case.
pub(super) fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// A path, escaped where it has to be.
pub(crate) fn escape(path: &str) -> String {
    let mut escaped = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                escaped.push(char::from(byte))
            }
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_paths_are_read_as_they_were_written() {
        let form = pairs("Mode=newreq&CertAttrib=CertificateTemplate%3AWeb%0D%0A&x=a+b&bad=%zz&&flag");
        let expected = [("Mode", "newreq"), ("CertAttrib", "CertificateTemplate:Web\r\n"), ("x", "a b"), ("flag", "")];
        assert_eq!(form, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(unescape(&escape("Contoso Issuing CA_CES_x"), false).as_deref(), Some("Contoso Issuing CA_CES_x"));
        for malformed in ["%", "%4", "%g0", "%ff"] {
            assert_eq!(unescape(malformed, false), None, "{malformed}");
        }
        let ask = |host: &str| Ask { host: host.to_owned(), ..Ask::default() };
        for (host, name) in [("ca1.test:8443", "ca1.test"), ("ca1.test", "ca1.test"), ("[::1]:443", "[::1]")] {
            assert_eq!(ask(host).host_name(), name);
        }
    }
}
