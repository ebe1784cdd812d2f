//! Controls of requests ([MS-ADTS] 3.1.1.3.4.1).

use rasn::prelude::*;
use rasn_ldap::{Control, ResultCode};

/// Results in pages (RFC 2696).
pub(super) const PAGED: &str = "1.2.840.113556.1.4.319";
/// Which parts of security descriptors are wanted.
pub(super) const SD_FLAGS: &str = "1.2.840.113556.1.4.801";
/// Adding what is there and deleting what is not is no error.
pub(super) const PERMISSIVE_MODIFY: &str = "1.2.840.113556.1.4.1413";

/// The controls that are honoured. Those without a constant ask for what is so anyway: no referrals, deleted objects as
/// well, of which there are none, and nothing of other domains.
pub(super) const SUPPORTED: &[&str] = &[
    PAGED,
    SD_FLAGS,
    PERMISSIVE_MODIFY,
    "1.2.840.113556.1.4.417",
    "1.2.840.113556.1.4.1339",
    "1.2.840.113556.1.4.1340",
    "2.16.840.1.113730.3.4.2",
];

/// All parts of a security descriptor: owner, group, DACL, SACL.
pub(super) const ALL_PARTS: u32 = 15;

/// What the controls of a request ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Controls {
    /// A page of so many entries, behind the cookie.
    pub(super) paged: Option<Paged>,
    /// Parts of security descriptors that are wanted; `None` without the control.
    pub(super) parts: Option<u32>,
    /// The permissive form of modifications.
    pub(super) permissive: bool,
}

/// The value of the control for pages, in both directions.
#[derive(AsnType, Encode, Decode, Clone, Debug, PartialEq, Eq)]
pub(super) struct Paged {
    /// The entries of a page; in an answer, an estimate of all, or 0.
    pub(super) size: u32,
    /// Where the page begins.
    pub(super) cookie: OctetString,
}

#[derive(AsnType, Encode, Decode, Debug)]
struct Parts {
    flags: i32,
}

/// Reads the controls of a request.
///
/// # Errors
/// The result of the operation when one is critical and not honoured, or its value is none.
pub(super) fn read(sent: &[Control]) -> Result<Controls, (ResultCode, String)> {
    let mut controls = Controls { paged: None, parts: None, permissive: false };
    for control in sent {
        let oid = String::from_utf8_lossy(control.control_type.as_ref()).into_owned();
        let value = control.control_value.as_ref().map_or(&[][..], AsRef::as_ref);
        let malformed = || (ResultCode::ProtocolError, format!("the value of the control {oid} cannot be read"));
        match oid.as_str() {
            PAGED => controls.paged = Some(rasn::ber::decode(value).map_err(|_| malformed())?),
            SD_FLAGS => {
                let Parts { flags } = rasn::ber::decode(value).map_err(|_| malformed())?;
                controls.parts = Some(flags.cast_unsigned() & ALL_PARTS);
            }
            PERMISSIVE_MODIFY => controls.permissive = true,
            known if SUPPORTED.contains(&known) => {}
            _ if control.criticality => {
                let why = format!("the control {oid} is critical, and not supported");
                return Err((ResultCode::UnavailableCriticalExtension, why));
            }
            _ => {}
        }
    }
    Ok(controls)
}

/// The control of an answer that says where the next page begins; an empty cookie says that there is none.
pub(super) fn next_page(cookie: Vec<u8>) -> Option<Control> {
    let value = rasn::ber::encode(&Paged { size: 0, cookie: cookie.into() }).ok()?;
    Some(Control::new(PAGED.as_bytes().into(), false, Some(value.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_read_or_refused() {
        let check = |oid: &str, critical: bool, value: Option<&[u8]>, expected: Result<Controls, ResultCode>| {
            let control = Control::new(oid.as_bytes().into(), critical, value.map(Into::into));
            assert_eq!(read(&[control]).map_err(|(code, _)| code), expected, "{oid} {value:02x?}");
        };
        let none = || Controls { paged: None, parts: None, permissive: false };
        let page = Paged { size: 200, cookie: OctetString::from_static(b"") };
        check(PAGED, false, Some(&[0x30, 6, 2, 2, 0, 0xC8, 4, 0]), Ok(Controls { paged: Some(page), ..none() }));
        check(PAGED, false, Some(&[0x30, 5, 2, 1, 0xFF, 4, 0]), Err(ResultCode::ProtocolError));
        check(PAGED, false, Some(&[1]), Err(ResultCode::ProtocolError));
        check(PAGED, true, None, Err(ResultCode::ProtocolError));
        check(SD_FLAGS, true, Some(&[0x30, 3, 2, 1, 7]), Ok(Controls { parts: Some(7), ..none() }));
        check(SD_FLAGS, true, Some(&[]), Err(ResultCode::ProtocolError));
        check(PERMISSIVE_MODIFY, true, None, Ok(Controls { permissive: true, ..none() }));
        check("1.2.840.113556.1.4.473", false, None, Ok(none()));
        check("1.2.840.113556.1.4.473", true, None, Err(ResultCode::UnavailableCriticalExtension));
        check("1.2.840.113556.1.4.417", true, None, Ok(none()));
    }
}
