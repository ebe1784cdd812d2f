//! Phase D: templates and CAs, from the directory or from policy servers.

use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Reverse;

use autoenroll_model::{
    Duration, Effect, EnrollmentService, Facts, HResult, PolicyResponse, PolicyServer, PolicyTemplate, Template,
};

use super::state::{Acquisition, Bound, Group, Next, Search};
use crate::events;
use crate::frame::{Frame, Told, code_fact};
use crate::halt::Halt;
use crate::known::{Found, Permissions, PolicyCache, TemplateEntry, auth_rank};
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
        let facts = Facts::new().with("age", age);
        if frame.decide(rules::POLICY_CACHE, "templates", cache.is_fresh(now), facts).holds {
            return Ok(Next::Ask(Effect::ReadPrincipal, Acquisition::Principal(bound, cache.policy)));
        }
    }
    let source = if frame.profile().policy_servers.is_yes() { end_points(frame, &bound)? } else { Source::Directory };
    let search = |groups| Search { bound, groups, found: Found::default(), fresh_for: None, complete: true };
    match source {
        Source::EndPoints(groups) => next_end_point(frame, search(groups)),
        Source::Directory => Ok(Next::Ask(Effect::ReadTemplates, Acquisition::Templates(search(VecDeque::new())))),
    }
}

/// Where templates and CAs come from.
enum Source {
    Directory,
    EndPoints(VecDeque<Group>),
}

/// The end points of each policy that autoenrollment may use, by [MS-CAESO] 4.4.5.3.2; without any the directory is the
/// only source.
fn end_points(frame: &mut Frame, bound: &Bound) -> Result<Source, Halt> {
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
    let mut groups = VecDeque::new();
    for id in ids {
        // V1.3.end-point-name
        let mut group: Vec<&PolicyServer> = servers.iter().filter(|server| server.policy_id == id).collect();
        frame.applies(rules::END_POINT_ORDER, id, Facts::new().with("count", group.len()))?;
        let stored = &bound.settings.stored_credentials;
        // V1.3.cost
        group.sort_by_key(|server| (server.cost, auth_rank(server.auth_flags, &server.url, stored)));
        // [MS-CAESO] tests the flag of an arbitrary one. That of the first by cost does not change with what is cached.
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
        latest_cached_first(frame, id, &mut group);
        let end_points = group.into_iter().cloned().collect();
        groups.push_back(Group { id: String::from(id), end_points, failure: None });
    }
    Ok(Source::EndPoints(groups))
}

/// `PsfAutoEnrollmentEnabled`: an end point that autoenrollment may use ([MS-CAESO] 4.4.5.3.2.4).
const PSF_AUTO_ENROLLMENT_ENABLED: u32 = 0x10;

/// The address of the directory as an end point.
const LDAP: &str = "LDAP:";

fn is_ldap(server: &PolicyServer) -> bool {
    server.url.eq_ignore_ascii_case(LDAP)
}

/// Before cost comes what an end point has told already: the one whose answer is to be renewed last stands first.
fn latest_cached_first(frame: &mut Frame, id: &str, group: &mut [&PolicyServer]) {
    let cached = |frame: &Frame, server: &PolicyServer| frame.told.get(&server.url).map(|told| told.next_update);
    if group.len() < 2 || !group.iter().any(|server| cached(frame, server).is_some()) {
        return;
    }
    let mut order = group.to_vec();
    order.sort_by_key(|server| Reverse(cached(frame, server)));
    let moved = order.iter().zip(&*group).any(|(new, old)| new.url != old.url);
    let facts = Facts::new().with("url", order[0].url.as_str());
    if frame.decide(rules::CACHED_END_POINT, id, moved, facts).holds {
        group.copy_from_slice(&order);
    }
}

/// Asks the next end point of the first group. A group of which none has answered is over, with one entry in the event
/// log.
fn next_end_point(frame: &mut Frame, mut search: Search) -> Result<Next, Halt> {
    while let Some(group) = search.groups.front_mut() {
        let Some(server) = group.end_points.pop_front() else {
            search.complete = false;
            if let Some(failure) = group.failure {
                events::run_fails(frame, rules::POLICY_SERVER_FAILED, &group.id, failure)?;
            }
            search.groups.pop_front();
            continue;
        };
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
        end_point_failed(frame, group, &server.url, HResult::CERTSRV_E_NO_POLICY_SERVER);
    }
    complete(frame, search)
}

/// One end point failed: the next one of its group is asked, and the group fails when there is none. That no user can
/// be asked for a password says nothing of the server, so the code of an end point before it stays.
fn end_point_failed(frame: &mut Frame, group: &mut Group, url: &str, code: HResult) {
    let another = !group.end_points.is_empty();
    if !frame.decide(rules::NEXT_END_POINT, url, another, code_fact(code)).holds {
        group.end_points.clear();
    }
    if let Some(earlier) = group.failure {
        let silent = code == HResult::NTE_SILENT_CONTEXT;
        let facts = code_fact(code).with("earlier", earlier.to_string());
        if frame.decide(rules::SILENT_END_POINT, url, silent, facts).holds {
            return;
        }
    }
    group.failure = Some(code);
}

/// An end point has answered for its group; the others of the group are not asked.
fn group_answered(frame: &mut Frame, mut search: Search) -> Result<Next, Halt> {
    search.groups.pop_front();
    next_end_point(frame, search)
}

/// The directory could not be read. Where it is one end point of several, the others of its group are asked; without
/// policy servers the run is over.
pub(super) fn directory_failed(frame: &mut Frame, mut search: Search, code: HResult) -> Result<Next, Halt> {
    let Some(group) = search.groups.front_mut() else {
        events::run_fails(frame, rules::DIRECTORY_UNREACHABLE, "directory", code)?;
        return Ok(Next::Nothing);
    };
    end_point_failed(frame, group, LDAP, code);
    next_end_point(frame, search)
}

pub(super) fn templates_read(mut search: Search, templates: Vec<Arc<Template>>) -> Next {
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
    group_answered(frame, search)
}

/// A policy server has told its policy, or that the kept one still holds, or failed: then another of its group is
/// asked.
pub(super) fn server_answered(
    frame: &mut Frame,
    url: String,
    mut search: Search,
    result: Result<PolicyResponse, HResult>,
) -> Result<Next, Halt> {
    let response = match result {
        Ok(response) => response,
        Err(code) => {
            let group = search.groups.front_mut().expect("the group of an end point stays in front until it is over");
            end_point_failed(frame, group, &url, code);
            return next_end_point(frame, search);
        }
    };
    events::policy_loaded(frame, response.templates.len());
    // Each server speaks of its own policy, whatever the others have told meanwhile ([MS-XCEP] 3.1.4.1.3.9).
    let kept = frame.told.get(&url).filter(|_| response.not_changed).map(|told| told.found.clone());
    let facts = Facts::new().with("not-changed", response.not_changed);
    let holds = frame.decide(rules::POLICY_NOT_CHANGED, "policy-server", kept.is_some(), facts).holds;
    // Hours that the server does not state are eight ([MS-XCEP] note 4); with several servers the shortest time holds
    // for all.
    // T2.2.policy-server
    let hours = Duration::hours(response.next_update_hours.unwrap_or(8).into());
    search.fresh_for = Some(search.fresh_for.map_or(hours, |others| others.min(hours)));
    let found = match kept {
        Some(kept) if holds => kept,
        _ => Arc::new(take(frame, response)?),
    };
    search.found.templates.extend(found.templates.iter().cloned());
    search.found.services.extend(found.services.iter().cloned());
    frame.told.insert(url, Told { found, next_update: frame.now.mono + hours });
    group_answered(frame, search)
}

/// What the server has resolved for the caller takes the place of the security descriptor ([MS-XCEP] 3.1.4.1.3).
fn take(frame: &mut Frame, response: PolicyResponse) -> Result<Found, Halt> {
    frame.applies(rules::SERVER_PERMISSIONS, "policy-server", Facts::new())?;
    let entry = |told: PolicyTemplate| {
        let permissions = Some(Permissions { enroll: told.enroll, autoenroll: told.autoenroll });
        Arc::new(TemplateEntry { template: Arc::new(told.template), permissions })
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
    let known = frame.policy.take().filter(|policy| policy.is_of(&search.found));
    let policy = known.unwrap_or_else(|| Arc::new(search.found.first_of_each()));
    frame.policy = Some(policy.clone());
    let fresh_for = search.fresh_for.unwrap_or(frame.profile().template_cache.0);
    // What lacks the answer of a policy server is not the whole policy, and holds for this run only.
    let cache = PolicyCache { read_at: frame.now.mono, fresh_for, policy: policy.clone() };
    frame.cache = search.complete.then_some(cache);
    if frame.decide(rules::NO_CA, "enterprise", policy.services.is_empty(), Facts::new()).holds {
        return Ok(Next::Nothing);
    }
    Ok(Next::Ask(Effect::ReadPrincipal, Acquisition::Principal(search.bound, policy)))
}
