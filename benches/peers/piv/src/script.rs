//! What is said to both cards. Each act begins with a card as it comes, powered on.

/// What is sent, and what of the answers is compared.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    /// What it is, in words.
    pub(crate) what: &'static str,
    pub(crate) sent: Sent,
    /// Whether the data is compared as well, and not the status word alone.
    pub(crate) data: bool,
}

#[derive(Clone, Copy)]
pub(crate) enum Sent {
    /// A command, in hexadecimal.
    Command(&'static str),
    /// The answer to the challenge that came with the last answer: external authentication with triple DES.
    Answer,
    /// The same, wrong.
    WrongAnswer,
    /// A fresh object or certificate whose content is that many bytes of FF: a PUT DATA of extended length.
    Put(&'static str, u16),
}

const fn step(what: &'static str, command: &'static str) -> Step {
    Step { what, sent: Sent::Command(command), data: false }
}

const fn alike(what: &'static str, command: &'static str) -> Step {
    Step { what, sent: Sent::Command(command), data: true }
}

const SELECT: Step = step("select", "00A4040009A00000030800001000 00");
const PIN: Step = step("the right PIN", "0020008008 313233343536FFFF");
const WRONG_PIN: Step = step("a wrong PIN", "0020008008 393939393939FFFF");
const WRONG_PUK: Step = step("unblock with a wrong PUK", "002C008010 3939393939393939 313233343536FFFF");
const CHALLENGE: Step = step("ask for a challenge", "0087039B04 7C028100 00");
const ANSWER: Step = Step { what: "answer it", sent: Sent::Answer, data: false };
const P256: Step = step("a P-256 key in 9A", "0047009A05 AC03800111 00");
const HASH: &str = "0087119A26 7C24 8200 8120 0102030405060708091011121314151617181920212223242526272829303132 00";
const SIGN: Step = step("sign with 9A", HASH);

pub(crate) const ACTS: &[(&str, &[Step])] = &[
    (
        "select",
        &[
            SELECT,
            step("the whole AID, with its version", "00A404000BA0000003080000100001 00 00"),
            step("the AID without its version", "00A4040009A00000030800001000 00"),
            step("the first five bytes of it", "00A4040005A000000308 00"),
            step("an application that is not there", "00A4040007A0000000031010 00"),
            step("afterwards PIV is still selected", "0020008000"),
        ],
    ),
    (
        "PIN",
        &[
            SELECT,
            step("how many tries are left", "00200080"),
            step("a PIN of 5 digits", "0020008008 3132333435FFFFFF"),
            step("a PIN with a letter", "0020008008 313233343541FFFF"),
            step("a PIN of 6 bytes, not filled up", "0020008006 313233343536"),
            step("a PIN of 9 bytes", "0020008009 313233343536373839"),
            step("filled up with 00", "0020008008 3132333435360000"),
            step("all of it FF", "0020008008 FFFFFFFFFFFFFFFF"),
            step("a gap in it", "0020008008 313233FF343536FF"),
            WRONG_PIN,
            PIN,
            step("after it, how many tries", "00200080"),
            step("forget it: P1 FF", "0020FF80"),
            step("after that, how many tries", "00200080"),
            step("P1 FF with data", "0020FF8008 313233343536FFFF"),
            step("P1 01", "00200180"),
            step("the PUK, as if it were a PIN", "0020008108 3132333435363738"),
            step("the global PIN, which is not there", "0020000008 313233343536FFFF"),
            step("a finger", "00200096"),
            step("a key reference that is none", "00200042"),
        ],
    ),
    (
        "PIN, until it is blocked and unblocked",
        &[
            SELECT,
            WRONG_PIN,
            WRONG_PIN,
            WRONG_PIN,
            step("5 digits", "0020008008 3132333435FFFFFF"),
            WRONG_PUK,
            step("unblock, the new PIN is none", "002C008010 3132333435363738 3132FFFFFFFFFFFF"),
            step("unblock", "002C008010 3132333435363738 363534333231FFFF"),
            step("the new PIN", "0020008008 363534333231FFFF"),
            step("unblock what has no PUK", "002C008110 3132333435363738 363534333231FFFF"),
        ],
    ),
    (
        "change PIN and PUK",
        &[
            SELECT,
            step("wrong old PIN", "0024008010 393939393939FFFF 363534333231FFFF"),
            step("new PIN of 5 digits", "0024008010 313233343536FFFF 3635343332FFFFFF"),
            step("wrong old PIN, new PIN of 5 digits", "0024008010 393939393939FFFF 3635343332FFFFFF"),
            step("right", "0024008010 313233343536FFFF 363534333231FFFF"),
            step("the new PIN has been presented by that", "00200080"),
            step("15 bytes", "002400800F 313233343536FFFF 363534333231FF"),
            step("wrong old PUK", "0024008110 3939393939393939 3837363534333231"),
            step("new PUK of 5", "0024008110 3132333435363738 3837363534FFFFFF"),
            step("new PUK of letters", "0024008110 3132333435363738 4142434445464748"),
            step("P1 FF", "0024FF8010 363534333231FFFF 313233343536FFFF"),
            step("the management key", "0024009B10 313233343536FFFF 363534333231FFFF"),
        ],
    ),
    (
        "objects of a card as it comes",
        &[
            SELECT,
            step("discovery object", "00CB3FFF03 5C017E 00"),
            step("biometric group template", "00CB3FFF04 5C027F61 00"),
            step("CHUID", "00CB3FFF05 5C035FC102 00"),
            step("CCC", "00CB3FFF05 5C035FC107 00"),
            step("certificate of 9A", "00CB3FFF05 5C035FC105 00"),
            step("security object", "00CB3FFF05 5C035FC106 00"),
            step("key history", "00CB3FFF05 5C035FC10C 00"),
            step("fingerprints, without PIN", "00CB3FFF05 5C035FC103 00"),
            step("printed information, without PIN", "00CB3FFF05 5C035FC109 00"),
            step("facial image, without PIN", "00CB3FFF05 5C035FC108 00"),
            PIN,
            step("fingerprints", "00CB3FFF05 5C035FC103 00"),
            step("printed information", "00CB3FFF05 5C035FC109 00"),
            step("a tag of nothing", "00CB3FFF05 5C035FC1FF 00"),
            step("no tag list", "00CB3FFF00"),
            step("a tag list with nothing in it", "00CB3FFF02 5C00 00"),
            step("something else than a tag list", "00CB3FFF05 53035FC102 00"),
            step("two tags", "00CB3FFF08 5C065FC1025FC107 00"),
            step("P1 P2 00 00", "00CB000005 5C035FC102 00"),
            step("GET DATA with CA", "00CA3FFF05 5C035FC102 00"),
            step("write without the management key", "00DB3FFF0A 5C035FC102 5303010203"),
            step("an instruction that is none", "00EE0000"),
            step("a class that is none", "80CB3FFF05 5C035FC102 00"),
        ],
    ),
    (
        "management key",
        &[
            SELECT,
            CHALLENGE,
            Step { what: "a wrong answer", sent: Sent::WrongAnswer, data: false },
            Step { what: "an answer to a challenge that is gone", sent: Sent::Answer, data: false },
            step("an answer without challenge", "0087039B0C 7C0A8208 0102030405060708 00"),
            step("ask for a witness", "0087039B04 7C028000 00"),
            step("a wrong witness", "0087039B16 7C148008 0000000000000000 8108 0102030405060708 00"),
            step("AES, which it is not", "00870C9B04 7C028100 00"),
            step("algorithm 00, which is triple DES", "0087009B04 7C028100 00"),
            step("encipher, unproved", "0087039B0E 7C0C8200 8108 0102030405060708 00"),
            step("no template", "0087039B00"),
            CHALLENGE,
            ANSWER,
            Step { what: "write the CHUID", sent: Sent::Put("5FC102", 59), data: false },
            alike("read it", "00CB3FFF05 5C035FC102 00"),
            Step { what: "write a certificate of 1,500 bytes", sent: Sent::Put("5FC105", 1500), data: false },
            alike("read it", "00CB3FFF000005 5C035FC105 0000"),
            step("write nothing over it", "00DB3FFF07 5C035FC105 5300"),
            step("read it", "00CB3FFF05 5C035FC105 00"),
            step("write the discovery object", "00DB3FFF14 7E12 4F0BA000000308000010000100 5F2F024000"),
            step("write the discovery object by its tag", "00DB3FFF08 5C017E 5303010203"),
            step("write printed information", "00DB3FFF0A 5C035FC109 5303010203"),
            step("read it without PIN", "00CB3FFF05 5C035FC109 00"),
            step("write a tag of nothing", "00DB3FFF0A 5C035FC1FF 5303010203"),
            step("write without 53", "00DB3FFF05 5C035FC102"),
            step("write with other P1 P2", "00DB00000A 5C035FC102 5303010203"),
        ],
    ),
    (
        "keys",
        &[
            SELECT,
            step("make one, unproved", "0047009A05 AC03800111 00"),
            SIGN,
            CHALLENGE,
            ANSWER,
            step("in a slot that is none", "0047004205 AC03800111 00"),
            step("for the management key", "0047009B05 AC03800111 00"),
            step("an algorithm that is none", "0047009A05 AC03800142 00"),
            step("without a template", "0047009A00"),
            step("P1 01", "0047019A05 AC03800111 00"),
            P256,
            step("sign without PIN", HASH),
            PIN,
            SIGN,
            step("again, with the same PIN", HASH),
            step(
                "with the algorithm of another curve",
                "0087149A26 7C24 8200 8120 0102030405060708091011121314151617181920212223242526272829303132 00",
            ),
            step(
                "with RSA",
                "0087079A26 7C24 8200 8120 0102030405060708091011121314151617181920212223242526272829303132 00",
            ),
            step("a hash of 20 bytes", "0087119A1A 7C18 8200 8114 0102030405060708091011121314151617181920 00"),
            step(
                "a hash of 48 bytes",
                "0087119A36 7C34 8200 8130 0102030405060708091011121314151617181920212223242526272829303132 \
                 33343536373839404142434445464748 00",
            ),
            step(
                "a template without 82",
                "0087119A24 7C22 8120 0102030405060708091011121314151617181920212223242526272829303132 00",
            ),
            step(
                "another template",
                "0087119A26 7D24 8200 8120 0102030405060708091011121314151617181920212223242526272829303132 00",
            ),
            step(
                "agree with 9A, which signs",
                "0087119A47 7C45 8200 8541 04 6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296 4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5 00",
            ),
            step("a key in 9C", "0047009C05 AC03800111 00"),
            PIN,
            step(
                "sign with 9C",
                "0087119C26 7C24 8200 8120 0102030405060708091011121314151617181920212223242526272829303132 00",
            ),
            step(
                "again, without a new PIN",
                "0087119C26 7C24 8200 8120 0102030405060708091011121314151617181920212223242526272829303132 00",
            ),
            step("9A, which needs none", HASH),
            PIN,
            step("a question between", "00CB3FFF05 5C035FC102 00"),
            step(
                "then 9C",
                "0087119C26 7C24 8200 8120 0102030405060708091011121314151617181920212223242526272829303132 00",
            ),
            step("a key in 9D", "0047009D05 AC03800111 00"),
            step(
                "agree with 9D",
                "0087119D47 7C45 8200 8541 04 6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296 4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5 00",
            ),
            step(
                "with a point that is none",
                "0087119D47 7C45 8200 8541 04 0101010101010101010101010101010101010101010101010101010101010101 0101010101010101010101010101010101010101010101010101010101010101 00",
            ),
            step("a key in 9E", "0047009E05 AC03800111 00"),
            step("forget the PIN", "0020FF80"),
            step(
                "sign with 9E",
                "0087119E26 7C24 8200 8120 0102030405060708091011121314151617181920212223242526272829303132 00",
            ),
            step(
                "sign with 9D",
                "0087119D26 7C24 8200 8120 0102030405060708091011121314151617181920212223242526272829303132 00",
            ),
            step(
                "a slot without key",
                "0087118226 7C24 8200 8120 0102030405060708091011121314151617181920212223242526272829303132 00",
            ),
            step("a P-384 key in 82", "0047008205 AC03800114 00"),
            step("an RSA key of 2048 bits in 83", "0047008300 0005 AC03800107 0000"),
            PIN,
            step("sign with it", "00870783000106 7C820102 8200 8181FC 00 0000"),
        ],
    ),
    (
        "makers' commands",
        &[
            SELECT,
            step("version", "00FD000000"),
            step("serial number", "00F8000000"),
            step("metadata of the PIN", "00F7008000"),
            step("metadata of the management key", "00F7009B00"),
            step("metadata of an empty slot", "00F7009A00"),
            step("attestation of an empty slot", "00F99A0000"),
            step("reset, while the PIN is not blocked", "00FB0000"),
        ],
    ),
];
