//! Files as the protocol names them: `file:///home/a%20b.toml`.

use std::path::{Path, PathBuf};

use lsp_types::Uri;

/// The file that a URI names; `None` for other schemes.
pub(crate) fn to_path(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.as_str().strip_prefix("file://")?;
    // An authority stands before the path; `localhost` and none are this machine.
    let path = rest.get(rest.find('/')?..)?;
    let mut bytes = Vec::new();
    let mut left = path.as_bytes();
    while let [first, rest @ ..] = left {
        let escaped = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                left = &rest[2..];
            }
            None => {
                bytes.push(*first);
                left = rest;
            }
        }
    }
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// The URI of a file; `None` when its path is no text.
pub(crate) fn to_uri(path: &Path) -> Option<Uri> {
    let mut text = String::from("file://");
    for byte in path.to_str()?.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_there_and_back() {
        for path in ["/a/b.toml", "/with blank/größe 100%.toml", "/\u{1F5DD}/[x].toml"] {
            let uri = to_uri(Path::new(path)).unwrap();
            assert_eq!(to_path(&uri).as_deref(), Some(Path::new(path)), "{}", uri.as_str());
        }
        let path = |text: &str| to_path(&text.parse().unwrap());
        assert_eq!(path("file://localhost/a%2Fb"), Some(PathBuf::from("/a/b")));
        assert_eq!(path("untitled:Untitled-1"), None);
    }
}
