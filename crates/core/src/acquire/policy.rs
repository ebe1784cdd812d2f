//! Phase D: templates and CAs, from the directory or from policy servers.

use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use autoenroll_model::{
    Duration, Effect, EnrollmentService, Facts, HResult, PolicyResponse, PolicyServer, PolicyTemplate, Template,
};

use super::state::{Acquisition, Bound, Next, Search};
use crate::events;
use crate::frame::Frame;
use crate::halt::Halt;
use crate::known::{Found, Permissions, PolicyCache, TemplateEntry};
use crate::rules;

/// From the gate to templates and CAs: nothing to ask for, the cache, policy servers, or the directory.
pub(super) fn begin(frame: &mut Frame, bound: Bound) -> Result<Next, Halt> {
    if frame.decide(rules::NO_POLICY_BITS, "templates", !bound.flags.any(), Facts::new()).holds {
        return Ok(Next::Nothing);
    }
    let now = frame.now.mono;
    if let Some(cache) = frame.cache.clone() {
        // T2.2.template-cache
        let age = now.since(cache.read_at);
        let facts = Facts::new().with("age", age.to_string());
        if frame.decide(rules::POLICY_CACHE, "templates", cache.is_fresh(now), facts).holds {
            return Ok(Next::Ask(Effect::ReadPrincipal, Acquisition::Principal(bound, cache.policy)));
        }
    }
    let servers =
        if frame.profile().policy_servers.is_yes() { chosen_end_points(frame, &bound)? } else { Source::Directory };
    let search = |rest| Search { bound, rest, found: Found::default(), fresh_for: None, complete: true };
    match servers {
        Source::EndPoints(rest) => next_end_point(frame, search(rest)),
        Source::Directory => Ok(Next::Ask(Effect::ReadTemplates, Acquisition::Templates(search(VecDeque::new())))),
    }
}

/// Where templates and CAs come from.
enum Source {
    Directory,
    EndPoints(VecDeque<PolicyServer>),
}

/// One end point for each policy, by [MS-CAESO] 4.4.5.3.2; without any the directory is the only source.
fn chosen_end_points(frame: &mut Frame, bound: &Bound) -> Result<Source, Halt> {
    let servers = &bound.settings.policy_servers;
    let facts = Facts::new().with("count", servers.len());
    let configured = frame.decide(rules::POLICY_SERVERS, "policy-servers", !servers.is_empty(), facts).holds;
    if frame.decide(rules::NO_END_POINTS, "policy-servers", !configured, Facts::new()).holds {
        return Ok(Source::Directory);
    }
    let mut ids: Vec<&str> = Vec::new();
    for server in servers {
        if !ids.contains(&server.policy_id.as_str()) {
            ids.push(&server.policy_id);
        }
    }
    let mut chosen = VecDeque::new();
    for id in ids {
        // V1.3.end-point-name
        let mut group: Vec<&PolicyServer> = servers.iter().filter(|server| server.policy_id == id).collect();
        frame.applies(rules::END_POINT_ORDER, id, Facts::new().with("count", group.len()))?;
        // V1.3.cost
        group.sort_by_key(|server| (server.cost, auth_rank(server.auth_flags)));
        let Some(first) = group.first() else { continue };
        // V1.3.flags
        let enabled = first.flags & PSF_AUTO_ENROLLMENT_ENABLED != 0;
        let facts = Facts::new().with("url", first.url.as_str());
        if frame.decide(rules::END_POINT_DISABLED, id, !enabled, facts).holds {
            continue;
        }
        if group.iter().any(|server| is_ldap(server)) {
            let forest = alloc::format!("{{{}}}", bound.root.forest).to_uppercase();
            let facts = Facts::new().with("forest", forest.as_str()).with("policy", id);
            if !frame.decide(rules::FOREST_POLICY_ID, id, forest == id, facts).holds {
                continue;
            }
        }
        chosen.push_back((*first).clone());
    }
    Ok(Source::EndPoints(chosen))
}

/// `PsfAutoEnrollmentEnabled`: an end point that autoenrollment may use ([MS-CAESO] 4.4.5.3.2.4).
const PSF_AUTO_ENROLLMENT_ENABLED: u32 = 0x10;

fn is_ldap(server: &PolicyServer) -> bool {
    server.url.eq_ignore_ascii_case("ldap:")
}

/// Kerberos, then anonymous, then the rest in the order found ([MS-CAESO] 4.4.5.3.2.3).
// V1.3.auth-flags
const fn auth_rank(auth_flags: u32) -> u8 {
    match auth_flags {
        2 => 0,
        1 => 1,
        _ => 2,
    }
}

/// Asks the next end point; one of a protocol that is not spoken is skipped with an entry in the event log.
fn next_end_point(frame: &mut Frame, mut search: Search) -> Result<Next, Halt> {
    while let Some(server) = search.rest.pop_front() {
        let ldap = is_ldap(&server);
        let https = server.url.to_ascii_lowercase().starts_with("https://");
        if frame.decide(rules::END_POINT_PROTOCOL, &server.url, ldap || https, Facts::new()).holds {
            return Ok(if ldap {
                Next::Ask(Effect::ReadTemplates, Acquisition::Templates(search))
            } else {
                let url = server.url.clone();
                Next::Ask(Effect::GetPolicies(server), Acquisition::GetPolicies(url, search))
            });
        }
        events::run_failed(frame, HResult::CERTSRV_E_NO_POLICY_SERVER);
    }
    complete(frame, search)
}

pub(super) fn templates_read(mut search: Search, templates: Vec<Template>) -> Next {
    let entry = |template| Arc::new(TemplateEntry { template, permissions: None });
    search.found.templates.extend(templates.into_iter().map(entry));
    Next::Ask(Effect::ReadEnrollmentServices, Acquisition::Services(search))
}

pub(super) fn services_read(
    frame: &mut Frame,
    mut search: Search,
    services: Vec<EnrollmentService>,
) -> Result<Next, Halt> {
    search.found.services.extend(services);
    next_end_point(frame, search)
}

/// A policy server has told its policy, or that the kept one still holds, or failed: then the others are still asked,
/// and the next run asks all of them again.
pub(super) fn server_answered(
    frame: &mut Frame,
    url: String,
    mut search: Search,
    result: Result<PolicyResponse, HResult>,
) -> Result<Next, Halt> {
    match result {
        Ok(response) => {
            events::policy_loaded(frame, response.templates.len());
            // Each server speaks of its own policy, whatever the others have told meanwhile ([MS-XCEP] 3.1.4.1.3.9).
            let kept = frame.told.get(&url).filter(|_| response.not_changed).cloned();
            let facts = Facts::new().with("not-changed", response.not_changed);
            let holds = frame.decide(rules::POLICY_NOT_CHANGED, "policy-server", kept.is_some(), facts).holds;
            // T2.2.policy-server
            let hours = Duration::hours(response.next_update_hours.unwrap_or(8).into());
            search.fresh_for = Some(search.fresh_for.map_or(hours, |others| others.min(hours)));
            let told = match kept {
                Some(kept) if holds => kept,
                _ => take(frame, response)?,
            };
            search.found.templates.extend(told.templates.iter().cloned());
            search.found.services.extend(told.services.iter().cloned());
            frame.told.insert(url, told);
        }
        Err(code) => {
            events::run_fails(frame, rules::POLICY_SERVER_FAILED, "policy-server", code)?;
            search.complete = false;
        }
    }
    next_end_point(frame, search)
}

/// What the server has resolved for the caller takes the place of the security descriptor ([MS-XCEP] 3.1.4.1.3).
fn take(frame: &mut Frame, response: PolicyResponse) -> Result<Found, Halt> {
    frame.applies(rules::SERVER_PERMISSIONS, "policy-server", Facts::new())?;
    let entry = |told: PolicyTemplate| {
        let permissions = Some(Permissions { enroll: told.enroll, autoenroll: told.autoenroll });
        Arc::new(TemplateEntry { template: told.template, permissions })
    };
    let templates = response.templates.into_iter().map(entry).collect();
    Ok(Found { templates, services: response.authorities })
}

/// Every source was asked: drop unusable CAs, remember, go on to the principal.
fn complete(frame: &mut Frame, mut search: Search) -> Result<Next, Halt> {
    search.found.services.retain(|service| {
        let usable = !service.name.is_empty() && service.host.is_some();
        frame.decide(rules::USABLE_CA, &service.name, usable, Facts::new()).holds
    });
    let policy = Arc::new(search.found.first_of_each());
    let fresh_for = search.fresh_for.unwrap_or(frame.profile().template_cache.0);
    // What lacks the answer of a policy server is not the whole policy, and holds for this run only.
    let cache = PolicyCache { read_at: frame.now.mono, fresh_for, policy: policy.clone() };
    frame.cache = search.complete.then_some(cache);
    if frame.decide(rules::NO_CA, "enterprise", policy.services.is_empty(), Facts::new()).holds {
        return Ok(Next::Nothing);
    }
    Ok(Next::Ask(Effect::ReadPrincipal, Acquisition::Principal(search.bound, policy)))
}
