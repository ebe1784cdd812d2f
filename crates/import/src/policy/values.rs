//! Registry values: which of them are about certificates, and their data.

use autoenroll_wire::registry_pol::Data;

use crate::finding::{Reason, shown};

pub(super) const AUTO_ENROLLMENT: &str = r"software\policies\microsoft\cryptography\autoenrollment";
pub(super) const POLICY_SERVERS: &str = r"software\policies\microsoft\cryptography\policyservers";
pub(super) const AUTOMATIC_REQUESTS: &str = r"software\policies\microsoft\systemcertificates\acrs\ctls";
pub(super) const CERTIFICATES: &str = r"software\policies\microsoft\systemcertificates";
pub(super) const TEMPLATE_CACHE: &str = r"software\microsoft\cryptography\certificatetemplatecache";
pub(super) const SYSTEM: &str = r"software\policies\microsoft\windows\system";
pub(super) const BACKGROUND: &str = r"software\microsoft\windows\currentversion\policies\system";

/// Keys about certificates and the cards they are on. What stands below them and is not understood is told value by
/// value.
const OF_CERTIFICATES: [&str; 9] = [
    r"software\policies\microsoft\cryptography",
    r"software\microsoft\cryptography",
    CERTIFICATES,
    r"software\microsoft\systemcertificates",
    r"software\microsoft\enterprisecertificates",
    r"software\policies\microsoft\windows\smartcardcredentialprovider",
    r"software\policies\microsoft\windows\certprop",
    r"software\policies\microsoft\windows\scpnp",
    r"software\policies\microsoft\passportforwork",
];

/// Values about the refresh of Group Policy, by key and name.
const OF_REFRESH: [(&str, &str); 5] = [
    (SYSTEM, "grouppolicyrefreshtime"),
    (SYSTEM, "grouppolicyrefreshtimeoffset"),
    (SYSTEM, "grouppolicyrefreshtimedc"),
    (SYSTEM, "grouppolicyrefreshtimeoffsetdc"),
    (BACKGROUND, "disablebkgndgrouppolicy"),
];

/// Whether a value, by key and name in lower case, is about certificates, or about when policy is refreshed.
pub(super) fn concerns_certificates(key: &str, value: &str) -> bool {
    let below = |top: &str| key.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('\\'));
    let name = value.strip_prefix("**del.").or(value.strip_prefix("**soft.")).unwrap_or(value);
    OF_CERTIFICATES.iter().any(|top| below(top)) || OF_REFRESH.contains(&(key, name))
}

/// A text, also one without the zero at its end that not every program writes.
pub(super) fn text(data: &Data) -> Result<String, Reason> {
    let read = match data {
        Data::Text(text) => Some(text.clone()),
        Data::Other { kind: 1, octets } => utf16(octets),
        Data::Dword(_) | Data::Other { .. } => None,
    };
    read.ok_or_else(|| Reason::Malformed("REG_SZ".to_owned()))
}

fn utf16(octets: &[u8]) -> Option<String> {
    let (units, rest) = octets.as_chunks::<2>();
    let text = char::decode_utf16(units.iter().map(|unit| u16::from_le_bytes(*unit))).collect::<Result<_, _>>().ok();
    if rest.is_empty() { text } else { None }
}

/// Data for people.
pub(super) fn shown_data(data: &Data) -> String {
    const REG_EXPAND_SZ: u32 = 2;
    const REG_MULTI_SZ: u32 = 7;
    match data {
        Data::Text(text) => text.clone(),
        Data::Dword(number) => format!("{number:#x}"),
        Data::Other { kind, octets } => match utf16(octets) {
            Some(text) if matches!(*kind, REG_EXPAND_SZ | REG_MULTI_SZ) => {
                format!("type {kind}: {}", text.trim_end_matches('\0').replace('\0', ", "))
            }
            _ => format!("type {kind}: {}", shown(octets)),
        },
    }
}
