//! A template as a table of the scenario language.

use std::collections::BTreeSet;

use autoenroll_model::{
    CngSettings, Duration, EnrollmentFlags, GeneralFlags, KeyUsage, NameFlags, Oid, PrivateKeyFlags, Template,
    WindowsVersion,
};

use super::Writer;
use crate::ImportedTemplate;
use crate::finding::Reason;
use crate::text::quoted;

impl Writer<'_> {
    /// The table's keys. `known` are the names that it may refer to; none where it may refer to any.
    pub(super) fn template(&mut self, imported: &ImportedTemplate, flags_key: &str, known: Option<&BTreeSet<&str>>) {
        let template = &imported.template;
        let name = template.name.as_str();
        self.toml.text("name", name);
        if imported.says("displayName") && template.display_name != name {
            self.nonempty(name, "displayName", "display-name", &template.display_name);
        }
        self.schema(name, template.schema);
        self.said_number(imported, "revision", "revision", template.revision.into());
        self.said_number(imported, "msPKI-Template-Minor-Revision", "minor", template.minor.into());
        self.identity(imported);
        self.flags(imported, flags_key);
        if imported.says("msPKI-RA-Signature") && template.ra_signatures != 0 {
            self.toml.number("ra-signatures", template.ra_signatures);
        }
        self.oids("ra-application-policies", &template.ra_application_policies);
        self.oids("ra-policies", &template.ra_policies);
        if imported.says("pKIDefaultKeySpec") {
            self.toml.text("key-spec", &template.key_spec.to_string());
        }
        if imported.says("msPKI-Minimal-Key-Size") {
            self.bounded(
                name,
                "msPKI-Minimal-Key-Size",
                "minimal-key-size",
                template.minimal_key_size.into(),
                0,
                65_536,
            );
        }
        self.providers(template);
        self.period(imported, "pKIExpirationPeriod", "validity", template.validity);
        self.period(imported, "pKIOverlapPeriod", "renewal-period", template.renewal_period);
        self.oids("eku", &template.eku);
        self.oids("application-policies", &template.application_policies);
        self.oids("certificate-policies", &template.certificate_policies);
        self.oids("critical-extensions", &template.critical_extensions);
        self.supersedes(template, known);
        if template.max_issuing_depth != 0 {
            self.bounded(
                name,
                "pKIMaxIssuingDepth",
                "max-issuing-depth",
                template.max_issuing_depth.into(),
                -1,
                i64::from(i32::MAX),
            );
        }
        if let Some(cng) = &template.cng {
            self.cng(name, cng);
        }
    }

    /// A version that no client knows stays one: its template is no candidate anywhere.
    fn schema(&mut self, name: &str, schema: Option<u32>) {
        const ATTRIBUTE: &str = "msPKI-Template-Schema-Version";
        match schema {
            Some(schema) => {
                self.toml.number("schema", schema);
                if !(1..=4).contains(&schema) {
                    let why = "is known to no client, so that the template is no candidate (R034)".to_owned();
                    self.find(name, ATTRIBUTE, schema.to_string(), Reason::Kept(why));
                }
            }
            None => {
                let reason = Reason::Unsaid(
                    "not there, which means 1 ([MS-CRTD] 2.16), and version 1 is not autoenrolled (R036); that verdict \
                     rests on it: say `schema` if the directory has another",
                );
                self.find(name, ATTRIBUTE, "", reason);
            }
        }
    }

    /// What is broken stays broken.
    fn identity(&mut self, imported: &ImportedTemplate) {
        const ATTRIBUTE: &str = "msPKI-Cert-Template-OID";
        let template = &imported.template;
        let name = template.name.as_str();
        match (&template.oid, template.malformed_oid.as_deref()) {
            (Some(oid), _) => self.toml.text("oid", oid.as_str()),
            (None, Some("")) => self.toml.raw("oid", "false"),
            (None, Some(text)) => {
                self.toml.text("malformed-oid", text);
                let reason = Reason::Kept("is no object identifier, so that the template is no candidate".to_owned());
                self.find(name, ATTRIBUTE, text, reason);
            }
            (None, None) if template.schema_version() < 2 => {}
            (None, None) if imported.says(ATTRIBUTE) => {
                self.toml.raw("oid", "false");
                let why = "the object has none, so that the template is no candidate".to_owned();
                self.find(name, ATTRIBUTE, "", Reason::Kept(why));
            }
            (None, None) => {
                let reason = Reason::Unsaid("the bench derives one from the name; `oid = false` is a template without");
                self.find(name, ATTRIBUTE, "", reason);
            }
        }
    }

    pub(super) fn nonempty(&mut self, object: &str, attribute: &str, key: &str, value: &str) {
        if value.is_empty() {
            self.find(object, attribute, "", Reason::NoWord("a text of a scenario is never empty"));
        } else {
            self.toml.text(key, value);
        }
    }

    fn bounded(&mut self, object: &str, attribute: &str, key: &str, value: i64, least: i64, most: i64) {
        if (least..=most).contains(&value) {
            self.toml.number(key, value);
        } else {
            self.find(object, attribute, value.to_string(), Reason::NoWord("is beyond the bounds of the language"));
        }
    }

    fn said_number(&mut self, imported: &ImportedTemplate, attribute: &str, key: &str, value: i64) {
        if imported.says(attribute) {
            self.toml.number(key, value);
        }
    }

    fn oids(&mut self, key: &str, list: &[Oid]) {
        if !list.is_empty() {
            let oids = self.oids;
            self.toml.texts(key, list.iter().map(|oid| oids.name(oid)));
        }
    }

    fn flags(&mut self, imported: &ImportedTemplate, general_key: &str) {
        let template = &imported.template;
        let name = template.name.as_str();
        if imported.says("flags") {
            self.flag_list(general_key, &mut template.flags.words());
            let named = GeneralFlags::WORDS.iter().fold(0, |bits, (_, flag)| bits | flag.bits());
            self.unnamed(name, "flags", template.flags.bits() & !named);
        }
        if let Some(flags) = template.enrollment_flags {
            self.flag_list("enrollment-flags", &mut flags.words());
            let named = EnrollmentFlags::WORDS.iter().fold(0, |bits, (_, flag)| bits | flag.bits());
            self.unnamed(name, "msPKI-Enrollment-Flag", flags.bits() & !named);
        }
        if imported.says("msPKI-Private-Key-Flag") {
            let flags = template.private_key_flags;
            self.flag_list("private-key-flags", &mut flags.words());
            let named = PrivateKeyFlags::WORDS.iter().fold(0, |bits, (_, flag)| bits | flag.bits());
            for (key, version) in [("client-version", flags.client_version()), ("ca-version", flags.ca_version())] {
                if version != 0 {
                    self.toml.number(key, version);
                }
            }
            self.unnamed(name, "msPKI-Private-Key-Flag", flags.bits() & !named & !VERSIONS);
        }
        if imported.says("msPKI-Certificate-Name-Flag") {
            self.flag_list("name-flags", &mut template.name_flags.words());
            let named = NameFlags::WORDS.iter().fold(0, |bits, (_, flag)| bits | flag.bits());
            self.unnamed(name, "msPKI-Certificate-Name-Flag", template.name_flags.bits() & !named);
        }
        if imported.says("pKIKeyUsage") {
            self.flag_list("key-usage", &mut template.key_usage.words());
            let named = KeyUsage::WORDS.iter().fold(0, |bits, (_, flag)| bits | flag.bits());
            self.unnamed(name, "pKIKeyUsage", u32::from(template.key_usage.bits() & !named));
        }
    }

    fn flag_list(&mut self, key: &str, words: &mut dyn Iterator<Item = &'static str>) {
        self.toml.texts(key, words);
    }

    fn unnamed(&mut self, object: &str, attribute: &str, bits: u32) {
        if bits != 0 {
            self.find(
                object,
                attribute,
                format!("{bits:#010x}"),
                Reason::NoWord("these bits have no name in [MS-CRTD]"),
            );
        }
    }

    /// The order is what counts; the numbers are written anew from 1.
    fn providers(&mut self, template: &Template) {
        if template.providers.is_empty() {
            return;
        }
        let mut sorted: Vec<_> = template.providers.iter().collect();
        sorted.sort_by_key(|provider| provider.order);
        for (provider, order) in sorted.iter().zip(1..) {
            if provider.order != order {
                let value = format!("{},{}", provider.order, provider.name);
                let reason = Reason::Replaced("the order is kept, the numbers are counted anew from 1");
                self.find(&template.name, "pKIDefaultCSPs", value, reason);
            }
        }
        let (named, nameless): (Vec<_>, Vec<_>) = sorted.into_iter().partition(|provider| !provider.name.is_empty());
        for provider in nameless {
            let reason = Reason::NoWord("a provider has a name");
            self.find(&template.name, "pKIDefaultCSPs", format!("{},", provider.order), reason);
        }
        for provider in &named {
            if WindowsVersion::Server2025.device_key_storage().contains(&provider.name.as_str()) {
                let why =
                    "Windows has it for a card or a TPM; a computer of a world has it only as one of its `provider`";
                self.find(&template.name, "pKIDefaultCSPs", provider.name.as_str(), Reason::Kept(why.to_owned()));
            }
        }
        self.toml.texts("providers", named.into_iter().map(|provider| provider.name.as_str()));
    }

    fn period(&mut self, imported: &ImportedTemplate, attribute: &str, key: &str, span: Duration) {
        if imported.says(attribute) {
            self.toml.text(key, &span.to_string());
        }
    }

    fn supersedes(&mut self, template: &Template, known: Option<&BTreeSet<&str>>) {
        let there = |name: &&String| known.is_none_or(|known| known.contains(name.as_str())) && !name.is_empty();
        let (there, absent): (Vec<_>, Vec<_>) = template.supersedes.iter().partition(there);
        for name in absent {
            let reason = Reason::Conflict("no template of that name is imported");
            self.find(&template.name, "msPKI-Supersede-Templates", name.as_str(), reason);
        }
        if !there.is_empty() {
            self.toml.texts("supersedes", there.into_iter().map(String::as_str));
        }
    }

    fn cng(&mut self, object: &str, cng: &CngSettings) {
        const ATTRIBUTE: &str = "msPKI-RA-Application-Policies";
        let mut pairs = Vec::new();
        for (key, text) in [
            ("asymmetric-algorithm", &cng.asymmetric_algorithm),
            ("hash-algorithm", &cng.hash_algorithm),
            ("symmetric-algorithm", &cng.symmetric_algorithm),
            ("key-security", &cng.key_security),
        ] {
            match text.as_deref() {
                None => {}
                Some("") => self.find(object, ATTRIBUTE, key, Reason::NoWord("a text of a scenario is never empty")),
                Some(text) => pairs.push(format!("{key} = {}", self.toml.quoted(key, text))),
            }
        }
        if let Some(usage) = cng.key_usage {
            pairs.push(format!("key-usage = [{}]", self.cng_usage(object, ATTRIBUTE, usage).join(", ")));
        }
        match cng.symmetric_key_length {
            Some(length @ 0..=65_536) => pairs.push(format!("symmetric-key-length = {length}")),
            Some(length) => {
                let reason = Reason::NoWord("is beyond the bounds of the language");
                self.find(object, ATTRIBUTE, format!("msPKI-Symmetric-Key-Length {length}"), reason);
            }
            None => {}
        }
        self.toml.raw("cng", &format!("{{ {} }}", pairs.join(", ")));
    }
    /// The words of a CNG key usage, quoted.
    fn cng_usage(&mut self, object: &str, attribute: &str, usage: u32) -> Vec<String> {
        if usage == ALL_USAGES {
            return vec![quoted("all")];
        }
        let unnamed = usage & !USAGES.iter().fold(0, |bits, (bit, _)| bits | bit);
        if unnamed != 0 {
            let reason = Reason::NoWord("the language knows decrypt (1), sign (2), agree (4) and all (0xffffff)");
            self.find(object, attribute, format!("msPKI-Key-Usage {unnamed:#x}"), reason);
        }
        USAGES.iter().filter(|(bit, _)| usage & bit != 0).map(|(_, word)| quoted(word)).collect()
    }
}

/// The nibbles of the least CA and client version in `msPKI-Private-Key-Flag`, without the bit of Windows Hello.
const VERSIONS: u32 = 0x0F0F_0000;

/// `msPKI-Key-Usage`, all of it, and its bits ([MS-CRTD] 2.23.2).
const ALL_USAGES: u32 = 0x00FF_FFFF;
const USAGES: [(u32, &str); 3] = [(1, "decrypt"), (2, "sign"), (4, "agree")];
