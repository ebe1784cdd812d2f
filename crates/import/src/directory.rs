//! Objects of the directory: templates, enrollment services and trust containers from LDIF.

use std::collections::BTreeSet;

use autoenroll_model::SecurityDescriptor;
use autoenroll_wire::ldif::{self, Change, Entry};
use autoenroll_wire::{Certificate, template};

use crate::attributes::{self, AUTHORITY, TEMPLATE, bare};
use crate::finding::{Finding, Reason, shown};
use crate::{Import, ImportedAuthority, ImportedTemplate, TrustedCertificate, descriptor};

pub(crate) fn read(bytes: &[u8]) -> Import {
    let file = ldif::parse(bytes);
    let mut import = Import::default();
    for error in file.errors {
        let place = format!("line {}", error.line);
        import.findings.push(Finding::new(&place, "LDIF", "", Reason::Malformed(format!("RFC 2849 ({error})"))));
    }
    for record in &file.records {
        match &record.change {
            Change::Add(entry) => object(&mut import, &record.dn, entry),
            Change::Modify(_) | Change::Delete | Change::Rename(_) => {
                let reason = Reason::NoWord("changes of objects are not imported; export the objects as they are now");
                import.findings.push(Finding::new(&record.dn, "changetype", "", reason));
            }
        }
    }
    import
}

fn object(import: &mut Import, dn: &str, entry: &Entry) {
    let below = |container: &str| dn.to_ascii_lowercase().contains(&format!(",{container}"));
    // A search that asks for some attributes leaves the class out.
    let classless = !entry.0.iter().any(|(name, _)| name.eq_ignore_ascii_case("objectClass"));
    if entry.is_a("pKICertificateTemplate") || (classless && below("cn=certificate templates,")) {
        template_object(import, dn, entry);
    } else if entry.is_a("pKIEnrollmentService") || (classless && below("cn=enrollment services,")) {
        authority_object(import, dn, entry);
    } else if entry.is_a("certificationAuthority") {
        trust_object(import, dn, entry);
    } else {
        let class = entry.texts("objectClass").last().unwrap_or_default();
        let reason = match class {
            "msPKI-Enterprise-Oid" => Reason::NoRule("templates carry their object identifier themselves"),
            "container" | "configuration" => Reason::NoRule("a container says nothing itself"),
            _ => Reason::Unknown,
        };
        import.findings.push(Finding::new(dn, "objectClass", class, reason));
    }
}

fn template_object(import: &mut Import, dn: &str, entry: &Entry) {
    let (read, errors) = template::from_entry(entry);
    let object = read.as_ref().map_or(dn, |template| template.name.as_str()).to_owned();
    malformed(import, &object, &errors);
    let Some(mut template) = read else { return };

    import.findings.extend(attributes::not_understood(&object, entry, TEMPLATE));
    let again = template::to_entry(&template);
    for (name, value) in attributes::missing(entry, &again, TEMPLATE) {
        // What could not be read has been told already.
        let told = errors.iter().any(|error| error.attribute.eq_ignore_ascii_case(&name));
        if !told {
            let reason = Reason::NoWord(
                "cannot be kept beside the other values of the attribute, or beyond the bounds of a duration",
            );
            import.findings.push(Finding::new(&object, &name, shown(&value), reason));
        }
    }
    let mut said: BTreeSet<String> = entry.0.iter().map(|(name, _)| bare(name).to_ascii_lowercase()).collect();
    // Files that are made to be loaded into a directory leave the identity out, which each directory gives anew. What
    // was read from one, as the attributes show that it keeps for itself, would have it.
    if ["objectGUID", "whenCreated", "uSNCreated"].iter().any(|name| entry.value(name).is_some()) {
        said.insert("mspki-cert-template-oid".to_owned());
    }
    match security(import, &object, entry) {
        Some(security) => template.security = security,
        None => {
            said.remove("ntsecuritydescriptor");
            let reason = Reason::Unsaid(
                "without an access control list every principal reads the template and none enrolls; say `allow`",
            );
            import.findings.push(Finding::new(&object, "nTSecurityDescriptor", "", reason));
        }
    }
    import.templates.push(ImportedTemplate { template, said });
}

fn malformed(import: &mut Import, object: &str, errors: &[template::AttributeError]) {
    // The descriptor is read once more, with all its parts.
    for error in errors.iter().filter(|error| error.attribute != "nTSecurityDescriptor") {
        let value = error.found.clone().unwrap_or_default();
        import.findings.push(Finding::new(
            object,
            error.attribute,
            value,
            Reason::Malformed(error.expected.to_owned()),
        ));
    }
}

fn security(import: &mut Import, object: &str, entry: &Entry) -> Option<SecurityDescriptor> {
    descriptor::read(object, entry.value("nTSecurityDescriptor")?, &mut import.findings)
}

fn authority_object(import: &mut Import, dn: &str, entry: &Entry) {
    let (read, errors) = template::authority_from_entry(entry);
    let object = read.as_ref().map_or(dn, |authority| authority.name.as_str()).to_owned();
    malformed(import, &object, &errors);
    let Some(authority) = read else { return };
    import.findings.extend(attributes::not_understood(&object, entry, AUTHORITY));
    // After a renewal of the CA there are several; the first is the current one.
    for value in entry.values("cACertificate").skip(1) {
        let reason = Reason::NoWord("a CA of a world has one certificate");
        import.findings.push(Finding::new(&object, "cACertificate", shown(value), reason));
    }
    for value in entry.values("msPKI-Site-Name").skip(1) {
        let reason = Reason::NoWord("a CA of a world is for the computers of one site");
        import.findings.push(Finding::new(&object, "msPKI-Site-Name", shown(value), reason));
    }
    let security = security(import, &object, entry);
    import.authorities.push(ImportedAuthority { authority, security });
}

/// Objects of one class stand in three containers; the name says in which.
fn trust_object(import: &mut Import, dn: &str, entry: &Entry) {
    let lower = dn.to_ascii_lowercase();
    let container = if lower.starts_with("cn=ntauthcertificates,") {
        &mut import.trust.ntauth
    } else if lower.contains(",cn=aia,") {
        &mut import.trust.intermediate
    } else if lower.contains(",cn=certification authorities,") {
        &mut import.trust.roots
    } else {
        let reason = Reason::NoRule("stands in none of the containers that enrollment reads");
        return import.findings.push(Finding::new(dn, "objectClass", "certificationAuthority", reason));
    };
    for value in entry.values("cACertificate") {
        match Certificate::parse(value) {
            Ok(certificate) => {
                let name = certificate.subject.common_name().unwrap_or_else(|| certificate.subject.to_string());
                container.push(TrustedCertificate { name, certificate: value.to_vec() });
            }
            // Windows writes one zero octet where a container is empty.
            Err(_) if value == [0] => {}
            Err(error) => {
                let reason = Reason::Malformed(format!("a certificate ({error})"));
                import.findings.push(Finding::new(dn, "cACertificate", "", reason));
            }
        }
    }
}
