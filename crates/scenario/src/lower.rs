//! From a complete world to the simulator's own description of it.

mod ca;
mod cards;
mod change;
mod names;
mod people;
mod policy;
mod security;
mod setting;
mod template;

use std::collections::BTreeMap;

use autoenroll_model::{Duration, FileTime, Guid, Profile, Sid, SimTime, Template};
use autoenroll_world::WorldSpec;
use autoenroll_world::spec::{ControllerSpec, DomainSpec, ScheduledChange, TrustSpec};

pub(crate) use cards::Placed;
pub(crate) use change::changes;
pub(crate) use names::{NameKind, WorldNames, unknown};

use crate::Code;
use crate::clock::{Edge, WallClock};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::{Time, when};
use crate::instant;
use crate::library::Library;
use crate::source::{Span, Spanned};
use crate::tree::{Node, Table, Value};

/// What lowering needs beside the table at hand.
pub(crate) struct Context<'a> {
    /// The complete world.
    pub(crate) world: &'a Table,
    /// Its names.
    pub(crate) names: WorldNames,
    /// The fixtures.
    pub(crate) fixtures: &'a Library,
    /// The domain, once it is known.
    pub(crate) domain: DomainSpec,
    /// The templates by their names, once they are known; of two of one name the first.
    pub(crate) templates: BTreeMap<String, Template>,
    /// What is in stores and on cards.
    pub(crate) placed: cards::Placed<'a>,
}

/// A world in the simulator's words, and what checking needs of it beside them.
pub(crate) struct Lowered {
    pub(crate) spec: WorldSpec,
    pub(crate) names: WorldNames,
    /// As [`Context::templates`].
    pub(crate) templates: BTreeMap<String, Template>,
}

/// When the clock starts unless a file says: a Monday morning.
const START: &str = "2026-03-02T08:00:00Z";

/// The description of a complete world. What is wrong is reported and replaced by something harmless.
pub(crate) fn spec(world: &Table, profile: Profile, library: &Library, found: &mut Diagnostics) -> Lowered {
    found.extend(library.oid_problems());
    let mut cx = Context {
        world,
        names: WorldNames::of(world),
        fixtures: library,
        domain: DomainSpec::contoso(),
        templates: BTreeMap::new(),
        placed: cards::Placed::of(world),
    };
    cx.domain = domain(world, &cx.names, found);
    cx.names.sids = people::sids(world, &cx.domain);
    let old = profile.name.starts_with("server-2003");
    let templates = template::all(&cx, old, found);
    for spec in &templates {
        cx.templates.entry(spec.template.name.clone()).or_insert_with(|| spec.template.clone());
    }
    let mut spec = WorldSpec::contoso(profile);
    spec.seed = world.number("seed").and_then(|seed| u64::try_from(seed).ok()).unwrap_or(1);
    spec.start = start(world);
    spec.policy = policy::policy(&cx, found);
    spec.policy_services = world.tables("policy-service").filter_map(policy::service).collect();
    spec.authorities = world.tables("ca").map(|table| ca::ca(&cx, table, old, found)).collect();
    spec.groups = people::groups(&cx, found);
    spec.users = people::users(&cx, found);
    spec.computers = people::computers(&cx, found);
    spec.cards = cards::cards(&cx, found);
    spec.stores = cards::stores(&cx, found);
    (spec.changes, cx.names.changes) = scheduled(&cx, found).into_iter().unzip();
    people::report_shared_names(&cx, found);
    spec.templates = templates;
    spec.domain = cx.domain;
    Lowered { spec, names: cx.names, templates: cx.templates }
}

fn domain(world: &Table, names: &WorldNames, found: &mut Diagnostics) -> DomainSpec {
    let mut spec = DomainSpec::contoso();
    let empty = Table::default();
    let table = world.table("domain").unwrap_or(&empty);
    if let Some(netbios) = table.text("netbios") {
        spec.netbios = netbios.value.to_owned();
    }
    if let Some(dns) = table.text("dns") {
        spec.dns = dns.value.to_owned();
    }
    spec.sid = word(table, "sid").unwrap_or(spec.sid);
    spec.forest = word(table, "forest").unwrap_or(spec.forest);
    spec.reachable = table.flag("reachable").unwrap_or(true);
    spec.latency = duration(table, "latency").unwrap_or(Duration::ZERO);
    if table.get("controller").is_some() {
        let controller = |table: &Table| {
            let name = table.text("name")?.value.to_owned();
            let signs_ldap = table.flag("signs-ldap").unwrap_or(true);
            Some(ControllerSpec { name, signs_ldap, reachable: table.flag("reachable").unwrap_or(true) })
        };
        spec.controllers = table.tables("controller").filter_map(controller).collect();
    }
    let trust = table.table("trust").unwrap_or(&empty);
    let mut container = |key: &str| -> Vec<String> {
        match trust.get(key) {
            None => names.cas.iter().map(|ca| ca.value.clone()).collect(),
            Some(_) => {
                let known = trust.texts(key).filter(|name| names.has(NameKind::Root, *name, found));
                known.map(|name| name.value.to_owned()).collect()
            }
        }
    };
    spec.trust = TrustSpec {
        roots: container("roots"),
        ca: container("ca"),
        ntauth: container("ntauth"),
        extra_roots: trust.texts("extra-roots").map(|name| name.value.to_owned()).collect(),
        unreadable: trust.texts("unreadable").filter_map(|name| name.value.parse().ok()).collect(),
    };
    spec
}

fn scheduled(cx: &Context<'_>, found: &mut Diagnostics) -> Vec<(ScheduledChange, Span)> {
    let mut list = Vec::new();
    for node in cx.world.list("change") {
        let Some(table) = node.as_table() else { continue };
        let (Some(word), Some(set), Some(at)) =
            (table.text("change"), table.table("set"), moment(cx, table, "at", found))
        else {
            continue;
        };
        let made = changes(cx, word, table.text("of"), set, node.span, found);
        // The value that is set, where it is one.
        let span = if let [only] = set.0.as_slice() { only.node.span } else { node.span };
        list.extend(made.into_iter().map(|change| (ScheduledChange { at, change }, span)));
    }
    list
}

/// A span of time of a table.
pub(crate) fn duration(table: &Table, key: &str) -> Option<Duration> {
    word(table, key)
}

/// A moment of a table, counted from the start; a time of the day is the next one, on the clock as it starts.
pub(crate) fn moment(cx: &Context<'_>, table: &Table, key: &str, found: &mut Diagnostics) -> Option<Duration> {
    let when = when(table, key)?;
    report_zone(cx.world, &when, found);
    let start = start(cx.world);
    if when.value.is_before(start) {
        let message = format!("the world starts at {start}; this is earlier");
        let problem = Diagnostic::error(Code::EmptyInterval, message, when.span);
        found.push(problem.help("leave it out for what is so from the start"));
    }
    Some(when.value.resolve(start, SimTime::START, &WallClock::new(start), Edge::Begin).since(SimTime::START))
}

/// A time of the day is UTC, as all wall time here; beside a start that is written otherwise it would mislead.
pub(crate) fn report_zone(world: &Table, when: &Spanned<Time>, found: &mut Diagnostics) {
    let Time::OfDay(time) = when.value else { return };
    let Some(node @ Node { value: Value::Text(text) | Value::Instant(text), .. }) = world.get("start") else { return };
    let is_utc = ["Z", "z", "+00:00", "-00:00"].iter().any(|utc| text.ends_with(utc));
    if let Some(start) = instant::parse(text).filter(|_| !is_utc) {
        let message = format!("`{time}` is a time of the day in UTC, and the world starts in another zone");
        let problem = Diagnostic::error(Code::NotAnInstant, message, when.span).label(node.span, "it starts here");
        found.push(problem.help(format!("write start = {start}, and the times of the day in UTC too")));
    }
}

/// What the wall clock of a world shows at the start.
pub(crate) fn start(world: &Table) -> FileTime {
    instant_of(world, "start").or_else(|| instant::parse(START)).unwrap_or_default()
}

/// A text of a table that says something of type `T`.
pub(crate) fn word<T: std::str::FromStr>(table: &Table, key: &str) -> Option<T> {
    table.text(key)?.value.parse().ok()
}

/// A number of a table, as a smaller type; the reader has checked its bounds.
pub(crate) fn small<T: TryFrom<i64>>(table: &Table, key: &str) -> Option<T> {
    table.number(key).and_then(|number| T::try_from(number).ok())
}

/// An instant of a table.
pub(crate) fn instant_of(table: &Table, key: &str) -> Option<FileTime> {
    match &table.get(key)?.value {
        Value::Text(text) | Value::Instant(text) => instant::parse(text),
        _ => None,
    }
}

/// A text, or `false` for none; `default` when nothing is said.
pub(crate) fn text_or_none(table: &Table, key: &str, default: Option<String>) -> Option<String> {
    match table.get(key) {
        Some(Node { value: Value::Text(text), .. }) => Some(text.clone()),
        Some(_) => None,
        None => default,
    }
}

/// A number, or `false` for none; `default` when nothing is said.
pub(crate) fn number_or_none<T: TryFrom<i64>>(table: &Table, key: &str, default: Option<T>) -> Option<T> {
    if table.get(key).is_some() { small(table, key) } else { default }
}

/// The texts of a list.
pub(crate) fn texts(table: &Table, key: &str) -> Vec<String> {
    table.texts(key).map(|text| text.value.to_owned()).collect()
}

/// FNV-1a: a number that depends on nothing but the text, for identifiers that no file gives.
pub(crate) fn number_of(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

/// The identifier of an account that has none of its own: beyond those that fixtures give.
pub(crate) fn sid_of(domain: &DomainSpec, name: &str) -> Sid {
    domain.account(10_000 + (number_of(name) % 1_000_000) as u32)
}

/// The GUID of an object that has none of its own, marked as version 4.
pub(crate) fn guid_of(kind: &str, name: &str) -> Guid {
    let first = number_of(&format!("{kind}:{name}")).to_be_bytes();
    let second = number_of(&format!("{name}:{kind}")).to_be_bytes();
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&first);
    bytes[8..].copy_from_slice(&second);
    bytes[6] = 0x40 | (bytes[6] & 0x0F);
    bytes[8] = 0x80 | (bytes[8] & 0x3F);
    Guid(bytes)
}

/// Something of the world cannot be built as described.
pub(crate) fn impossible(what: impl std::fmt::Display, span: Span) -> Diagnostic {
    Diagnostic::error(Code::Impossible, what.to_string(), span)
}

/// The place of a key's value, or of its table.
pub(crate) fn span_of(table: &Table, key: &str, otherwise: Span) -> Span {
    table.get(key).map_or(otherwise, |node| node.span)
}

/// The name of a named table; empty when it has none, which is reported.
pub(crate) fn name_of(table: &Table) -> Spanned<&str> {
    table.text("name").unwrap_or_default()
}
