//! The access check on templates and CAs: a pure function over a security descriptor and a token.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::{Guid, PrincipalObject, Sid, words};

/// Whether the token has the right, as [`access`] finds out.
#[must_use]
pub fn access_check(security: &SecurityDescriptor, token: &Token, right: Right) -> bool {
    access(security, token, right).granted
}

/// What an access check comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The token has the right.
    pub granted: bool,
    /// The entry that settled it, by its place in the DACL: the one that denied a bit or granted the last; `None` when
    /// there is no DACL, or no entry settled it, which grants nothing.
    pub by: Option<usize>,
}

/// Whether the token has the right ([MS-ADTS] 5.1.3.3), and by which entry: entries in their order, the first that
/// settles the last open bit wins.
///
/// * No DACL grants everything, an empty one nothing; ownership alone grants nothing that matters here.
/// * Inherit-only entries do not apply to the object itself.
/// * An object entry with an object type speaks of that right only; without one, of all control access rights.
/// * A conditional (callback) entry cannot be evaluated here and fails closed: an allowing one grants nothing, a
///   denying one denies.
#[must_use]
pub fn access(security: &SecurityDescriptor, token: &Token, right: Right) -> Access {
    let [found] = accesses(security, token, [right]);
    found
}

/// The same for several rights: whom an entry concerns is looked up once.
#[must_use]
pub fn accesses<const N: usize>(security: &SecurityDescriptor, token: &Token, rights: [Right; N]) -> [Access; N] {
    let Some(dacl) = &security.dacl else { return [Access { granted: true, by: None }; N] };
    let mut open = rights.map(|right| Open { right, bits: right.mask(), settled: None });
    for (at, ace) in dacl.iter().enumerate().filter(|(_, ace)| !ace.inherit_only && token.has(&ace.trustee)) {
        open.iter_mut().for_each(|open| open.see(at, ace));
        if open.iter().all(|open| open.settled.is_some()) {
            break;
        }
    }
    open.map(|open| open.settled.unwrap_or(Access { granted: false, by: None }))
}

/// A right that is looked for in a list.
struct Open {
    right: Right,
    /// Bits that no entry has granted yet.
    bits: u32,
    settled: Option<Access>,
}

impl Open {
    /// The next entry that concerns the token.
    fn see(&mut self, at: usize, ace: &Ace) {
        if self.settled.is_some() {
            return;
        }
        let speaks = match (ace.object, self.right.object()) {
            // A3.6.allow, A3.6.deny, P7.24
            (None, _) => true,
            (Some(object), Some(of_right)) => object == of_right,
            (Some(_), None) => false,
        };
        let bits = if speaks { expand_generic(ace.mask) & self.bits } else { 0 };
        match (ace.effect, ace.conditional) {
            // A3.6.deny
            (AceEffect::Deny, _) if bits != 0 => self.settled = Some(Access { granted: false, by: Some(at) }),
            (AceEffect::Allow, false) => self.bits &= !bits,
            (AceEffect::Deny, _) | (AceEffect::Allow, true) => {}
        }
        if self.bits == 0 {
            self.settled = Some(Access { granted: true, by: Some(at) });
        }
    }
}

words! {
    /// A right that autoenrollment asks about.
    pub enum Right as "right" {
        /// See the object: RC, LC and RP ([MS-CRTD] 2.5.3).
        Read = "read",
        /// Certificate-Enrollment ([MS-CRTD] 2.5.2).
        Enroll = "enroll",
        /// Certificate-AutoEnrollment ([MS-CRTD] 2.5.2).
        AutoEnroll = "autoenroll",
    }
}

impl Right {
    /// Access bits that must all be granted.
    #[must_use]
    pub const fn mask(self) -> u32 {
        match self {
            // A3.6.read
            Self::Read => rights::READ_CONTROL | rights::LIST_CONTENTS | rights::READ_PROPERTY,
            // A3.6.rights
            Self::Enroll | Self::AutoEnroll => rights::CONTROL_ACCESS,
        }
    }

    /// The object type that speaks of it alone.
    const fn object(self) -> Option<Guid> {
        match self {
            Self::Read => None,
            Self::Enroll => Some(Guid(0x0e10_c968_78fb_11d2_90d4_00c0_4f79_dc55_u128.to_be_bytes())),
            Self::AutoEnroll => Some(Guid(0xa05b_8cc2_17bc_4802_a710_e7c1_5ab8_66a2_u128.to_be_bytes())),
        }
    }

    /// The control access right ([MS-ADTS] 5.1.3.2.1), when it is one.
    #[must_use]
    pub const fn guid(self) -> Option<&'static str> {
        match self {
            Self::Read => None,
            Self::Enroll => Some("0e10c968-78fb-11d2-90d4-00c04f79dc55"),
            Self::AutoEnroll => Some("a05b8cc2-17bc-4802-a710-e7c15ab866a2"),
        }
    }
}

/// Access mask bits of directory objects ([MS-ADTS] 5.1.3.2).
pub mod rights {
    /// CC, create child.
    pub const CREATE_CHILD: u32 = 0x0000_0001;
    /// LC, list contents.
    pub const LIST_CONTENTS: u32 = 0x0000_0004;
    /// RP, read property.
    pub const READ_PROPERTY: u32 = 0x0000_0010;
    /// WP, write property.
    pub const WRITE_PROPERTY: u32 = 0x0000_0020;
    /// CR, control access.
    pub const CONTROL_ACCESS: u32 = 0x0000_0100;
    /// RC, read control.
    pub const READ_CONTROL: u32 = 0x0002_0000;
    /// Full control of a directory object.
    pub const FULL: u32 = 0x000F_01FF;
    /// GR, generic read.
    pub const GENERIC_READ: u32 = 0x8000_0000;
    /// GA, generic all.
    pub const GENERIC_ALL: u32 = 0x1000_0000;
}

/// Generic bits as the specific ones they stand for.
const fn expand_generic(mask: u32) -> u32 {
    let mut bits = mask;
    // A3.6.full-control
    if mask & rights::GENERIC_ALL != 0 {
        bits |= rights::FULL;
    }
    if mask & rights::GENERIC_READ != 0 {
        bits |= rights::READ_CONTROL | rights::LIST_CONTENTS | rights::READ_PROPERTY;
    }
    bits
}

/// Owner and discretionary access control list ([MS-DTYP] 2.4.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct SecurityDescriptor {
    /// `OwnerSid`; the access check does not consult it.
    pub owner: Option<Sid>,
    /// Entries in their order; `None` for an absent or null list.
    pub dacl: Option<Vec<Ace>>,
}

/// One access control entry ([MS-DTYP] 2.4.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Ace {
    /// Allow or deny.
    pub effect: AceEffect,
    /// Access bits, generic ones included.
    pub mask: u32,
    /// The object type of an object entry: the one right or property it speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Guid>,
    /// Whom it concerns.
    pub trustee: Sid,
    /// Came from a parent.
    #[serde(default)]
    pub inherited: bool,
    /// Only for children, not for the object itself.
    #[serde(default)]
    pub inherit_only: bool,
    /// Carries a condition (callback entry).
    #[serde(default)]
    pub conditional: bool,
}

impl Ace {
    /// An entry of the object itself, with neither an object type nor a condition.
    #[must_use]
    pub const fn new(effect: AceEffect, trustee: Sid, mask: u32) -> Self {
        Self { effect, mask, object: None, trustee, inherited: false, inherit_only: false, conditional: false }
    }
}

words! {
    /// What an entry does.
    pub enum AceEffect as "access control entry" {
        /// Grants.
        Allow = "allow",
        /// Denies.
        Deny = "deny",
    }
}

/// The security identifiers that speak for a principal, in their own order, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token(Vec<Sid>);

impl Token {
    /// The principal itself and all its groups.
    #[must_use]
    pub fn of(principal: &PrincipalObject) -> Self {
        core::iter::once(&principal.sid).chain(&principal.groups).cloned().collect()
    }

    /// Whether it carries the identifier. No token carries PRINCIPAL_SELF.
    #[must_use]
    pub fn has(&self, sid: &Sid) -> bool {
        sid.as_str() != Sid::PRINCIPAL_SELF && self.0.binary_search(sid).is_ok()
    }
}

impl FromIterator<Sid> for Token {
    fn from_iter<I: IntoIterator<Item = Sid>>(sids: I) -> Self {
        let mut sids: Vec<Sid> = sids.into_iter().collect();
        sids.sort_unstable();
        sids.dedup();
        Self(sids)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    const ALICE: &str = "S-1-5-21-1-2-3-1104";
    const STAFF: &str = "S-1-5-21-1-2-3-2001";

    fn ace(effect: AceEffect, trustee: &str, mask: u32, object: Option<&str>) -> Ace {
        let object = object.map(|guid| guid.parse().unwrap());
        Ace { object, ..Ace::new(effect, trustee.parse().unwrap(), mask) }
    }

    /// The case list that field implementations of this check have been wrong about.
    #[test]
    fn enroll_and_autoenroll_follow_the_order_of_entries() {
        use AceEffect::{Allow, Deny};
        let enroll = Right::Enroll.guid();
        let auto = Right::AutoEnroll.guid();
        let cr = rights::CONTROL_ACCESS;
        let check = |case: &str, dacl: Option<Vec<Ace>>, expected: (bool, bool)| {
            let security = SecurityDescriptor { owner: Some(ALICE.parse().unwrap()), dacl };
            let token =
                [ALICE, STAFF, Sid::EVERYONE, Sid::AUTHENTICATED_USERS].iter().map(|s| s.parse().unwrap()).collect();
            let found =
                (access_check(&security, &token, Right::Enroll), access_check(&security, &token, Right::AutoEnroll));
            assert_eq!(found, expected, "{case}");
        };
        let inherited = |ace: Ace| Ace { inherited: true, ..ace };
        let inherit_only = |ace: Ace| Ace { inherit_only: true, ..ace };
        let conditional = |ace: Ace| Ace { conditional: true, ..ace };
        check("enroll only", Some(vec![ace(Allow, ALICE, cr, enroll)]), (true, false));
        check("autoenroll only", Some(vec![ace(Allow, ALICE, cr, auto)]), (false, true));
        check(
            "two object entries",
            Some(vec![ace(Allow, ALICE, cr, enroll), ace(Allow, STAFF, cr, auto)]),
            (true, true),
        );
        check("plain control access", Some(vec![ace(Allow, ALICE, cr, None)]), (true, true));
        check(
            "deny before group allow",
            Some(vec![ace(Deny, ALICE, cr, enroll), ace(Allow, STAFF, cr, None)]),
            (false, true),
        );
        check(
            "allow before inherited deny",
            Some(vec![ace(Allow, ALICE, cr, None), inherited(ace(Deny, STAFF, cr, None))]),
            (true, true),
        );
        check("inherited is effective", Some(vec![inherited(ace(Allow, ALICE, cr, None))]), (true, true));
        check("inherit-only is not", Some(vec![inherit_only(ace(Allow, ALICE, cr, None))]), (false, false));
        check("authenticated users", Some(vec![ace(Allow, Sid::AUTHENTICATED_USERS, cr, None)]), (true, true));
        check("everyone", Some(vec![ace(Allow, Sid::EVERYONE, cr, None)]), (true, true));
        check("principal self", Some(vec![ace(Allow, Sid::PRINCIPAL_SELF, cr, None)]), (false, false));
        check("owner alone", Some(vec![ace(Allow, "S-1-5-32-544", cr, None)]), (false, false));
        check("generic all allows", Some(vec![ace(Allow, ALICE, rights::GENERIC_ALL, None)]), (true, true));
        check(
            "generic all denies",
            Some(vec![ace(Deny, ALICE, rights::GENERIC_ALL, None), ace(Allow, ALICE, cr, None)]),
            (false, false),
        );
        check(
            "unrelated right",
            Some(vec![ace(Allow, ALICE, cr, Some("00299570-246d-11d0-a768-00aa006e0529"))]),
            (false, false),
        );
        check("empty list", Some(vec![]), (false, false));
        check("no list", None, (true, true));
        check("conditional allow", Some(vec![conditional(ace(Allow, ALICE, cr, None))]), (false, false));
        check(
            "conditional deny",
            Some(vec![conditional(ace(Deny, ALICE, cr, None)), ace(Allow, ALICE, cr, None)]),
            (false, false),
        );
        check("write only", Some(vec![ace(Allow, ALICE, rights::WRITE_PROPERTY, None)]), (false, false));
    }

    #[test]
    fn the_entry_that_settles_it_is_named() {
        use AceEffect::{Allow, Deny};
        let token: Token = [ALICE, STAFF].iter().map(|sid| sid.parse().unwrap()).collect();
        let cr = rights::CONTROL_ACCESS;
        let other = ace(Allow, Sid::EVERYONE, cr, None);
        let check = |dacl: Option<Vec<Ace>>, granted: bool, by: Option<usize>| {
            let security = SecurityDescriptor { owner: None, dacl };
            assert_eq!(access(&security, &token, Right::Enroll), Access { granted, by }, "{security:?}");
        };
        check(None, true, None);
        check(Some(vec![other.clone()]), false, None);
        check(Some(vec![other.clone(), ace(Allow, STAFF, cr, None)]), true, Some(1));
        check(Some(vec![other, ace(Deny, STAFF, cr, None), ace(Allow, ALICE, cr, None)]), false, Some(1));
    }

    #[test]
    fn read_needs_all_three_bits() {
        let token: Token = core::iter::once(ALICE.parse().unwrap()).collect();
        let check = |masks: &[u32], expected: bool| {
            let dacl = masks.iter().map(|mask| ace(AceEffect::Allow, ALICE, *mask, None)).collect();
            assert_eq!(
                access_check(&SecurityDescriptor { owner: None, dacl: Some(dacl) }, &token, Right::Read),
                expected
            );
        };
        check(&[rights::READ_CONTROL, rights::LIST_CONTENTS, rights::READ_PROPERTY], true);
        check(&[rights::READ_CONTROL | rights::READ_PROPERTY], false);
        check(&[rights::GENERIC_READ], true);
    }
}
