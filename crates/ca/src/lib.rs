//! The enterprise CA: request parsing, policy module, issue, pend, deny, database.
