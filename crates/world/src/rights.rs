//! Who may do what, and by which entry of an access list, told with names.

use std::collections::{BTreeMap, VecDeque};

use autoenroll_model::{Ace, AceEffect, CoreFactory, Right, SecurityDescriptor, Sid, Token, access};

use crate::directory::Directory;
use crate::error::Unknown;
use crate::hosts::{CaHost, CardHost};
use crate::world::World;

/// Whether a principal has a right on a template or a CA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitlement {
    /// The right.
    pub right: Right,
    /// Whether the principal has it.
    pub granted: bool,
    /// The entry that settled it; `None` when there is no list, which grants everything, or when no entry grants it.
    pub entry: Option<DecidingEntry>,
}

/// An entry of an access list that settled a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidingEntry {
    /// Its place in the list, from 1.
    pub number: usize,
    /// Whether it grants or denies.
    pub effect: AceEffect,
    /// It came from the parent.
    pub inherited: bool,
    /// Name of the trustee, or its identifier where nothing has that one.
    pub trustee: String,
    /// How it concerns the principal.
    pub through: Through,
}

/// How a principal comes to have an identifier in its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Through {
    /// It is its own.
    Itself,
    /// Groups with a list of members: the first has the principal as a member, each next one the group before it, the
    /// last is the trustee.
    Groups(Vec<String>),
    /// Every principal of its kind has it: Everyone, Authenticated Users, the primary group of the domain.
    Everybody,
}

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// Read, Enroll and AutoEnroll of a principal on a template as the directory holds it now, in this order.
    ///
    /// # Errors
    /// When the principal or the template does not exist.
    pub fn template_rights(&self, principal: &str, template: &str) -> Result<Vec<Entitlement>, Unknown> {
        let security = &self.directory.template(template)?.security;
        [Right::Read, Right::Enroll, Right::AutoEnroll]
            .into_iter()
            .map(|right| self.entitlement(principal, security, right))
            .collect()
    }

    /// Whether a principal may request certificates from a CA, by the list of the CA itself.
    ///
    /// # Errors
    /// When the principal or the CA does not exist.
    pub fn ca_right(&self, principal: &str, ca: &str) -> Result<Entitlement, Unknown> {
        let security = &self.authorities.get(ca).ok_or_else(|| self.unknown_authority(ca))?.spec.enroll;
        self.entitlement(principal, security, Right::Enroll)
    }

    fn entitlement(
        &self,
        principal: &str,
        security: &SecurityDescriptor,
        right: Right,
    ) -> Result<Entitlement, Unknown> {
        let own = &self.directory.object(principal)?.sid;
        let groups = self.directory.token_groups(principal);
        let token: Token = std::iter::once(own).chain(&groups).cloned().collect();
        let found = access(security, &token, right);
        let settled = found.by.and_then(|at| Some((at, security.dacl.as_ref()?.get(at)?)));
        let entry = settled.map(|(at, ace)| self.deciding(principal, own, at, ace));
        Ok(Entitlement { right, granted: found.granted, entry })
    }

    fn deciding(&self, principal: &str, own: &Sid, at: usize, ace: &Ace) -> DecidingEntry {
        let through = match self.directory.chain(principal, &ace.trustee) {
            _ if ace.trustee == *own => Through::Itself,
            Some(chain) => Through::Groups(chain),
            None => Through::Everybody,
        };
        let trustee = match &through {
            Through::Itself => principal.to_owned(),
            Through::Groups(_) | Through::Everybody => self.directory.trustee(&ace.trustee),
        };
        DecidingEntry { number: at + 1, effect: ace.effect, inherited: ace.inherited, trustee, through }
    }
}

impl Directory {
    /// The shortest way from a principal to the group of an identifier, by lists of members: the names of the groups.
    fn chain(&self, principal: &str, sid: &Sid) -> Option<Vec<String>> {
        let mut before: BTreeMap<&str, &str> = BTreeMap::new();
        let mut open = VecDeque::from([principal]);
        while let Some(member) = open.pop_front() {
            for group in self.groups_with(member) {
                if before.contains_key(group.name.as_str()) {
                    continue;
                }
                before.insert(&group.name, member);
                if group.sid == *sid {
                    let steps = std::iter::successors(Some(group.name.as_str()), |name| before.get(name).copied());
                    let mut chain: Vec<String> = steps.map(str::to_owned).collect();
                    // The last step is the principal itself.
                    chain.pop();
                    chain.reverse();
                    return Some(chain);
                }
                open.push_back(&group.name);
            }
        }
        None
    }

    fn trustee(&self, sid: &Sid) -> String {
        match sid.as_str() {
            Sid::EVERYONE => "Everyone".to_owned(),
            Sid::AUTHENTICATED_USERS => "Authenticated Users".to_owned(),
            _ => self.names_of(std::slice::from_ref(sid)).pop().unwrap_or_else(|| sid.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use autoenroll_model::{Profile, rights};

    use super::*;
    use crate::spec::{DomainSpec, GroupSpec, TemplateSpec, UserSpec};
    use crate::{Hosts, WorldSpec};

    #[test]
    fn the_way_of_an_entry_to_a_principal_is_told() {
        let domain = DomainSpec::contoso();
        let group = |name: &str, relative: u32, members: &[&str]| GroupSpec {
            name: name.to_owned(),
            sid: domain.account(relative),
            members: members.iter().map(|name| (*name).to_owned()).collect(),
        };
        let ace = Ace::new;
        let mut template = autoenroll_model::Template::empty("T");
        template.security.dacl = Some(vec![
            ace(AceEffect::Allow, Sid::AUTHENTICATED_USERS.parse().unwrap(), Right::Read.mask()),
            ace(AceEffect::Deny, domain.account(2002), rights::CONTROL_ACCESS),
        ]);
        let mut spec = WorldSpec::contoso(Profile::server_2003_sp1());
        // A circle, which is left.
        spec.groups = vec![group("Staff", 2001, &["alice", "All"]), group("All", 2002, &["Staff"])];
        spec.users = vec![UserSpec::named("alice", 1104, &domain)];
        spec.templates = vec![TemplateSpec { template, published: None }];
        let world = World::new(spec, crate::rights::tests::Nobody, Hosts::in_process()).unwrap();
        let rights = world.template_rights("alice", "T").unwrap();
        let told: Vec<(Right, bool, Option<Through>)> =
            rights.into_iter().map(|it| (it.right, it.granted, it.entry.map(|entry| entry.through))).collect();
        let chain = || Some(Through::Groups(vec!["Staff".to_owned(), "All".to_owned()]));
        assert_eq!(
            told,
            [
                (Right::Read, true, Some(Through::Everybody)),
                (Right::Enroll, false, chain()),
                (Right::AutoEnroll, false, chain())
            ]
        );
        assert!(world.template_rights("alice", "U").is_err() && world.template_rights("bob", "T").is_err());
        assert!(world.ca_right("alice", "CA").is_err());
    }

    /// A factory that is never asked.
    #[derive(Clone, Copy, Debug)]
    pub(super) struct Nobody;

    impl CoreFactory for Nobody {
        type Core = NoCore;
        fn start(&mut self, _: &autoenroll_model::Identity) -> Result<NoCore, autoenroll_model::CoreError> {
            Ok(NoCore)
        }
    }

    #[derive(Clone, Copy, Debug)]
    pub(super) struct NoCore;

    impl autoenroll_model::EnrollmentCore for NoCore {
        fn handle(
            &mut self,
            _: autoenroll_model::Now,
            _: autoenroll_model::Input,
        ) -> Result<(), autoenroll_model::CoreError> {
            Ok(())
        }
        fn poll(&mut self) -> Result<Option<autoenroll_model::Output>, autoenroll_model::CoreError> {
            Ok(None)
        }
        fn deadline(&self) -> Option<autoenroll_model::SimTime> {
            None
        }
    }
}
