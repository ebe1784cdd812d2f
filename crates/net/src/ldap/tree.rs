//! The directory of a world as a tree of LDAP objects.
//!
//! It is made anew when the directory has changed, and shared by all searches until then.

use std::collections::BTreeMap;

use autoenroll_keys::sha256;
use autoenroll_model::{
    Ace, AceEffect, EnrollmentService, FileTime, Guid, Right, SecurityDescriptor, Sid, Token, TrustStore, access_check,
    hex, rights,
};
use autoenroll_wire::{Certificate, security_descriptor, sid, template};
use autoenroll_world::published::{Account, Published};
use rasn::types::OctetString;

use super::dn;
use super::schema::{self, AttributeType};

/// All objects of the directory at one moment.
#[derive(Debug)]
pub(super) struct Tree {
    objects: Vec<Object>,
    /// Their places, by their names in normal form.
    places: BTreeMap<String, usize>,
    /// The distinguished name of the domain.
    pub(super) base: String,
}

/// An object.
#[derive(Debug)]
pub(super) struct Object {
    /// Its distinguished name.
    pub(super) dn: String,
    /// The same in normal form.
    pub(super) key: String,
    /// Who may see it.
    pub(super) security: SecurityDescriptor,
    /// The account that it is, for a user or computer.
    pub(super) account: Option<String>,
    attributes: Vec<(&'static AttributeType, Vec<OctetString>)>,
}

impl Object {
    /// The values of an attribute.
    pub(super) fn values(&self, of: &AttributeType) -> &[OctetString] {
        self.attributes.iter().find(|(it, _)| std::ptr::eq(*it, of)).map_or(&[], |(_, values)| values)
    }

    /// All attributes, in the order in which they are shown.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'static AttributeType, &[OctetString])> {
        self.attributes.iter().map(|(of, values)| (*of, values.as_slice()))
    }

    /// Whether the token may see it.
    pub(super) fn is_visible(&self, token: &Token) -> bool {
        access_check(&self.security, token, Right::Read)
    }

    fn push(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        let Some(of) = schema::attribute(name) else {
            debug_assert!(false, "{name} is not in the schema");
            return;
        };
        let value = OctetString::from(value.into());
        match self.attributes.iter_mut().find(|(it, _)| std::ptr::eq(*it, of)) {
            Some((_, values)) => values.push(value),
            None => self.attributes.push((of, vec![value])),
        }
    }

    fn class(&mut self, name: &str, base: &str) {
        let Some(class) = schema::class(name) else {
            debug_assert!(false, "{name} is not in the schema");
            return;
        };
        for name in schema::lineage(class) {
            self.push("objectClass", name);
        }
        self.push("objectCategory", format!("CN={},CN=Schema,CN=Configuration,{base}", class.category));
    }
}

impl Tree {
    /// The objects of a directory; those whose age the world does not know were created at `born`.
    pub(super) fn of(published: &Published, born: FileTime) -> Self {
        let base = published.dns().split('.').map(|label| format!("DC={label}")).collect::<Vec<_>>().join(",");
        let usn = published.usn();
        let mut builder =
            Builder { tree: Self { objects: Vec::new(), places: BTreeMap::new(), base }, published, born, usn };
        builder.domain();
        builder.configuration();
        builder.public_key_services();
        builder.accounts();
        builder.groups();
        builder.tree
    }

    /// A directory without objects.
    pub(super) const fn empty() -> Self {
        Self { objects: Vec::new(), places: BTreeMap::new(), base: String::new() }
    }

    /// The object of a name in normal form.
    pub(super) fn get(&self, key: &str) -> Option<&Object> {
        self.objects.get(*self.places.get(key)?)
    }

    /// All objects, those above before those below them.
    pub(super) fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// Whether a name in normal form lies in this directory.
    pub(super) fn is_within(&self, key: &str) -> bool {
        let base = self.base.to_lowercase();
        key == base || key.strip_suffix(&base).is_some_and(|rest| rest.ends_with(','))
    }
}

/// Time as the directory writes it: `20261130081500.0Z`.
pub(super) fn generalized_time(at: FileTime) -> String {
    let (year, month, day) = at.date();
    let of_day = at.unix_seconds().rem_euclid(86_400);
    format!("{year:04}{month:02}{day:02}{:02}{:02}{:02}.0Z", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

/// A GUID as it is stored: the first three groups little endian.
pub(super) fn guid_octets(Guid(printed): Guid) -> [u8; 16] {
    let [a, b, c, d, e, f, g, h, rest @ ..] = printed;
    let mut octets = [d, c, b, a, f, e, h, g, 0, 0, 0, 0, 0, 0, 0, 0];
    octets[8..].copy_from_slice(&rest);
    octets
}

struct Builder<'a> {
    tree: Tree,
    published: &'a Published,
    born: FileTime,
    usn: u64,
}

/// `CN=Configuration` and what is below it.
const SERVICES: &str = "CN=Public Key Services,CN=Services,CN=Configuration";
/// Relative identifiers of [MS-DTYP] 2.4.2.4.
const DOMAIN_ADMINS: u32 = 512;
const DOMAIN_USERS: u32 = 513;
const DOMAIN_COMPUTERS: u32 = 515;
const DOMAIN_CONTROLLERS: u32 = 516;
const ENTERPRISE_ADMINS: u32 = 519;

impl Builder<'_> {
    /// Adds an object of a class; the first of a name counts. Its attributes are added by `fill`.
    fn add(&mut self, dn: &str, class: &str, fill: impl FnOnce(&mut Object)) {
        let Some(key) = dn::normal(dn).filter(|key| !self.tree.places.contains_key(key)) else { return };
        let first = dn.split_once('=').map(|(kind, _)| kind.to_lowercase()).unwrap_or_default();
        let name = name_of(dn);
        let security = self.default_security();
        let (dn, mut object) = (
            dn.to_owned(),
            Object { dn: dn.to_owned(), key: key.clone(), security, account: None, attributes: Vec::new() },
        );
        object.class(class, &self.tree.base);
        if matches!(first.as_str(), "cn" | "ou" | "dc") {
            object.push(&first, name.as_str());
        }
        object.push("distinguishedName", dn.as_str());
        object.push("name", name);
        object.push("instanceType", "4");
        fill(&mut object);
        for attribute in ["whenCreated", "whenChanged"] {
            if object.values(schema::attribute(attribute).expect("the schema has it")).is_empty() {
                object.push(attribute, generalized_time(self.born));
            }
        }
        object.push("uSNCreated", "1");
        object.push("uSNChanged", self.usn.to_string());
        if object.values(schema::attribute("objectGUID").expect("the schema has it")).is_empty() {
            let hash = sha256(key.as_bytes());
            object.push("objectGUID", &hash[..16]);
        }
        let own = security_descriptor::from_bytes(
            object
                .values(schema::attribute("nTSecurityDescriptor").expect("the schema has it"))
                .first()
                .map_or(&[][..], AsRef::as_ref),
        );
        match own {
            Ok(own) => object.security = own,
            Err(_) => object.push("nTSecurityDescriptor", security_descriptor::to_bytes(&object.security)),
        }
        self.tree.places.insert(key, self.tree.objects.len());
        self.tree.objects.push(object);
    }

    /// Everybody of the domain may read, its administrators everything.
    fn default_security(&self) -> SecurityDescriptor {
        let allow = |trustee: Sid, mask: u32| Ace::new(AceEffect::Allow, trustee, mask);
        let everybody = Sid::AUTHENTICATED_USERS.parse().expect("a well-formed constant");
        let admins = self.relative(DOMAIN_ADMINS);
        let dacl = vec![
            allow(everybody, rights::READ_CONTROL | rights::LIST_CONTENTS | rights::READ_PROPERTY),
            allow(admins.clone(), rights::FULL),
            allow(self.relative(ENTERPRISE_ADMINS), rights::FULL),
        ];
        SecurityDescriptor { owner: Some(admins), dacl: Some(dacl) }
    }

    fn relative(&self, id: u32) -> Sid {
        let own = self.published.sid();
        format!("{own}-{id}").parse().expect("one more sub-authority still is an identifier")
    }

    fn domain(&mut self) {
        let (base, published) = (self.tree.base.clone(), self.published);
        let quota = "10";
        self.add(&base, "domainDNS", |it| {
            it.push("objectSid", sid::to_bytes(published.sid()));
            it.push("objectGUID", guid_octets(published.forest()));
            it.push("ms-DS-MachineAccountQuota", quota);
            it.push("msDS-Behavior-Version", "7");
        });
        for name in ["Users", "Computers", "Builtin", "System", "ForeignSecurityPrincipals"] {
            self.add(&format!("CN={name},{base}"), "container", |_| {});
        }
        self.add(&format!("OU=Domain Controllers,{base}"), "organizationalUnit", |_| {});
    }

    fn configuration(&mut self) {
        let base = self.tree.base.clone();
        self.add(&format!("CN=Configuration,{base}"), "configuration", hidden);
        for (name, class) in
            [("Services", "container"), ("Sites", "sitesContainer"), ("Partitions", "crossRefContainer")]
        {
            self.add(&format!("CN={name},CN=Configuration,{base}"), class, hidden);
        }
        let (netbios, dns) = (self.published.netbios().to_owned(), self.published.dns().to_owned());
        self.add(&format!("CN={},CN=Partitions,CN=Configuration,{base}", dn::escape(&netbios)), "crossRef", |it| {
            it.push("nETBIOSName", netbios.as_str());
            it.push("dnsRoot", dns.as_str());
            it.push("nCName", base.as_str());
            it.push("systemFlags", "3");
        });
        self.add(&format!("CN=Schema,CN=Configuration,{base}"), "dMD", hidden);
        self.add(&format!("CN=Aggregate,CN=Schema,CN=Configuration,{base}"), "subSchema", |it| {
            schema::attribute_types().for_each(|text| it.push("attributeTypes", text));
            schema::object_classes().for_each(|text| it.push("objectClasses", text));
        });
    }

    fn public_key_services(&mut self) {
        let below = format!("{SERVICES},{}", self.tree.base);
        self.add(&below, "container", hidden);
        for name in ["Certificate Templates", "Enrollment Services", "AIA", "CDP", "Certification Authorities", "KRA"] {
            self.add(&format!("CN={name},{below}"), "container", hidden);
        }
        self.add(&format!("CN=OID,{below}"), "msPKI-Enterprise-Oid", hidden);
        self.trust(&below);
        let published = self.published;
        for authority in published.authorities() {
            self.authority(authority, &below);
        }
        for found in published.templates() {
            let dn = format!("CN={},CN=Certificate Templates,{below}", dn::escape(&found.name));
            self.add(&dn, "pKICertificateTemplate", |it| {
                for (name, value) in template::to_entry(found).0 {
                    if !matches!(name.as_str(), "objectClass" | "cn") {
                        it.push(&name, value);
                    }
                }
                hidden(it);
            });
            // [MS-WCCE] 2.2.2.11.3: 1 is a template, 2 a policy of issuance.
            let policies = found.certificate_policies.iter().map(|oid| (oid, "2", oid.as_str()));
            let own = found.oid.iter().map(|oid| (oid, "1", found.display_name.as_str()));
            for (oid, kind, display_name) in own.chain(policies) {
                let last = oid.as_str().rsplit('.').next().unwrap_or_default();
                let name = format!("{last}.{}", hex::encode(&sha256(oid.as_str().as_bytes())[..16]).to_uppercase());
                self.add(&format!("CN={name},CN=OID,{below}"), "msPKI-Enterprise-Oid", |it| {
                    it.push("displayName", display_name);
                    it.push("flags", kind);
                    it.push("msPKI-Cert-Template-OID", oid.as_str());
                    hidden(it);
                });
            }
        }
    }

    /// [MS-WCCE] 2.2.2.11.1 and 2.2.2.11.2.
    fn authority(&mut self, authority: &EnrollmentService, below: &str) {
        let name = dn::escape(&authority.name);
        let servers =
            self.published.authority(&authority.name).map(|ca| ca.enrollment_servers.clone()).unwrap_or_default();
        self.add(&format!("CN={name},CN=Enrollment Services,{below}"), "pKIEnrollmentService", |it| {
            it.push("displayName", authority.name.as_str());
            it.push("flags", "10");
            if let Some(host) = &authority.host {
                it.push("dNSHostName", host.as_str());
            }
            it.push("cACertificate", authority.certificate.as_slice());
            if let Ok(certificate) = Certificate::parse(&authority.certificate) {
                it.push("cACertificateDN", certificate.subject.to_string());
            }
            for name in &authority.templates {
                it.push("certificateTemplates", name.as_str());
            }
            if let Some(site) = &authority.site {
                it.push("msPKI-Site-Name", site.as_str());
            }
            // Four lines each: priority, kind of authentication, renewals only, address.
            for server in servers {
                let (uri, only) = (&server.uri, i32::from(server.uri.renewal_only));
                let value = format!("{}\n{}\n{only}\n{}", uri.priority, uri.client_authentication, uri.uri);
                it.push("msPKI-Enrollment-Servers", value);
            }
            hidden(it);
        });
        let host = authority.host.as_deref().and_then(|host| host.split('.').next()).unwrap_or("unknown");
        let host = format!("CN={},CN=CDP,{below}", dn::escape(host));
        self.add(&host, "container", hidden);
        self.add(&format!("CN={name},{host}"), "cRLDistributionPoint", hidden);
    }

    fn trust(&mut self, below: &str) {
        for (store, container) in [(TrustStore::Root, "Certification Authorities"), (TrustStore::Ca, "AIA")] {
            let mut named: BTreeMap<String, Vec<&[u8]>> = BTreeMap::new();
            for der in self.published.trusted(store).unwrap_or_default() {
                let subject = Certificate::parse(der).ok().and_then(|it| it.subject.common_name());
                named.entry(subject.unwrap_or_else(|| "unnamed".to_owned())).or_default().push(der);
            }
            for (name, certificates) in named {
                self.add(&format!("CN={},CN={container},{below}", dn::escape(&name)), "certificationAuthority", |it| {
                    certificates.iter().for_each(|der| it.push("cACertificate", *der));
                    no_lists(it);
                });
            }
        }
        let published = self.published;
        self.add(&format!("CN=NTAuthCertificates,{below}"), "certificationAuthority", |it| {
            let trusted = published.trusted(TrustStore::NtAuth).unwrap_or_default();
            trusted.iter().for_each(|der| it.push("cACertificate", der.as_slice()));
            no_lists(it);
        });
    }

    fn accounts(&mut self) {
        let (published, base) = (self.published, self.tree.base.clone());
        for account in published.principals() {
            let dn = account_dn(&account, &base);
            self.parents(&dn);
            let primary = primary_group(&account);
            let primary_sid = self.relative(primary);
            let groups = published.groups_with(account.name).filter(|group| group.sid != primary_sid);
            let groups: Vec<String> = groups.map(|group| group_dn(&group.name, &base)).collect();
            self.add(&dn, if account.is_user { "user" } else { "computer" }, |it| {
                it.account = Some(account.name.to_owned());
                account_attributes(it, &account, primary, published.created(account.name));
                groups.iter().for_each(|group| it.push("memberOf", group.as_str()));
            });
        }
    }

    fn groups(&mut self) {
        let (published, base) = (self.published, self.tree.base.clone());
        let accounts: BTreeMap<&str, Account<'_>> = published.principals().map(|it| (it.name, it)).collect();
        for group in published.groups() {
            let member_dn = |name: &String| match accounts.get(name.as_str()) {
                // Members of a primary group are not listed ([MS-ADTS] 3.1.1.4.5.1).
                Some(account) if self.relative(primary_group(account)) == group.sid => None,
                Some(account) => Some(account_dn(account, &base)),
                None => Some(group_dn(name, &base)),
            };
            let members: Vec<String> = group.members.iter().filter_map(member_dn).collect();
            self.add(&group_dn(&group.name, &base), "group", |it| {
                it.push("sAMAccountName", group.name.as_str());
                it.push("sAMAccountType", "268435456");
                it.push("objectSid", sid::to_bytes(&group.sid));
                // Global, for security.
                it.push("groupType", "-2147483646");
                members.iter().for_each(|member| it.push("member", member.as_str()));
                for above in published.groups_with(&group.name) {
                    it.push("memberOf", group_dn(&above.name, &base));
                }
            });
        }
    }

    /// The containers that a name needs above it.
    fn parents(&mut self, dn: &str) {
        let mut missing = Vec::new();
        let mut at = dn;
        while let Some(above) = dn::above(at).map(str::trim_start) {
            let known = dn::normal(above).is_none_or(|key| self.tree.places.contains_key(&key));
            if known || missing.len() == MOST_LEVELS {
                break;
            }
            missing.push(above.to_owned());
            at = above;
        }
        for dn in missing.iter().rev() {
            let is_unit = dn.get(..3).is_some_and(|kind| kind.eq_ignore_ascii_case("ou="));
            self.add(dn, if is_unit { "organizationalUnit" } else { "container" }, |_| {});
        }
    }
}

/// How many containers that nobody described a name may bring along.
const MOST_LEVELS: usize = 16;

fn account_attributes(it: &mut Object, account: &Account<'_>, primary: u32, created: Option<FileTime>) {
    let Account { name, object, is_user, is_controller } = *account;
    let (suffix, kind, control) = match (is_user, is_controller) {
        (true, _) => ("", "805306368", "512"),
        (false, false) => ("$", "805306369", "4096"),
        (false, true) => ("$", "805306369", "532480"),
    };
    it.push("sAMAccountName", format!("{name}{suffix}"));
    it.push("sAMAccountType", kind);
    it.push("userAccountControl", control);
    it.push("primaryGroupID", primary.to_string());
    it.push("objectSid", sid::to_bytes(&object.sid));
    it.push("objectGUID", guid_octets(object.guid));
    it.push("displayName", name);
    let texts = [("userPrincipalName", &object.upn), ("mail", &object.mail), ("dNSHostName", &object.dns)];
    for (attribute, value) in texts {
        if let Some(value) = value {
            it.push(attribute, value.as_str());
        }
    }
    if let Some(dns) = object.dns.as_ref().filter(|_| !is_user) {
        it.push("servicePrincipalName", format!("HOST/{dns}"));
        it.push("servicePrincipalName", format!("HOST/{name}"));
    }
    if let Some(created) = created {
        it.push("whenCreated", generalized_time(created));
    }
    for certificate in &object.certificates {
        it.push("userCertificate", certificate.as_slice());
    }
}

/// The relative identifier of an account's primary group.
const fn primary_group(account: &Account<'_>) -> u32 {
    match (account.is_user, account.is_controller) {
        (true, _) => DOMAIN_USERS,
        (false, false) => DOMAIN_COMPUTERS,
        (false, true) => DOMAIN_CONTROLLERS,
    }
}

fn account_dn(account: &Account<'_>, base: &str) -> String {
    match dn::normal(&account.object.dn) {
        Some(key) if !key.is_empty() => account.object.dn.clone(),
        _ => format!("CN={},CN=Users,{base}", dn::escape(account.name)),
    }
}

fn group_dn(name: &str, base: &str) -> String {
    format!("CN={},CN=Users,{base}", dn::escape(name))
}

/// Objects of the configuration are not for everyday views.
fn hidden(it: &mut Object) {
    it.push("showInAdvancedViewOnly", "TRUE");
}

/// Attributes that the class demands; directories hold one octet where there is no list.
fn no_lists(it: &mut Object) {
    for attribute in ["authorityRevocationList", "certificateRevocationList"] {
        it.push(attribute, [0]);
    }
    hidden(it);
}

/// The value of the first part of a name, without escapes.
fn name_of(dn: &str) -> String {
    let first = dn::above(dn).map_or(dn, |above| &dn[..dn.len() - above.len() - 1]);
    let value = first.split_once('=').map_or(first, |(_, value)| value).trim();
    let (mut name, mut escaped) = (String::new(), false);
    for c in value.chars() {
        if c == '\\' && !escaped {
            escaped = true;
            continue;
        }
        escaped = false;
        name.push(c);
    }
    name
}
