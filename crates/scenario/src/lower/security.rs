//! Access control lists: the default, `allow` and `deny` on top of it, or a whole list.

use autoenroll_model::{Ace, AceEffect, Guid, Right, SecurityDescriptor, Sid, rights};

use super::{Context, NameKind, small, unknown, word};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Spanned;
use crate::tree::{Node, Table, Value};

/// Well-known trustees; those without a fixed identifier have a relative one in the domain.
const WELL_KNOWN: &[(&str, &str)] =
    &[("Everyone", Sid::EVERYONE), ("Authenticated Users", Sid::AUTHENTICATED_USERS), ("SELF", Sid::PRINCIPAL_SELF)];

/// The default list of a template: everybody who is authenticated reads, administrators do what they like.
pub(super) fn of_template(cx: &Context<'_>, table: &Table, found: &mut Diagnostics) -> SecurityDescriptor {
    let everybody: Sid = fixed(Sid::AUTHENTICATED_USERS);
    let mut default = vec![Ace::new(AceEffect::Allow, everybody, Right::Read.mask())];
    // Domain Admins and Enterprise Admins.
    for relative in [512, 519] {
        default.push(Ace::new(AceEffect::Allow, cx.domain.account(relative), rights::FULL));
    }
    SecurityDescriptor { owner: Some(cx.domain.account(519)), dacl: dacl(cx, table, default, found) }
}

/// The default list of a CA: everybody who is authenticated enrolls.
pub(super) fn of_ca(cx: &Context<'_>, table: &Table, found: &mut Diagnostics) -> SecurityDescriptor {
    let everybody: Sid = fixed(Sid::AUTHENTICATED_USERS);
    let default = vec![
        Ace::new(AceEffect::Allow, everybody.clone(), Right::Read.mask()),
        entry(AceEffect::Allow, everybody, Right::Enroll),
    ];
    SecurityDescriptor { owner: Some(cx.domain.account(519)), dacl: dacl(cx, table, default, found) }
}

fn dacl(cx: &Context<'_>, table: &Table, default: Vec<Ace>, found: &mut Diagnostics) -> Option<Vec<Ace>> {
    match table.get("acl") {
        Some(Node { value: Value::Flag(_), .. }) => return None,
        Some(_) => return Some(table.tables("acl").filter_map(|ace| listed(cx, ace, found)).collect()),
        None => {}
    }
    let mut list = granted(cx, table, "deny", AceEffect::Deny, found);
    list.extend(default);
    list.extend(granted(cx, table, "allow", AceEffect::Allow, found));
    Some(list)
}

fn granted(cx: &Context<'_>, table: &Table, key: &str, effect: AceEffect, found: &mut Diagnostics) -> Vec<Ace> {
    let mut list = Vec::new();
    for trustee in table.table(key).map_or(&[][..], |map| &map.0) {
        let name = Spanned::new(trustee.key.value.as_str(), trustee.key.span);
        let Some(sid) = sid(cx, name, found) else { continue };
        let rights = trustee.node.as_list().iter().filter_map(|right| right.as_text()?.parse().ok());
        list.extend(rights.map(|right: Right| entry(effect, sid.clone(), right)));
    }
    list
}

/// One entry of `acl`.
fn listed(cx: &Context<'_>, table: &Table, found: &mut Diagnostics) -> Option<Ace> {
    let trustee = sid(cx, table.text("trustee")?, found)?;
    let effect: AceEffect = word(table, "effect")?;
    let mut ace = match table.text("right").map(|right| right.value) {
        Some("read") => entry(effect, trustee, Right::Read),
        Some("enroll") => entry(effect, trustee, Right::Enroll),
        Some("autoenroll") => entry(effect, trustee, Right::AutoEnroll),
        Some("control-access") => Ace::new(effect, trustee, rights::CONTROL_ACCESS),
        Some("write") => Ace::new(effect, trustee, rights::WRITE_PROPERTY),
        Some("full") => Ace::new(effect, trustee, rights::FULL),
        Some("generic-read") => Ace::new(effect, trustee, rights::GENERIC_READ),
        Some("generic-all") => Ace::new(effect, trustee, rights::GENERIC_ALL),
        _ => Ace::new(effect, trustee, 0),
    };
    ace.mask = small(table, "mask").unwrap_or(ace.mask);
    ace.object = word::<Guid>(table, "object").or(ace.object);
    ace.inherited = table.flag("inherited").unwrap_or(false);
    ace.inherit_only = table.flag("inherit-only").unwrap_or(false);
    ace.conditional = table.flag("conditional").unwrap_or(false);
    Some(ace)
}

fn entry(effect: AceEffect, trustee: Sid, right: Right) -> Ace {
    let object = right.guid().and_then(|guid| guid.parse().ok());
    Ace { object, ..Ace::new(effect, trustee, right.mask()) }
}

/// The identifier of a trustee: an account of the world, a well-known name, or an identifier itself.
fn sid(cx: &Context<'_>, name: Spanned<&str>, found: &mut Diagnostics) -> Option<Sid> {
    if let Some(sid) = cx.names.sids.get(name.value) {
        return Some(sid.clone());
    }
    if let Some((_, sid)) = WELL_KNOWN.iter().find(|(known, _)| *known == name.value) {
        return Some(fixed(sid));
    }
    if name.value.starts_with("S-1-")
        && let Ok(sid) = name.value.parse()
    {
        return Some(sid);
    }
    found.push(unknown_trustee(cx, name));
    None
}

/// Nobody has that name: the nearest account or well-known name, or the one that other words for it mean.
fn unknown_trustee(cx: &Context<'_>, name: Spanned<&str>) -> Diagnostic {
    let well_known: Vec<_> = WELL_KNOWN.iter().map(|(name, _)| Spanned::without_span((*name).to_owned())).collect();
    let all: Vec<_> = cx.names.all(NameKind::Member).chain(&well_known).collect();
    let problem = unknown(NameKind::Member.describe(), name, &all);
    let plain = name.value.to_lowercase().replace(['-', '_'], " ");
    let meant = SAID.iter().find(|(words, _)| words.contains(&plain.as_str())).map(|(_, meant)| *meant);
    let there = meant.filter(|meant| all.iter().any(|known| known.value == *meant));
    // A key with a blank wants quotes.
    problem.help_some(there.map(|meant| match meant.contains(' ') {
        true => format!("did you mean `\"{meant}\"`?"),
        false => format!("did you mean `{meant}`?"),
    }))
}

/// What authors call trustees that have another name.
const SAID: &[(&[&str], &str)] = &[
    (&["everyone", "everybody", "all", "anyone", "anybody", "world", "*"], "Everyone"),
    (&["authenticated", "authenticated user", "logged on users"], "Authenticated Users"),
    (&["users", "user", "all users", "domain user"], "Domain Users"),
    (&["computers", "computer", "machines", "all computers", "domain computer"], "Domain Computers"),
    (&["admins", "admin", "administrators", "domain admin"], "Domain Admins"),
];

fn fixed(sid: &str) -> Sid {
    sid.parse().expect("a well-formed constant")
}
