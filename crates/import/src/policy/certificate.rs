//! Certificates that policy distributes, as registry values.

use autoenroll_wire::Certificate;
use autoenroll_wire::registry_pol::Data;

/// The subject of a certificate in a value: its common name, or else all of it. A value is elements of kind, encoding,
/// length and data, of which that of kind 0x20 is the certificate ([MS-GPEF] 2.2.1.1.1, [MS-WCCE] 2.2.2.1).
pub(super) fn subject(data: &Data) -> Option<String> {
    const CERTIFICATE: u32 = 0x20;
    let Data::Other { octets, .. } = data else { return None };
    let mut rest = octets.as_slice();
    loop {
        let (kind, _encoding, length);
        (kind, rest) = number(rest)?;
        (_encoding, rest) = number(rest)?;
        (length, rest) = number(rest)?;
        let (value, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        if kind == CERTIFICATE {
            let certificate = Certificate::parse(value).ok()?;
            return Some(certificate.subject.common_name().unwrap_or_else(|| certificate.subject.to_string()));
        }
        rest = after;
    }
}

fn number(octets: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = octets.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number), rest))
}
