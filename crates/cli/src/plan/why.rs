//! Why a template fares as it does for one principal: the decisions from the trigger to the end, the entries that grant
//! or deny, and what to change.

use autoenroll_model::Role;
use autoenroll_trace::{Kind, Record};
use autoenroll_world::WorldSpec;

use super::drive::{Principal, Stage, drive, is};
use super::table::told;
use super::verdict::{Reading, outcomes};
use crate::catalogue::Catalogue;
use crate::console::{Colour, Console};
use crate::explain::{by_entry, decided, is_idle, wrap};
use crate::prose::sentence;
use crate::{Exit, Failure};

/// Width of the text, as of every other text for people.
const WIDTH: usize = 100;

pub(super) fn tell(
    stage: &Stage,
    spec: &WorldSpec,
    principal: &Principal,
    template: &str,
    catalogue: &Catalogue,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let driven = drive(stage, spec, principal);
    let all = outcomes(&driven, spec, principal);
    let Some(outcome) = all.iter().find(|outcome| outcome.template == template) else { return Ok(Exit::Ok) };
    let heading = format!("{template} for {}: {}", principal.name, told(outcome));
    for line in wrap(&heading, WIDTH) {
        writeln!(console.out, "{}", console.paint(Colour::Yellow, &line))?;
    }
    if let Some(change) = outcome.change(&principal.name) {
        for line in wrap(&format!("to change it: {change}"), WIDTH) {
            writeln!(console.out, "{line}")?;
        }
    }

    let rights = driven.world.template_rights(&principal.name, template).unwrap_or_default();
    writeln!(console.out, "\nrights on {template}")?;
    for found in &rights {
        let has = if found.granted { "yes" } else { "no" };
        writeln!(console.out, "    {:<10} {has}{}", found.right.as_str(), by_entry(found))?;
    }
    let cas = spec.authorities.iter().filter(|ca| ca.templates.iter().any(|name| name == template));
    for ca in cas {
        let Ok(found) = driven.world.ca_right(&principal.name, &ca.name) else { continue };
        let has = if found.granted { "yes" } else { "no" };
        writeln!(console.out, "    {:<10} {has}{}, at {}", "request", by_entry(&found), ca.name)?;
    }

    let reading = Reading::of(&driven, principal);
    let records = driven.records.records();
    let mut line = Steps { catalogue, template, console };
    line.heading("the run")?;
    for record in &records[driven.run.clone()] {
        let own = record.actor == principal.name;
        if own && leads_to_templates(record) {
            line.decision(record)?;
        }
    }
    line.heading("the template")?;
    for record in reading.selection(template) {
        line.decision(record)?;
    }
    let mut worked = false;
    for record in item(&records[driven.run.clone()], &principal.name, template) {
        if !worked {
            line.heading("the work")?;
            worked = true;
        }
        match record.kind {
            Kind::Decision => line.decision(record)?,
            _ => line.sentence(record)?,
        }
    }
    if driven.stopped.is_some() { Ok(Exit::Failed) } else { Ok(Exit::Ok) }
}

/// Whether a decision is about the run as a whole: what starts it, what policy lets it do, where templates come from.
fn leads_to_templates(record: &Record) -> bool {
    const BITS_AND_HIVE: [&str; 2] = ["R001", "R004"];
    let roles = [Role::Trigger, Role::EndsRun, Role::EndsRunOtherwise, Role::FromCache, Role::FailsSource];
    let rule = record.facts.text("rule").filter(|_| record.kind == Kind::Decision).unwrap_or_default();
    BITS_AND_HIVE.contains(&rule) || (roles.into_iter().any(|role| is(record, role)) && !is_idle(record))
}

/// The records from the begin of the last item of a template to its end that a reader wants: what people see, what the
/// CA says, and every decision that is out of the ordinary.
fn item<'a>(records: &'a [Record], principal: &str, template: &str) -> Vec<&'a Record> {
    let is_of = |record: &Record, kind: Kind| {
        record.kind == kind && record.actor == principal && record.facts.text("template") == Some(template)
    };
    let Some(from) = records.iter().rposition(|record| is_of(record, Kind::ItemStarted)) else { return Vec::new() };
    let rest = &records[from..];
    let to = rest.iter().position(|record| is_of(record, Kind::ItemEnded)).map_or(rest.len(), |at| at + 1);
    let is_passed = |record: &&Record| {
        let rule = record.facts.text("rule").unwrap_or_default();
        let refuses = autoenroll_ca::RULES.iter().any(|known| known.row.id == rule && known.refusal.is_some());
        record.kind == Kind::Decision && refuses && record.facts.get("outcome") == Some(&true.into())
    };
    rest[..to].iter().filter(|record| !is_passed(record) && !is_idle(record)).collect()
}

/// Lines below headings.
struct Steps<'a, 'c> {
    catalogue: &'a Catalogue,
    template: &'a str,
    console: &'a mut Console<'c>,
}

impl Steps<'_, '_> {
    fn heading(&mut self, text: &str) -> Result<(), Failure> {
        Ok(writeln!(self.console.out, "\n{text}")?)
    }

    fn decision(&mut self, record: &Record) -> Result<(), Failure> {
        self.line(&decided(record, self.catalogue, Some(self.template)))
    }

    fn sentence(&mut self, record: &Record) -> Result<(), Failure> {
        sentence(record).map_or(Ok(()), |told| self.line(&told))
    }

    fn line(&mut self, text: &str) -> Result<(), Failure> {
        for (at, line) in wrap(text, WIDTH - 4).iter().enumerate() {
            writeln!(self.console.out, "{}{line}", if at == 0 { "    " } else { "        " })?;
        }
        Ok(())
    }
}
