//! Tags of the universal class that the protocol uses, and context-specific ones.
#![expect(missing_docs, reason = "the names are those of X.680")]

pub const BOOLEAN: u8 = 0x01;
pub const INTEGER: u8 = 0x02;
pub const BIT_STRING: u8 = 0x03;
pub const OCTET_STRING: u8 = 0x04;
pub const NULL: u8 = 0x05;
pub const OBJECT_IDENTIFIER: u8 = 0x06;
pub const UTF8_STRING: u8 = 0x0C;
pub const NUMERIC_STRING: u8 = 0x12;
pub const PRINTABLE_STRING: u8 = 0x13;
pub const TELETEX_STRING: u8 = 0x14;
pub const IA5_STRING: u8 = 0x16;
pub const UTC_TIME: u8 = 0x17;
pub const GENERALIZED_TIME: u8 = 0x18;
pub const VISIBLE_STRING: u8 = 0x1A;
pub const UNIVERSAL_STRING: u8 = 0x1C;
pub const BMP_STRING: u8 = 0x1E;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;

/// Primitive context-specific tag `[n]`, for n below 31.
#[must_use]
pub const fn context(n: u8) -> u8 {
    0x80 | n
}

/// Constructed context-specific tag `[n]`, for n below 31.
#[must_use]
pub const fn constructed(n: u8) -> u8 {
    0xA0 | n
}
