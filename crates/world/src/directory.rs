//! The directory: templates, enrollment services, principals, groups and trust containers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use autoenroll_model::{
    Certificates, Duration, EnrollmentService, FileTime, Guid, HResult, Oid, PrincipalObject, Right, RootDse, Sid,
    Template, Token, TrustContainer, TrustStore, access_check,
};

use crate::action::{PrincipalEdit, TemplateEdit};
use crate::error::{Thing, Unknown};
use crate::spec::{ComputerRole, ComputerSpec, ControllerSpec, DomainSpec, GroupSpec, UserSpec};

/// What the domain controllers hold, and how they answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Directory {
    dns: String,
    sid: Sid,
    forest: Guid,
    controllers: Vec<ControllerSpec>,
    pub(crate) reachable: bool,
    pub(crate) latency: Duration,
    templates: Vec<(Arc<Template>, Visibility)>,
    /// Places of the templates, by name.
    template_places: BTreeMap<String, usize>,
    authorities: Vec<(EnrollmentService, Visibility)>,
    /// Users and computers by name. Their `groups` are empty here: membership is evaluated when a token is made.
    principals: BTreeMap<String, (PrincipalObject, PrincipalKind)>,
    /// `whenCreated` of users, where it matters.
    created: BTreeMap<String, FileTime>,
    groups: Vec<GroupSpec>,
    /// The groups that have a principal or group as a member, by its name: their places, in order.
    memberships: BTreeMap<String, BTreeSet<usize>>,
    trust: BTreeMap<TrustStore, Vec<Vec<u8>>>,
    unreadable: Vec<TrustStore>,
    /// Counts changes below `CN=Public Key Services`, which is all that clients watch.
    usn: u64,
}

/// Whether an object is there to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visibility {
    Published,
    Hidden,
}

/// What a principal is, for its built-in groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrincipalKind {
    User,
    Computer,
    Controller,
}

impl Directory {
    pub(crate) fn new(domain: &DomainSpec, groups: &[GroupSpec]) -> Self {
        Self {
            dns: domain.dns.clone(),
            sid: domain.sid.clone(),
            forest: domain.forest,
            controllers: domain.controllers.clone(),
            reachable: domain.reachable,
            latency: domain.latency,
            templates: Vec::new(),
            template_places: BTreeMap::new(),
            authorities: Vec::new(),
            principals: BTreeMap::new(),
            created: BTreeMap::new(),
            groups: groups.to_vec(),
            memberships: memberships(groups),
            unreadable: domain.trust.unreadable.clone(),
            trust: TrustStore::ALL.iter().map(|store| (*store, Vec::new())).collect(),
            usn: 1,
        }
    }

    pub(crate) fn add_user(&mut self, user: &UserSpec, created: Option<FileTime>) {
        let object = PrincipalObject {
            dn: user.dn.clone(),
            sid: user.sid.clone(),
            groups: Vec::new(),
            guid: user.guid,
            upn: user.upn.clone(),
            mail: user.mail.clone(),
            dns: None,
            certificates: Vec::new(),
        };
        self.principals.insert(user.name.clone(), (object, PrincipalKind::User));
        self.created.extend(created.map(|created| (user.name.clone(), created)));
    }

    pub(crate) fn add_computer(&mut self, computer: &ComputerSpec) {
        let kind = match computer.role {
            ComputerRole::DomainController => PrincipalKind::Controller,
            ComputerRole::Member | ComputerRole::Standalone => PrincipalKind::Computer,
        };
        let object = PrincipalObject {
            dn: computer.dn.clone(),
            sid: computer.sid.clone(),
            groups: Vec::new(),
            guid: computer.guid,
            upn: None,
            mail: None,
            dns: computer.dns.clone(),
            certificates: Vec::new(),
        };
        self.principals.insert(computer.name.clone(), (object, kind));
    }

    pub(crate) fn add_template(&mut self, template: Template, visibility: Visibility) {
        self.template_places.entry(template.name.clone()).or_insert(self.templates.len());
        self.templates.push((Arc::new(template), visibility));
        self.usn += 1;
    }

    pub(crate) fn add_authority(&mut self, authority: EnrollmentService, visibility: Visibility) {
        self.authorities.push((authority, visibility));
        self.usn += 1;
    }

    /// The controller that answers.
    ///
    /// # Errors
    /// `ERROR_NO_SUCH_DOMAIN` when none is found, `ERROR_DS_SERVER_DOWN` when those that are found do not answer.
    pub(crate) fn controller(&self) -> Result<&ControllerSpec, HResult> {
        if !self.reachable {
            // X6.1.0x8007054B
            return Err(HResult::ERROR_NO_SUCH_DOMAIN);
        }
        let answers = self.controllers.iter().find(|controller| controller.reachable);
        // X6.1.0x8007203A
        answers.ok_or(HResult::ERROR_DS_SERVER_DOWN)
    }

    /// The published templates that the token may read, in the order of their creation.
    // R029
    pub(crate) fn templates(&self, token: &Token) -> Result<Vec<Arc<Template>>, HResult> {
        self.controller()?;
        let seen = |(template, visibility): &&(Arc<Template>, Visibility)| {
            *visibility == Visibility::Published && access_check(&template.security, token, Right::Read)
        };
        Ok(self.templates.iter().filter(seen).map(|(template, _)| template.clone()).collect())
    }

    /// Every published template, as a CA reads them.
    pub(crate) fn published_templates(&self) -> impl Iterator<Item = &Arc<Template>> {
        self.templates
            .iter()
            .filter(|(_, visibility)| *visibility == Visibility::Published)
            .map(|(template, _)| template)
    }

    /// A template, published or not.
    pub(crate) fn template(&self, name: &str) -> Result<&Template, Unknown> {
        let found = self.template_places.get(name).and_then(|at| self.templates.get(*at));
        found.map(|(template, _)| &**template).ok_or_else(|| self.unknown_template(name))
    }

    /// The template of an object identifier, published or not.
    pub(crate) fn template_by_oid(&self, oid: &Oid) -> Option<&Template> {
        self.templates.iter().map(|(template, _)| &**template).find(|template| template.oid.as_ref() == Some(oid))
    }

    /// The published enrollment services, in the order of their creation.
    pub(crate) fn authorities(&self) -> Result<Vec<EnrollmentService>, HResult> {
        self.controller()?;
        let published = self.authorities.iter().filter(|(_, visibility)| *visibility == Visibility::Published);
        Ok(published.map(|(authority, _)| authority.clone()).collect())
    }

    /// The principal's object as one of its sessions sees it, with the groups of that session's token.
    pub(crate) fn principal(&self, name: &str, groups: &[Sid]) -> Result<PrincipalObject, HResult> {
        self.controller()?;
        let (object, _) = self.principals.get(name).ok_or(HResult::ERROR_NO_SUCH_DOMAIN)?;
        Ok(PrincipalObject { groups: groups.to_vec(), ..object.clone() })
    }

    /// The principal's object whether or not a controller answers.
    pub(crate) fn object(&self, name: &str) -> Result<&PrincipalObject, Unknown> {
        self.principals.get(name).map(|(object, _)| object).ok_or_else(|| self.unknown_principal(name))
    }

    /// Whether there is a user of that name.
    pub(crate) fn is_user(&self, name: &str) -> bool {
        self.principals.get(name).is_some_and(|(_, kind)| *kind == PrincipalKind::User)
    }

    /// When the account of a user was created; `None` before everything else.
    pub(crate) fn created(&self, name: &str) -> Option<FileTime> {
        self.created.get(name).copied()
    }

    /// The DNS name of the domain.
    pub(crate) fn dns(&self) -> &str {
        &self.dns
    }

    /// The user or computer of a security identifier.
    pub(crate) fn name_of_sid(&self, sid: &Sid) -> Option<String> {
        self.principals.iter().find(|(_, (object, _))| object.sid == *sid).map(|(name, _)| name.clone())
    }

    /// Adds a value to `userCertificate`.
    pub(crate) fn publish_certificate(&mut self, principal: &str, certificate: &[u8]) {
        if let Some((object, _)) = self.principals.get_mut(principal)
            && !object.certificates.iter().any(|known| known == certificate)
        {
            object.certificates.push(certificate.to_vec());
        }
    }

    /// Removes the values of `userCertificate` for which `wanted` holds.
    pub(crate) fn remove_certificates(
        &mut self,
        principal: &str,
        wanted: impl Fn(&[u8]) -> bool,
    ) -> Result<(), HResult> {
        self.controller()?;
        if let Some((object, _)) = self.principals.get_mut(principal) {
            object.certificates.retain(|certificate| !wanted(certificate));
        }
        Ok(())
    }

    /// The identifier of the domain.
    pub(crate) const fn sid(&self) -> &Sid {
        &self.sid
    }

    /// `objectGUID` of the forest root domain.
    pub(crate) const fn forest(&self) -> Guid {
        self.forest
    }

    /// All enrollment services, published or not.
    pub(crate) fn services(&self) -> impl Iterator<Item = &(EnrollmentService, Visibility)> {
        self.authorities.iter()
    }

    /// All users and computers, by name.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = (&str, &PrincipalObject, PrincipalKind)> {
        self.principals.iter().map(|(name, (object, kind))| (name.as_str(), object, *kind))
    }

    /// All groups.
    pub(crate) fn groups(&self) -> &[GroupSpec] {
        &self.groups
    }

    /// Whether the content of a trust container can be read.
    pub(crate) fn is_readable(&self, store: TrustStore) -> bool {
        !self.unreadable.contains(&store)
    }

    /// Replaces all values of `userCertificate`.
    pub(crate) fn set_certificates(&mut self, principal: &str, values: Vec<Vec<u8>>) -> Result<(), Unknown> {
        self.object(principal)?;
        if let Some((object, _)) = self.principals.get_mut(principal) {
            object.certificates = values;
        }
        Ok(())
    }

    /// The groups that have a principal or group in their lists of members.
    pub(crate) fn groups_with<'a>(&'a self, member: &str) -> impl Iterator<Item = &'a GroupSpec> + use<'a> {
        self.memberships.get(member).into_iter().flatten().filter_map(|at| self.groups.get(*at))
    }

    /// Every group of a principal: its own, those that these are in, and the built-in ones, in the order of
    /// identifiers.
    pub(crate) fn token_groups(&self, principal: &str) -> Vec<Sid> {
        let (mut names, mut sids) = (BTreeSet::new(), BTreeSet::new());
        let mut open = vec![principal];
        while let Some(member) = open.pop() {
            for group in self.groups_with(member) {
                if names.insert(group.name.as_str()) {
                    open.push(&group.name);
                    sids.insert(group.sid.clone());
                }
            }
        }
        let kind = self.principals.get(principal).map(|(_, kind)| *kind);
        sids.extend(self.built_in(kind.unwrap_or(PrincipalKind::User)));
        sids.into_iter().collect()
    }

    /// Groups that have no list of members ([MS-DTYP] 2.4.2.4). A client of a directory or a CA comes over the
    /// network.
    fn built_in(&self, kind: PrincipalKind) -> Vec<Sid> {
        const NETWORK: &str = "S-1-5-2";
        const INTERACTIVE: &str = "S-1-5-4";
        const ENTERPRISE_DOMAIN_CONTROLLERS: &str = "S-1-5-9";
        let domain = |relative: u32| format!("{}-{relative}", self.sid);
        let own = match kind {
            PrincipalKind::User => vec![domain(513), INTERACTIVE.to_owned()],
            PrincipalKind::Computer => vec![domain(515)],
            PrincipalKind::Controller => vec![domain(516), ENTERPRISE_DOMAIN_CONTROLLERS.to_owned()],
        };
        let all = [Sid::EVERYONE.to_owned(), Sid::AUTHENTICATED_USERS.to_owned(), NETWORK.to_owned()];
        all.into_iter().chain(own).filter_map(|sid| sid.parse().ok()).collect()
    }

    /// Counts the changes that clients watch.
    pub(crate) const fn usn(&self) -> u64 {
        self.usn
    }

    /// What the controller that answers says of itself, to a client in that site.
    pub(crate) fn root(&self, site: Option<&str>) -> Result<RootDse, HResult> {
        let controller = self.controller()?;
        Ok(RootDse {
            dc: controller.name.clone(),
            usn: self.usn,
            signs_ldap: controller.signs_ldap,
            forest: self.forest,
            site: site.map(str::to_owned),
        })
    }

    /// The trust containers, with the reason why one cannot be read.
    pub(crate) fn trust(&self) -> Result<Vec<TrustContainer>, HResult> {
        self.controller()?;
        let base = self.dns.split('.').map(|label| format!("DC={label}")).collect::<Vec<_>>().join(",");
        let container = |(store, certificates): (&TrustStore, &Vec<Vec<u8>>)| {
            let name = match store {
                TrustStore::Root => "Certification Authorities",
                TrustStore::Ca => "AIA",
                TrustStore::NtAuth => "NTAuthCertificates",
            };
            TrustContainer {
                store: *store,
                url: format!("ldap:///CN={name},CN=Public Key Services,CN=Services,CN=Configuration,{base}"),
                content: match self.unreadable.contains(store) {
                    true => Err(HResult::E_ACCESSDENIED),
                    false => Ok(Certificates(certificates.clone())),
                },
            }
        };
        Ok(self.trust.iter().map(container).collect())
    }

    /// What a trust container holds.
    pub(crate) fn trusted(&self, store: TrustStore) -> &[Vec<u8>] {
        self.trust.get(&store).map_or(&[], Vec::as_slice)
    }

    /// Adds a certificate to a trust container or takes it out.
    pub(crate) fn set_trusted(&mut self, store: TrustStore, certificate: &[u8], present: bool) {
        let container = self.trust.entry(store).or_default();
        container.retain(|known| known != certificate);
        if present {
            container.push(certificate.to_vec());
        }
        self.usn += 1;
    }

    pub(crate) fn show_template(&mut self, name: &str, visibility: Visibility) -> Result<(), Unknown> {
        self.template_mut(name)?.1 = visibility;
        self.usn += 1;
        Ok(())
    }

    pub(crate) fn edit_template(&mut self, name: &str, edit: &TemplateEdit) -> Result<(), Unknown> {
        let (template, _) = self.template_mut(name)?;
        let template = Arc::make_mut(template);
        match edit {
            TemplateEdit::Attribute(edit) => edit.apply(template),
            TemplateEdit::Security(value) => template.security = value.clone(),
        }
        self.usn += 1;
        Ok(())
    }

    /// Changes which templates a CA says it issues.
    pub(crate) fn set_authority_templates(&mut self, name: &str, templates: Vec<String>) {
        if let Some((authority, _)) = self.authorities.iter_mut().find(|(authority, _)| authority.name == name) {
            authority.templates = templates;
            self.usn += 1;
        }
    }

    pub(crate) fn show_authority(&mut self, name: &str) {
        if let Some((_, visibility)) = self.authorities.iter_mut().find(|(authority, _)| authority.name == name) {
            *visibility = Visibility::Published;
            self.usn += 1;
        }
    }

    pub(crate) fn edit_principal(&mut self, name: &str, edit: &PrincipalEdit) -> Result<(), Unknown> {
        self.object(name)?;
        let Some((object, _)) = self.principals.get_mut(name) else { return Ok(()) };
        match edit.clone() {
            PrincipalEdit::Dn(value) => object.dn = value,
            PrincipalEdit::Upn(value) => object.upn = value,
            PrincipalEdit::Mail(value) => object.mail = value,
            PrincipalEdit::Dns(value) => object.dns = value,
        }
        Ok(())
    }

    pub(crate) fn set_member(&mut self, group: &str, member: &str, present: bool) -> Result<(), Unknown> {
        if !self.principals.contains_key(member) && !self.groups.iter().any(|known| known.name == member) {
            let known = self.principals.keys().cloned().chain(self.group_names()).collect();
            return Err(Unknown { what: Thing::Member, name: member.to_owned(), known });
        }
        let found = self.groups.iter().position(|known| known.name == group);
        let unknown = || Unknown { what: Thing::Group, name: group.to_owned(), known: self.group_names() };
        let at = found.ok_or_else(unknown)?;
        let members = &mut self.groups[at].members;
        members.retain(|name| name != member);
        let memberships = self.memberships.entry(member.to_owned()).or_default();
        if present {
            members.push(member.to_owned());
            memberships.insert(at);
        } else {
            memberships.remove(&at);
        }
        Ok(())
    }

    /// The names of the groups among these identifiers; built-in ones stay identifiers.
    pub(crate) fn names_of(&self, sids: &[Sid]) -> Vec<String> {
        let mut names: BTreeMap<&Sid, &str> = BTreeMap::new();
        for group in &self.groups {
            names.entry(&group.sid).or_insert(&group.name);
        }
        sids.iter().map(|sid| names.get(sid).map_or_else(|| sid.to_string(), |name| (*name).to_owned())).collect()
    }

    pub(crate) fn set_controller(&mut self, name: &str, reachable: bool) -> Result<(), Unknown> {
        let known = self.controllers.iter().map(|controller| controller.name.clone()).collect();
        let found = self.controllers.iter_mut().find(|controller| controller.name == name);
        let unknown = Unknown { what: Thing::Controller, name: name.to_owned(), known };
        found.ok_or(unknown)?.reachable = reachable;
        Ok(())
    }

    fn template_mut(&mut self, name: &str) -> Result<&mut (Arc<Template>, Visibility), Unknown> {
        match self.template_places.get(name) {
            Some(at) => Ok(&mut self.templates[*at]),
            None => Err(self.unknown_template(name)),
        }
    }

    fn group_names(&self) -> Vec<String> {
        self.groups.iter().map(|group| group.name.clone()).collect()
    }

    fn unknown_template(&self, name: &str) -> Unknown {
        let known = self.templates.iter().map(|(template, _)| template.name.clone()).collect();
        Unknown { what: Thing::Template, name: name.to_owned(), known }
    }

    fn unknown_principal(&self, name: &str) -> Unknown {
        let known = self.principals.keys().cloned().collect();
        Unknown { what: Thing::Principal, name: name.to_owned(), known }
    }
}

fn memberships(groups: &[GroupSpec]) -> BTreeMap<String, BTreeSet<usize>> {
    let mut found: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (at, group) in groups.iter().enumerate() {
        for member in &group.members {
            found.entry(member.clone()).or_default().insert(at);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Directory {
        let mut domain = DomainSpec::contoso();
        let second = ControllerSpec { name: "DC02".to_owned(), signs_ldap: false, reachable: true };
        domain.controllers.push(second);
        let mut directory = Directory::new(&domain, &[]);
        directory.add_user(&UserSpec::named("alice", 1104, &domain), None);
        directory.add_computer(&ComputerSpec::named("WKS01", 1201, &domain));
        directory
    }

    #[test]
    fn the_first_controller_that_answers_is_contacted() {
        let mut directory = directory();
        let root = |directory: &Directory| directory.root(None).map(|root| (root.dc, root.signs_ldap));
        assert_eq!(root(&directory), Ok(("DC01".to_owned(), true)));
        directory.set_controller("DC01", false).unwrap();
        assert_eq!(root(&directory), Ok(("DC02".to_owned(), false)));
        directory.set_controller("DC02", false).unwrap();
        assert_eq!(root(&directory), Err(HResult::ERROR_DS_SERVER_DOWN));
        directory.set_controller("DC01", true).unwrap();
        directory.reachable = false;
        assert_eq!(directory.authorities(), Err(HResult::ERROR_NO_SUCH_DOMAIN));
        assert!(directory.set_controller("DC03", true).is_err());
    }

    #[test]
    fn users_and_computers_have_their_built_in_groups() {
        let directory = directory();
        let check = |name: &str, expected: &[&str]| {
            let sids = directory.token_groups(name);
            let texts: Vec<&str> = sids.iter().map(Sid::as_str).collect();
            assert_eq!(texts, expected, "{name}");
        };
        let domain = |relative: u32| DomainSpec::contoso().account(relative).to_string();
        check("alice", &["S-1-1-0", "S-1-5-11", "S-1-5-2", &domain(513), "S-1-5-4"]);
        check("WKS01", &["S-1-1-0", "S-1-5-11", "S-1-5-2", &domain(515)]);
    }

    #[test]
    fn only_what_clients_watch_moves_the_change_number() {
        let mut directory = directory();
        let before = directory.usn();
        directory.publish_certificate("alice", &[1]);
        directory.edit_principal("alice", &PrincipalEdit::Mail(None)).unwrap();
        assert_eq!(directory.usn(), before);
        directory.set_trusted(TrustStore::Root, &[1], true);
        assert_eq!((directory.usn(), directory.trusted(TrustStore::Root)), (before + 1, &[vec![1]][..]));
    }

    #[test]
    fn a_certificate_is_published_once_and_removed_by_what_it_is() {
        let mut directory = directory();
        directory.publish_certificate("alice", &[1]);
        directory.publish_certificate("alice", &[1]);
        directory.publish_certificate("alice", &[2]);
        let held = |directory: &Directory| directory.principal("alice", &[]).unwrap().certificates;
        assert_eq!(held(&directory), [vec![1], vec![2]]);
        assert_eq!(directory.remove_certificates("alice", |der| der == [1]), Ok(()));
        assert_eq!(held(&directory), [vec![2]]);
    }
}
