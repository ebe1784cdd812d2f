//! What was imported as a file of the scenario language. What its words cannot say is a finding.

mod access;
mod policy;
mod spelling;
mod template;

use std::collections::BTreeSet;

use autoenroll_keys::PublicKey;
use autoenroll_model::{KeyAlgorithm, Template};
use autoenroll_wire::Certificate;

pub(crate) use spelling::same as same_name;

use crate::finding::{Finding, Reason, shown};
use crate::text::{Toml, printable};
use crate::{Import, ImportedAuthority, ImportedTemplate, OidNames, Policy, Trust, TrustedCertificate};

/// A file, and what it could not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The file, TOML.
    pub text: String,
    /// The templates that it has, by name.
    pub templates: Vec<String>,
    /// What it leaves out.
    pub findings: Vec<Finding>,
}

/// A world that an imported one extends, for users, computers and cards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// Its name.
    pub name: String,
    /// Its CAs with the templates that each issues there.
    pub authorities: Vec<(String, Vec<String>)>,
    /// Its templates.
    pub templates: Vec<String>,
}

impl Import {
    /// A world: templates with their access control lists, CAs, policy, the domain's identifier and trust containers.
    /// Scenarios extend it. A CA issues what its own object lists; those of `base` go on issuing what they issue there.
    #[must_use]
    pub fn to_world(&self, base: Option<&Base>, oids: &OidNames) -> Written {
        let (import, findings) = spelling::in_one_spelling(self, base);
        let mut writer = Writer { oids, toml: Toml::default(), findings };
        writer.toml.line("scenario = 1");
        writer.toml.line("");
        writer.toml.line("[world]");
        if let Some(base) = base {
            writer.toml.text("extends", &base.name);
        }
        writer.domain(&import);
        writer.policy(&import.policy);
        let names: BTreeSet<&str> = import.templates.iter().map(|imported| imported.template.name.as_str()).collect();
        for imported in &import.authorities {
            writer.authority(imported, &names);
        }
        if let Some(base) = base {
            writer.base(base, &import, &names);
        }
        writer.issued_by_none(&import, base);
        writer.shared_identities(&import.templates);
        for imported in &import.templates {
            writer.header("world.template");
            writer.template(imported, "general-flags", Some(&names));
            writer.limits(&imported.template);
            if imported.says("nTSecurityDescriptor") {
                writer.security(&imported.template.name, &imported.template.security);
            } else {
                writer.granted(&imported.granted);
            }
        }
        writer.written(&import.templates)
    }

    /// A file of default templates, to be based on: attributes only. Everything else is a finding.
    #[must_use]
    pub fn to_templates(&self, oids: &OidNames) -> Written {
        const ATTRIBUTES_ONLY: Reason =
            Reason::NoWord("a file of default templates has attributes only; write a world");
        let (import, findings) = spelling::in_one_spelling(self, None);
        let mut writer = Writer { oids, toml: Toml::default(), findings };
        for imported in &import.templates {
            writer.header("template");
            writer.template(imported, "flags", None);
            if imported.says("nTSecurityDescriptor") {
                writer.find(&imported.template.name, "nTSecurityDescriptor", "", ATTRIBUTES_ONLY);
            }
        }
        for imported in &import.authorities {
            writer.find(&imported.authority.name, "CA", "", ATTRIBUTES_ONLY);
        }
        if self.policy != Policy::default() {
            writer.find("Registry.pol", "policy", "", ATTRIBUTES_ONLY);
        }
        if self.trust != Trust::default() {
            writer.find("domain", "trust", "", ATTRIBUTES_ONLY);
        }
        let written = writer.written(&import.templates);
        Written { text: written.text.trim_start().to_owned(), ..written }
    }
}

/// An object that is told apart by its name.
trait Named {
    /// What it is, for messages.
    const WHAT: &'static str;

    fn name(&mut self) -> &mut String;
}

impl Named for ImportedTemplate {
    const WHAT: &'static str = "template";

    fn name(&mut self) -> &mut String {
        &mut self.template.name
    }
}

impl Named for ImportedAuthority {
    const WHAT: &'static str = "CA";

    fn name(&mut self) -> &mut String {
        &mut self.authority.name
    }
}

struct Writer<'a> {
    oids: &'a OidNames,
    toml: Toml,
    findings: Vec<Finding>,
}

impl Writer<'_> {
    fn written(mut self, templates: &[ImportedTemplate]) -> Written {
        for (key, value) in std::mem::take(&mut self.toml.changed) {
            let reason =
                Reason::Replaced("a text of a scenario has no control characters: U+FFFD stands in their place");
            self.find("text", &key, value, reason);
        }
        let name = |imported: &ImportedTemplate| printable(&imported.template.name);
        let templates = templates.iter().map(name).collect();
        Written { text: self.toml.text, templates, findings: self.findings }
    }

    fn header(&mut self, table: &str) {
        self.toml.line("");
        self.toml.line(&format!("[[{table}]]"));
    }

    fn find(&mut self, object: &str, attribute: &str, value: impl Into<String>, reason: Reason) {
        self.findings.push(Finding::new(object, attribute, value, reason));
    }

    /// What the world says and the bench does not model.
    fn limits(&mut self, template: &Template) {
        for (asked, limit) in template.limits() {
            let why = format!("is beyond the bench: {}; docs/limits.md has all limits", limit.instead);
            self.find(&template.name, "template", asked, Reason::Kept(why));
        }
    }

    /// Two templates with one object identifier: certificates name it, and tell the two not apart.
    fn shared_identities(&mut self, templates: &[ImportedTemplate]) {
        for (at, imported) in templates.iter().enumerate() {
            let Some(oid) = &imported.template.oid else { continue };
            let same = |other: &&ImportedTemplate| other.template.oid.as_ref() == Some(oid);
            if let Some(first) = templates[..at].iter().find(same) {
                let first = &first.template.name;
                let why = format!("`{first}` has the same, and every certificate of either counts for that one");
                self.find(&imported.template.name, "msPKI-Cert-Template-OID", oid.as_str(), Reason::Kept(why));
            }
        }
    }

    fn authority(&mut self, imported: &ImportedAuthority, known: &BTreeSet<&str>) {
        let authority = &imported.authority;
        let name = authority.name.as_str();
        self.header("world.ca");
        self.toml.text("name", name);
        match authority.host.as_deref() {
            Some(host) => self.nonempty(name, "dNSHostName", "host", host),
            None if imported.host_said => self.toml.raw("host", "false"),
            None => {
                let reason = Reason::Unsaid("not said by the source; the CA has a host that nobody named");
                self.find(name, "dNSHostName", "", reason);
            }
        }
        if let Some(site) = &authority.site {
            self.nonempty(name, "msPKI-Site-Name", "site", site);
        }
        if let Ok(certificate) = Certificate::parse(&authority.certificate) {
            self.certificate(name, &certificate);
        } else if !authority.certificate.is_empty() {
            let reason = Reason::Malformed("a certificate".to_owned());
            self.find(name, "cACertificate", shown(&authority.certificate), reason);
        }
        let (there, absent): (Vec<_>, Vec<_>) =
            authority.templates.iter().partition(|template| known.contains(template.as_str()));
        for template in absent {
            let reason = Reason::Conflict("no template of that name is imported");
            self.find(name, "certificateTemplates", template.as_str(), reason);
        }
        for guid in &imported.template_guids {
            let reason = Reason::Conflict("no template with that identifier is imported");
            self.find(name, "certificateTemplates", guid.as_str(), reason);
        }
        let mut issued = BTreeSet::new();
        self.toml.texts("templates", there.into_iter().filter(|name| issued.insert(*name)).map(String::as_str));
        if let Some(security) = &imported.security {
            self.security(name, security);
        }
        for uri in &authority.uris {
            self.header("world.ca.enrollment-server");
            self.nonempty(name, "cAURI", "url", &uri.uri);
            self.toml.number("auth-flags", uri.client_authentication);
            self.toml.number("priority", uri.priority);
            self.toml.raw("renewal-only", &uri.renewal_only.to_string());
        }
    }

    /// Without a list of its own a CA of the base would issue every template that is added.
    fn base(&mut self, base: &Base, import: &Import, names: &BTreeSet<&str>) {
        let own = |name: &str| import.authorities.iter().any(|one| one.authority.name == name);
        for (name, templates) in &base.authorities {
            if own(name) {
                let reason =
                    Reason::Conflict("the world that is extended has a CA of that name; this one is laid over it");
                self.find(name, "CA", "", reason);
            } else if !names.is_empty() {
                self.header("world.ca");
                self.toml.text("name", name);
                self.toml.texts("templates", templates.iter().map(String::as_str));
            }
        }
        for name in base.templates.iter().filter(|name| names.contains(name.as_str())) {
            let why =
                "the world that is extended has a template of that name; what the source does not say is from there";
            self.find(name, "template", "", Reason::Conflict(why));
        }
    }

    /// Templates that no CA issues: neither one of the files, nor one of the world that is extended and that goes on
    /// issuing what it issues there.
    fn issued_by_none(&mut self, import: &Import, base: Option<&Base>) {
        let of_files = |name: &String| import.authorities.iter().any(|one| one.authority.templates.contains(name));
        let laid_over = |ca: &str| import.authorities.iter().any(|one| one.authority.name == ca);
        let of_base = |name: &String| {
            let issues = |(ca, templates): &&(String, Vec<String>)| !laid_over(ca) && templates.contains(name);
            base.into_iter().flat_map(|base| &base.authorities).find(issues)
        };
        for imported in &import.templates {
            let name = &imported.template.name;
            if of_files(name) {
                continue;
            }
            let reason = match of_base(name) {
                Some((ca, _)) => {
                    Reason::Kept(format!("no CA of the files issues it; `{ca}` of the world that is extended does"))
                }
                None => Reason::Unsaid("no CA of the files issues it; nobody does until `templates` of a CA names it"),
            };
            self.find(name, "certificateTemplates", "", reason);
        }
    }

    /// The kind of key; the key itself is the bench's.
    fn certificate(&mut self, name: &str, certificate: &Certificate) {
        let thumbprint = certificate.thumbprint().0;
        self.find(
            name,
            "cACertificate",
            thumbprint,
            Reason::Replaced("a CA of a world has its own key and certificate; say `remaining` for when that ends"),
        );
        match key_algorithm(&certificate.public_key) {
            Some(algorithm) => self.toml.text("key", &algorithm.to_string()),
            None => {
                let reason = Reason::Replaced("a CA of a world has no key of that kind; it gets the usual one");
                self.find(name, "cACertificate", shown(&certificate.public_key), reason);
            }
        }
    }

    /// The domain's identifier, when every account in the lists is of one domain, and the trust containers.
    fn domain(&mut self, import: &Import) {
        let descriptors = (import.templates.iter().filter(|one| one.says("nTSecurityDescriptor")))
            .map(|one| &one.template.security)
            .chain(import.authorities.iter().filter_map(|one| one.security.as_ref()));
        let trustees = descriptors.filter_map(|security| security.dacl.as_ref()).flatten().map(|ace| &ace.trustee);
        let trustees = trustees.chain(import.templates.iter().flat_map(|one| &one.granted).map(|(sid, _)| sid));
        let domains: BTreeSet<&str> = trustees.filter_map(access::domain_of).collect();
        let trust = &import.trust;
        let containers = [("roots", &trust.roots), ("ca", &trust.intermediate), ("ntauth", &trust.ntauth)];
        let trusts = containers.iter().any(|(_, list)| !list.is_empty());
        let domain = domains.first().filter(|_| domains.len() == 1);
        if domains.len() > 1 {
            for domain in &domains {
                let reason = Reason::NoWord("accounts of several domains; a world has one");
                self.find("domain", "sid", *domain, reason);
            }
        }
        if domain.is_none() && !trusts {
            return;
        }
        self.toml.line("");
        self.toml.line("[world.domain]");
        if let Some(sid) = domain {
            self.toml.text("sid", sid);
        }
        if trusts {
            self.trust(import, &containers);
        }
    }

    fn trust(&mut self, import: &Import, containers: &[(&str, &Vec<TrustedCertificate>)]) {
        let cas: BTreeSet<&str> = import.authorities.iter().map(|one| one.authority.name.as_str()).collect();
        let mut extra = BTreeSet::new();
        let mut pairs = Vec::new();
        for (key, list) in containers {
            let mut names = BTreeSet::new();
            for trusted in list.iter().filter(|trusted| !trusted.name.is_empty()) {
                if !cas.contains(trusted.name.as_str()) {
                    extra.insert(trusted.name.as_str());
                }
                if !names.insert(trusted.name.as_str()) {
                    let reason = Reason::NoWord("a second certificate of the same name; a CA of a world has one");
                    self.find(key, "cACertificate", trusted.name.as_str(), reason);
                }
            }
            let names: Vec<String> = names.into_iter().map(|name| self.toml.quoted(key, name)).collect();
            pairs.push(format!("{key} = [{}]", names.join(", ")));
        }
        if !extra.is_empty() {
            let extra: Vec<String> = extra.into_iter().map(|name| self.toml.quoted("extra-roots", name)).collect();
            pairs.push(format!("extra-roots = [{}]", extra.join(", ")));
        }
        self.toml.raw("trust", &format!("{{ {} }}", pairs.join(", ")));
    }
}

/// The kind of a key, when CAs of a world can have it.
fn key_algorithm(public_key: &[u8]) -> Option<KeyAlgorithm> {
    let key = PublicKey::from_spki_der(public_key).ok()?;
    if !key.is_rsa() {
        return Some(KeyAlgorithm::P256);
    }
    KeyAlgorithm::rsa_at_least(key.bits()).filter(|algorithm| algorithm.bits() == key.bits())
}
