//! How much a peer may ask for, in one place. Whoever asks for more gets the protocol's own answer, and the connection
//! ends where nothing sensible can follow.

use std::time::Duration;

/// Connections at one time, at each port. More wait in the queue of the system.
pub const CONNECTIONS: usize = 256;
/// A peer that says nothing for this long is hung up on.
pub const IDLE: Duration = Duration::from_secs(120);
/// From the first octet of a message to its last.
pub const MESSAGE_TIME: Duration = Duration::from_secs(10);
/// How long a TLS handshake may take.
pub const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a peer may leave an answer unread.
pub const WRITE_TIME: Duration = Duration::from_secs(20);

/// How long is waited before the next connection where one could not be taken.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(20);
/// How long the rest of what a peer sends is read away after it was hung up on.
pub const LINGER: Duration = Duration::from_millis(500);

/// The octets of an LDAP message.
pub const LDAP_MESSAGE: usize = 1 << 20;
/// How deep a filter may nest, itself included.
pub const FILTER_DEPTH: usize = 32;
/// The terms of a filter, of all depths.
pub const FILTER_TERMS: usize = 4096;
/// The entries of an answer without paging, and of one page.
pub const ENTRIES: usize = 1000;
/// Searches in pages that a connection may have begun and not ended; the oldest is forgotten.
pub const PAGED_SEARCHES: usize = 16;
/// How long a search may work.
pub const SEARCH_TIME: Duration = Duration::from_secs(2);
/// The octets of answers that are made before they are sent.
pub const ANSWER_CHUNK: usize = 256 << 10;
/// The values that one `modify` may bring.
pub const VALUES: usize = 100;
/// The octets of a value of `userCertificate`.
pub const VALUE: usize = 64 << 10;

/// The octets of an answer that a client of ours takes.
pub const ANSWER: usize = 16 << 20;
/// How long such a client waits for more of an answer.
pub const ANSWER_TIME: Duration = Duration::from_secs(30);
/// How long a client of ours keeps a connection for its next question, where it keeps any; servers hang up later.
pub const KEPT: Duration = Duration::from_secs(10);
/// The headers of an HTTP message.
pub const HTTP_HEADERS: usize = 64;
/// The octets of an HTTP message up to its body.
pub const HTTP_HEAD: usize = 32 << 10;
/// The octets of an HTTP body.
pub const HTTP_BODY: usize = 1 << 20;
/// The depth of an XML document.
pub const XML_DEPTH: usize = 64;
/// Elements, texts and attributes of an XML document.
pub const XML_NODES: u32 = 200_000;

/// Records of the trace that are kept for those who follow it.
pub const KEPT_RECORDS: usize = 20_000;
/// Lines of the log that are kept for those who follow it.
pub const KEPT_LINES: usize = 2_000;
/// The octets of resolved requests that are kept in a file instead of memory; those that come later stay in memory.
pub const SHELF: u64 = 16 << 30;
/// The octets of a line that is typed or sent to the control port.
pub const CONTROL_LINE: usize = 64 << 10;
/// Connections at one time at the control port.
pub const CONTROL_CONNECTIONS: usize = 32;
