//! Group Policy.

use autoenroll_model::{GeneralFlags, HResult, PolicyServer};
use autoenroll_world::spec::{PolicyServiceSpec, PolicySpec};

use super::{Context, NameKind, number_or_none, setting, small};
use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::tree::Table;

pub(super) fn policy(cx: &Context<'_>, found: &mut Diagnostics) -> PolicySpec {
    let mut spec = PolicySpec::default();
    let Some(table) = cx.world.table("policy") else { return spec };
    automatic_requests(cx, table, found);
    setting::apply(cx, PolicySpec::REFRESH, table, &mut spec, found);
    setting::apply(cx, PolicySpec::EXPIRATION, table, &mut spec, found);
    spec.policy_servers = table.tables("policy-server").map(policy_server).collect();
    spec
}

/// Whether the templates exist that computers are told to request, and are such as they request: in the world's policy,
/// or in a change of it.
pub(super) fn automatic_requests(cx: &Context<'_>, table: &Table, found: &mut Diagnostics) {
    for name in table.texts("automatic-requests") {
        let known = cx.names.has(NameKind::Template, name, found);
        let Some(template) = cx.templates.get(name.value).filter(|_| known) else { continue };
        let version = template.schema_version();
        let message = if version > 1 {
            format!("`{}` is a template of version {version}, which no computer requests by itself", name.value)
        } else if template.flags.contains(GeneralFlags::MACHINE_TYPE) {
            continue;
        } else {
            format!("`{}` is a template for users, which no computer requests by itself", name.value)
        };
        let help = "only templates of version 1 for computers are (schema = 1)".to_owned();
        found.push(Diagnostic::warning(Code::NotRequested, message, name.span).help(help));
    }
}

/// A policy server that passes on what the directory holds.
pub(super) fn service(table: &Table) -> Option<PolicyServiceSpec> {
    Some(PolicyServiceSpec {
        url: table.text("url")?.value.to_owned(),
        reachable: table.flag("reachable").unwrap_or(true),
        failure: number_or_none(table, "failure", None).map(HResult),
        next_update_hours: small(table, "next-update-hours"),
        priorities: table.table("priority").map(priorities).unwrap_or_default(),
    })
}

fn priorities(table: &Table) -> Vec<(String, u32)> {
    let names = table.0.iter().map(|entry| entry.key.value.as_str());
    names.filter_map(|name| Some((name.to_owned(), small(table, name)?))).collect()
}

/// By default a server that allows autoenrollment and speaks Kerberos.
fn policy_server(table: &Table) -> PolicyServer {
    let text = |key: &str| table.text(key).map(|text| text.value.to_owned()).unwrap_or_default();
    PolicyServer {
        key: text("key"),
        url: text("url"),
        policy_id: text("policy-id"),
        flags: small(table, "flags").unwrap_or(0x10),
        auth_flags: small(table, "auth-flags").unwrap_or(2),
        cost: small(table, "cost").unwrap_or(0),
    }
}
