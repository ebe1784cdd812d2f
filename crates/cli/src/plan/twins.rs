//! Principals that differ in nothing but who they are: what becomes of one becomes of all, so one of them is played.
//!
//! Core and CAs take names, identifiers and addresses as they are; they look only whether there is one, at what it ends
//! with, and whether it is too long. Two principals are twins when all of that is equal, nothing in the world names
//! either of them, and nothing changes by itself later.

use std::collections::BTreeSet;

use autoenroll_model::{Ace, Guid, Sid};
use autoenroll_world::WorldSpec;
use autoenroll_world::spec::{ComputerSpec, UserSpec};

use super::drive::Principal;

/// A name of this many characters may be too long for an attribute of a certificate (RFC 5280 appendix A.1: 64).
const LONG: usize = 48;

/// For each principal the index of the one that is played for it: its own, or that of an earlier twin.
pub(super) fn played_for(spec: &WorldSpec, principals: &[Principal]) -> Vec<usize> {
    let named = named(spec);
    let mut kinds: Vec<(Kind, usize)> = Vec::new();
    let mut found = Vec::new();
    for (at, principal) in principals.iter().enumerate() {
        let kind = Kind::of(spec, principal, &named);
        let twin = kind.as_ref().and_then(|kind| kinds.iter().find(|(known, _)| known == kind));
        found.push(twin.map_or(at, |(_, first)| *first));
        if let (Some(kind), None) = (kind, twin) {
            kinds.push((kind, at));
        }
    }
    found
}

/// A principal without what is its own alone.
#[derive(Clone, Debug, PartialEq)]
enum Kind {
    User(Box<UserSpec>, String, BTreeSet<String>),
    Computer(Box<ComputerSpec>, BTreeSet<String>),
}

impl Kind {
    /// `None` for a principal that is like no other.
    fn of(spec: &WorldSpec, principal: &Principal, named: &Named) -> Option<Self> {
        let name = &principal.name;
        let of_groups = spec.groups.iter().filter(|group| group.members.contains(name));
        let groups = of_groups.map(|group| group.name.clone()).collect();
        if !spec.changes.is_empty() || named.names.contains(name) || !is_plain(name) {
            return None;
        }
        if principal.is_user {
            let user = spec.users.iter().find(|user| user.name == *name)?;
            let like = UserSpec {
                name: String::new(),
                sid: anybody(),
                dn: suffix(&user.dn, ',')?,
                guid: Guid([0; 16]),
                upn: some_suffix(user.upn.as_deref(), '@')?,
                mail: some_suffix(user.mail.as_deref(), '@')?,
                ..user.clone()
            };
            let is_other = named.sids.contains(&user.sid) || !user.published.is_empty();
            return (!is_other).then(|| Self::User(Box::new(like), principal.computer.clone(), groups));
        }
        let computer = spec.computers.iter().find(|computer| computer.name == *name)?;
        let like = ComputerSpec {
            name: String::new(),
            sid: anybody(),
            dn: suffix(&computer.dn, ',')?,
            guid: Guid([0; 16]),
            dns: some_suffix(computer.dns.as_deref(), '.')?,
            ..computer.clone()
        };
        let is_other = named.sids.contains(&computer.sid) || !computer.published.is_empty();
        (!is_other).then(|| Self::Computer(Box::new(like), groups))
    }
}

/// Who is named anywhere in the world.
struct Named {
    /// By the entries of access lists.
    sids: BTreeSet<Sid>,
    /// By stores, certificates and cards.
    names: BTreeSet<String>,
}

fn named(spec: &WorldSpec) -> Named {
    let of_templates = spec.templates.iter().map(|template| &template.template.security);
    let lists = of_templates.chain(spec.authorities.iter().map(|ca| &ca.enroll));
    let stale = spec.authorities.iter().flat_map(|ca| &ca.stale_templates).map(|template| &template.security);
    let entries = lists.chain(stale).flat_map(|security| security.dacl.iter().flatten());
    let sids = entries.map(|Ace { trustee, .. }| trustee.clone()).collect();
    let mut names: BTreeSet<String> = spec.stores.iter().map(|store| store.of.clone()).collect();
    let on_cards = spec.cards.iter().flat_map(|card| &card.containers).filter_map(|container| container.holds.as_ref());
    let certificates = spec.stores.iter().flat_map(|store| &store.certificates);
    let published = spec.users.iter().flat_map(|user| &user.published);
    let published = published.chain(spec.computers.iter().flat_map(|computer| &computer.published));
    names.extend(on_cards.clone().chain(certificates).chain(published).filter_map(|one| one.owner.clone()));
    // What is on a card alone belongs to the first user.
    names.extend(on_cards.take(1).filter_map(|_| spec.users.first()).map(|user| user.name.clone()));
    names.extend(spec.cards.iter().filter_map(|card| card.in_reader.as_ref()).map(|place| place.computer.clone()));
    Named { sids, names }
}

/// What a name ends with, behind its first part; `None` when the name is out of the ordinary.
fn suffix(name: &str, separator: char) -> Option<String> {
    let (first, rest) = name.split_once(separator).unwrap_or((name, ""));
    is_plain(first.trim_start_matches("CN=")).then(|| rest.to_owned())
}

/// The same for a name that may be absent, which is ordinary.
#[expect(clippy::option_option, reason = "the outer one says whether the principal is like others")]
fn some_suffix(name: Option<&str>, separator: char) -> Option<Option<String>> {
    match name {
        Some(name) => suffix(name, separator).map(Some),
        None => Some(None),
    }
}

/// Whether a part of a name is short and needs no escape anywhere.
fn is_plain(part: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !part.is_empty() && part.len() < LONG && part.bytes().all(is_plain)
}

fn anybody() -> Sid {
    Sid::EVERYONE.parse().expect("a constant of the model is a security identifier")
}

#[cfg(test)]
mod tests {
    use autoenroll_model::{AceEffect, Profile, Right, Template};
    use autoenroll_world::spec::{GroupSpec, TemplateSpec};

    use super::*;

    /// Alice, Bob and Carol at WKS01, and what makes one of them different.
    fn check(change: impl Fn(&mut WorldSpec), expected: [usize; 3]) {
        let mut spec = WorldSpec::contoso(Profile::server_2003_sp1());
        let domain = spec.domain.clone();
        let users = [("alice", 1104), ("bob", 1105), ("carol", 1106)];
        spec.users = users.map(|(name, relative)| UserSpec::named(name, relative, &domain)).into();
        spec.computers = vec![ComputerSpec::named("WKS01", 1201, &domain)];
        change(&mut spec);
        let principals =
            users.map(|(name, _)| Principal { name: name.to_owned(), computer: "WKS01".to_owned(), is_user: true });
        assert_eq!(played_for(&spec, &principals), expected);
    }

    #[test]
    fn whoever_differs_is_played() {
        let group = |members: &[&str]| GroupSpec {
            name: "Staff".to_owned(),
            sid: "S-1-5-21-1-2-3-2001".parse().unwrap(),
            members: members.iter().map(|name| (*name).to_owned()).collect(),
        };
        check(|_| {}, [0, 0, 0]);
        check(|spec| spec.groups = vec![group(&["alice", "bob", "carol"])], [0, 0, 0]);
        check(|spec| spec.groups = vec![group(&["bob"])], [0, 1, 0]);
        check(|spec| spec.users[1].mail = None, [0, 1, 0]);
        check(|spec| spec.users[1].upn = Some("bob@elsewhere.test".to_owned()), [0, 1, 0]);
        check(|spec| spec.users[2].dn = "CN=carol,OU=Staff,DC=contoso,DC=com".to_owned(), [0, 0, 2]);
        check(|spec| spec.users[2].dn = format!("CN={},CN=Users,DC=contoso,DC=com", "c".repeat(65)), [0, 0, 2]);
        check(|spec| spec.users[0].settings.express = true, [0, 1, 1]);
        check(
            |spec| {
                let mut template = Template::empty("T");
                let trustee = spec.users[1].sid.clone();
                template.security.dacl = Some(vec![Ace::new(AceEffect::Allow, trustee, Right::Enroll.mask())]);
                spec.templates.push(TemplateSpec { template, published: None });
            },
            [0, 1, 0],
        );
    }
}
