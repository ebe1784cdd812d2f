//! Access control lists.

use std::collections::BTreeMap;

use autoenroll_model::{Ace, AceEffect, Right, SecurityDescriptor, Sid, rights};

use super::Writer;
use crate::finding::Reason;
use crate::text::quoted;

impl Writer<'_> {
    /// The whole list, in its order.
    pub(super) fn security(&mut self, object: &str, security: &SecurityDescriptor) {
        if let Some(owner) = &security.owner {
            let reason = Reason::Replaced("what the bench asks about depends on the list, not on the owner");
            self.find(object, "nTSecurityDescriptor", format!("O:{owner}"), reason);
        }
        match &security.dacl {
            None => self.toml.raw("acl", "false"),
            Some(entries) => self.toml.list("acl", &entries.iter().map(entry).collect::<Vec<_>>()),
        }
    }
}

impl Writer<'_> {
    /// Rights of single accounts, on top of the default list.
    pub(super) fn granted(&mut self, granted: &[(Sid, Right)]) {
        let mut of: BTreeMap<&Sid, Vec<String>> = BTreeMap::new();
        for (sid, right) in granted {
            of.entry(sid).or_default().push(quoted(right.as_str()));
        }
        if of.is_empty() {
            return;
        }
        let pairs = of.iter().map(|(sid, rights)| format!("{} = [{}]", quoted(trustee(sid)), rights.join(", ")));
        self.toml.raw("allow", &format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", ")));
    }
}

/// A well-known trustee by its name.
fn trustee(sid: &Sid) -> &str {
    match sid.as_str() {
        Sid::EVERYONE => "Everyone",
        Sid::AUTHENTICATED_USERS => "Authenticated Users",
        sid => sid,
    }
}

/// An access control entry as an inline table, with the word for its right where there is one.
fn entry(ace: &Ace) -> String {
    let effect = match ace.effect {
        AceEffect::Allow => "allow",
        AceEffect::Deny => "deny",
    };
    let mut text = format!("{{ effect = \"{effect}\", trustee = {}", quoted(trustee(&ace.trustee)));
    match right(ace) {
        Some(word) => text += &format!(", right = \"{word}\""),
        None => {
            text += &format!(", mask = {:#x}", ace.mask);
            if let Some(object) = ace.object {
                text += &format!(", object = \"{object}\"");
            }
        }
    }
    for (key, set) in
        [("inherited", ace.inherited), ("inherit-only", ace.inherit_only), ("conditional", ace.conditional)]
    {
        if set {
            text += &format!(", {key} = true");
        }
    }
    text + " }"
}

fn right(ace: &Ace) -> Option<&'static str> {
    if let Some(object) = ace.object {
        let object = object.to_string();
        let enrolls = [(Right::Enroll, "enroll"), (Right::AutoEnroll, "autoenroll")];
        let named = enrolls.iter().find(|(right, _)| right.guid() == Some(&object) && right.mask() == ace.mask);
        return named.map(|(_, word)| *word);
    }
    let words = [
        (Right::Read.mask(), "read"),
        (rights::CONTROL_ACCESS, "control-access"),
        (rights::WRITE_PROPERTY, "write"),
        (rights::FULL, "full"),
        (rights::GENERIC_READ, "generic-read"),
        (rights::GENERIC_ALL, "generic-all"),
    ];
    words.iter().find(|(mask, _)| *mask == ace.mask).map(|(_, word)| *word)
}

/// The identifier of an account's domain.
pub(super) fn domain_of(sid: &Sid) -> Option<&str> {
    let (domain, _) = sid.as_str().rsplit_once('-')?;
    (domain.starts_with("S-1-5-21-") && domain.split('-').count() == 7).then_some(domain)
}
