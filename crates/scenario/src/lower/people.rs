//! Users, computers and groups.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_csp::{CardDatabase, CardType, Minidriver, MinidriverSettings};
use autoenroll_model::{DirectoryCache, Provider, ProviderKind, Sid};
use autoenroll_world::spec::{ComputerSpec, DomainSpec, GroupSpec, SettingsSpec, UserSpec};

use super::cards::{issued, published, touch_rule};
use super::{
    Context, NameKind, guid_of, impossible, name_of, number_or_none, sid_of, small, text_or_none, texts, word,
};
use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::instant::hex;
use crate::source::Span;
use crate::tree::{Node, Table};

/// The identifiers of all accounts of a world; of two of one name the first counts.
pub(super) fn sids(world: &Table, domain: &DomainSpec) -> BTreeMap<String, Sid> {
    let mut sids = BTreeMap::new();
    for table in ["user", "computer", "group"].into_iter().flat_map(|key| world.tables(key)) {
        let Some(name) = table.text("name") else { continue };
        let sid = || word(table, "sid").unwrap_or_else(|| sid_of(domain, name.value));
        sids.entry(name.value.to_owned()).or_insert_with(sid);
    }
    sids
}

/// Groups with their members: those they name, and those who name them.
pub(super) fn groups(cx: &Context<'_>, found: &mut Diagnostics) -> Vec<GroupSpec> {
    let mut groups: Vec<GroupSpec> = Vec::new();
    for table in cx.world.tables("group") {
        let known = table.texts("members").filter(|name| cx.names.has(NameKind::Member, *name, found));
        let members = known.map(|name| name.value.to_owned()).collect();
        let name = name_of(table).value.to_owned();
        groups.push(GroupSpec { sid: sid(cx, &name), name, members });
    }
    // Two groups of one name are a mistake that is reported; both have the members until then.
    let mut named: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, group) in groups.iter().enumerate() {
        named.entry(group.name.clone()).or_default().push(at);
    }
    let mut members: Vec<BTreeSet<String>> =
        groups.iter().map(|group| group.members.iter().cloned().collect()).collect();
    for (kind, default) in [("user", "Domain Users"), ("computer", "Domain Computers")] {
        for table in cx.world.tables(kind) {
            let explicit = table.get("groups").is_some();
            let names: Vec<&str> = match explicit {
                true => {
                    let known = table.texts("groups").filter(|name| cx.names.has(NameKind::Group, *name, found));
                    known.map(|name| name.value).collect()
                }
                false => vec![default],
            };
            let member = name_of(table).value;
            for at in names.iter().filter_map(|name| named.get(*name)).flatten() {
                if members[*at].insert(member.to_owned()) {
                    groups[*at].members.push(member.to_owned());
                }
            }
        }
    }
    groups
}

fn sid(cx: &Context<'_>, name: &str) -> Sid {
    cx.names.sids.get(name).cloned().unwrap_or_else(|| sid_of(&cx.domain, name))
}

pub(super) fn users(cx: &Context<'_>, found: &mut Diagnostics) -> Vec<UserSpec> {
    let mut users = Vec::new();
    for table in cx.world.tables("user") {
        let name = name_of(table).value.to_owned();
        let address = format!("{name}@{}", cx.domain.dns);
        users.push(UserSpec {
            sid: sid(cx, &name),
            dn: text(table, "dn").unwrap_or_else(|| cx.domain.dn_of(&name, "Users")),
            guid: word(table, "guid").unwrap_or_else(|| guid_of("user", &name)),
            upn: text_or_none(table, "upn", Some(address.clone())),
            mail: text_or_none(table, "mail", Some(address)),
            created: issued(table, "created"),
            roaming: table.flag("roaming").unwrap_or(false),
            settings: settings(cx, table, found),
            published: published(cx, &name, found),
            name,
        });
    }
    users
}

pub(super) fn computers(cx: &Context<'_>, found: &mut Diagnostics) -> Vec<ComputerSpec> {
    let mut computers = Vec::new();
    for table in cx.world.tables("computer") {
        let name = name_of(table).value.to_owned();
        let host = format!("{}.{}", name.to_lowercase(), cx.domain.dns);
        let plain = ComputerSpec::named(&name, 0, &cx.domain);
        computers.push(ComputerSpec {
            sid: sid(cx, &name),
            dn: text(table, "dn").unwrap_or(plain.dn),
            guid: word(table, "guid").unwrap_or_else(|| guid_of("computer", &name)),
            dns: text_or_none(table, "dns", Some(host)),
            site: text(table, "site"),
            role: word(table, "role").unwrap_or(plain.role),
            readers: texts(table, "readers"),
            providers: providers(table),
            card_database: card_database(cx, table, found),
            settings: settings(cx, table, found),
            published: published(cx, &name, found),
            name,
        });
    }
    computers
}

/// A computer that says nothing of providers has those in software that Windows brings along.
fn providers(computer: &Table) -> Vec<Provider> {
    if computer.get("provider").is_none() {
        let software = |name: &&str| Provider { name: (*name).to_owned(), kind: ProviderKind::Software };
        return SOFTWARE_PROVIDERS.iter().map(software).collect();
    }
    let provider = |table: &Table| Some(Provider { name: text(table, "name")?, kind: word(table, "kind")? });
    computer.tables("provider").filter_map(provider).collect()
}

/// In registry order (Win32 documentation: Microsoft Cryptographic Service Providers).
const SOFTWARE_PROVIDERS: &[&str] = &[
    "Microsoft Base Cryptographic Provider v1.0",
    "Microsoft Enhanced Cryptographic Provider v1.0",
    "Microsoft Strong Cryptographic Provider",
    "Microsoft RSA SChannel Cryptographic Provider",
];

fn card_database(cx: &Context<'_>, computer: &Table, found: &mut Diagnostics) -> CardDatabase {
    let mut entries = Vec::new();
    for node in computer.list("card-type") {
        entries.extend(card_type(cx, node, found));
    }
    CardDatabase::new(entries).unwrap_or_else(|error| {
        found.push(impossible(error, name_of(computer).span));
        CardDatabase::default()
    })
}

/// An entry of the card database; what it does not say comes from the kind of card of its name.
fn card_type(cx: &Context<'_>, node: &Node, found: &mut Diagnostics) -> Option<CardType> {
    let table = node.as_table()?;
    let name = name_of(table);
    let bytes = |table: &Table, key: &str| table.text(key).and_then(|text| hex(text.value));
    let complete = table.get("atr").is_some() && table.get("provider").is_some();
    let nothing = Table::default();
    let kind = if complete { &nothing } else { cx.fixtures.card(name, found)? };
    let atr = bytes(table, "atr").or_else(|| bytes(kind, "atr"))?;
    let mask = bytes(table, "mask").or_else(|| bytes(kind, "mask")).unwrap_or_else(|| vec![0xFF; atr.len()]);
    let provider = text(table, "provider").or_else(|| text(kind, "provider"))?;
    // The fixtures give the ATR as the card sends it; the registry holds it masked.
    let masked: Vec<u8> = match table.get("atr") {
        Some(_) => atr,
        None => atr.iter().zip(&mask).map(|(atr, mask)| atr & mask).collect(),
    };
    match CardType::new(name.value, &masked, &mask, &provider) {
        Ok(entry) => {
            let minidriver = minidriver(table, kind);
            report_without_effect(table, minidriver.driver, found);
            Some(entry.with_minidriver(minidriver))
        }
        Err(error) => {
            found.push(impossible(error, name.span));
            None
        }
    }
}

/// The minidriver of an entry; what it does not say comes from the kind of card of its name.
fn minidriver(entry: &Table, kind: &Table) -> MinidriverSettings {
    let of = |key: &str| if entry.get(key).is_some() { entry } else { kind };
    let usual = MinidriverSettings::default();
    MinidriverSettings {
        driver: word(of("driver"), "driver").unwrap_or_default(),
        new_key_touch: touch_rule(of("new-key-touch"), "new-key-touch").unwrap_or(usual.new_key_touch),
        default_container: word(of("default-container"), "default-container").unwrap_or_default(),
        first_use: of("first-use").texts("first-use").filter_map(|word| word.value.parse().ok()).collect(),
        refuses: of("refuses").texts("refuses").filter_map(|word| word.value.parse().ok()).collect(),
    }
}

/// Warns of what an entry says about a minidriver that has no such thing.
fn report_without_effect(entry: &Table, driver: Minidriver, found: &mut Diagnostics) {
    if driver == Minidriver::PivVendor {
        return;
    }
    for key in ["new-key-touch", "default-container", "first-use", "refuses"] {
        if let Some(node) = entry.get(key) {
            let message = format!("`{key}` changes nothing: the minidriver `{driver}` has no such setting");
            let problem = Diagnostic::warning(Code::WithoutEffect, message, node.span);
            found.push(problem.help("it is for `driver = \"piv-vendor\"`"));
        }
    }
}

fn settings(cx: &Context<'_>, table: &Table, found: &mut Diagnostics) -> SettingsSpec {
    let cache = table.table("directory-cache").and_then(|cache| {
        let controller = cache.text("controller")?;
        if !cx.names.controllers.is_empty() {
            cx.names.has(NameKind::Controller, controller, found);
        }
        Some(DirectoryCache { dc: controller.value.to_owned(), usn: small(cache, "usn")? })
    });
    SettingsSpec {
        local_policy: number_or_none(table, "local-policy", None),
        express: table.flag("express").unwrap_or(false),
        log_level: number_or_none(table, "log-level", None),
        directory_cache: cache,
        stored_credentials: texts(table, "stored-credentials"),
    }
}

fn text(table: &Table, key: &str) -> Option<String> {
    table.text(key).map(|text| text.value.to_owned())
}

/// Users, computers and groups share one space of names: the domain's.
pub(crate) fn report_shared_names(cx: &Context<'_>, found: &mut Diagnostics) {
    let mut known: BTreeMap<&str, Span> = BTreeMap::new();
    for name in cx.names.all(NameKind::Member) {
        if let Some(first) = known.get(name.value.as_str()) {
            let message = format!("`{}` is the name of another user, computer or group", name.value);
            let problem = Diagnostic::error(Code::DuplicateName, message, name.span);
            found.push(problem.label(*first, "first here"));
        } else {
            known.insert(&name.value, name.span);
        }
    }
}
