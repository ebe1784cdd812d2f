//! Searches (RFC 4511 4.5) and comparisons.

use std::sync::Arc;
use std::time::{Duration, Instant};

use autoenroll_model::{FileTime, SecurityDescriptor, Sid, Token};
use autoenroll_wire::{security_descriptor, sid};
use autoenroll_world::published::Published;
use rasn::types::OctetString;
use rasn_ldap::{
    CompareRequest, Control, Filter as SentFilter, LdapResult, ResultCode, SearchRequest, SearchRequestScope,
};

use super::control::{self, ALL_PARTS, Controls};
use super::dn;
use super::filter::{Filter, TooMuch};
use super::message::{result, write_entry};
use super::root;
use super::schema::{self, AttributeType};
use super::session::{Directory, Pages, Session};
use super::tree::{Object, Tree};
use crate::bounds;

/// What a search has found.
#[derive(Debug)]
pub(super) struct Found {
    tree: Arc<Tree>,
    root: Option<Vec<(&'static str, Vec<OctetString>)>>,
    places: Vec<usize>,
    selection: Selection,
    /// How it ended.
    pub(super) done: LdapResult,
    /// The controls of the end.
    pub(super) controls: Vec<Control>,
}

impl Found {
    fn nothing(tree: Arc<Tree>, done: LdapResult) -> Self {
        Self { tree, root: None, places: Vec::new(), selection: Selection::default(), done, controls: Vec::new() }
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.places.len() + usize::from(self.root.is_some())
    }

    /// Writes one of the entries, as an answer to the message of that number.
    pub(super) fn write(&self, id: u32, entry: usize, to: &mut Vec<u8>) {
        if let Some(root) = &self.root {
            return write_entry(id, "", to, |send| root.iter().for_each(|(name, values)| send(name, values)));
        }
        if let Some(object) = self.places.get(entry).and_then(|at| self.tree.objects().get(*at)) {
            write_entry(id, &object.dn, to, |send| self.selection.send(object, &self.tree.base, send));
        }
    }
}

/// Searches. What cannot be searched is a result as well.
pub(super) fn search(
    directory: &Directory,
    session: &mut Session,
    has_tls: bool,
    request: &SearchRequest,
    controls: &Controls,
) -> Found {
    let (published, tree) = match directory.now() {
        Ok(now) => now,
        Err(error) => {
            let done = result(ResultCode::Other, "", &format!("the world cannot go on: {error}"));
            return Found::nothing(Arc::new(Tree::empty()), done);
        }
    };
    let ended = |code, why: &str| Found::nothing(tree.clone(), result(code, "", why));
    let is_base = request.scope == SearchRequestScope::BaseObject;
    if request.base_object.is_empty() && is_base {
        let now = directory.live.with(|world| world.wall()).unwrap_or_default();
        return root_entry(&published, tree, now, has_tls, request);
    }
    let Some(base) = dn::normal(&request.base_object) else {
        return ended(ResultCode::InvalidDnSyntax, "the base is no distinguished name");
    };
    let is_schema = is_base && base.starts_with("cn=aggregate,cn=schema,");
    let token = session.token(&published);
    let Some(token) = token.or_else(|| is_schema.then(everybody)) else {
        return ended(ResultCode::OperationsError, BIND_FIRST);
    };
    if published.controller().is_err() {
        return ended(ResultCode::Unavailable, "no domain controller of this world answers at present");
    }
    let Some(object) = tree.get(&base).filter(|object| object.is_visible(&token)) else {
        return missing(&tree, &base, &token);
    };
    debug_assert_eq!(object.key, base);
    let selection =
        Selection::new(request, controls, &published, &token, is_base.then(|| object.account.clone()).flatten());
    // The next page is asked for in the same words.
    let asked = || rasn::ber::encode(request).unwrap_or_default();
    let (places, code) = match &controls.paged {
        Some(paged) if !paged.cookie.as_ref().is_empty() => {
            let Some(pages) = session.take(paged.cookie.as_ref()).filter(|pages| pages.asked == asked()) else {
                return ended(ResultCode::UnwillingToPerform, "no search of this connection has that cookie");
            };
            if paged.size == 0 {
                let mut found = ended(ResultCode::Success, "");
                found.controls.extend(control::next_page(Vec::new()));
                return found;
            }
            return page(session, pages, paged.size, selection);
        }
        _ => match matching(&tree, &base, request, &token) {
            Ok(found) => found,
            Err((code, why)) => return ended(code, &why),
        },
    };
    if let (Some(paged), ResultCode::Success) = (&controls.paged, code) {
        return page(session, Pages { asked: asked(), tree, rest: places }, paged.size, selection);
    }
    let limit = match usize::try_from(request.size_limit) {
        Ok(limit) if limit > 0 => limit.min(bounds::ENTRIES),
        _ => bounds::ENTRIES,
    };
    let over = places.len() > limit;
    let places = places.into_iter().take(limit).collect();
    let (code, why) = match code {
        ResultCode::Success if over => (ResultCode::SizeLimitExceeded, "there are more entries; ask for pages"),
        ResultCode::Success => (code, ""),
        _ => (code, "the time for this search is over"),
    };
    let done = result(code, "", why);
    Found { tree, root: None, places, selection, done, controls: Vec::new() }
}

/// Compares a value (RFC 4511 4.10).
pub(super) fn compare(directory: &Directory, session: &Session, request: &CompareRequest) -> LdapResult {
    let refuse = |code, why: &str| result(code, "", why);
    let Ok((published, tree)) = directory.now() else { return refuse(ResultCode::Other, "the world cannot go on") };
    let Some(token) = session.token(&published) else { return refuse(ResultCode::OperationsError, BIND_FIRST) };
    let Some(key) = dn::normal(&request.entry) else {
        return refuse(ResultCode::InvalidDnSyntax, "the entry is no distinguished name");
    };
    let Some(object) = tree.get(&key).filter(|object| object.is_visible(&token)) else {
        return missing(&tree, &key, &token).done;
    };
    if schema::attribute(&request.ava.attribute_desc).is_none() {
        return refuse(ResultCode::UndefinedAttributeType, "the schema has no such attribute");
    }
    let filter = Filter::of(&SentFilter::EqualityMatch(request.ava.clone()));
    match filter.ok().and_then(|filter| filter.holds(object, &tree)) {
        Some(true) => refuse(ResultCode::CompareTrue, ""),
        Some(false) => refuse(ResultCode::CompareFalse, ""),
        None => refuse(ResultCode::InvalidAttributeSyntax, "the attribute cannot have such a value"),
    }
}

/// Why nobody in particular gets no further than the rootDSE and the schema.
pub(super) const BIND_FIRST: &str = "bind first: without, only the rootDSE and the schema can be read";

fn everybody() -> Token {
    Sid::AUTHENTICATED_USERS.parse().into_iter().collect()
}

/// There is no such object, or none that may be seen; with the nearest that is there above it.
fn missing(tree: &Arc<Tree>, key: &str, token: &Token) -> Found {
    let mut at = dn::above(key);
    while let Some(above) = at {
        if let Some(object) = tree.get(above).filter(|object| object.is_visible(token)) {
            let done = result(ResultCode::NoSuchObject, &object.dn, "there is no such object below it");
            return Found::nothing(tree.clone(), done);
        }
        at = dn::above(above);
    }
    let why = if tree.is_within(key) { "there is no such object" } else { "the name is not of this directory" };
    Found::nothing(tree.clone(), result(ResultCode::NoSuchObject, "", why))
}

type Matching = (Vec<usize>, ResultCode);

/// The objects of a search that hold and may be seen, as many as one more than are ever sent without pages.
fn matching(tree: &Tree, base: &str, request: &SearchRequest, token: &Token) -> Result<Matching, (ResultCode, String)> {
    let filter = Filter::of(&request.filter).map_err(|much| {
        let why = match much {
            TooMuch::Depth => format!("the filter is deeper than {} levels", bounds::FILTER_DEPTH),
            TooMuch::Terms => format!("the filter has more than {} terms", bounds::FILTER_TERMS),
        };
        (ResultCode::AdminLimitExceeded, why)
    })?;
    let begun = Instant::now();
    let limit = match request.time_limit {
        0 => bounds::SEARCH_TIME,
        seconds => Duration::from_secs(seconds.into()).min(bounds::SEARCH_TIME),
    };
    let mut found = Vec::new();
    for (at, object) in tree.objects().iter().enumerate() {
        let in_scope = match request.scope {
            SearchRequestScope::BaseObject => object.key == base,
            SearchRequestScope::SingleLevel => dn::above(&object.key) == Some(base),
            _ => object.key == base || object.key.strip_suffix(base).is_some_and(|rest| rest.ends_with(',')),
        };
        if in_scope && filter.holds(object, tree) == Some(true) && object.is_visible(token) {
            found.push(at);
        }
        if at % 16 == 0 && begun.elapsed() > limit {
            return Ok((found, ResultCode::TimeLimitExceeded));
        }
    }
    Ok((found, ResultCode::Success))
}

/// The next page of a search.
fn page(session: &mut Session, pages: Pages, size: u32, selection: Selection) -> Found {
    let size = usize::try_from(size).unwrap_or(usize::MAX).min(bounds::ENTRIES);
    let size = if size == 0 { bounds::ENTRIES } else { size };
    let Pages { asked, tree, mut rest } = pages;
    let behind = rest.split_off(size.min(rest.len()));
    let cookie = match behind.is_empty() {
        true => Vec::new(),
        false => session.keep(Pages { asked, tree: tree.clone(), rest: behind }),
    };
    let controls = control::next_page(cookie).into_iter().collect();
    Found { tree, root: None, places: rest, selection, done: result(ResultCode::Success, "", ""), controls }
}

/// The rootDSE, whatever the filter: clients ask for it with filters that no entry could hold.
fn root_entry(published: &Published, tree: Arc<Tree>, now: FileTime, has_tls: bool, request: &SearchRequest) -> Found {
    let named = |name: &str| request.attributes.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
    let all = request.attributes.is_empty() || named("*") || named("+");
    let wanted = root::attributes(published, &tree, now, has_tls).into_iter().filter(|(name, _)| all || named(name));
    let attribute = |(name, values): (&'static str, Vec<String>)| {
        let values = if request.types_only { Vec::new() } else { values };
        (name, values.into_iter().map(|value| value.into_bytes().into()).collect())
    };
    let root = Some(wanted.map(attribute).collect());
    Found { root, ..Found::nothing(tree, result(ResultCode::Success, "", "")) }
}

/// Which attributes are sent, and what of them.
#[derive(Debug, Default)]
struct Selection {
    all: bool,
    /// As the client writes them, and what they are.
    named: Vec<(String, &'static AttributeType)>,
    types_only: bool,
    /// Parts of security descriptors; none when the client may not see those that it asks for.
    parts: Option<u32>,
    /// Security descriptors are among all attributes.
    with_security: bool,
    /// The groups of the one object, when it is an account.
    token_groups: Vec<OctetString>,
}

impl Selection {
    fn new(
        request: &SearchRequest,
        controls: &Controls,
        published: &Published,
        token: &Token,
        account: Option<String>,
    ) -> Self {
        let names: Vec<&str> = request.attributes.iter().map(|name| name.as_str()).collect();
        let named: Vec<_> =
            names.iter().filter_map(|name| Some((shown(name)?, schema::attribute(bare(name))?))).collect();
        // No flags are all flags ([MS-ADTS] 3.1.1.3.4.1.11), and the SACL is for administrators.
        let parts = controls.parts.filter(|parts| *parts != 0).unwrap_or(ALL_PARTS);
        let may = parts & 8 == 0 || is_administrator(published, token);
        let wants_groups = named.iter().any(|(_, of)| of.name == "tokenGroups");
        let account = account.filter(|_| wants_groups);
        let domain = format!("{}-", published.sid());
        let groups = account.map(|account| published.token_groups(&account)).unwrap_or_default();
        // What a logon adds is not stored: only groups of the domain are.
        let groups = groups.iter().filter(|sid| sid.as_str().starts_with(&domain));
        Self {
            all: names.is_empty() || names.contains(&"*"),
            named,
            types_only: request.types_only,
            parts: may.then_some(parts),
            with_security: controls.parts.is_some(),
            token_groups: groups.map(|it| sid::to_bytes(it).into()).collect(),
        }
    }

    fn send(&self, object: &Object, base: &str, to: &mut dyn FnMut(&str, &[OctetString])) {
        let mut send = |name: &str, values: &[OctetString]| {
            if !values.is_empty() {
                to(name, if self.types_only { &[] } else { values });
            }
        };
        if self.all {
            for (of, values) in object.attributes() {
                match of.name {
                    "nTSecurityDescriptor" if self.with_security => send(of.name, &self.security(object, values)),
                    "nTSecurityDescriptor" => {}
                    name => send(name, values),
                }
            }
        }
        for (name, of) in &self.named {
            let stored = object.values(of);
            match of.name {
                "nTSecurityDescriptor" if !(self.all && self.with_security) => {
                    send(name, &self.security(object, stored))
                }
                "tokenGroups" => send(name, &self.token_groups),
                _ if !stored.is_empty() => {
                    if !self.all || name != of.name {
                        send(name, stored);
                    }
                }
                _ => send(name, &computed(of, object, base)),
            }
        }
    }

    fn security(&self, object: &Object, stored: &[OctetString]) -> Vec<OctetString> {
        match self.parts {
            None => Vec::new(),
            Some(parts) if parts & 5 == 5 => stored.to_vec(),
            Some(parts) => {
                let SecurityDescriptor { owner, dacl } = object.security.clone();
                let owner = owner.filter(|_| parts & 1 != 0);
                let dacl = dacl.filter(|_| parts & 4 != 0);
                vec![security_descriptor::to_bytes(&SecurityDescriptor { owner, dacl }).into()]
            }
        }
    }
}

/// Attributes that are sent only when they are named.
fn computed(of: &AttributeType, object: &Object, base: &str) -> Vec<OctetString> {
    let same = |name: &str| schema::attribute(name).map_or_else(Vec::new, |of| object.values(of).to_vec());
    match of.name {
        "createTimeStamp" => same("whenCreated"),
        "modifyTimeStamp" => same("whenChanged"),
        "structuralObjectClass" => same("objectClass"),
        "subSchemaSubEntry" => {
            vec![format!("CN=Aggregate,CN=Schema,CN=Configuration,{base}").into_bytes().into()]
        }
        _ => Vec::new(),
    }
}

/// How an attribute is named in the answer: as it was asked for, with all values where a range of them is.
fn shown(name: &str) -> Option<String> {
    let (bare, options) = name.split_once(';').unwrap_or((name, ""));
    let canonical = schema::attribute(bare)?.name;
    match options.to_ascii_lowercase().as_str() {
        "" => Some(canonical.to_owned()),
        "binary" => Some(format!("{canonical};binary")),
        range if range.starts_with("range=0-") => Some(format!("{canonical};range=0-*")),
        _ => None,
    }
}

fn bare(name: &str) -> &str {
    name.split(';').next().unwrap_or(name)
}

/// Whether the token is an administrator of the domain.
pub(super) fn is_administrator(published: &Published, token: &Token) -> bool {
    let own = |relative: u32| format!("{}-{relative}", published.sid());
    [own(512), own(519), "S-1-5-32-544".to_owned()].iter().any(|sid| sid.parse().is_ok_and(|sid| token.has(&sid)))
}
