//! Smart cards, and the certificates and requests that were there before the start.

use std::borrow::Cow;
use std::collections::BTreeMap;

use autoenroll_apdu::Atr;
use autoenroll_apdu::piv::TouchRule;
use autoenroll_card::{Applet, CardProfile, DEFAULT_PIN, Dialogs, LONGEST_PIV_PIN, PinPolicy, Quirks};
use autoenroll_csp::Pin;
use autoenroll_model::Duration;
use autoenroll_world::spec::{
    CardContainerSpec, CardSpec, CertificateKey, CertificateSpec, Chain, Issued, ReaderName, RequestDecision,
    RequestSpec, StoreSpec,
};

use super::{Context, NameKind, duration, impossible, instant_of, name_of, small, span_of, unknown, word};
use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::instant::hex;
use crate::shape::TOUCH_RULES;
use crate::source::Span;
use crate::tree::Table;

/// What a world says of certificates, requests and containers, found by whom and what they are named after. Of two of
/// one name the first counts.
#[derive(Default)]
pub(crate) struct Placed<'a> {
    certificates: BTreeMap<&'a str, &'a Table>,
    certificates_of: BTreeMap<&'a str, Vec<&'a Table>>,
    requests_of: BTreeMap<&'a str, Vec<&'a Table>>,
    /// Card and container that say they hold the certificate.
    holders: BTreeMap<&'a str, (&'a str, &'a str)>,
    /// The containers of each card.
    containers: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Placed<'a> {
    pub(super) fn of(world: &'a Table) -> Self {
        let mut placed = Self::default();
        for table in world.tables("certificate") {
            placed.certificates.entry(name_of(table).value).or_insert(table);
            if let Some(of) = table.text("of") {
                placed.certificates_of.entry(of.value).or_default().push(table);
            }
        }
        for table in world.tables("request") {
            if let Some(of) = table.text("of") {
                placed.requests_of.entry(of.value).or_default().push(table);
            }
        }
        for card in world.tables("card") {
            for container in card.tables("container") {
                let (card, name) = (name_of(card).value, name_of(container).value);
                if let Some(held) = container.text("holds") {
                    placed.holders.entry(held.value).or_insert((card, name));
                }
                if container.text("name").is_some() {
                    placed.containers.entry(card).or_default().push(name);
                }
            }
        }
        placed
    }
}

/// Those of one name; none where there is no such name.
fn of<'a, 'b>(
    index: &'b BTreeMap<&'a str, Vec<&'a Table>>,
    name: &str,
) -> impl Iterator<Item = &'a Table> + use<'a, 'b> {
    index.get(name).into_iter().flatten().copied()
}

/// Lengths that OpenSC 0.23 takes for a PIN of a GIDS card.
const OPENSC_PINS: std::ops::RangeInclusive<usize> = 4..=15;

pub(super) fn cards(cx: &Context<'_>, found: &mut Diagnostics) -> Vec<CardSpec> {
    let mut cards = Vec::new();
    for node in cx.world.list("card") {
        let Some(table) = node.as_table() else { continue };
        let name = name_of(table);
        let profile = profile(cx, table, found);
        let usual = if profile.applet == Applet::Gids { "1234" } else { DEFAULT_PIN };
        let pin = table.table("pin").and_then(|pin| pin.text("value")).map_or(usual, |pin| pin.value);
        if !profile.pin.allows(pin.len()) {
            let message = format!("`{}` takes no PIN of {} bytes", profile.name, pin.len());
            found.push(impossible(message, span_of(table, "pin", node.span)));
        } else if profile.applet == Applet::Gids && !OPENSC_PINS.contains(&pin.len()) {
            let message = format!("programs that use OpenSC do not try a PIN of {} bytes", pin.len());
            let problem = Diagnostic::warning(Code::OthersRefuse, message, span_of(table, "pin", node.span));
            found.push(problem.help("they take 4 to 15; another one is no obstacle to the story itself"));
        }
        let mut spec = CardSpec::named(name.value, profile, pin);
        if let Some(tries) = table.table("pin").and_then(|pin| small::<u8>(pin, "tries")) {
            if tries > spec.tries {
                let message =
                    format!("the card allows {} attempts; write pin-rules = {{ tries = {tries} }}", spec.tries);
                found.push(impossible(message, span_of(table, "pin", node.span)));
            }
            spec.tries = tries.min(spec.tries);
        }
        if let Some(puk) = table.table("puk")
            && let Some(value) = puk.text("value")
        {
            let span = span_of(table, "puk", node.span);
            if spec.profile.applet == Applet::Gids {
                found.push(impossible("a gids card has no PUK", span));
            }
            let most = spec.profile.pin.tries();
            let tries = small::<u8>(puk, "tries").unwrap_or(most);
            if tries > most {
                found.push(impossible(format!("the card allows {most} attempts"), span));
            }
            spec.puk = Some((Pin::new(value.value), tries.min(most)));
        }
        spec.serial = serial(table, found);
        spec.containers = containers(cx, table, found);
        if spec.profile.applet == Applet::Gids {
            report_touch(table, found);
        }
        spec.in_reader = table.text("reader").and_then(|reader| {
            let (computer, reader) = cx.names.reader(Some(reader), table.text("computer"), node.span, found)?;
            Some(ReaderName { computer, reader })
        });
        cards.push(spec);
    }
    report_shared_readers(&cards, cx, found);
    report_shared_ids(&cards, cx, found);
    cards
}

/// Warns of keys that are to ask for a touch, on a card that asks for none.
fn report_touch(card: &Table, found: &mut Diagnostics) {
    for touch in card.tables("container").filter_map(|container| container.get("touch")) {
        let message = "`touch` changes nothing: a gids card asks for no touch";
        let problem = Diagnostic::warning(Code::WithoutEffect, message, touch.span);
        found.push(problem.help("keys of a piv card do: `applet = \"piv\"`"));
    }
}

fn report_shared_readers(cards: &[CardSpec], cx: &Context<'_>, found: &mut Diagnostics) {
    let mut first: BTreeMap<&ReaderName, &CardSpec> = BTreeMap::new();
    for (at, card) in cards.iter().enumerate() {
        let Some(reader) = &card.in_reader else { continue };
        if let Some(other) = first.get(reader) {
            let span = cx.names.cards.get(at).map(|name| name.span).unwrap_or_default();
            found.push(impossible(format!("`{}` and `{}` are both in {reader}", other.name, card.name), span));
        } else {
            first.insert(reader, card);
        }
    }
}

fn report_shared_ids(cards: &[CardSpec], cx: &Context<'_>, found: &mut Diagnostics) {
    let span = |card: &CardSpec| {
        let table = cx.world.tables("card").find(|table| name_of(table).value == card.name);
        table.and_then(|table| table.text("serial")).map(|text| text.span).unwrap_or_default()
    };
    let mut known: BTreeMap<[u8; 16], &CardSpec> = BTreeMap::new();
    let mut ends: BTreeMap<[u8; 8], &CardSpec> = BTreeMap::new();
    for card in cards {
        let Some(serial) = card.serial else { continue };
        let first = *known.entry(serial).or_insert(card);
        if !std::ptr::eq(first, card) {
            let message = format!("`{}` and `{}` have the same card id", first.name, card.name);
            let problem =
                Diagnostic::error(Code::DuplicateCardId, message, span(card)).label(span(first), "first here");
            found.push(problem.help("leave `serial` out: every card has an id of its own then"));
            continue;
        }
        let end = serial.last_chunk::<8>().copied().unwrap_or_default();
        let first = *ends.entry(end).or_insert(card);
        if !std::ptr::eq(first, card) {
            let message = format!("the card ids of `{}` and `{}` end alike", first.name, card.name);
            let problem = Diagnostic::warning(Code::DuplicateCardId, message, span(card));
            let problem = problem.label(span(first), "first here");
            found.push(problem.help("programs that reach cards through PKCS #11 tell them apart by the last 8 bytes"));
        }
    }
}

fn serial(table: &Table, found: &mut Diagnostics) -> Option<[u8; 16]> {
    let text = table.text("serial")?;
    let bytes = hex(text.value)?;
    let length = bytes.len();
    let serial = bytes.try_into().ok();
    if serial.is_none() {
        let message = format!("a card id has 16 bytes, not {length}");
        found.push(Diagnostic::error(Code::Malformed, message, text.span));
    }
    serial
}

fn profile(cx: &Context<'_>, table: &Table, found: &mut Diagnostics) -> CardProfile {
    let mut profile = CardProfile::gids();
    let Some(atr) = table.text("atr") else { return profile };
    match hex(atr.value).filter(|bytes| bytes.len() >= 2) {
        Some(bytes) => {
            profile.name = Cow::Owned(atr.value.to_owned());
            set_atr(&mut profile, &bytes, atr.span, found);
        }
        None => {
            let Some(kind) = cx.fixtures.card(atr, found) else { return profile };
            profile.name = Cow::Owned(atr.value.to_owned());
            if let Some(bytes) = kind.text("atr").and_then(|text| hex(text.value)) {
                set_atr(&mut profile, &bytes, atr.span, found);
            }
            abilities(&mut profile, kind, atr.span, found);
        }
    }
    abilities(&mut profile, table, atr.span, found);
    profile
}

fn set_atr(profile: &mut CardProfile, bytes: &[u8], span: Span, found: &mut Diagnostics) {
    match Atr::parse(bytes) {
        Ok(atr) => profile.atr = atr,
        Err(error) => found.push(impossible(error, span)),
    }
}

/// What a card or a kind of card says about its application, capacity, PIN rules, algorithms and quirks.
fn abilities(profile: &mut CardProfile, table: &Table, span: Span, found: &mut Diagnostics) {
    if let Some(applet) = table.text("applet") {
        let usual = if applet.value == "piv" { CardProfile::piv() } else { CardProfile::gids() };
        *profile = CardProfile { name: profile.name.clone(), atr: profile.atr.clone(), ..usual };
    }
    if let Some(capacity) = table.table("capacity") {
        profile.capacity.containers = small(capacity, "containers").unwrap_or(profile.capacity.containers);
        profile.capacity.bytes = small(capacity, "bytes").unwrap_or(profile.capacity.bytes);
        profile.capacity.object_bytes = small(capacity, "object-bytes").unwrap_or(profile.capacity.object_bytes);
    }
    if let Some(rules) = table.table("pin-rules") {
        let shortest = small(rules, "shortest").unwrap_or_else(|| *profile.pin.lengths().start());
        let longest = small(rules, "longest").unwrap_or_else(|| *profile.pin.lengths().end());
        let tries = small(rules, "tries").unwrap_or_else(|| profile.pin.tries());
        match PinPolicy::new(shortest, longest, tries) {
            Ok(pin) if profile.applet != Applet::Gids && *pin.lengths().end() > LONGEST_PIV_PIN => {
                let message = format!("a piv card takes PINs of at most {LONGEST_PIV_PIN} bytes, not {longest}");
                found.push(impossible(message, span_of(table, "pin-rules", span)));
            }
            Ok(pin) => profile.pin = pin,
            Err(error) => found.push(impossible(error, span_of(table, "pin-rules", span))),
        }
    }
    if table.get("algorithms").is_some() {
        profile.algorithms = table.texts("algorithms").filter_map(|word| word.value.parse().ok()).collect();
    }
    if table.get("quirks").is_some() {
        let has = |quirk: &str| table.texts("quirks").any(|word| word.value == quirk);
        profile.quirks = Quirks { ignores_default_flag: has("ignores-default-flag"), mute: has("mute") };
    }
    if table.get("provider-dialogs").is_some() {
        let has = |dialog: &str| table.texts("provider-dialogs").any(|word| word.value == dialog);
        profile.dialogs = Dialogs { replace: has("replace"), pin: has("pin") };
    }
}

fn containers(cx: &Context<'_>, card: &Table, found: &mut Diagnostics) -> Vec<CardContainerSpec> {
    let mut list = Vec::new();
    for table in card.tables("container") {
        let holds = table.text("holds").and_then(|name| {
            if !cx.names.certificates.has(name.value) {
                let known: Vec<_> = cx.names.certificates.iter().collect();
                found.push(unknown("certificate", name, &known));
                return None;
            }
            certificate(cx, cx.placed.certificates.get(name.value)?, found)
        });
        list.push(CardContainerSpec {
            name: name_of(table).value.to_owned(),
            default: table.flag("default").unwrap_or(false),
            key: word(table, "key"),
            holds,
            touch: touch_rule(table, "touch").unwrap_or(TouchRule::Never),
        });
    }
    list
}

/// The rule for touching that a word names.
pub(super) fn touch_rule(table: &Table, key: &str) -> Option<TouchRule> {
    let word = table.text(key)?.value;
    let rules = [TouchRule::Never, TouchRule::Always, TouchRule::Cached];
    TOUCH_RULES.iter().zip(rules).find(|(known, _)| **known == word).map(|(_, rule)| rule)
}

/// What MY and REQUEST of each principal hold.
pub(super) fn stores(cx: &Context<'_>, found: &mut Diagnostics) -> Vec<StoreSpec> {
    for table in cx.world.tables("certificate").chain(cx.world.tables("request")) {
        if let Some(of) = table.text("of") {
            cx.names.has(NameKind::Principal, of, found);
        }
        if let Some(template) = table.text("template").filter(|_| table.flag("foreign") != Some(true)) {
            cx.names.has(NameKind::Template, template, found);
        }
    }
    let mut stores = Vec::new();
    for principal in cx.names.all(NameKind::Principal) {
        let my = of(&cx.placed.certificates_of, &principal.value).filter(|table| is_in(table, "my"));
        let certificates: Vec<_> = my.filter_map(|table| certificate(cx, table, found)).collect();
        let sent = of(&cx.placed.requests_of, &principal.value);
        let requests: Vec<_> = sent.filter_map(|table| request(cx, table, found)).collect();
        if !certificates.is_empty() || !requests.is_empty() {
            stores.push(StoreSpec { of: principal.value.clone(), certificates, requests });
        }
    }
    stores
}

/// The `userCertificate` values of a principal.
pub(super) fn published(cx: &Context<'_>, principal: &str, found: &mut Diagnostics) -> Vec<CertificateSpec> {
    let own = of(&cx.placed.certificates_of, principal);
    own.filter(|table| is_in(table, "directory")).filter_map(|table| certificate(cx, table, found)).collect()
}

/// Without a word about stores a certificate is in MY.
fn is_in(table: &Table, store: &str) -> bool {
    match table.get("stores") {
        None => store == "my",
        Some(_) => table.texts("stores").any(|word| word.value == store),
    }
}

fn certificate(cx: &Context<'_>, table: &Table, found: &mut Diagnostics) -> Option<CertificateSpec> {
    let name = name_of(table);
    let template = table.text("template")?;
    let ca = ca(cx, table, name.span, found)?;
    let mut spec = CertificateSpec::of(name.value, template.value, &ca, Duration::days(1));
    spec.issued = issued(table, "issued").unwrap_or(spec.issued);
    spec.lifetime = duration(table, "lifetime");
    spec.revision = small(table, "revision");
    spec.minor = small(table, "minor");
    spec.archived = table.flag("archived").unwrap_or(false);
    spec.revoked = table.flag("revoked").unwrap_or(false);
    spec.key = key(cx, table, name.value, found)?;
    spec.owner = table.text("of").map(|of| of.value.to_owned());
    spec.foreign = table.flag("foreign").unwrap_or(false);
    spec.chain = word(table, "chain").unwrap_or(Chain::Ok);
    Some(spec)
}

fn request(cx: &Context<'_>, table: &Table, found: &mut Diagnostics) -> Option<RequestSpec> {
    let name = name_of(table);
    let template = table.text("template")?;
    let replaces = table.text("replaces").filter(|old| cx.names.has(NameKind::Certificate, *old, found));
    Some(RequestSpec {
        name: name.value.to_owned(),
        template: template.value.to_owned(),
        ca: ca(cx, table, name.span, found)?,
        created: issued(table, "created").unwrap_or(Issued::Age(Duration::days(1))),
        key: key(cx, table, name.value, found)?,
        replaces: replaces.map(|old| old.value.to_owned()),
        renewal: table.flag("renewal").unwrap_or(false),
        decided: word(table, "decision").unwrap_or(RequestDecision::Pending),
    })
}

fn ca(cx: &Context<'_>, table: &Table, span: Span, found: &mut Diagnostics) -> Option<String> {
    match table.text("ca") {
        Some(ca) => cx.names.has(NameKind::Ca, ca, found).then(|| ca.value.to_owned()),
        None => cx.names.only(NameKind::Ca, "ca", span, found),
    }
}

/// An age, or an instant.
pub(super) fn issued(table: &Table, key: &str) -> Option<Issued> {
    duration(table, key).map(Issued::Age).or_else(|| instant_of(table, key).map(Issued::At))
}

/// Where the key is: on a card when one is named or holds the certificate, otherwise in software or nowhere.
fn key(cx: &Context<'_>, table: &Table, name: &str, found: &mut Diagnostics) -> Option<CertificateKey> {
    if let Some(card) = table.text("card") {
        if !cx.names.has(NameKind::Card, card, found) {
            return None;
        }
        let known = cx.placed.containers.get(card.value).map_or(&[][..], Vec::as_slice);
        let container = match (table.text("container"), known) {
            (Some(container), _) => container.value.to_owned(),
            (None, [only]) => (*only).to_owned(),
            (None, _) => {
                let message = format!("`{}` has not exactly one container; say which with `container`", card.value);
                found.push(Diagnostic::error(Code::MissingKey, message, card.span));
                return None;
            }
        };
        return Some(CertificateKey::Card { card: card.value.to_owned(), container });
    }
    if let Some((card, container)) = cx.placed.holders.get(name) {
        return Some(CertificateKey::Card { card: (*card).to_owned(), container: (*container).to_owned() });
    }
    Some(match table.text("key").map(|word| word.value) {
        Some("missing") => CertificateKey::Missing,
        _ => CertificateKey::Software,
    })
}
