//! Phases A, C and D of a run: may it act at all, what does the directory trust, which templates and CAs are there.

use alloc::collections::VecDeque;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;

use autoenroll_model::{
    Certificates, Context, DirectoryCache, Duration, Effect, EffectResult, EnrollmentService, Facts, HResult,
    PolicyServer, PrincipalObject, RootDse, Settings, TrustContainer, TrustStore, Unconfigured,
};

use crate::events;
use crate::frame::Frame;
use crate::offer::{EnrollmentPolicy, PolicyCache, PolicyTemplateEntry};
use crate::rules;

/// What a run knows before it examines the stores.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) settings: Settings,
    pub(crate) powers: Powers,
    pub(crate) directory: Option<RootDse>,
    pub(crate) offers: Arc<EnrollmentPolicy>,
    pub(crate) principal: Option<PrincipalObject>,
}

/// What the effective policy allows this run to do ([MS-CAESO] 4.4.5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Powers {
    /// Bit 0x1: new enrollments and template updates.
    pub(crate) enroll: bool,
    /// Bit 0x2: renew, archive, delete, clean the directory.
    pub(crate) manage: bool,
    /// Bit 0x4: fetch what is pending.
    pub(crate) retrieve: bool,
}

/// Where acquisition stands. Each state waits for the effect it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Acquisition {
    Settings,
    Bind,
    Trust,
    WriteTrust { next: VecDeque<(TrustStore, Certificates)>, remember: bool },
    WriteCache,
    Endpoints { rest: VecDeque<PolicyServer>, found: EnrollmentPolicy, fresh_for: Option<Duration> },
    Templates { found: EnrollmentPolicy, rest: VecDeque<PolicyServer>, fresh_for: Option<Duration> },
    Authorities { found: EnrollmentPolicy, rest: VecDeque<PolicyServer>, fresh_for: Option<Duration> },
    Principal,
}

/// What acquisition does next.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "lives for one step; boxing every effect would cost more than it saves")]
pub(crate) enum Next {
    /// Wait for this effect in that state.
    Ask(Effect, Acquisition),
    /// Everything is there.
    Complete,
    /// There is nothing for this run to do.
    Nothing,
}

/// Takes the answer to the effect of `state` and says what comes next.
pub(crate) fn step(frame: &mut Frame, gathered: &mut Gathered, state: Acquisition, result: EffectResult) -> Next {
    match (state, result) {
        (Acquisition::Settings, EffectResult::Settings(settings)) => settings_read(frame, gathered, settings),
        (Acquisition::Bind, EffectResult::Directory(root)) => bound(frame, gathered, root),
        (Acquisition::Bind, EffectResult::Failed(code)) => directory_failed(frame, code),
        (Acquisition::Trust, EffectResult::Trust(containers)) => trust_read(frame, gathered, containers),
        (Acquisition::WriteTrust { next, remember }, _) => write_trust(frame, gathered, next, remember),
        (Acquisition::WriteCache, _) => policy(frame, gathered),
        (Acquisition::Endpoints { rest, found, fresh_for }, result) => {
            endpoint_answered(frame, rest, found, fresh_for, result)
        }
        (Acquisition::Templates { mut found, rest, fresh_for }, EffectResult::Templates(templates)) => {
            found
                .templates
                .extend(templates.into_iter().map(|template| PolicyTemplateEntry { template, permissions: None }));
            Next::Ask(Effect::ReadEnrollmentServices, Acquisition::Authorities { found, rest, fresh_for })
        }
        (Acquisition::Authorities { mut found, rest, fresh_for }, EffectResult::EnrollmentServices(authorities)) => {
            found.authorities.extend(authorities);
            next_endpoint(frame, rest, found, fresh_for)
        }
        (Acquisition::Principal, EffectResult::Principal(principal)) => {
            gathered.principal = Some(principal);
            Next::Complete
        }
        (
            Acquisition::Trust
            | Acquisition::Templates { .. }
            | Acquisition::Authorities { .. }
            | Acquisition::Principal,
            EffectResult::Failed(code),
        ) => directory_failed(frame, code),
        (_, _) => directory_failed(frame, HResult::E_UNEXPECTED),
    }
}

/// The policy gate.
fn settings_read(frame: &mut Frame, gathered: &mut Gathered, settings: Settings) -> Next {
    frame.log_everything = match frame.profile().events {
        autoenroll_model::EventTable::Classic => settings.log_level == Some(0),
        autoenroll_model::EventTable::Modern => settings.log_level.is_some_and(|level| level >= 4),
    };
    events::run_started(frame);
    let context = frame.identity.context;
    let configured = settings.policy.is_some();
    let facts = Facts::new().with("context", context.as_str()).with_some("value", settings.policy);
    let from_policy =
        frame.decide(rules::POLICY_OF_CONTEXT, "AEPolicy", configured, facts).then_some(settings.policy).flatten();
    let value = from_policy.or_else(|| {
        let facts = Facts::new().with_some("value", settings.local_policy);
        let local = frame.decide(rules::LOCAL_POLICY, "AEPolicy", settings.local_policy.is_some(), facts);
        if local { settings.local_policy } else { None }
    });
    gathered.settings = settings;
    let value = match value {
        Some(value) => value,
        None => {
            let trust = frame.profile().unconfigured == Unconfigured::TrustOnly;
            if !frame.decide(rules::UNCONFIGURED, "AEPolicy", trust, Facts::new()) {
                return Next::Nothing;
            }
            0
        }
    };
    let facts = Facts::new().with("value", value);
    if frame.decide(rules::POLICY_DISABLED, "AEPolicy", value & 0x8000 != 0, facts) {
        return Next::Nothing;
    }
    let mut bit = |name: &str, bit: u32| {
        frame.decide(rules::POLICY_BIT, name, value & bit != 0, Facts::new().with("value", value).with("bit", bit))
    };
    gathered.powers = Powers { enroll: bit("enroll", 1), manage: bit("manage", 2), retrieve: bit("retrieve", 4) };
    Next::Ask(Effect::BindDirectory, Acquisition::Bind)
}

fn bound(frame: &mut Frame, gathered: &mut Gathered, root: RootDse) -> Next {
    let old = frame.profile().events == autoenroll_model::EventTable::Classic;
    let facts = Facts::new().with("dc", root.dc.as_str()).with("signs-ldap", root.signs_ldap);
    if old && frame.decide(rules::LDAP_NOT_SIGNED, &root.dc, !root.signs_ldap, facts) {
        return directory_failed(frame, HResult::CERTSRV_E_DOWNLEVEL_DC_SSL_OR_UPGRADE);
    }
    gathered.directory = Some(root);
    let machine = frame.identity.context == Context::Machine;
    if !frame.decide(rules::TRUST_FOR_MACHINE, "trust", machine, Facts::new()) {
        return policy(frame, gathered);
    }
    let Some(root) = &gathered.directory else { return Next::Nothing };
    let cache = gathered.settings.directory_cache.as_ref();
    let changed = cache.is_none_or(|cache| cache.dc != root.dc || cache.usn != root.usn);
    let facts = Facts::new().with("dc", root.dc.as_str()).with("cached", cache.is_some());
    if frame.decide(rules::TRUST_CHANGED, "trust", changed, facts) {
        Next::Ask(Effect::ReadTrust, Acquisition::Trust)
    } else {
        policy(frame, gathered)
    }
}

/// Each container that could be read becomes the content of its store; one that could not is logged and left as it is.
fn trust_read(frame: &mut Frame, gathered: &Gathered, containers: Vec<TrustContainer>) -> Next {
    let mut next = VecDeque::new();
    let mut failed = false;
    for container in containers {
        let store = container.store.as_str();
        match container.content {
            Ok(certificates) => {
                let mirrored =
                    frame.decide(rules::TRUST_MIRRORED, store, true, Facts::new().with("count", certificates.0.len()));
                if mirrored {
                    next.push_back((container.store, certificates));
                }
            }
            Err(code) => {
                let go_on = frame.decide(
                    rules::STORE_DOWNLOAD_FAILED,
                    store,
                    true,
                    Facts::new().with("code", code.to_string()),
                );
                failed = true;
                events::store_download_failed(frame, store, &container.url, code);
                if !go_on {
                    return Next::Nothing;
                }
            }
        }
    }
    // Without the cache entry the next run downloads again.
    write_trust(frame, gathered, next, !failed)
}

fn write_trust(
    frame: &mut Frame,
    gathered: &Gathered,
    mut next: VecDeque<(TrustStore, Certificates)>,
    remember: bool,
) -> Next {
    match (next.pop_front(), &gathered.directory) {
        (Some((store, certificates)), _) => {
            Next::Ask(Effect::WriteTrust { store, certificates }, Acquisition::WriteTrust { next, remember })
        }
        (None, Some(root)) if remember => {
            let cache = DirectoryCache { dc: root.dc.clone(), usn: root.usn };
            Next::Ask(Effect::WriteDirectoryCache(cache), Acquisition::WriteCache)
        }
        (None, _) => policy(frame, gathered),
    }
}

/// From the gate to templates and CAs: nothing to ask for, the cache, policy servers, or the directory.
fn policy(frame: &mut Frame, gathered: &Gathered) -> Next {
    let powers = gathered.powers;
    let none = !(powers.enroll || powers.manage || powers.retrieve);
    if frame.decide(rules::NO_POLICY_BITS, "templates", none, Facts::new()) {
        return Next::Nothing;
    }
    let now = frame.now.mono;
    if let Some(cache) = &frame.cache {
        let fresh = cache.is_fresh(now);
        let age = now.since(cache.read_at);
        if frame.decide(rules::POLICY_CACHE, "templates", fresh, Facts::new().with("age", age.to_string())) {
            return Next::Ask(Effect::ReadPrincipal, Acquisition::Principal);
        }
    }
    let servers = if frame.profile().policy_servers.is_yes() { chosen_servers(frame, gathered) } else { None };
    match servers {
        Some(servers) => next_endpoint(frame, servers, EnrollmentPolicy::default(), None),
        None => {
            let state =
                Acquisition::Templates { found: EnrollmentPolicy::default(), rest: VecDeque::new(), fresh_for: None };
            Next::Ask(Effect::ReadTemplates, state)
        }
    }
}

/// One end point for each policy, by [MS-CAESO] 4.4.5.3.2; `None` when the directory is the only source.
fn chosen_servers(frame: &mut Frame, gathered: &Gathered) -> Option<VecDeque<PolicyServer>> {
    let servers = &gathered.settings.policy_servers;
    let configured = frame.decide(
        rules::POLICY_SERVERS,
        "policy-servers",
        !servers.is_empty(),
        Facts::new().with("count", servers.len()),
    );
    if frame.decide(rules::NO_END_POINTS, "policy-servers", !configured, Facts::new()) {
        return None;
    }
    let mut ids: Vec<&str> = Vec::new();
    for server in servers {
        if !ids.contains(&server.policy_id.as_str()) {
            ids.push(&server.policy_id);
        }
    }
    let mut chosen = VecDeque::new();
    for id in ids {
        let mut group: Vec<&PolicyServer> = servers.iter().filter(|server| server.policy_id == id).collect();
        if frame.decide(rules::END_POINT_ORDER, id, true, Facts::new().with("count", group.len())) {
            group.sort_by_key(|server| (server.cost, auth_rank(server.auth_flags)));
        }
        let Some(first) = group.first() else { continue };
        let enabled = first.flags & AUTO_ENROLLMENT_ENABLED != 0;
        if frame.decide(rules::END_POINT_DISABLED, id, !enabled, Facts::new().with("url", first.url.as_str())) {
            continue;
        }
        let ldap = group.iter().any(|server| server.url.eq_ignore_ascii_case("ldap:"));
        if ldap {
            let forest = gathered.directory.as_ref().map(|root| alloc::format!("{{{}}}", root.forest).to_uppercase());
            let ours = forest.as_deref() == Some(id);
            let facts = Facts::new().with_some("forest", forest).with("policy", id);
            if !frame.decide(rules::FOREST_POLICY_ID, id, ours, facts) {
                continue;
            }
        }
        chosen.push_back((*first).clone());
    }
    Some(chosen)
}

/// Flag of an end point that autoenrollment may use ([MS-CAESO] 4.4.5.3.2.4).
const AUTO_ENROLLMENT_ENABLED: u32 = 0x10;

/// Kerberos, then anonymous, then the rest in the order found ([MS-CAESO] 4.4.5.3.2.3).
const fn auth_rank(auth_flags: u32) -> u8 {
    match auth_flags {
        2 => 0,
        1 => 1,
        _ => 2,
    }
}

fn next_endpoint(
    frame: &mut Frame,
    mut rest: VecDeque<PolicyServer>,
    found: EnrollmentPolicy,
    fresh_for: Option<Duration>,
) -> Next {
    while let Some(server) = rest.pop_front() {
        let ldap = server.url.eq_ignore_ascii_case("ldap:");
        let https = server.url.to_ascii_lowercase().starts_with("https://");
        if frame.decide(rules::END_POINT_PROTOCOL, &server.url, ldap || https, Facts::new()) {
            return if ldap {
                Next::Ask(Effect::ReadTemplates, Acquisition::Templates { found, rest, fresh_for })
            } else {
                Next::Ask(Effect::GetPolicies(server), Acquisition::Endpoints { rest, found, fresh_for })
            };
        }
        events::run_failed(frame, HResult::CERTSRV_E_NO_POLICY_SERVER);
    }
    acquired(frame, found, fresh_for)
}

fn endpoint_answered(
    frame: &mut Frame,
    rest: VecDeque<PolicyServer>,
    mut found: EnrollmentPolicy,
    mut fresh_for: Option<Duration>,
    result: EffectResult,
) -> Next {
    match result {
        EffectResult::Policy(response) => {
            events::policy_loaded(frame, response.templates.len());
            let kept = frame.cache.as_ref().filter(|_| response.not_changed).map(|cache| cache.offer.clone());
            let facts = Facts::new().with("not-changed", response.not_changed);
            if let (true, Some(offer)) =
                (frame.decide(rules::POLICY_NOT_CHANGED, "policy-server", kept.is_some(), facts), kept)
            {
                found.templates.extend(offer.templates.iter().cloned());
                found.authorities.extend(offer.authorities.iter().cloned());
            } else {
                let resolved = frame.decide(rules::SERVER_PERMISSIONS, "policy-server", true, Facts::new());
                found.templates.extend(response.templates.into_iter().map(|offered| PolicyTemplateEntry {
                    permissions: resolved.then_some((offered.enroll, offered.autoenroll)),
                    template: offered.template,
                }));
                found.authorities.extend(response.authorities);
            }
            fresh_for = Some(Duration::hours(response.next_update_hours.unwrap_or(8).into()));
        }
        EffectResult::Failed(code) => events::run_failed(frame, code),
        _ => events::run_failed(frame, HResult::E_UNEXPECTED),
    }
    next_endpoint(frame, rest, found, fresh_for)
}

/// Everything the sources offer is there: drop unusable CAs, remember, go on to the principal.
fn acquired(frame: &mut Frame, mut found: EnrollmentPolicy, fresh_for: Option<Duration>) -> Next {
    found.authorities.retain(|authority| {
        let usable = !authority.name.is_empty() && authority.host.is_some();
        frame.decide(rules::USABLE_CA, &authority.name, usable, Facts::new())
    });
    keep_first(&mut found);
    let fresh_for = fresh_for.unwrap_or(frame.profile().template_cache.0);
    let offer = Arc::new(found);
    frame.cache = Some(PolicyCache { read_at: frame.now.mono, fresh_for, offer });
    let none = frame.cache.as_ref().is_none_or(|cache| cache.offer.authorities.is_empty());
    if frame.decide(rules::NO_CA, "enterprise", none, Facts::new()) {
        return Next::Nothing;
    }
    Next::Ask(Effect::ReadPrincipal, Acquisition::Principal)
}

/// Policies overlap: what several sources offer counts once, as the first of them describes it.
fn keep_first(found: &mut EnrollmentPolicy) {
    let mut templates: Vec<PolicyTemplateEntry> = Vec::new();
    for offered in core::mem::take(&mut found.templates) {
        let same = |known: &PolicyTemplateEntry| {
            known.template.name == offered.template.name && known.template.oid == offered.template.oid
        };
        if !templates.iter().any(same) {
            templates.push(offered);
        }
    }
    found.templates = templates;
    let mut authorities: Vec<EnrollmentService> = Vec::new();
    for authority in core::mem::take(&mut found.authorities) {
        let same = |known: &EnrollmentService| known.name == authority.name && known.host == authority.host;
        if !authorities.iter().any(same) {
            authorities.push(authority);
        }
    }
    found.authorities = authorities;
}

/// The directory cannot be used: one entry in the event log, and the run is over.
fn directory_failed(frame: &mut Frame, code: HResult) -> Next {
    let facts = Facts::new().with("code", code.to_string());
    if frame.decide(rules::DIRECTORY_UNREACHABLE, "directory", true, facts) {
        events::directory_unreachable(frame, code);
    }
    Next::Nothing
}
