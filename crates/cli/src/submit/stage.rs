//! The CA of a world.

use autoenroll_model::{Disposition, Fact, Submission};
use autoenroll_net::{Accounts, Cores, LiveWorld};
use autoenroll_trace::Kind;
use autoenroll_wire::TemplateReference;
use autoenroll_wire::flags::CR_IN_FORMATANY;
use autoenroll_world::{Caller, Hosts, World};

use super::{Answer, Decision, Rule, template_of};
use crate::Failure;
use crate::arguments::Submit;
use crate::catalogue::Catalogue;
use crate::explain::decided;
use crate::plan::stage::{Meant, Wanted, meant};

pub(super) fn ask(arguments: &Submit, world: &str, request: &[u8]) -> Result<Answer, Failure> {
    let catalogue = Catalogue::embedded();
    let wanted = Wanted { world, variant: None, profile: None, fixtures: arguments.fixtures.as_deref() };
    let Meant { name, spec, .. } = meant(&wanted, catalogue)?;
    let mut world = World::new(spec, Cores::own(), Hosts::in_process())
        .map_err(|errors| Failure::Usage(format!("{name} cannot be built: {errors}")))?;
    let account = account(&world, arguments.account.as_deref().unwrap_or_default())?;
    let ca = ca(&world, arguments, request)?;
    let attribute = arguments.template.as_ref().map(|name| ("CertificateTemplate".to_owned(), name.clone()));
    let submission = Submission {
        ca: ca.clone(),
        host: String::new(),
        flags: CR_IN_FORMATANY,
        attributes: attribute.into_iter().collect(),
        request: request.to_vec(),
    };
    let before = world.trace().len();
    let replied = world.submit_from_outside(&Caller::Account(account), &submission);
    let records = world.trace().unpack();
    let rules =
        records.records().iter().skip(before).filter(|record| record.kind == Kind::Decision && *record.actor == *ca);
    let rules = rules.map(|record| Rule {
        id: record.facts.text("rule").unwrap_or_default().to_owned(),
        holds: record.facts.get("outcome") == Some(&Fact::Flag(true)),
        text: decided(record, catalogue, record.facts.text("subject")),
    });
    let rules = rules.collect();
    let (decision, request_id, message) = match replied {
        Ok(reply) => {
            let decision = match reply.disposition {
                Disposition::Issued => Decision::Issued { certificate: reply.certificate.unwrap_or_default() },
                Disposition::Pending => Decision::Pending,
                Disposition::Denied(code) | Disposition::Failed(code) => Decision::Refused { code: Some(code) },
            };
            (decision, reply.request_id, reply.message)
        }
        Err(code) => (Decision::Refused { code: Some(code) }, 0, "the CA does not answer".to_owned()),
    };
    let request_id = Some(request_id).filter(|id| *id != 0).map(|id| id.to_string());
    Ok(Answer { ca, decision, request_id, message, rules })
}

fn account(world: &LiveWorld, named: &str) -> Result<String, Failure> {
    Accounts::find(world, named).ok_or_else(|| {
        let published = world.published();
        let known: Vec<&str> = published.principals().map(|account| account.name).collect();
        Failure::Usage(format!("the world has no user or computer `{named}`; it has {}", known.join(", ")))
    })
}

/// The CA that is named; otherwise the first that issues the template, or the first there is.
fn ca(world: &LiveWorld, arguments: &Submit, request: &[u8]) -> Result<String, Failure> {
    let published = world.published();
    let known: Vec<&str> = published.authorities().map(|ca| ca.name.as_str()).collect();
    if let Some(named) = &arguments.ca {
        let found = known.iter().find(|ca| ca.eq_ignore_ascii_case(named));
        return found
            .map(|ca| (*ca).to_owned())
            .ok_or_else(|| Failure::Usage(format!("the world has no CA `{named}`; it has {}", known.join(", "))));
    }
    let template = match (&arguments.template, template_of(request)) {
        (Some(name), _) => Some(name.clone()),
        (None, Some(TemplateReference::Name(name))) => Some(name),
        (None, Some(TemplateReference::Oid { oid, .. })) => {
            let found = published.templates().find(|template| template.oid.as_ref() == Some(&oid));
            found.map(|template| template.name.clone())
        }
        (None, None) => None,
    };
    let issues =
        |name: &String| published.authorities().find(|ca| ca.templates.contains(name)).map(|ca| ca.name.clone());
    let first = || known.first().map(|ca| (*ca).to_owned());
    let found = template.as_ref().and_then(issues).or_else(first);
    found.ok_or_else(|| Failure::Usage("the world has no CA".to_owned()))
}
