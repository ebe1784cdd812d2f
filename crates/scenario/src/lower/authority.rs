//! Certification authorities.

use autoenroll_model::Duration;
use autoenroll_world::spec::AuthoritySpec;

use super::{Context, NameKind, duration, name_of, security, template, text_or_none, word};
use crate::diagnostic::Diagnostics;
use crate::tree::Table;

pub(super) fn authority(cx: &Context<'_>, table: &Table, old: bool, found: &mut Diagnostics) -> AuthoritySpec {
    let name = name_of(table).value;
    let host = format!("{}.{}", name.to_lowercase().replace(' ', "-"), cx.domain.dns);
    let mut spec = AuthoritySpec::named(name, &host, &[]);
    spec.host = text_or_none(table, "host", Some(host));
    spec.key = word(table, "key").unwrap_or(spec.key);
    spec.templates = match table.get("templates") {
        None => cx.names.templates.iter().map(|template| template.value.clone()).collect(),
        Some(_) => {
            let known = table.texts("templates").filter(|name| cx.names.has(NameKind::Template, *name, found));
            known.map(|name| name.value.to_owned()).collect()
        }
    };
    spec.enroll = security::of_ca(cx, table, found);
    spec.maximum_validity = duration(table, "maximum-validity").unwrap_or(spec.maximum_validity);
    spec.remaining = duration(table, "remaining").unwrap_or(spec.remaining);
    spec.key_archival = table.flag("key-archival").unwrap_or(false);
    spec.manager_approval = table.flag("manager-approval").unwrap_or(false);
    spec.latency = duration(table, "latency").unwrap_or(Duration::ZERO);
    spec.reachable = table.flag("reachable").unwrap_or(true);
    spec.hangs = table.flag("hangs").unwrap_or(false);
    spec.requires_privacy = table.flag("requires-privacy").unwrap_or(false);
    spec.published = duration(table, "published");
    for stale in table.tables("stale-template") {
        let name = name_of(stale);
        if cx.names.has(NameKind::Template, name, found)
            && let Some(current) = cx.templates.iter().find(|template| template.name == name.value)
        {
            spec.stale_templates.push(template::changed(cx, current.clone(), stale, old, found));
        }
    }
    spec
}
