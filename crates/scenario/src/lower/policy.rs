//! Group Policy.

use autoenroll_model::PolicyServer;
use autoenroll_world::spec::{PolicyServiceSpec, PolicySpec};

use super::{duration, number_or_none, small, texts};
use crate::tree::Table;

pub(super) fn policy(table: Option<&Table>) -> PolicySpec {
    let mut spec = PolicySpec::default();
    let Some(table) = table else { return spec };
    spec.ae_policy = number_or_none(table, "ae-policy", spec.ae_policy);
    spec.machine_ae_policy = number_or_none(table, "machine-ae-policy", spec.ae_policy);
    spec.gp_interval = duration(table, "gp-interval").unwrap_or(spec.gp_interval);
    spec.gp_offset = duration(table, "gp-offset").unwrap_or(spec.gp_offset);
    spec.dc_interval = duration(table, "dc-interval").unwrap_or(spec.dc_interval);
    spec.gp_background = table.flag("gp-background").unwrap_or(spec.gp_background);
    spec.policy_servers = table.tables("policy-server").map(policy_server).collect();
    spec.expiration_percent = number_or_none(table, "expiration-percent", None);
    spec.expiration_stores = texts(table, "expiration-stores");
    spec.expiration_balloons = table.flag("expiration-balloons").unwrap_or(false);
    spec.automatic_requests = texts(table, "automatic-requests");
    spec
}

/// A policy server that passes on what the directory holds.
pub(super) fn service(table: &Table) -> Option<PolicyServiceSpec> {
    Some(PolicyServiceSpec {
        url: table.text("url")?.value.to_owned(),
        reachable: table.flag("reachable").unwrap_or(true),
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
