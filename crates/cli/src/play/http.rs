//! One request of HTTP/1.1 a connection, from this machine, within bounds.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Bytes of the head of a request, and of its body.
const MOST_HEAD: usize = 16 << 10;
const MOST_BODY: usize = 64 << 10;
/// Headers of a request.
const MOST_HEADERS: usize = 64;
/// How long a request may take to come, and an answer to be taken.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often is looked whether the server has ended meanwhile.
const PACE: Duration = Duration::from_millis(200);

/// A request, as far as anybody here minds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) host: Option<String>,
    pub(super) origin: Option<String>,
    /// Where browsers say that the request comes from (`Sec-Fetch-Site`).
    pub(super) site: Option<String>,
    pub(super) body: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) status: Status,
    pub(super) kind: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// How a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    SeeOther,
    BadRequest,
    Forbidden,
    NotFound,
    NotAllowed,
    TooLarge,
    Busy,
}

impl Status {
    const fn line(self) -> &'static str {
        match self {
            Self::Ok => "200 OK",
            Self::SeeOther => "303 See Other",
            Self::BadRequest => "400 Bad Request",
            Self::Forbidden => "403 Forbidden",
            Self::NotFound => "404 Not Found",
            Self::NotAllowed => "405 Method Not Allowed",
            Self::TooLarge => "413 Content Too Large",
            Self::Busy => "503 Service Unavailable",
        }
    }
}

impl Response {
    pub(super) const fn new(status: Status, kind: &'static str, body: Vec<u8>) -> Self {
        Self { status, kind, headers: Vec::new(), body }
    }

    /// One that says its status and nothing else.
    pub(super) fn plain(status: Status) -> Self {
        Self::new(status, "text/plain; charset=utf-8", format!("{}\n", status.line()).into_bytes())
    }

    /// One that leads to another page.
    pub(super) fn see(path: &str) -> Self {
        Self { headers: vec![("Location", path.to_owned())], ..Self::plain(Status::SeeOther) }
    }
}

/// Reads the request of a connection; `None` when none comes, or the server ends.
///
/// # Errors
/// When it is none, or too large: the answer to it.
pub(super) fn read(stream: &mut TcpStream, over: &AtomicBool) -> Result<Option<Request>, Response> {
    let began = Instant::now();
    let mut bytes: Vec<u8> = Vec::new();
    loop {
        if let Some((request, length, head)) = parsed(&bytes)? {
            let whole = head.saturating_add(length);
            if bytes.len() >= whole {
                let body = bytes.get(head..whole).unwrap_or_default().to_vec();
                return Ok(Some(Request { body, ..request }));
            }
        } else if bytes.len() > MOST_HEAD {
            return Err(Response::plain(Status::TooLarge));
        }
        let mut part = [0; 4096];
        match stream.read(&mut part) {
            Ok(0) => return Ok(None),
            Ok(count) => bytes.extend_from_slice(part.get(..count).unwrap_or_default()),
            Err(error) if is_waiting(&error) => {}
            Err(_) => return Ok(None),
        }
        if began.elapsed() > PATIENCE || over.load(Ordering::Relaxed) {
            return Ok(None);
        }
    }
}

/// How reads and writes of a connection wait.
pub(super) fn set_patience(stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PACE))?;
    stream.set_write_timeout(Some(PATIENCE))
}

fn is_waiting(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

/// The head of a request with the length of its body and its own; `None` when it has not come whole.
fn parsed(bytes: &[u8]) -> Result<Option<(Request, usize, usize)>, Response> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let length = match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(Response::plain(Status::BadRequest)),
    };
    // Of a header that comes twice nobody can say which one counts.
    let header = |name: &str| -> Result<Option<String>, Response> {
        let mut found = head.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        match (found.next(), found.next()) {
            (None, _) => Ok(None),
            (Some(one), None) => match std::str::from_utf8(one.value) {
                Ok(value) => Ok(Some(value.trim().to_owned())),
                Err(_) => Err(Response::plain(Status::BadRequest)),
            },
            _ => Err(Response::plain(Status::BadRequest)),
        }
    };
    if header("transfer-encoding")?.is_some() {
        return Err(Response::plain(Status::BadRequest));
    }
    let body = match header("content-length")? {
        None => 0,
        Some(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().unwrap_or(usize::MAX)
        }
        Some(_) => return Err(Response::plain(Status::BadRequest)),
    };
    if body > MOST_BODY {
        return Err(Response::plain(Status::TooLarge));
    }
    let request = Request {
        method: head.method.unwrap_or_default().to_owned(),
        path: head.path.unwrap_or_default().to_owned(),
        host: header("host")?,
        origin: header("origin")?,
        site: header("sec-fetch-site")?,
        body: Vec::new(),
    };
    Ok(Some((request, body, length)))
}

/// Writes an answer. A reader who has gone away has asked for nothing.
pub(super) fn write(stream: &mut TcpStream, response: &Response) {
    let mut head = format!(
        "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: same-origin\r\n\
         Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'\r\n",
        response.status.line(),
        response.kind,
        response.body.len()
    );
    for (name, value) in &response.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += "\r\n";
    let _gone = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&response.body));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<Option<(&str, &str, usize)>, Status>) {
        let came = parsed(text.as_bytes());
        let came = came.map(|some| some.map(|(request, body, _)| (request.method, request.path, body)));
        let came = came.map_err(|response| response.status);
        let expected = expected.map(|some| some.map(|(method, path, body)| (method.to_owned(), path.to_owned(), body)));
        assert_eq!(came, expected, "{text:?}");
    }

    #[test]
    fn heads_are_read_within_bounds() {
        check("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Ok(Some(("GET", "/", 0))));
        check("POST /a/act HTTP/1.1\r\nContent-Length: 7\r\n\r\na=b", Ok(Some(("POST", "/a/act", 7))));
        check("GET / HTTP/1.1\r\nHost: a\r\n", Ok(None));
        check("", Ok(None));
        check("\u{1}\u{2}\r\n\r\n", Err(Status::BadRequest));
        check("POST / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n", Err(Status::TooLarge));
        check("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", Err(Status::TooLarge));
        check("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", Err(Status::BadRequest));
        check("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", Err(Status::BadRequest));
        check("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", Err(Status::BadRequest));
        check("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", Err(Status::BadRequest));
        let many: String = (0..65).map(|number| format!("h{number}: x\r\n")).collect();
        check(&format!("GET / HTTP/1.1\r\n{many}\r\n"), Err(Status::BadRequest));
    }
}
