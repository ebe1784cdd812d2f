//! Messages as they stand on a stream: a head with their length, an empty line, and JSON.

use std::io::{self, BufRead, Read as _};

use lsp_server::Message;

/// Bytes of the longest message: a text of the largest size that is looked at, as JSON writes it, and much more.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of the longest line of a head, and lines of the longest head.
const MOST_LINE: u64 = 1024;
const MOST_LINES: usize = 32;

/// Reads the next message; `None` where the stream ends between two of them.
///
/// # Errors
/// When the stream cannot be read, ends within a message, or has what is none. A length is believed up to 64 MiB.
pub fn read(input: &mut impl BufRead) -> io::Result<Option<Message>> {
    let Some(length) = length(input)? else { return Ok(None) };
    if length > MOST_BYTES {
        return Err(invalid(&format!("a message of {length} bytes; {MOST_BYTES} are the most")));
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    serde_json::from_slice(&body).map(Some).map_err(|error| invalid(&format!("a message that is none: {error}")))
}

/// The length that a head states.
fn length(input: &mut impl BufRead) -> io::Result<Option<usize>> {
    let mut length = None;
    for number in 0..MOST_LINES {
        let mut line = String::new();
        let read = input.by_ref().take(MOST_LINE).read_line(&mut line)?;
        if read == 0 && number == 0 {
            return Ok(None);
        }
        let Some(line) = line.strip_suffix('\n') else {
            return Err(invalid("a line of a head that does not end"));
        };
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            return length.map(Some).ok_or_else(|| invalid("a head without Content-Length"));
        }
        if let Some((name, value)) = line.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            let value = value.trim();
            length = Some(value.parse().map_err(|_| invalid(&format!("`{value}` is no length of a message")))?);
        }
    }
    Err(invalid(&format!("a head of more than {MOST_LINES} lines")))
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_one_after_the_other() {
        let exit = r#"{"jsonrpc":"2.0","method":"exit"}"#;
        let text = format!("Content-Length: {0}\r\n\r\n{exit}content-length:{0}\nX: y\n\n{exit}", exit.len());
        let mut input = text.as_bytes();
        for _ in 0..2 {
            assert!(matches!(read(&mut input), Ok(Some(Message::Notification(exit))) if exit.method == "exit"));
        }
        assert!(matches!(read(&mut input), Ok(None)));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let check = |text: &str, expected: &str| {
            let error = read(&mut text.as_bytes()).expect_err(text);
            assert!(error.to_string().contains(expected), "{text:?}: {error}");
        };
        check("Content-Length: 9999999999999\r\n\r\n", "67108864 are the most");
        check("Content-Length: 99999999999999999999999\r\n\r\n", "is no length");
        check("Content-Length: -1\r\n\r\n", "is no length");
        check("Content-Length: 5\r\n\r\n{}", "failed to fill");
        check("Content-Length: 2\r\n\r\n{}", "a message that is none");
        check("Content-Length: 2\r\n\r\n[}", "a message that is none");
        check("X: y\r\n\r\n{}", "without Content-Length");
        check("Content-Length: 2", "does not end");
        check(&"x".repeat(2_000), "does not end");
        check(&"x: y\n".repeat(100), "more than 32 lines");
    }
}
