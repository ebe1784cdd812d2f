//! NTLM over HTTP, the half of a server: a challenge goes out, and what comes back proves the password (NTLMv2,
//! [MS-NLMP]).
//!
//! Only who speaks is found out. There are no session keys, no signing and no sealing, and of the older answers none is
//! taken.

use hmac::{Hmac, KeyInit as _, Mac as _};
use md4::Digest as _;

/// A message begins so.
const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";
/// The longest message that is looked at.
const LONGEST: usize = 16 << 10;
/// NTProofStr.
const PROOF: usize = 16;

/// NTLMSSP_NEGOTIATE_UNICODE, REQUEST_TARGET, NTLM, ALWAYS_SIGN, TARGET_TYPE_DOMAIN, EXTENDED_SESSIONSECURITY,
/// TARGET_INFO, 128, 56 ([MS-NLMP] 2.2.2.5).
const FLAGS: u32 = 0x0000_0001 | 0x4 | 0x200 | 0x8000 | 0x1_0000 | 0x8_0000 | 0x80_0000 | 0x2000_0000 | 0x8000_0000;

/// Names that a challenge tells of the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    /// NetBIOS name of the domain.
    pub(crate) netbios: &'a str,
    /// DNS name of the domain.
    pub(crate) dns: &'a str,
    /// DNS name of the host; clients refuse a challenge without.
    pub(crate) host: &'a str,
}

/// What a client sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// It begins.
    Negotiate,
    /// It answers a challenge.
    Authenticate(Authenticate),
}

/// The answer to a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authenticate {
    pub(crate) user: String,
    pub(crate) domain: String,
    /// NTProofStr and what it is over.
    proof: Vec<u8>,
}

impl Message {
    /// Reads a message; `None` for everything else.
    pub(crate) fn read(octets: &[u8]) -> Option<Self> {
        if octets.len() > LONGEST || octets.get(..8)? != SIGNATURE {
            return None;
        }
        match number(octets, 8)? {
            1 => Some(Self::Negotiate),
            3 => Some(Self::Authenticate(Authenticate {
                proof: field(octets, 20)?.to_vec(),
                domain: text(field(octets, 28)?)?,
                user: text(field(octets, 36)?)?,
            })),
            _ => None,
        }
    }
}

impl Authenticate {
    /// Whether it was made with that password ([MS-NLMP] 3.3.2). Anonymous and NTLMv1 answers were not.
    pub(crate) fn proves(&self, password: &str, challenge: [u8; 8]) -> bool {
        let Some((proof, over)) = self.proof.split_at_checked(PROOF).filter(|(_, over)| over.len() >= 28) else {
            return false;
        };
        if self.user.is_empty() {
            return false;
        }
        let hash = md4::Md4::digest(utf16(password));
        let key = hmac(&hash, &[&utf16(&self.user.to_uppercase()), &utf16(&self.domain)]).finalize().into_bytes();
        hmac(&key, &[&challenge, over]).verify_slice(proof).is_ok()
    }
}

/// A challenge that nobody could know before; `None` when the machine gives no randomness.
pub(crate) fn fresh_challenge() -> Option<[u8; 8]> {
    let mut challenge = [0; 8];
    let random = crate::processor::provider().ok()?.secure_random;
    random.fill(&mut challenge).is_ok().then_some(challenge)
}

/// The challenge that answers the first message ([MS-NLMP] 2.2.1.2).
pub(crate) fn challenge(challenge: [u8; 8], names: Names<'_>) -> Vec<u8> {
    let target = utf16(names.netbios);
    let mut information = Vec::new();
    let mut pair = |id: u16, value: &[u8]| {
        information.extend(id.to_le_bytes());
        information.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
        information.extend(value);
    };
    let computer = names.host.split('.').next().unwrap_or_default().to_uppercase();
    pair(2, &target);
    pair(1, &utf16(&computer));
    pair(4, &utf16(names.dns));
    pair(3, &utf16(names.host));
    pair(0, &[]);
    let mut message = SIGNATURE.to_vec();
    message.extend(2_u32.to_le_bytes());
    // Fixed part: up to and with the version, which nobody reads.
    let mut at: u32 = 56;
    let mut reference = |length: usize| {
        let short = u16::try_from(length).unwrap_or(u16::MAX);
        let mut octets = [short.to_le_bytes(), short.to_le_bytes()].concat();
        octets.extend(at.to_le_bytes());
        at += u32::from(short);
        octets
    };
    message.extend(reference(target.len()));
    message.extend(FLAGS.to_le_bytes());
    message.extend(challenge);
    message.extend([0; 8]);
    message.extend(reference(information.len()));
    message.extend([10, 0, 0x63, 0x45, 0, 0, 0, 15]);
    message.extend(target);
    message.extend(information);
    message
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Hmac<md5::Md5> {
    let mut mac = Hmac::<md5::Md5>::new_from_slice(key).expect("any key will do");
    parts.iter().for_each(|part| mac.update(part));
    mac
}

fn number(octets: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(octets.get(at..at + 4)?.try_into().ok()?))
}

/// What a field refers to: length, room and offset.
fn field(octets: &[u8], at: usize) -> Option<&[u8]> {
    let length = usize::from(u16::from_le_bytes(octets.get(at..at + 2)?.try_into().ok()?));
    let offset = usize::try_from(number(octets, at + 4)?).ok()?;
    octets.get(offset..offset.checked_add(length)?)
}

fn text(octets: &[u8]) -> Option<String> {
    let units: Vec<u16> = octets.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    if octets.len().is_multiple_of(2) { String::from_utf16(&units).ok() } else { None }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: Names<'_> = Names { netbios: "Domain", dns: "domain.test", host: "server.domain.test" };

    fn authenticate(user: &str, domain: &str, response: &[u8]) -> Vec<u8> {
        let mut message = SIGNATURE.to_vec();
        message.extend(3_u32.to_le_bytes());
        let mut payload: Vec<u8> = Vec::new();
        for part in [&[][..], response, &utf16(domain), &utf16(user), &[], &[]] {
            let length = u16::try_from(part.len()).unwrap();
            message.extend(length.to_le_bytes());
            message.extend(length.to_le_bytes());
            message.extend(u32::try_from(64 + payload.len()).unwrap().to_le_bytes());
            payload.extend(part);
        }
        message.extend([0; 4]);
        message.extend(payload);
        message
    }

    /// The example of [MS-NLMP] 4.2.4: user, domain and password, the server's challenge, the client's blob and the
    /// proof.
    #[test]
    fn the_proof_of_the_standard_is_taken_and_another_is_not() {
        let blob = [
            &[1, 1, 0, 0, 0, 0, 0, 0][..],
            &[0; 8],
            &[0xAA; 8],
            &[0; 4],
            &[2, 0, 12, 0],
            &utf16("Domain"),
            &[1, 0, 12, 0],
            &utf16("Server"),
            &[0; 8],
        ]
        .concat();
        let proof = [0x68, 0xCD, 0x0A, 0xB8, 0x51, 0xE5, 0x1C, 0x96, 0xAA, 0xBC, 0x92, 0x7B, 0xEB, 0xEF, 0x6A, 0x1C];
        let challenge = [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF];
        let message = authenticate("User", "Domain", &[&proof[..], &blob].concat());
        let Some(Message::Authenticate(answer)) = Message::read(&message) else { panic!("no answer") };
        assert!(answer.proves("Password", challenge));
        assert!(!answer.proves("password", challenge) && !answer.proves("Password", [0; 8]));
    }

    #[test]
    fn what_is_no_message_or_proves_nothing_is_refused() {
        assert_eq!(Message::read(b"NTLMSSP\0\x01\0\0\0"), Some(Message::Negotiate));
        let whole = authenticate("User", "Domain", &[0; 24]);
        for length in 0..whole.len() {
            let read = Message::read(&whole[..length]);
            assert!(read.is_none_or(|read| !matches!(read, Message::Authenticate(it) if it.proves("", [0; 8]))));
        }
        for response in [&[][..], &[0; 16], &[0; 24]] {
            let Some(Message::Authenticate(answer)) = Message::read(&authenticate("User", "D", response)) else {
                panic!("no answer")
            };
            assert!(!answer.proves("Password", [0; 8]), "{response:?}");
        }
        let sent = challenge([7; 8], NAMES);
        assert_eq!(number(&sent, 8), Some(2));
        assert_eq!(text(field(&sent, 12).unwrap()).as_deref(), Some("Domain"));
        assert!(field(&sent, 40).unwrap().ends_with(&[0; 4]));
    }
}
