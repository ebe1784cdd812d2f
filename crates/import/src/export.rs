//! What was imported as LDIF again.

use autoenroll_wire::ldif::Entry;
use autoenroll_wire::name::escaped;
use autoenroll_wire::{security_descriptor, template};

use crate::{Import, ImportedAuthority, ImportedTemplate};

impl Import {
    /// Templates and enrollment services as records of content. `configuration` is the distinguished name of the
    /// configuration container, or a placeholder like `{ConfigNC}`.
    #[must_use]
    pub fn to_ldif(&self, configuration: &str) -> String {
        let services = format!("CN=Public Key Services,CN=Services,{configuration}");
        let dn = |name: &str, container: &str| format!("CN={},CN={container},{services}", escaped(name));
        let templates = self.templates.iter().map(|imported| {
            let name = &imported.template.name;
            imported.to_entry().to_ldif(&dn(name, "Certificate Templates"))
        });
        let authorities = self.authorities.iter().map(|imported| {
            let name = &imported.authority.name;
            imported.to_entry().to_ldif(&dn(name, "Enrollment Services"))
        });
        templates.chain(authorities).collect()
    }
}

impl ImportedTemplate {
    /// The attributes that its source has, as the directory would hold them.
    #[must_use]
    pub fn to_entry(&self) -> Entry {
        let whole = template::to_entry(&self.template);
        Entry(whole.0.into_iter().filter(|(name, _)| self.says(name)).collect())
    }
}

impl ImportedAuthority {
    /// The service as the directory would hold it.
    #[must_use]
    pub fn to_entry(&self) -> Entry {
        let mut entry = Entry::default();
        entry.push("objectClass", "top");
        entry.push("objectClass", "pKIEnrollmentService");
        entry.push("cn", self.authority.name.as_str());
        if let Some(host) = &self.authority.host {
            entry.push("dNSHostName", host.as_str());
        }
        if !self.authority.certificate.is_empty() {
            entry.push("cACertificate", self.authority.certificate.as_slice());
        }
        for template in &self.authority.templates {
            entry.push("certificateTemplates", template.as_str());
        }
        if let Some(security) = &self.security {
            entry.push("nTSecurityDescriptor", security_descriptor::to_bytes(security));
        }
        entry
    }
}
