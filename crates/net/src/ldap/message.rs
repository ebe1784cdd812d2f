//! LDAP messages on a connection: framing with bounds, and an answer for what the codec cannot read.
//!
//! Framing is done here, because the codec has none, and because it would read lengths of indefinite form, which RFC
//! 4511 5.1 forbids.

use rasn::types::OctetString;
use rasn_ldap::{
    AddResponse, BindResponse, CompareResponse, Control, DelResponse, ExtendedResponse, LdapMessage, LdapResult,
    ModifyDnResponse, ModifyResponse, ProtocolOp, ResultCode, SearchResultDone,
};

use crate::bounds;

/// What the first octets of a message say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// More octets are needed to know.
    Incomplete,
    /// It has so many octets, its header included.
    Whole(usize),
    /// It is no message, or one that is not taken.
    Refused(Malformed),
}

/// Why a connection cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    /// A message is a SEQUENCE.
    NoSequence,
    /// Only lengths of definite form are allowed.
    IndefiniteLength,
    /// It is longer than [`bounds::LDAP_MESSAGE`].
    TooLong,
    /// It has no number from 1 to 2147483647.
    NoMessageId,
    /// The operation is no request.
    NoRequest,
}

impl Malformed {
    /// In words.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::NoSequence => "a message is a SEQUENCE",
            Self::IndefiniteLength => "lengths of indefinite form are not allowed (RFC 4511 5.1)",
            Self::TooLong => "the message is longer than this server takes",
            Self::NoMessageId => "the message has no number from 1 to 2147483647",
            Self::NoRequest => "the message is no request",
        }
    }
}

/// Looks at the header of what came so far.
pub(super) fn frame(octets: &[u8]) -> Frame {
    match header(octets) {
        Ok(Some(Header { tag: 0x30, begin, length })) => match begin.checked_add(length) {
            Some(all) if all <= bounds::LDAP_MESSAGE => Frame::Whole(all),
            _ => Frame::Refused(Malformed::TooLong),
        },
        Ok(Some(_)) => Frame::Refused(Malformed::NoSequence),
        Ok(None) if octets.first().is_some_and(|tag| *tag != 0x30) => Frame::Refused(Malformed::NoSequence),
        Ok(None) => Frame::Incomplete,
        Err(malformed) => Frame::Refused(malformed),
    }
}

/// A request, or what is to be answered in its place.
#[derive(Debug)]
pub(super) enum Received {
    /// A message that was understood.
    Message(Box<LdapMessage>),
    /// The codec cannot read it; this answers it, or nothing does.
    Unreadable(u32, Option<Box<ProtocolOp>>),
    /// A bind with NTLM, which the codec does not know.
    Sicily(u32, Sicily),
}

/// The three binds of NTLM that Active Directory calls sicily ([MS-ADTS] 5.1.1.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sicily {
    /// Choice [9]: which packages are there?
    Discovery,
    /// Choice [10]: the first message.
    Negotiate(Vec<u8>),
    /// Choice [11]: the answer to the challenge.
    Response(Vec<u8>),
}

/// Reads a whole message.
///
/// # Errors
/// When not even its number and kind can be read.
pub(super) fn read(octets: &[u8]) -> Result<Received, Malformed> {
    let (id, op) = envelope(octets).ok_or(Malformed::NoMessageId)?;
    match rasn::ber::decode::<LdapMessage>(octets) {
        Ok(message) => Ok(Received::Message(Box::new(message))),
        Err(_) => match sicily(op) {
            Some(sicily) => Ok(Received::Sicily(id, sicily)),
            None => Ok(Received::Unreadable(id, answer_unread(op)?.map(Box::new))),
        },
    }
}

/// Writes a message.
pub(super) fn write(id: u32, op: ProtocolOp, controls: Vec<Control>, to: &mut Vec<u8>) {
    let mut message = LdapMessage::new(id, op);
    message.controls = (!controls.is_empty()).then_some(controls);
    // The codec can write every message that can be made.
    let octets = rasn::ber::encode(&message);
    debug_assert!(octets.is_ok());
    to.extend(octets.unwrap_or_default());
}

/// The message that ends a connection which cannot go on (RFC 4511 4.4.1).
pub(super) fn write_disconnection(code: ResultCode, why: &str, to: &mut Vec<u8>) {
    let op = ExtendedResponse {
        result_code: code,
        matched_dn: "".into(),
        diagnostic_message: why.into(),
        referral: None,
        response_name: Some(OctetString::from_static(b"1.3.6.1.4.1.1466.20036")),
        response_value: None,
    };
    write(0, ProtocolOp::ExtendedResp(op), Vec::new(), to);
}

/// The outcome of an operation.
pub(super) fn result(code: ResultCode, matched: &str, why: &str) -> LdapResult {
    LdapResult::new(code, matched.into(), why.into())
}

/// The outcome of a bind.
pub(super) fn bind_response(code: ResultCode, why: &str) -> ProtocolOp {
    ProtocolOp::BindResponse(BindResponse::new(code, "".into(), why.into(), None, None))
}

/// The outcome of an extended operation without a value.
pub(super) fn extended_response(code: ResultCode, why: &str) -> ProtocolOp {
    ProtocolOp::ExtendedResp(ExtendedResponse {
        result_code: code,
        matched_dn: "".into(),
        diagnostic_message: why.into(),
        referral: None,
        response_name: None,
        response_value: None,
    })
}

/// The same outcome for whatever a request asked for; `None` when it is one that is never answered.
pub(super) fn outcome_of(request: &ProtocolOp, code: ResultCode, why: &str) -> Option<ProtocolOp> {
    let result = || result(code, "", why);
    Some(match request {
        ProtocolOp::BindRequest(_) => bind_response(code, why),
        ProtocolOp::SearchRequest(_) => ProtocolOp::SearchResDone(SearchResultDone(result())),
        ProtocolOp::ModifyRequest(_) => ProtocolOp::ModifyResponse(ModifyResponse(result())),
        ProtocolOp::AddRequest(_) => ProtocolOp::AddResponse(AddResponse(result())),
        ProtocolOp::DelRequest(_) => ProtocolOp::DelResponse(DelResponse(result())),
        ProtocolOp::ModDnRequest(_) => ProtocolOp::ModDnResponse(ModifyDnResponse(result())),
        ProtocolOp::CompareRequest(_) => ProtocolOp::CompareResponse(CompareResponse(result())),
        ProtocolOp::ExtendedReq(_) => extended_response(code, why),
        _ => return None,
    })
}

const UNREADABLE: &str = "the request cannot be read as RFC 4511 describes it";

/// The answer to a request that cannot be read, from the tag and the content of its operation.
fn answer_unread((tag, content): Element<'_>) -> Result<Option<ProtocolOp>, Malformed> {
    let code = ResultCode::ProtocolError;
    let result = || result(code, "", UNREADABLE);
    Ok(Some(match tag {
        0x60 => unread_bind(content),
        0x63 => ProtocolOp::SearchResDone(SearchResultDone(result())),
        0x66 => ProtocolOp::ModifyResponse(ModifyResponse(result())),
        0x68 => ProtocolOp::AddResponse(AddResponse(result())),
        0x4A => ProtocolOp::DelResponse(DelResponse(result())),
        0x6C => ProtocolOp::ModDnResponse(ModifyDnResponse(result())),
        0x6E => ProtocolOp::CompareResponse(CompareResponse(result())),
        0x77 => extended_response(code, UNREADABLE),
        // Unbind and abandon are never answered.
        0x42 | 0x50 => return Ok(None),
        _ => return Err(Malformed::NoRequest),
    }))
}

/// A bind of a version or with a choice that nobody here knows.
fn unread_bind(content: &[u8]) -> ProtocolOp {
    match choice(content) {
        Some(((0x02, [3]), (0x80 | 0xA3, _))) | None => bind_response(ResultCode::ProtocolError, UNREADABLE),
        Some(((0x02, [3]), _)) => {
            bind_response(ResultCode::AuthMethodNotSupported, "only simple binds and NTLM (sicily) are offered")
        }
        Some(_) => bind_response(ResultCode::ProtocolError, "only version 3 is spoken here"),
    }
}

fn sicily((tag, content): Element<'_>) -> Option<Sicily> {
    let (version, (choice, octets)) = choice(content).filter(|_| tag == 0x60)?;
    match (version, choice) {
        ((0x02, [3]), 0x89) => Some(Sicily::Discovery),
        ((0x02, [3]), 0x8A) => Some(Sicily::Negotiate(octets.to_vec())),
        ((0x02, [3]), 0x8B) => Some(Sicily::Response(octets.to_vec())),
        _ => None,
    }
}

/// The version of a bind, and how it says who it is.
fn choice(content: &[u8]) -> Option<(Element<'_>, Element<'_>)> {
    let (version, rest) = element(content)?;
    let (_, rest) = element(rest).filter(|(name, _)| name.0 == 0x04)?;
    Some((version, element(rest)?.0))
}

/// Writes the answer to a bind of sicily: what the server says stands where other answers have a name, and is no text,
/// so that the codec cannot write it.
pub(super) fn write_sicily(id: u32, code: ResultCode, says: &[u8], why: &str, to: &mut Vec<u8>) {
    let answer = [der(0x0A, &[code as u8]), der(0x04, says), der(0x04, why.as_bytes())].concat();
    to.extend(der(0x30, &[&number_of(id)[..], &der(0x61, &answer)].concat()));
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(content.len() + 6);
    element_of(&mut octets, tag, |octets| octets.extend_from_slice(content));
    octets
}

/// Writes an element whose content `fill` writes. Its length has the long form, as Windows writes it: right in BER, and
/// known only afterwards.
fn element_of(to: &mut Vec<u8>, tag: u8, fill: impl FnOnce(&mut Vec<u8>)) {
    to.extend([tag, 0x84, 0, 0, 0, 0]);
    let begin = to.len();
    fill(to);
    let length = u32::try_from(to.len() - begin).unwrap_or(u32::MAX);
    to[begin - 4..begin].copy_from_slice(&length.to_be_bytes());
}

/// Writes an entry that a search has found; `fill` hands over its attributes, one after the other. The codec would do
/// as well, but it sorts the values of an attribute, where clients take the last class for the most special one.
pub(super) fn write_entry(
    id: u32,
    dn: &str,
    to: &mut Vec<u8>,
    fill: impl FnOnce(&mut dyn FnMut(&str, &[OctetString])),
) {
    element_of(to, 0x30, |to| {
        to.extend(number_of(id));
        element_of(to, 0x64, |to| {
            element_of(to, 0x04, |to| to.extend_from_slice(dn.as_bytes()));
            element_of(to, 0x30, |to| {
                fill(&mut |name, values| {
                    element_of(to, 0x30, |to| {
                        element_of(to, 0x04, |to| to.extend_from_slice(name.as_bytes()));
                        element_of(to, 0x31, |to| {
                            for value in values {
                                element_of(to, 0x04, |to| to.extend_from_slice(value.as_ref()));
                            }
                        });
                    });
                });
            });
        });
    });
}

/// The number of a message as an INTEGER: four octets do, since it is positive.
fn number_of(id: u32) -> [u8; 6] {
    let [a, b, c, d] = id.to_be_bytes();
    [0x02, 4, a, b, c, d]
}

/// Tag and content.
type Element<'a> = (u8, &'a [u8]);

/// The number of a message, and tag and content of its operation.
fn envelope(octets: &[u8]) -> Option<(u32, Element<'_>)> {
    let ((_, content), _) = element(octets)?;
    let ((tag, number), rest) = element(content)?;
    let id = number.iter().try_fold(0_u64, |id, octet| (id < 1 << 32).then_some(id << 8 | u64::from(*octet)));
    let id = id.filter(|id| tag == 0x02 && !number.is_empty() && (1..=0x7FFF_FFFF).contains(id))?;
    let (op, _) = element(rest)?;
    Some((u32::try_from(id).ok()?, op))
}

/// The first element: tag and content, and what is behind it.
fn element(octets: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let Header { tag, begin, length } = header(octets).ok()??;
    let end = begin.checked_add(length)?;
    Some(((tag, octets.get(begin..end)?), octets.get(end..)?))
}

struct Header {
    tag: u8,
    begin: usize,
    length: usize,
}

fn header(octets: &[u8]) -> Result<Option<Header>, Malformed> {
    let [tag, first, rest @ ..] = octets else { return Ok(None) };
    let count = match first {
        0x80 => return Err(Malformed::IndefiniteLength),
        0..0x80 => return Ok(Some(Header { tag: *tag, begin: 2, length: usize::from(*first) })),
        _ => usize::from(first & 0x7F),
    };
    let Some(length) = rest.get(..count) else {
        return if count > 8 { Err(Malformed::TooLong) } else { Ok(None) };
    };
    // Leading zeros, such as Windows sends in `84 00 00 00 nn`, say nothing.
    let length =
        length.iter().try_fold(0_usize, |length, octet| length.checked_mul(256)?.checked_add(usize::from(*octet)));
    match length {
        Some(length) => Ok(Some(Header { tag: *tag, begin: 2 + count, length })),
        None => Err(Malformed::TooLong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_says_how_long_a_message_is() {
        let check = |octets: &[u8], expected: Frame| assert_eq!(frame(octets), expected, "{octets:02x?}");
        check(&[], Frame::Incomplete);
        check(&[0x30], Frame::Incomplete);
        check(&[0x30, 0x05], Frame::Whole(7));
        check(&[0x30, 0x84, 0, 0, 0, 9], Frame::Whole(15));
        check(&[0x30, 0x84, 0, 0, 0], Frame::Incomplete);
        check(&[0x30, 0x80], Frame::Refused(Malformed::IndefiniteLength));
        check(&[0x16], Frame::Refused(Malformed::NoSequence));
        check(b"GET / HTTP/1.1", Frame::Refused(Malformed::NoSequence));
        check(&[0x30, 0x83, 0x10, 0, 0], Frame::Refused(Malformed::TooLong));
        check(&[0x30, 0x83, 0x0F, 0xFF, 0xFB], Frame::Whole(1 << 20));
        check(&[0x30, 0x83, 0x0F, 0xFF, 0xFC], Frame::Refused(Malformed::TooLong));
        check(&[0x30, 0xFF], Frame::Refused(Malformed::TooLong));
        check(&[0x30, 0x88, 255, 255, 255, 255, 255, 255, 255, 255], Frame::Refused(Malformed::TooLong));
    }

    #[test]
    fn answers_to_sicily_are_messages() {
        for id in [1, 127, 128, 65_535, 0x7FFF_FFFF] {
            let mut octets = Vec::new();
            write_sicily(id, ResultCode::InvalidCredentials, b"NTLM", "no", &mut octets);
            let read: LdapMessage = rasn::ber::decode(&octets).unwrap();
            assert_eq!(read.message_id, id);
            let ProtocolOp::BindResponse(answer) = read.protocol_op else { panic!("no answer to a bind") };
            assert_eq!((answer.result_code, answer.matched_dn.as_str()), (ResultCode::InvalidCredentials, "NTLM"));
        }
    }

    #[test]
    fn what_the_codec_cannot_read_is_answered_all_the_same() {
        let check = |octets: &[u8], expected: Result<Option<(u32, ResultCode)>, Malformed>| {
            let found = read(octets).map(|received| match received {
                Received::Unreadable(id, Some(answer)) => match *answer {
                    ProtocolOp::BindResponse(it) => Some((id, it.result_code)),
                    ProtocolOp::SearchResDone(it) => Some((id, it.0.result_code)),
                    ProtocolOp::ExtendedResp(it) => Some((id, it.result_code)),
                    _ => panic!("another answer"),
                },
                Received::Unreadable(_, None) => None,
                Received::Sicily(id, Sicily::Discovery) => Some((id, ResultCode::Success)),
                other => panic!("{other:?}"),
            });
            assert_eq!(found, expected, "{octets:02x?}");
        };
        // Sicily's discovery of packages: choice [9].
        let sicily = [0x30, 0x0C, 2, 1, 7, 0x60, 7, 2, 1, 3, 4, 0, 0x89, 0];
        check(&sicily, Ok(Some((7, ResultCode::Success))));
        // Choice [12].
        let other = [0x30, 0x0C, 2, 1, 7, 0x60, 7, 2, 1, 3, 4, 0, 0x8C, 0];
        check(&other, Ok(Some((7, ResultCode::AuthMethodNotSupported))));
        // Version 300.
        check(&[0x30, 0x0D, 2, 1, 7, 0x60, 8, 2, 2, 1, 0x2C, 4, 0, 0x80, 0], Ok(Some((7, ResultCode::ProtocolError))));
        // A search without anything.
        check(&[0x30, 5, 2, 1, 9, 0x63, 0], Ok(Some((9, ResultCode::ProtocolError))));
        check(&[0x30, 5, 2, 1, 9, 0x77, 0], Ok(Some((9, ResultCode::ProtocolError))));
        check(&[0x30, 6, 2, 1, 9, 0x50, 1, 0x80], Ok(None));
        // An operation that there is not, a number that none is.
        check(&[0x30, 5, 2, 1, 9, 0x7E, 0], Err(Malformed::NoRequest));
        check(&[0x30, 5, 2, 1, 0, 0x63, 0], Err(Malformed::NoMessageId));
        check(&[0x30, 8, 2, 4, 0xFF, 0xFF, 0xFF, 0xFF, 0x63, 0], Err(Malformed::NoMessageId));
        check(&[0x30, 8, 2, 4, 0x80, 0, 0, 0, 0x63, 0], Err(Malformed::NoMessageId));
        check(&[0x30, 0], Err(Malformed::NoMessageId));
    }
}
