use super::*;
use alloc::vec;
use proptest::prelude::*;

/// Owner Administrators, group SYSTEM; Authenticated Users may read, S-1-5-21-1-2-3-513 may enroll, an audit entry type
/// that does not count, and an inherited denial of everything for Everyone.
const DESCRIPTOR: &[u8] = b"\x01\x00\x04\x8C\x14\x00\x00\x00\x24\x00\x00\x00\x00\x00\x00\x00\x30\x00\x00\x00\
    \x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00\
    \x01\x01\x00\x00\x00\x00\x00\x05\x12\x00\x00\x00\
    \x04\x00\x7C\x00\x04\x00\x00\x00\
    \x00\x00\x14\x00\x14\x00\x02\x00\x01\x01\x00\x00\x00\x00\x00\x05\x0B\x00\x00\x00\
    \x05\x00\x38\x00\x00\x01\x00\x00\x01\x00\x00\x00\
    \x68\xC9\x10\x0E\xFB\x78\xD2\x11\x90\xD4\x00\xC0\x4F\x79\xDC\x55\
    \x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\x01\x02\x00\x00\
    \x02\x00\x14\x00\xFF\x01\x0F\x00\x01\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\
    \x01\x10\x14\x00\xFF\x01\x0F\x00\x01\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00";

#[test]
fn a_template_descriptor_is_read_and_printed() {
    let descriptor = from_bytes(DESCRIPTOR).unwrap();
    assert_eq!(
        to_sddl(&descriptor),
        "O:BAD:(A;;LCRPRC;;;AU)\
         (OA;;CR;0e10c968-78fb-11d2-90d4-00c04f79dc55;;S-1-5-21-1-2-3-513)\
         (D;ID;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;WD)"
    );
    assert_eq!(from_bytes(&to_bytes(&descriptor)), Ok(descriptor));
}

#[test]
fn an_inherited_object_type_is_read_over() {
    let ace = b"\x06\x08\x4C\x00\x00\x01\x00\x00\x03\x00\x00\x00\
        \x68\xC9\x10\x0E\xFB\x78\xD2\x11\x90\xD4\x00\xC0\x4F\x79\xDC\x55\
        \xA2\x9C\x20\xE5\xBA\x3B\xD2\x11\x90\xCC\x00\xC0\x4F\xD9\x1A\xB1\
        \x01\x01\x00\x00\x00\x00\x00\x05\x0B\x00\x00\x00";
    let size = (ace.len() as u16).to_le_bytes();
    let mut ace = ace.to_vec();
    ace[2..4].copy_from_slice(&size);
    let ace = read_ace(Bytes { bytes: &ace, offset: 0 }).unwrap().unwrap();
    assert_eq!(ace_sddl(&ace), "(OD;IO;CR;0e10c968-78fb-11d2-90d4-00c04f79dc55;;AU)");
}

#[test]
fn absent_and_null_lists_are_no_list() {
    let check = |descriptor: SecurityDescriptor, sddl: &str| {
        assert_eq!(to_sddl(&descriptor), sddl);
        assert_eq!(from_bytes(&to_bytes(&descriptor)), Ok(descriptor));
    };
    check(SecurityDescriptor { owner: None, dacl: None }, "D:NO_ACCESS_CONTROL");
    check(SecurityDescriptor { owner: None, dacl: Some(vec![]) }, "D:");
    let mut not_present = DESCRIPTOR.to_vec();
    not_present[2] = 0;
    assert_eq!(from_bytes(&not_present).unwrap().dacl, None);
}

#[test]
fn what_leads_out_of_the_bytes_is_an_error() {
    let check = |change: fn(&mut Vec<u8>), expected: &str| {
        let mut bytes = DESCRIPTOR.to_vec();
        change(&mut bytes);
        assert_eq!(format!("{}", from_bytes(&bytes).unwrap_err()), expected);
    };
    check(|bytes| bytes.truncate(10), "security descriptor at octet 10: ends too early");
    check(|bytes| bytes[0] = 2, "security descriptor at octet 0: the revision of a security descriptor is 1");
    check(|bytes| bytes[4] = 0xFF, "security descriptor at octet 172: ends too early");
    check(|bytes| bytes[20] = 9, "security descriptor at octet 20: a security identifier is expected");
    check(|bytes| bytes[50] = 0xFF, "security descriptor at octet 172: ends too early");
    check(|bytes| bytes[58] = 3, "security descriptor at octet 58: an access control entry has at least 4 octets");
    check(|bytes| bytes[58] = 8, "security descriptor at octet 64: a security identifier is expected");
}

#[test]
fn rights_without_letters_print_in_hexadecimal() {
    assert_eq!(rights(0x8000_0000), "GR");
    assert_eq!(rights(0x0000_0300), "0x300");
}

fn any_ace() -> impl Strategy<Value = Ace> {
    let effect = prop_oneof![Just(AceEffect::Allow), Just(AceEffect::Deny)];
    let trustee = (0_u32.., 0_u32..).prop_map(|(a, b)| format!("S-1-5-21-{a}-{b}").parse().unwrap());
    (effect, any::<u32>(), any::<Option<[u8; 16]>>(), trustee, any::<[bool; 3]>()).prop_map(
        |(effect, mask, object, trustee, [inherited, inherit_only, conditional])| Ace {
            effect,
            mask,
            object: object.map(Guid),
            trustee,
            inherited,
            inherit_only,
            conditional,
        },
    )
}

proptest! {
    #[test]
    fn descriptors_read_back(entries in proptest::option::of(proptest::collection::vec(any_ace(), 0..8)), owned: bool) {
        let owner = owned.then(|| "S-1-5-32-544".parse().unwrap());
        let descriptor = SecurityDescriptor { owner, dacl: entries };
        prop_assert_eq!(from_bytes(&to_bytes(&descriptor)), Ok(descriptor));
    }

    #[test]
    fn damaged_descriptors_never_panic(position in 0..DESCRIPTOR.len(), octet: u8, cut in 0..DESCRIPTOR.len()) {
        let mut bytes = DESCRIPTOR.to_vec();
        bytes[position] = octet;
        let _ = (from_bytes(&bytes), from_bytes(&bytes[..cut]));
    }
}
