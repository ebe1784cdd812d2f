//! Who may do what, by the access control list of an imported template: the cases that enrollment clients in the field
//! test.

use autoenroll_import::ldif;
use autoenroll_model::{Ace, AceEffect, Right, SecurityDescriptor, Sid, Token, access_check, rights};
use autoenroll_wire::ldif::Entry;
use autoenroll_wire::security_descriptor::to_bytes;

use crate::scenario::{oids, template_of};

/// The principal, a group it is in, and one that this group is in.
const ME: &str = "S-1-5-21-1-2-3-1104";
const GROUP: &str = "S-1-5-21-1-2-3-513";
const NESTED: &str = "S-1-5-21-1-2-3-1200";
const OTHER: &str = "S-1-5-21-1-2-3-1105";
const NETWORK: &str = "S-1-5-2";
/// User-Force-Change-Password, a right of other objects.
const UNRELATED: &str = "00299570-246d-11d0-a768-00aa006e0529";

use AceEffect::{Allow, Deny};

/// An entry for a right, on its own.
fn of(effect: AceEffect, right: Right, trustee: &str) -> Ace {
    let object = right.guid().map(|guid| guid.parse().expect("a constant of the model"));
    Ace { object, ..plain(effect, right.mask(), trustee) }
}

fn plain(effect: AceEffect, mask: u32, trustee: &str) -> Ace {
    let trustee = trustee.parse().expect("a constant");
    Ace::new(effect, trustee, mask)
}

/// What the principal may: enroll, autoenroll.
type May = (bool, bool);

fn cases() -> Vec<(&'static str, Vec<Ace>, May)> {
    let control = rights::CONTROL_ACCESS;
    let inherited = |ace: Ace| Ace { inherited: true, ..ace };
    vec![
        ("an empty list denies", vec![], (false, false)),
        ("enroll only", vec![of(Allow, Right::Enroll, ME)], (true, false)),
        ("autoenroll only", vec![of(Allow, Right::AutoEnroll, ME)], (false, true)),
        ("two object entries", vec![of(Allow, Right::Enroll, ME), of(Allow, Right::AutoEnroll, ME)], (true, true)),
        ("a plain entry for control access is both", vec![plain(Allow, control, ME)], (true, true)),
        ("full control is both", vec![plain(Allow, rights::FULL, ME)], (true, true)),
        ("generic all is both", vec![plain(Allow, rights::GENERIC_ALL, ME)], (true, true)),
        ("generic read is neither", vec![plain(Allow, rights::GENERIC_READ, ME)], (false, false)),
        (
            "to read and write is neither",
            vec![plain(Allow, Right::Read.mask() | rights::WRITE_PROPERTY, ME)],
            (false, false),
        ),
        (
            "another right does not count",
            vec![Ace { object: UNRELATED.parse().ok(), ..plain(Allow, control, ME) }],
            (false, false),
        ),
        (
            "a denial of another right does not count",
            vec![Ace { object: UNRELATED.parse().ok(), ..plain(Deny, control, ME) }, plain(Allow, control, ME)],
            (true, true),
        ),
        (
            "a denial before a grant wins",
            vec![of(Deny, Right::Enroll, ME), of(Allow, Right::Enroll, GROUP)],
            (false, false),
        ),
        (
            "a grant before a denial wins",
            vec![of(Allow, Right::Enroll, ME), of(Deny, Right::Enroll, GROUP)],
            (true, false),
        ),
        (
            "an own grant before an inherited denial wins",
            vec![of(Allow, Right::Enroll, ME), inherited(plain(Deny, control, GROUP))],
            (true, false),
        ),
        (
            "a denial of generic all is one of both",
            vec![plain(Deny, rights::GENERIC_ALL, GROUP), plain(Allow, control, ME)],
            (false, false),
        ),
        (
            "a denial of one right leaves the other",
            vec![of(Deny, Right::AutoEnroll, GROUP), plain(Allow, control, ME)],
            (true, false),
        ),
        ("inherited entries count", vec![inherited(of(Allow, Right::Enroll, ME))], (true, false)),
        ("entries for children do not", vec![Ace { inherit_only: true, ..plain(Allow, control, ME) }], (false, false)),
        ("through a group", vec![of(Allow, Right::Enroll, GROUP)], (true, false)),
        ("through a group of a group", vec![of(Allow, Right::Enroll, NESTED)], (true, false)),
        ("through Authenticated Users", vec![of(Allow, Right::Enroll, Sid::AUTHENTICATED_USERS)], (true, false)),
        ("through Everyone", vec![of(Allow, Right::AutoEnroll, Sid::EVERYONE)], (false, true)),
        ("through Network", vec![of(Allow, Right::Enroll, NETWORK)], (true, false)),
        ("not through PRINCIPAL_SELF", vec![plain(Allow, control, Sid::PRINCIPAL_SELF)], (false, false)),
        (
            "those of another principal do not count",
            vec![plain(Allow, control, OTHER), plain(Deny, control, OTHER)],
            (false, false),
        ),
        (
            "a conditional grant grants nothing",
            vec![Ace { conditional: true, ..plain(Allow, control, ME) }],
            (false, false),
        ),
        (
            "a conditional denial denies",
            vec![Ace { conditional: true, ..plain(Deny, control, ME) }, plain(Allow, control, ME)],
            (false, false),
        ),
    ]
}

/// What the principal may by an import, and by the world that is written of it.
fn imported(descriptor: Option<Vec<u8>>) -> (Option<May>, May) {
    let mut entry = Entry::default();
    entry.push("objectClass", "pKICertificateTemplate");
    entry.push("cn", "T");
    if let Some(descriptor) = descriptor {
        entry.push("nTSecurityDescriptor", descriptor);
    }
    let import = ldif(entry.to_ldif("CN=T,CN=Certificate Templates,DC=test").as_bytes());
    let [one] = import.templates.as_slice() else { panic!("one template") };
    let world = template_of(&import.to_world(None, &oids()).text, "T");
    let said = one.says("nTSecurityDescriptor");
    (said.then(|| allowed(&one.template.security)), allowed(&world.security))
}

fn allowed(security: &SecurityDescriptor) -> May {
    let sids = [ME, GROUP, NESTED, Sid::AUTHENTICATED_USERS, Sid::EVERYONE, Sid::PRINCIPAL_SELF, NETWORK];
    let token: Token = sids.iter().map(|sid| sid.parse::<Sid>().expect("a constant")).collect();
    (access_check(security, &token, Right::Enroll), access_check(security, &token, Right::AutoEnroll))
}

#[test]
fn lists_mean_the_same_in_the_directory_and_in_a_world() {
    for (case, list, expected) in cases() {
        let owner = ME.parse().ok();
        let descriptor = to_bytes(&SecurityDescriptor { owner, dacl: Some(list) });
        assert_eq!(imported(Some(descriptor)), (Some(expected), expected), "{case}");
    }
}

#[test]
fn no_list_grants_everything_and_no_descriptor_nothing() {
    let no_list = to_bytes(&SecurityDescriptor { owner: None, dacl: None });
    assert_eq!(imported(Some(no_list.clone())), (Some((true, true)), (true, true)), "a null list");
    let mut absent = no_list;
    absent[2] &= !0x04;
    assert_eq!(imported(Some(absent)), (Some((true, true)), (true, true)), "SE_DACL_PRESENT is not set");
    assert_eq!(imported(None), (None, (false, false)), "the export has no descriptor");
    assert_eq!(imported(Some(vec![1, 0, 4])), (None, (false, false)), "what cannot be read grants nothing");
}
