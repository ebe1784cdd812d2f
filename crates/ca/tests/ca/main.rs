//! The CA from outside: requests built as clients build them, judged, issued, and looked at by others.

mod issue;
mod lab;
