//! A certificate template: when a scenario has it appear, and the rows of its attributes.

use autoenroll_model::{
    Duration, EnrollmentFlags, GeneralFlags, KeySpec, KeyUsage, NameFlags, PrivateKeyFlags, Template,
};

use super::setting::{Field, Setting};

/// A template and when it appears in the directory.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateSpec {
    /// The template.
    pub template: Template,
    /// Time since the start; `None` from the start.
    pub published: Option<Duration>,
}

/// Bounds of an attribute of 32 bits.
const ANY: (u32, u32) = (0, u32::MAX);

/// The attributes whose value is one field of a [`Template`]. A new one needs a row here, the field, and the place that
/// reads it. What a default template or an extended world says holds without the key.
pub const ATTRIBUTES: &[Setting<Template>] = &[
    words(
        "enrollment-flags",
        "msPKI-Enrollment-Flag",
        "msPKI-Enrollment-Flag, all of it.",
        || words_of(EnrollmentFlags::WORDS),
        |template, words| template.enrollment_flags = Some(flags(words, EnrollmentFlags::from_word)),
    ),
    words(
        "private-key-flags",
        "msPKI-Private-Key-Flag",
        "msPKI-Private-Key-Flag, all of it.",
        || words_of(PrivateKeyFlags::WORDS),
        |template, words| template.private_key_flags = flags(words, PrivateKeyFlags::from_word),
    ),
    words(
        "name-flags",
        "msPKI-Certificate-Name-Flag",
        "msPKI-Certificate-Name-Flag, all of it.",
        || words_of(NameFlags::WORDS),
        |template, words| template.name_flags = flags(words, NameFlags::from_word),
    ),
    attribute("display-name", "displayName", "displayName; that of a copy is its name.", {
        Field::Text(|template| &mut template.display_name)
    }),
    attribute(
        "schema",
        "msPKI-Template-Schema-Version",
        "msPKI-Template-Schema-Version; clients know 1 to 4 at most, and pass over every other (R034).",
        Field::NumberOrAbsent((0, u32::MAX), |template| &mut template.schema),
    ),
    attribute(
        "revision",
        "revision",
        "Major version: a higher one has every holder enroll anew. A copy begins with 100.",
        Field::Number(ANY, |template| &mut template.revision),
    ),
    attribute("minor", "msPKI-Template-Minor-Revision", "Minor version.", {
        Field::Number(ANY, |template| &mut template.minor)
    }),
    attribute("ra-signatures", "msPKI-RA-Signature", "How many registration authorities must sign.", {
        Field::Number(ANY, |template| &mut template.ra_signatures)
    }),
    attribute(
        "ra-application-policies",
        "msPKI-RA-Application-Policies",
        "Purposes that a co-signing certificate must have.",
        Field::Oids(|template| &mut template.ra_application_policies),
    ),
    attribute(
        "ra-policies",
        "msPKI-RA-Policies",
        "Issuance policies that a co-signing certificate must have.",
        Field::Oids(|template| &mut template.ra_policies),
    ),
    attribute("key-spec", "pKIDefaultKeySpec", "pKIDefaultKeySpec.", {
        Field::Word {
            words: || KeySpec::WORDS.to_vec(),
            set: |template, word| template.key_spec = word.parse().unwrap_or(template.key_spec),
        }
    }),
    attribute("minimal-key-size", "msPKI-Minimal-Key-Size", "msPKI-Minimal-Key-Size in bits.", {
        Field::Number((0, 65_536), |template| &mut template.minimal_key_size)
    }),
    attribute("providers", "pKIDefaultCSPs", "Provider names, first choice first.", {
        Field::Providers(|template| &mut template.providers)
    }),
    attribute("validity", "pKIExpirationPeriod", "How long certificates live.", {
        Field::Duration(|template| &mut template.validity)
    }),
    attribute(
        "renewal-period",
        "pKIOverlapPeriod",
        "How long before the end renewal begins, but at most a fifth of the certificate's life (R053).",
        Field::Duration(|template| &mut template.renewal_period),
    ),
    words(
        "key-usage",
        "pKIKeyUsage",
        "X.509 key usage.",
        || words_of(KeyUsage::WORDS),
        |template, words| template.key_usage = flags(words, KeyUsage::from_word),
    ),
    attribute("eku", "pKIExtendedKeyUsage", "pKIExtendedKeyUsage: purposes.", {
        Field::Oids(|template| &mut template.eku)
    }),
    attribute(
        "application-policies",
        "msPKI-Certificate-Application-Policy",
        "msPKI-Certificate-Application-Policy: purposes.",
        Field::Oids(|template| &mut template.application_policies),
    ),
    attribute("certificate-policies", "msPKI-Certificate-Policy", "msPKI-Certificate-Policy.", {
        Field::Oids(|template| &mut template.certificate_policies)
    }),
    attribute("critical-extensions", "pKICriticalExtensions", "pKICriticalExtensions.", {
        Field::Oids(|template| &mut template.critical_extensions)
    }),
    attribute("supersedes", "msPKI-Supersede-Templates", "Templates that this one replaces.", {
        Field::Templates(|template| &mut template.supersedes)
    }),
    attribute("max-issuing-depth", "pKIMaxIssuingDepth", "pKIMaxIssuingDepth; -1 is no limit.", {
        Field::Depth(|template| &mut template.max_issuing_depth)
    }),
];

/// The attribute `flags`, which files of default templates call so as well: there `flags` has no other meaning.
pub const GENERAL_FLAGS: &[Setting<Template>] = &[words(
    "general-flags",
    "flags",
    "The attribute `flags`, all of it.",
    || words_of(GeneralFlags::WORDS),
    |template, words| template.flags = flags(words, GeneralFlags::from_word),
)];

impl TemplateSpec {
    /// The row of that name.
    #[must_use]
    pub fn setting(name: &str) -> Option<&'static Setting<Template>> {
        GENERAL_FLAGS.iter().chain(ATTRIBUTES).find(|setting| setting.name == name)
    }
}

const fn attribute(
    name: &'static str,
    attribute: &'static str,
    doc: &'static str,
    field: Field<Template>,
) -> Setting<Template> {
    Setting { name, attribute: Some(attribute), in_world: Some(doc), in_change: Some(doc), field }
}

const fn words(
    name: &'static str,
    ldap: &'static str,
    doc: &'static str,
    words: fn() -> Vec<&'static str>,
    set: fn(&mut Template, &[String]),
) -> Setting<Template> {
    attribute(name, ldap, doc, Field::Words { words, set })
}

fn words_of<F>(words: &'static [(&'static str, F)]) -> Vec<&'static str> {
    words.iter().map(|(word, _)| *word).collect()
}

fn flags<F: FromIterator<F>>(words: &[String], from_word: fn(&str) -> Option<F>) -> F {
    words.iter().filter_map(|word| from_word(word)).collect()
}
