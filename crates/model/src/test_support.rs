//! What tests of several crates begin with. Only the feature `test-support` has it, which a release does not enable.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use crate::{
    Ace, AceEffect, Context, Duration, EnrollmentFlags, GeneralFlags, Identity, KeyUsage, NameFlags, Oid, Profile,
    SecurityDescriptor, Sid, Template, rights,
};

impl Template {
    /// A version 2 template for users that refuses nothing: every authenticated user may read it, enroll and
    /// autoenroll, keys of any size will do, nothing is signed by others. Tests override what they are about.
    ///
    /// # Panics
    /// Never: its identifiers are well-formed.
    #[must_use]
    pub fn permissive(name: &str) -> Self {
        let oid = |dotted: &str| -> Oid { dotted.parse().expect("an object identifier") };
        let number = name.bytes().fold(0_u32, |number, octet| number * 31 % 100_003 + u32::from(octet));
        let client_authentication_and_smart_card_logon =
            || -> Vec<Oid> { vec![oid("1.3.6.1.5.5.7.3.2"), oid("1.3.6.1.4.1.311.20.2.2")] };
        Self {
            oid: Some(oid(&format!("1.3.6.1.4.1.311.21.8.1.{number}"))),
            schema: Some(2),
            revision: 100,
            minor: 3,
            flags: GeneralFlags::ADD_TEMPLATE_NAME,
            enrollment_flags: Some(EnrollmentFlags::AUTO_ENROLLMENT),
            name_flags: NameFlags::SUBJECT_REQUIRE_DIRECTORY_PATH | NameFlags::SUBJECT_ALT_REQUIRE_UPN,
            minimal_key_size: 256,
            validity: Duration::days(365),
            renewal_period: Duration::days(42),
            key_usage: KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT,
            eku: client_authentication_and_smart_card_logon(),
            application_policies: client_authentication_and_smart_card_logon(),
            critical_extensions: vec![oid("2.5.29.15")],
            security: SecurityDescriptor::full_control(&"S-1-5-11".parse().expect("Authenticated Users")),
            ..Self::empty(name)
        }
    }
}

impl SecurityDescriptor {
    /// One entry: the trustee may do everything.
    #[must_use]
    pub fn full_control(trustee: &Sid) -> Self {
        let entry = Ace::new(AceEffect::Allow, trustee.clone(), rights::FULL);
        Self { owner: None, dacl: Some(vec![entry]) }
    }
}

impl Identity {
    /// The user alice on WKS01, a member of CONTOSO.
    #[must_use]
    pub fn for_tests(profile: Profile) -> Self {
        Self {
            principal: "alice".into(),
            computer: "WKS01".into(),
            domain: "CONTOSO".into(),
            context: Context::User,
            domain_member: true,
            domain_controller: false,
            profile,
        }
    }
}
