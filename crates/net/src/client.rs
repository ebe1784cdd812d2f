//! The other side: a client of policy servers and enrollment web services, real ones and those of worlds.
//!
//! One question is one connection, unless it is kept; an answer has bounds in size and in time.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use autoenroll_model::{CaUri, HResult, PolicyResponse};
use roxmltree::Node;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::bounds;
use crate::processor::provider;
use crate::soap::{self, xml};
use crate::{wstep, xcep};

pub use crate::wstep::Answered;
pub use crate::xcep::{Policy, PolicyAnswer, PolicyCa};

/// How a client proves who it is.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Not at all.
    Anonymous,
    /// By a name and a password in the message.
    UserName {
        /// The name.
        name: String,
        /// The password.
        password: String,
    },
    /// By a certificate shown to TLS.
    Certificate {
        /// The certificate and those above it, DER.
        chain: Vec<Vec<u8>>,
        /// Its key, PKCS #8.
        key: Vec<u8>,
    },
}

/// Passwords and keys are not shown.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::UserName { .. } => "UserName",
            Self::Certificate { .. } => "Certificate",
        })
    }
}

impl Credentials {
    /// By its number ([MS-XCEP] 3.1.4.1.3.5).
    #[must_use]
    pub const fn authentication(&self) -> u32 {
        match self {
            Self::Anonymous => 1,
            Self::UserName { .. } => 4,
            Self::Certificate { .. } => 8,
        }
    }

    fn password(&self) -> Option<(&str, &str)> {
        match self {
            Self::UserName { name, password } => Some((name, password)),
            Self::Anonymous | Self::Certificate { .. } => None,
        }
    }
}

/// The message that asks a policy server at that address for everything.
#[must_use]
pub fn policies_message(credentials: &Credentials, url: &str) -> String {
    soap::request(xcep::GET_POLICIES, url, credentials.password(), xcep::write_question)
}

/// The message that sends a request to the enrollment web service at that address; `attributes` go to the CA with it.
#[must_use]
pub fn enrollment_message(
    credentials: &Credentials,
    url: &str,
    request: &[u8],
    attributes: &[(String, String)],
) -> String {
    soap::request(wstep::RST, url, credentials.password(), |writer| wstep::write_issue(writer, request, attributes))
}

/// Reads the answer of a policy server.
///
/// # Errors
/// [`ClientError::Strange`], [`ClientError::Refused`].
pub fn read_policies(answer: &str) -> Result<PolicyAnswer, ClientError> {
    policies_in(answer, PolicyAnswer::read)
}

/// Reads everything that a policy server tells of templates and CAs, as a core needs it.
///
/// # Errors
/// [`ClientError::Strange`], [`ClientError::Refused`].
pub fn read_whole_policies(answer: &str) -> Result<PolicyResponse, ClientError> {
    policies_in(answer, xcep::read_whole)
}

fn policies_in<R>(answer: &str, read: impl FnOnce(Node<'_, '_>) -> Result<R, String>) -> Result<R, ClientError> {
    let document = xml::parse(answer).map_err(|fault| ClientError::Strange(fault.reason))?;
    if let Some(Answered::Refused { reason, .. }) = wstep::read_fault(&document) {
        return Err(ClientError::Refused(reason));
    }
    let content = soap::body(&document).map_err(ClientError::Strange)?;
    read(content).map_err(ClientError::Strange)
}

/// Reads the answer of an enrollment web service.
///
/// # Errors
/// [`ClientError::Strange`]; a refusal is none.
pub fn read_enrollment(answer: &str) -> Result<Answered, ClientError> {
    let document = xml::parse(answer).map_err(|fault| ClientError::Strange(fault.reason))?;
    if let Some(refused) = wstep::read_fault(&document) {
        return Ok(refused);
    }
    let content = soap::body(&document).map_err(ClientError::Strange)?;
    wstep::read_answer(content).map_err(ClientError::Strange)
}

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    /// How it proves who it is.
    pub credentials: Credentials,
    tls: Arc<ClientConfig>,
    /// The connection of the last question, where it is kept.
    kept: Option<Arc<Mutex<Option<Kept>>>>,
}

type Stream = StreamOwned<ClientConnection, TcpStream>;

/// A connection that waits for the next question.
#[derive(Debug)]
struct Kept {
    to: (String, u16),
    stream: Stream,
    since: Instant,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientError {
    /// What the client was given cannot be used.
    Unusable(String),
    /// The server cannot be reached, or is not whom it should be.
    Unreachable(String),
    /// It answers something else.
    Strange(String),
    /// It does not take these credentials, or refuses the question.
    Refused(String),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable(text) | Self::Unreachable(text) | Self::Strange(text) | Self::Refused(text) => {
                f.write_str(text)
            }
        }
    }
}

impl std::error::Error for ClientError {}

impl Client {
    /// A client that trusts servers under these roots, DER.
    ///
    /// # Errors
    /// [`ClientError::Unusable`].
    pub fn new(credentials: Credentials, roots: &[Vec<u8>]) -> Result<Self, ClientError> {
        let unusable = |error: &dyn fmt::Display| ClientError::Unusable(error.to_string());
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots.iter().map(|root| CertificateDer::from(root.as_slice())));
        if store.is_empty() {
            return Err(ClientError::Unusable("no certificate is trusted to be above that of the server".to_owned()));
        }
        let provider = provider().map_err(|error| unusable(&error))?;
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&error))?
            .with_root_certificates(store);
        let tls = match &credentials {
            Credentials::Certificate { chain, key } => {
                let chain = chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
                let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.clone()));
                config.with_client_auth_cert(chain, key).map_err(|error| unusable(&error))?
            }
            Credentials::Anonymous | Credentials::UserName { .. } => config.with_no_client_auth(),
        };
        Ok(Self { credentials, tls: Arc::new(tls), kept: None })
    }

    /// The same client, which keeps its connection for the next question, as long as that follows within
    /// [`bounds::KEPT`]. Clones share it. For servers that are known to stay: a question that finds the connection
    /// closed is not asked again, for nobody knows whether it was heard.
    #[must_use]
    pub fn keeping(self) -> Self {
        Self { kept: Some(Arc::default()), ..self }
    }

    /// The same client for somebody else, who shows no certificate to TLS.
    #[must_use]
    pub(crate) fn named(&self, name: &str, password: &str) -> Self {
        let credentials = Credentials::UserName { name: name.to_owned(), password: password.to_owned() };
        Self { credentials, tls: self.tls.clone(), kept: self.kept.clone() }
    }

    /// Asks a policy server for everything.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn policies(&self, url: &str) -> Result<PolicyAnswer, ClientError> {
        read_policies(&self.post(url, &policies_message(&self.credentials, url))?)
    }

    /// Asks a policy server for everything, and reads all that is told of templates.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) fn whole_policies(&self, url: &str) -> Result<PolicyResponse, ClientError> {
        read_whole_policies(&self.post(url, &policies_message(&self.credentials, url))?)
    }

    /// Sends a request to an enrollment web service. `attributes` go to the CA with it.
    ///
    /// # Errors
    /// [`ClientError`]; a refusal is none.
    pub fn submit(&self, url: &str, request: &[u8], attributes: &[(String, String)]) -> Result<Answered, ClientError> {
        self.ask(url, &enrollment_message(&self.credentials, url, request, attributes))
    }

    /// Asks how an earlier request stands.
    ///
    /// # Errors
    /// [`ClientError`]; a refusal is none.
    pub fn query(&self, url: &str, request_id: &str) -> Result<Answered, ClientError> {
        let message = soap::request(wstep::RST, url, self.credentials.password(), |writer| {
            wstep::write_query(writer, request_id);
        });
        self.ask(url, &message)
    }

    /// Asks an enrollment web service for the certificate to which private keys are encrypted for archival, DER.
    ///
    /// # Errors
    /// [`ClientError`]; the code with which the service refuses, when it tells one.
    pub fn exchange_certificate(&self, url: &str) -> Result<Result<Vec<u8>, HResult>, ClientError> {
        let message = soap::request(wstep::RST_KET, url, self.credentials.password(), wstep::write_exchange);
        let answer = self.post(url, &message)?;
        let document = xml::parse(&answer).map_err(|fault| ClientError::Strange(fault.reason))?;
        match wstep::read_fault(&document) {
            Some(Answered::Refused { code: Some(code), .. }) => return Ok(Err(code)),
            Some(Answered::Refused { reason, .. }) => return Err(ClientError::Refused(reason)),
            _ => {}
        }
        let content = soap::body(&document).map_err(ClientError::Strange)?;
        wstep::read_exchange(content).map(Ok).map_err(ClientError::Strange)
    }

    /// The address of a CA that takes these credentials, the best one; `renewal` also allows those for renewals only.
    #[must_use]
    pub fn uri_of<'a>(&self, ca: &'a PolicyCa, renewal: bool) -> Option<&'a CaUri> {
        let wanted = self.credentials.authentication();
        let takes = |uri: &&CaUri| uri.client_authentication == wanted && (renewal || !uri.renewal_only);
        ca.uris.iter().find(takes)
    }

    fn ask(&self, url: &str, message: &str) -> Result<Answered, ClientError> {
        read_enrollment(&self.post(url, message)?)
    }

    /// Sends a message; what came back, a fault as well.
    fn post(&self, url: &str, message: &str) -> Result<String, ClientError> {
        let (host, port, path) = parts(url)?;
        let mut stream = match self.take_kept(host, port) {
            Some(stream) => stream,
            None => self.connect(url, host, port)?,
        };
        let after = if self.kept.is_some() { "keep-alive" } else { "close" };
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: autoenroll\r\nConnection: {after}\r\n\
             Content-Type: application/soap+xml; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
            message.len()
        );
        let answered = exchange(&mut stream, &head, message).map_err(|error| match error {
            Exchange::Gone(text) => ClientError::Unreachable(format!("{url}: {text}")),
            Exchange::Strange(text) => ClientError::Strange(format!("{url}: {text}")),
            Exchange::Refused(text) => ClientError::Refused(format!("{url}: {text}")),
        })?;
        if let (Some(kept), true) = (&self.kept, answered.goes_on) {
            let next = Kept { to: (host.to_owned(), port), stream, since: Instant::now() };
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(next);
        }
        Ok(answered.text)
    }

    /// The kept connection to a server, when it is not too old.
    fn take_kept(&self, host: &str, port: u16) -> Option<Stream> {
        let kept = self.kept.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let fits = kept.to.0 == host && kept.to.1 == port && kept.since.elapsed() < bounds::KEPT;
        fits.then_some(kept.stream)
    }

    fn connect(&self, url: &str, host: &str, port: u16) -> Result<Stream, ClientError> {
        let gone = |error: &dyn fmt::Display| ClientError::Unreachable(format!("{url}: {error}"));
        let bare = host.trim_matches(['[', ']']);
        let name = ServerName::try_from(bare.to_owned()).map_err(|error| gone(&error))?;
        let mut last = gone(&"the name has no address");
        for address in (bare, port).to_socket_addrs().map_err(|error| gone(&error))? {
            match TcpStream::connect_timeout(&address, bounds::HANDSHAKE) {
                Ok(stream) => {
                    let timed = stream.set_read_timeout(Some(bounds::ANSWER_TIME));
                    let timed = timed.and_then(|()| stream.set_write_timeout(Some(bounds::WRITE_TIME)));
                    timed.and_then(|()| stream.set_nodelay(true)).map_err(|error| gone(&error))?;
                    let connection = ClientConnection::new(self.tls.clone(), name).map_err(|error| gone(&error))?;
                    return Ok(StreamOwned::new(connection, stream));
                }
                Err(error) => last = gone(&error),
            }
        }
        Err(last)
    }
}

/// Why there is no message.
enum Exchange {
    Gone(String),
    Strange(String),
    Refused(String),
}

/// What was answered.
struct Answer {
    text: String,
    /// It came to its end before the connection did.
    goes_on: bool,
}

fn exchange(stream: &mut Stream, head: &str, message: &str) -> Result<Answer, Exchange> {
    let gone = |error: std::io::Error| Exchange::Gone(error.to_string());
    stream.write_all(format!("{head}{message}").as_bytes()).map_err(gone)?;
    stream.flush().map_err(gone)?;
    let mut received = Vec::new();
    let mut buffer = [0; 16 << 10];
    let mut goes_on = false;
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => received.extend_from_slice(&buffer[..read]),
            // Servers of HTTP close without a farewell of TLS; where the body ends its head says.
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof && !received.is_empty() => break,
            Err(error) => return Err(gone(error)),
        }
        if received.len() > bounds::ANSWER {
            return Err(Exchange::Strange("the answer is too long".to_owned()));
        }
        if is_whole(&received) {
            goes_on = true;
            break;
        }
    }
    let (status, body) = response(&received).map_err(Exchange::Strange)?;
    match status {
        200 | 500 => match String::from_utf8(body) {
            Ok(text) => Ok(Answer { text, goes_on }),
            Err(_) => Err(Exchange::Strange("the answer is not UTF-8".to_owned())),
        },
        401 | 403 => Err(Exchange::Refused(format!("the server does not take these credentials (HTTP {status})"))),
        503 => Err(Exchange::Gone("the service is out of order (HTTP 503)".to_owned())),
        other => Err(Exchange::Strange(format!("the server answers with HTTP {other}"))),
    }
}

/// Whether an answer has come to its end, as far as its head says where that is.
fn is_whole(received: &[u8]) -> bool {
    let Some(head) = head(received) else { return false };
    let body = &received[head.length..];
    match head.content_length {
        Some(length) => body.len() >= length,
        None => head.chunked && unchunk(body).is_some(),
    }
}

fn response(received: &[u8]) -> Result<(u16, Vec<u8>), String> {
    let head = head(received).ok_or("the server does not speak HTTP")?;
    let body = &received[head.length..];
    let body = match (head.chunked, head.content_length) {
        (true, _) => unchunk(body).ok_or("the answer breaks off")?,
        (false, Some(length)) => body.get(..length).ok_or("the answer breaks off")?.to_vec(),
        (false, None) => body.to_vec(),
    };
    Ok((head.status, body))
}

struct Head {
    status: u16,
    /// Octets up to the body.
    length: usize,
    content_length: Option<usize>,
    chunked: bool,
}

fn head(received: &[u8]) -> Option<Head> {
    let length = received.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&received[..length]);
    let mut lines = text.lines();
    let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let mut head = Head { status, length, content_length: None, chunked: false };
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        match name.to_ascii_lowercase().as_str() {
            "content-length" => head.content_length = value.trim().parse().ok(),
            "transfer-encoding" => head.chunked = value.trim().eq_ignore_ascii_case("chunked"),
            _ => {}
        }
    }
    Some(head)
}

/// The body of a chunked message (RFC 9112 7.1); `None` when it is not whole.
fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size.checked_add(2)?..)?;
    }
}

/// Host, port and path of an address.
fn parts(url: &str) -> Result<(&str, u16, &str), ClientError> {
    let wrong = || ClientError::Unusable(format!("{url} is no address of a service; one begins with https://"));
    let rest = url.strip_prefix("https://").ok_or_else(wrong)?;
    let (authority, path) = rest.split_at(rest.find('/').ok_or_else(wrong)?);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| wrong())?),
        _ => (authority, 443),
    };
    if host.is_empty() || url.bytes().any(|byte| byte <= b' ') {
        return Err(wrong());
    }
    Ok((host, port, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let found = |url: &str| parts(url).ok().map(|(host, port, path)| (host.to_owned(), port, path.to_owned()));
        let some = |host: &str, port, path: &str| Some((host.to_owned(), port, path.to_owned()));
        for (url, expected) in [
            ("https://ca.test/x/CES", some("ca.test", 443, "/x/CES")),
            ("https://ca.test:8443/CES", some("ca.test", 8443, "/CES")),
            ("https://[::1]:8443/CES", some("[::1]", 8443, "/CES")),
            ("https://[::1]/CES", some("[::1]", 443, "/CES")),
            ("http://ca.test/CES", None),
            ("https://ca.test", None),
            ("https://:1/CES", None),
            ("https://ca.test:x/CES", None),
            ("https://ca.test/a b", None),
        ] {
            assert_eq!(found(url), expected, "{url}");
        }
    }

    #[test]
    fn an_answer_ends_where_its_head_says() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        let chunked = b"HTTP/1.1 500 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n";
        assert_eq!(response(whole), Ok((200, b"abc".to_vec())));
        assert_eq!(response(chunked), Ok((500, b"abc".to_vec())));
        assert!(is_whole(whole) && is_whole(chunked));
        for length in 0..whole.len() {
            assert!(!is_whole(&whole[..length]), "{length}");
        }
        for length in 0..chunked.len() - 2 {
            assert!(!is_whole(&chunked[..length]), "{length}");
        }
        assert!(response(b"SSH-2.0-x\r\n").is_err());
    }
}
