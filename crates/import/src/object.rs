//! Objects of the directory, from whichever format: a template, an enrollment service, a trust container.

use std::collections::BTreeSet;

use autoenroll_model::SecurityDescriptor;
use autoenroll_wire::ldif::Entry;
use autoenroll_wire::{Certificate, template};

use crate::attributes::{self, AUTHORITY, TEMPLATE, bare};
use crate::finding::{Finding, Reason, shown};
use crate::{Import, ImportedAuthority, ImportedTemplate, TrustedCertificate, descriptor};

/// How much of an object its source has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    /// All of it: what is not there, the object does not have.
    Yes,
    /// A part: what is not there may be in the directory all the same.
    Part,
    /// All of it when there are attributes that the directory keeps for itself. Files that are made to be loaded into a
    /// directory leave those out, and with them the identity, which each directory gives anew.
    IfRead,
}

/// An object of any class. `dn` is its distinguished name, or what there is in place of one.
pub(crate) fn object(import: &mut Import, dn: &str, entry: &Entry, whole: Whole) {
    let below = |container: &str| dn.to_ascii_lowercase().contains(&format!(",{container}"));
    // A search that asks for some attributes leaves the class out.
    let classless = !entry.0.iter().any(|(name, _)| name.eq_ignore_ascii_case("objectClass"));
    if entry.is_a("pKICertificateTemplate") || (classless && below("cn=certificate templates,")) {
        template_object(import, dn, entry, whole, NO_LIST);
    } else if entry.is_a("pKIEnrollmentService") || (classless && below("cn=enrollment services,")) {
        authority_object(import, dn, entry, whole);
    } else if entry.is_a("certificationAuthority") || (classless && TRUST.iter().any(|(_, name)| below(name))) {
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

/// The entry with a common name: its own, or what else calls the object. None where nothing does.
fn with_name(import: &mut Import, dn: &str, entry: &Entry) -> Option<Entry> {
    let said = |name: &'static str| entry.text(name).map(str::trim).filter(|text| !text.is_empty());
    if said("cn").is_some() {
        return Some(entry.clone());
    }
    let Some(name) = said("name").map(str::to_owned).or_else(|| relative_name(dn)) else {
        let reason = Reason::Malformed("a name; without one the object is left out".to_owned());
        import.findings.push(Finding::new(dn, "cn", "", reason));
        return None;
    };
    let mut named = Entry(entry.0.iter().filter(|(name, _)| !bare(name).eq_ignore_ascii_case("cn")).cloned().collect());
    named.push("cn", name.as_str());
    if said("name").is_none() {
        let why = format!("the source does not say it; `{name}` is what else calls the object");
        import.findings.push(Finding::new(dn, "cn", "", Reason::Kept(why)));
    }
    Some(named)
}

/// The value of the first component of a distinguished name (RFC 4514); the whole text where it is none.
pub(crate) fn relative_name(dn: &str) -> Option<String> {
    let value = match dn.split_once('=') {
        Some((kind, rest)) if kind.trim().eq_ignore_ascii_case("cn") => rest,
        Some(_) => return None,
        None => dn,
    };
    let mut name = String::new();
    let mut escaped = false;
    for c in value.chars() {
        match c {
            '\\' if !escaped => escaped = true,
            ',' | '+' if !escaped => break,
            c => {
                name.push(c);
                escaped = false;
            }
        }
    }
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// What holds for a template without an access control list.
pub(crate) const NO_LIST: &str =
    "without an access control list every principal reads the template and none enrolls; say `allow`";

/// A template; `no_list` says what holds when it has no access control list. Gives back where it stands now, when it is
/// one.
pub(crate) fn template_object<'i>(
    import: &'i mut Import,
    dn: &str,
    entry: &Entry,
    whole: Whole,
    no_list: &'static str,
) -> Option<&'i mut ImportedTemplate> {
    let entry = &with_name(import, dn, entry)?;
    let (read, errors) = template::from_entry(entry);
    let object = read.as_ref().map_or(dn, |template| template.name.as_str()).to_owned();
    malformed(import, &object, &errors);
    let mut template = read?;

    import.findings.extend(attributes::not_understood(&object, entry, TEMPLATE));
    let again = template::to_entry(&template);
    for (name, value) in attributes::missing(entry, &again, TEMPLATE) {
        // What could not be read has been told already.
        let told = errors.iter().any(|error| error.attribute.eq_ignore_ascii_case(&name));
        if !told {
            import.findings.push(Finding::new(&object, &name, shown(&value), attributes::not_kept(&name)));
        }
    }
    let mut said: BTreeSet<String> = entry.0.iter().map(|(name, _)| bare(name).to_ascii_lowercase()).collect();
    for error in errors.iter().filter(|error| error.attribute != "msPKI-Cert-Template-OID") {
        // What could not be read is as good as absent, unless another value of the attribute could.
        let unread = errors.iter().filter(|other| other.attribute == error.attribute).count();
        if unread >= entry.values(error.attribute).count() {
            said.remove(&error.attribute.to_ascii_lowercase());
        }
    }
    let of_the_directory = ["objectGUID", "whenCreated", "uSNCreated"].iter().any(|name| entry.value(name).is_some());
    let whole = whole == Whole::Yes || (whole == Whole::IfRead && of_the_directory);
    if whole {
        said.insert("mspki-cert-template-oid".to_owned());
    }
    match security(import, &object, entry) {
        Some(security) => template.security = security,
        None => {
            said.remove("ntsecuritydescriptor");
            import.findings.push(Finding::new(&object, "nTSecurityDescriptor", "", Reason::Unsaid(no_list)));
        }
    }
    if let Some(absent) = attributes::absent(&said, whole) {
        let reason = Reason::Unsaid("not said by the source; a template of a world has its default there");
        import.findings.push(Finding::new(&object, &absent, "", reason));
    }
    import.templates.push(ImportedTemplate::new(template, said));
    import.templates.last_mut()
}

fn malformed(import: &mut Import, object: &str, errors: &[template::AttributeError]) {
    // The descriptor is read once more, with all its parts.
    for error in errors.iter().filter(|error| error.attribute != "nTSecurityDescriptor") {
        let value = error.found.clone().unwrap_or_default();
        let reason = Reason::Malformed(error.expected.to_owned());
        import.findings.push(Finding::new(object, error.attribute, value, reason));
    }
}

fn security(import: &mut Import, object: &str, entry: &Entry) -> Option<SecurityDescriptor> {
    descriptor::read(object, entry.value("nTSecurityDescriptor")?, &mut import.findings)
}

/// An enrollment service: what there is of it is taken.
fn authority_object(import: &mut Import, dn: &str, entry: &Entry, whole: Whole) {
    let Some(mut entry) = with_name(import, dn, entry) else { return };
    let said = |entry: &Entry, name: &str| entry.value(name).is_some();
    let whole =
        whole == Whole::Yes || ["objectGUID", "whenCreated", "uSNCreated"].iter().any(|name| said(&entry, name));
    let without_certificate = !said(&entry, "cACertificate");
    if without_certificate {
        // The reader of the wire takes no service without one.
        entry.push("cACertificate", Vec::new());
    }
    let (read, errors) = template::authority_from_entry(&entry);
    let object = read.as_ref().map_or(dn, |authority| authority.name.as_str()).to_owned();
    malformed(import, &object, &errors);
    let Some(authority) = read else { return };
    if without_certificate {
        let reason = Reason::Unsaid(if whole {
            "the object has none; a client passes over such a service, and a CA of a world has a certificate always"
        } else {
            "not said by the source; a CA of a world has its own"
        });
        import.findings.push(Finding::new(&object, "cACertificate", "", reason));
    }
    if !said(&entry, "certificateTemplates") {
        let reason = Reason::Unsaid("not said by the source; the CA issues no template until `templates` names some");
        import.findings.push(Finding::new(&object, "certificateTemplates", "", reason));
    }
    let host_said = whole || said(&entry, "dNSHostName");
    import.findings.extend(attributes::not_understood(&object, &entry, AUTHORITY));
    // After a renewal of the CA there are several; the first is the current one.
    for value in entry.values("cACertificate").skip(1) {
        let reason = Reason::NoWord("a CA of a world has one certificate");
        import.findings.push(Finding::new(&object, "cACertificate", shown(value), reason));
    }
    for value in entry.values("msPKI-Site-Name").skip(1) {
        let reason = Reason::NoWord("a CA of a world is for the computers of one site");
        import.findings.push(Finding::new(&object, "msPKI-Site-Name", shown(value), reason));
    }
    let security = security(import, &object, &entry);
    import.authorities.push(ImportedAuthority { security, host_said, ..ImportedAuthority::new(authority) });
}

/// The containers of trusted certificates.
#[derive(Clone, Copy)]
enum Container {
    NtAuth,
    Intermediate,
    Roots,
}

/// How a distinguished name shows in which container an object stands.
const TRUST: &[(Container, &str)] =
    &[(Container::Intermediate, "cn=aia,"), (Container::Roots, "cn=certification authorities,")];

/// Objects of one class stand in three containers; the name says in which.
fn trust_object(import: &mut Import, dn: &str, entry: &Entry) {
    let lower = dn.to_ascii_lowercase();
    let container = if lower.starts_with("cn=ntauthcertificates,") {
        Some(Container::NtAuth)
    } else {
        TRUST.iter().find(|(_, name)| lower.contains(&format!(",{name}"))).map(|(container, _)| *container)
    };
    let container = match container {
        Some(Container::NtAuth) => &mut import.trust.ntauth,
        Some(Container::Intermediate) => &mut import.trust.intermediate,
        Some(Container::Roots) => &mut import.trust.roots,
        None => {
            let reason = Reason::NoRule("stands in none of the containers that enrollment reads");
            return import.findings.push(Finding::new(dn, "objectClass", "certificationAuthority", reason));
        }
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

#[cfg(test)]
mod tests {
    use super::relative_name;

    #[test]
    fn an_object_without_a_name_has_that_of_its_place() {
        let check = |dn: &str, name: Option<&str>| assert_eq!(relative_name(dn).as_deref(), name, "{dn}");
        check("CN=User,CN=Certificate Templates,DC=test", Some("User"));
        check("cn=a\\,b\\+c\\\\,CN=X", Some("a,b+c\\"));
        check("User", Some("User"));
        check("OU=Users,DC=test", None);
        check("CN=,DC=test", None);
        check("", None);
    }
}
