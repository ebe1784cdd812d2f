//! Certification authorities.

use autoenroll_model::{CaUri, HResult};
use autoenroll_world::spec::{CaSpec, EnrollmentServerSpec};

use super::{
    Context, NameKind, moment, name_of, number_or_none, security, setting, small, template, text_or_none, word,
};
use crate::diagnostic::Diagnostics;
use crate::tree::Table;

pub(super) fn ca(cx: &Context<'_>, table: &Table, old: bool, found: &mut Diagnostics) -> CaSpec {
    let name = name_of(table).value;
    let host = format!("{}.{}", name.to_lowercase().replace(' ', "-"), cx.domain.dns);
    let mut spec = CaSpec::named(name, &host, &[]);
    spec.host = text_or_none(table, "host", Some(host));
    spec.enrollment_servers = table.tables("enrollment-server").filter_map(enrollment_server).collect();
    spec.key = word(table, "key").unwrap_or(spec.key);
    spec.templates = match table.get("templates") {
        None => cx.names.templates.iter().map(|template| template.value.clone()).collect(),
        Some(_) => {
            let known = table.texts("templates").filter(|name| cx.names.has(NameKind::Template, *name, found));
            known.map(|name| name.value.to_owned()).collect()
        }
    };
    spec.enroll = security::of_ca(cx, table, found);
    setting::apply(cx, CaSpec::SETTINGS, table, &mut spec, found);
    spec.published = moment(cx, table, "published", found);
    for stale in table.tables("stale-template") {
        let name = name_of(stale);
        if cx.names.has(NameKind::Template, name, found)
            && let Some(current) = cx.templates.get(name.value)
        {
            spec.stale_templates.push(template::changed(cx, current.clone(), stale, old, found));
        }
    }
    spec
}

fn enrollment_server(table: &Table) -> Option<EnrollmentServerSpec> {
    let uri = CaUri {
        uri: table.text("url")?.value.to_owned(),
        client_authentication: small(table, "auth-flags").unwrap_or(2),
        priority: small(table, "priority").unwrap_or(1),
        renewal_only: table.flag("renewal-only").unwrap_or(false),
    };
    let failure = number_or_none(table, "failure", None).map(HResult);
    Some(EnrollmentServerSpec { uri, reachable: table.flag("reachable").unwrap_or(true), failure })
}
