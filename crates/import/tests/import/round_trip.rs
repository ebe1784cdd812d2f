//! Templates survive every way there and back: attributes, LDIF, the language of scenarios.

use crate::scenario::{oids, template_of};
use autoenroll_import::{Finding, Import, ImportedTemplate, Reason, ldif};
use autoenroll_model::{
    Ace, AceEffect, CngSettings, Duration, EnrollmentFlags, GeneralFlags, KeySpec, KeyUsage, NameFlags, Oid,
    PrivateKeyFlags, ProviderPreference, SecurityDescriptor, Template,
};
use autoenroll_scenario::{Bundle, ByPrefix, Library, check};
use autoenroll_wire::template::to_entry;
use proptest::prelude::*;

const FILES: [(&str, &str, &str); 2] = [
    ("win2003", "server-2003-sp1", include_str!("../../../../fixtures/templates/win2003.toml")),
    ("later", "windows-10-22h2", include_str!("../../../../fixtures/templates/later.toml")),
];

fn imported(template: Template) -> ImportedTemplate {
    let said = to_entry(&template).0.into_iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    ImportedTemplate::new(template, said)
}

/// The templates of a file of default templates.
fn defaults(file: &str, profile: &str, text: &str) -> Vec<Template> {
    let root: toml::Table = text.parse().expect("the fixture is TOML");
    let names = root["template"].as_array().expect("a list").iter().map(|template| template["name"].to_string());
    let worlds = names.map(|name| format!("[[world.template]]\nname = {name}\nbased-on = {name}\nsupersedes = []\n"));
    let story = format!(
        "scenario = 1\ntitle = \"defaults\"\nprofile = \"{profile}\"\n[timeline]\nsteps = []\n{}",
        worlds.collect::<String>()
    );
    let bundle = Bundle::new().with("oids.toml", crate::scenario::OIDS).with(&format!("templates/{file}.toml"), text);
    let checked = check("story.toml", story.as_bytes(), &Library::read(&bundle), &ByPrefix);
    assert!(!checked.found.has_errors(), "{:#?}", checked.found.list());
    checked.scenarios[0].spec.templates.iter().map(|spec| spec.template.clone()).collect()
}

#[test]
fn default_templates_can_be_written_as_they_are_read() {
    for (file, profile, text) in FILES {
        let read = defaults(file, profile, text);
        assert!(read.len() > 30);
        let import = Import { templates: read.iter().cloned().map(imported).collect(), ..Import::default() };
        let written = import.to_templates(&oids());
        // The bench has given each a list.
        let lists = written.findings.iter().filter(|finding| finding.attribute == "nTSecurityDescriptor").count();
        assert_eq!((lists, written.findings.len()), (read.len(), read.len()), "{:?}", written.findings);
        assert_eq!(defaults(file, profile, &written.text), read);
        let again = Import {
            templates: defaults(file, profile, &written.text).into_iter().map(imported).collect(),
            ..Import::default()
        };
        assert_eq!(again.to_templates(&oids()), written);
    }
}

#[test]
fn default_templates_survive_ldif_and_worlds() {
    for (file, profile, text) in FILES {
        for template in defaults(file, profile, text) {
            there_and_back(&template);
        }
    }
}

/// Through LDIF and a world, to LDIF again.
fn there_and_back(template: &Template) {
    let one = Import { templates: vec![imported(template.clone())], ..Import::default() };
    let file = one.to_ldif("DC=test");
    let read = ldif(file.as_bytes());
    // Without its condition a conditional entry is not what it was, and the reader says so.
    let conditional = template.security.dacl.iter().flatten().filter(|ace| ace.conditional).count();
    let absent: Vec<&str> = [
        template.schema.is_none().then_some("msPKI-Template-Schema-Version"),
        template.enrollment_flags.is_none().then_some("msPKI-Enrollment-Flag"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let (unsaid, others): (Vec<_>, Vec<_>) =
        read.findings.iter().partition(|finding| matches!(finding.reason, Reason::Unsaid(_)));
    assert_eq!(others.len(), conditional, "{others:?}\n{file}");
    assert!(others.iter().all(|finding| finding.value.starts_with("entry ")), "{others:?}");
    assert_eq!(unsaid.len(), usize::from(!absent.is_empty()), "{unsaid:?}");
    assert!(unsaid.iter().all(|finding| absent.iter().all(|name| finding.attribute.contains(name))), "{unsaid:?}");
    assert_eq!(read.templates.iter().map(|one| &one.template).collect::<Vec<_>>(), [template]);
    assert_eq!(read.to_ldif("DC=test"), file);

    let world = read.to_world(None, &oids());
    let of_owner = |finding: &&Finding| finding.value.starts_with("O:");
    let kept = |finding: &&Finding| matches!(finding.reason, Reason::Kept(_));
    let lost: Vec<String> =
        world.findings.iter().filter(|it| !of_owner(it) && !kept(it)).map(ToString::to_string).collect();
    let mut again = template_of(&world.text, &template.name);
    again.security.owner.clone_from(&template.security.owner);
    if template.oid.is_none() && template.malformed_oid.is_none() && template.schema_version() > 1 {
        again.oid = None;
    }
    let of_schema = |finding: &String| finding.contains("which means 1 ([MS-CRTD] 2.16)");
    assert_eq!(lost.iter().any(of_schema), template.schema.is_none(), "{lost:?}");
    let told = |finding: &String| {
        finding.contains("derives one from the name") || finding.contains("no CA of the files") || of_schema(finding)
    };
    if lost.iter().all(told) {
        assert_eq!(&again, template, "{}", world.text);
    } else {
        assert_ne!(&again, template, "{lost:?} and yet nothing is lost\n{}", world.text);
    }
}

prop_compose! {
    fn ace()(effect in prop_oneof![Just(AceEffect::Allow), Just(AceEffect::Deny)],
        mask: u32,
        object in proptest::option::of(any::<[u8; 16]>()),
        trustee in prop_oneof!["S-1-5-11", "S-1-1-0", "S-1-5-21-1-2-3-[1-9]{3}"],
        [inherited, inherit_only, conditional]: [bool; 3],
    ) -> Ace {
        let object = object.map(autoenroll_model::Guid);
        let trustee = trustee.parse().expect("generated as one");
        Ace { effect, mask, object, trustee, inherited, inherit_only, conditional }
    }
}

fn oid() -> impl Strategy<Value = Oid> {
    prop_oneof!["1\\.3\\.6\\.1\\.[1-9]{1,12}", Just("1.3.6.1.5.5.7.3.2".to_owned())]
        .prop_map(|oid| oid.parse().expect("generated as one"))
}

fn oid_list() -> impl Strategy<Value = Vec<Oid>> {
    proptest::collection::vec(oid(), 0..3)
}

fn text() -> impl Strategy<Value = String> {
    "[ -~äÜ€\u{1F511}]{1,20}".prop_filter("values are trimmed", |text| text.trim() == text)
}

prop_compose! {
    fn cng()(asymmetric in "[A-Z_0-9]{1,10}", other in proptest::option::of("[A-Z_0-9]{1,10}"),
        usage in proptest::option::of(prop_oneof![0_u32..8, any::<u32>()]),
        length in proptest::option::of(0_u32..70_000),
    ) -> CngSettings {
        CngSettings {
            asymmetric_algorithm: Some(asymmetric),
            hash_algorithm: other.clone(),
            key_usage: usage,
            symmetric_algorithm: None,
            symmetric_key_length: length,
            key_security: other,
        }
    }
}

/// Flags with names, now and then any.
fn bits(named: u32) -> impl Strategy<Value = u32> {
    prop_oneof![9 => any::<u32>().prop_map(move |bits| bits & named), 1 => any::<u32>()]
}

macro_rules! flags {
    ($type:ty, $more:expr) => {
        bits(<$type>::WORDS.iter().fold($more, |bits, (_, flag)| bits | u32::from(flag.bits())))
    };
}

prop_compose! {
    fn flags()(
        general in flags!(GeneralFlags, 0), enrollment in proptest::option::of(flags!(EnrollmentFlags, 0)),
        private in flags!(PrivateKeyFlags, 0x0F0F_0000), name in flags!(NameFlags, 0), usage in flags!(KeyUsage, 0),
    ) -> (GeneralFlags, Option<EnrollmentFlags>, PrivateKeyFlags, NameFlags, KeyUsage) {
        (
            GeneralFlags::from_bits_retain(general),
            enrollment.map(EnrollmentFlags::from_bits_retain),
            PrivateKeyFlags::from_bits_retain(private),
            NameFlags::from_bits_retain(name),
            KeyUsage::from_bits_retain(usage as u16),
        )
    }
}

prop_compose! {
    fn template()(
        (name, display_name) in (text(), text()),
        (own, malformed) in (proptest::option::of(oid()), proptest::option::of("1\\.3\\.[a-z]{1,5}")),
        (flags, enrollment_flags, private_key_flags, name_flags, key_usage) in flags(),
        numbers in any::<[u32; 3]>(),
        minimal_key_size in 0_u32..70_000,
        schema in proptest::option::of(prop_oneof![1_u32..=4, any::<u32>()]),
        (max_issuing_depth, key_spec) in (-1_i32.., prop_oneof![Just(KeySpec::Exchange), Just(KeySpec::Signature)]),
        lists in [oid_list(), oid_list(), oid_list(), oid_list(), oid_list()],
        (ra, cng) in (oid_list(), proptest::option::of(cng())),
        providers in proptest::collection::vec(text(), 0..4),
        (validity, renewal_period) in (0_u64..1 << 55, 0_u64..1 << 55),
        (dacl, null_list) in (proptest::collection::vec(ace(), 0..5), any::<bool>()),
    ) -> Template {
        let [eku, application_policies, certificate_policies, critical_extensions, ra_policies] = lists;
        let [revision, minor, ra_signatures] = numbers;
        Template {
            name, display_name, malformed_oid: malformed.filter(|_| own.is_none()), oid: own,
            schema, revision, minor, flags, enrollment_flags, private_key_flags,
            name_flags, ra_signatures, ra_application_policies: ra, ra_policies, cng, key_spec, minimal_key_size,
            providers: (1..).zip(providers).map(|(order, name)| ProviderPreference { order, name }).collect(),
            validity: Duration(validity * 100), renewal_period: Duration(renewal_period * 100),
            key_usage, eku, application_policies, certificate_policies, critical_extensions,
            supersedes: Vec::new(), max_issuing_depth,
            security: SecurityDescriptor {
                owner: Some("S-1-5-32-544".parse().expect("a constant")),
                dacl: (!null_list).then_some(dacl),
            },
        }
    }
}

proptest! {
    #[test]
    fn any_template_survives_or_is_told(template in template()) {
        there_and_back(&template);
    }
}
