//! What is told of a client: lines for people, and a document that is the same to the octet each time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use autoenroll_model::Duration;

use crate::adapter::{Adapter, Capability};
use crate::behaviour::{Behaviour, What, row};
use crate::judge::{Judged, Judgement, StoryVerdict};
use crate::known::Known;
use crate::reach::OutOfReach;
use crate::seen::Outcome;

/// A story, and what came of it.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its name.
    pub story: String,
    /// What came of it, or why it was not played.
    pub judged: Result<Judged, OutOfReach>,
}

/// What a behaviour expects, in words.
#[must_use]
pub fn expected(behaviour: &Behaviour) -> String {
    let template = &behaviour.template;
    match &behaviour.what {
        What::Asks { requests: list, .. } => {
            let one = |(ca, outcome): &(String, Outcome)| format!("{ca} ({})", outcome.as_str());
            format!("asks for {template}: {}", list.iter().map(one).collect::<Vec<_>>().join(", then "))
        }
        What::AsksNothing if template.is_empty() => "asks for nothing".to_owned(),
        What::AsksNothing => format!("does not ask for {template}"),
        What::Tries(cas) => format!("tries {}, which does not answer", cas.join(" and ")),
        What::Key { old: true } => format!("keeps the old key for {template}"),
        What::Key { old: false } => format!("makes a new key for {template}"),
        What::Signs => format!("signs the renewal of {template} with the old certificate"),
        What::Fetches(outcomes) => {
            let words: Vec<&str> = outcomes.iter().map(|it| it.as_str()).collect();
            format!("asks about its request for {template}: {}", words.join(", "))
        }
        What::Holds(true) => format!("has a certificate of {template}"),
        What::Holds(false) => format!("has no certificate of {template} any more"),
        What::Replaces(count) => format!("has {count} of {template}, and not what was replaced"),
        What::OwnRule => format!("renews {template} when its own rule says so"),
    }
}

/// What to change in a client that does not show it.
#[must_use]
pub fn remedy(behaviour: &Behaviour) -> &'static str {
    match &behaviour.what {
        What::Asks { requests, .. } if requests.len() > 1 => "at this trigger, ask these CAs once each, in this order",
        What::Asks { .. } => "at this trigger, send one request for this template to this CA",
        What::AsksNothing => "at this trigger, leave it alone",
        What::Tries(_) => "at this trigger, try the CA, and again at the next one",
        What::Key { old: true } => "make the request with the key of the old certificate",
        What::Key { old: false } => "make a new key pair for the request",
        What::Signs => "sign the renewal with the key of the old certificate",
        What::Fetches(_) => "at this trigger, ask the CA about the request that waits",
        What::Holds(true) => "put the certificate into the store",
        What::Holds(false) | What::Replaces(_) => "take what is replaced out of the store",
        What::OwnRule => "correct `renews` in client.toml, or the client",
    }
}

/// Time and trigger of a run, in words.
#[must_use]
pub fn place(behaviour: &Behaviour, judged: &Judged) -> String {
    let wall = (judged.start + Duration(behaviour.at.0)).to_string();
    let Behaviour { principal, run, trigger, .. } = behaviour;
    format!("{wall}, {principal}, run {run} ({trigger})")
}

/// The rules of a behaviour with their sources.
#[must_use]
pub fn reasons(behaviour: &Behaviour) -> Vec<String> {
    let told = |id: &String| match row(id) {
        Some(row) => format!("{id}: {} [{}]", row.statement, row.source),
        None => id.clone(),
    };
    behaviour.rules.iter().map(told).collect()
}

/// How often something came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Stories in which everything that was judged was shown.
    pub passed: usize,
    /// Stories in which something was not.
    pub failed: usize,
    /// Stories in which what was not shown is known.
    pub known: usize,
    /// Stories in which nothing could be judged.
    pub not_judged: usize,
    /// Stories that were not played.
    pub out_of_reach: usize,
    /// Behaviours that were shown.
    pub shown: usize,
    /// Behaviours that were not, and are known.
    pub known_behaviours: usize,
    /// Behaviours that were not.
    pub not_shown: usize,
    /// Behaviours in which the client goes by its own rule.
    pub differs: usize,
    /// Behaviours that could not be judged.
    pub unjudged: usize,
}

impl Counts {
    /// Behaviours that were judged.
    #[must_use]
    pub const fn judged(&self) -> usize {
        self.shown + self.known_behaviours + self.not_shown
    }
}

/// What a story came to, with the known failures left aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Everything that was judged was shown.
    Passed,
    /// Something was not.
    Failed,
    /// What was not is known.
    Known,
    /// Nothing could be judged.
    NotJudged,
    /// It was not played.
    OutOfReach,
}

impl Told {
    /// What it came to.
    #[must_use]
    pub fn standing(&self, known: &Known) -> Standing {
        let Ok(judged) = &self.judged else { return Standing::OutOfReach };
        match judged.verdict() {
            StoryVerdict::Passed => Standing::Passed,
            StoryVerdict::NotJudged => Standing::NotJudged,
            StoryVerdict::Failed => {
                let unknown = |(behaviour, judgement): &(Behaviour, Judgement)| {
                    matches!(judgement, Judgement::NotShown { .. }) && !known.has(&self.story, &behaviour.key())
                };
                if judged.behaviours.iter().any(unknown) { Standing::Failed } else { Standing::Known }
            }
        }
    }
}

/// Counts what came of stories.
#[must_use]
pub fn counts(told: &[Told], known: &Known) -> Counts {
    let mut counts = Counts::default();
    for one in told {
        *match one.standing(known) {
            Standing::Passed => &mut counts.passed,
            Standing::Failed => &mut counts.failed,
            Standing::Known => &mut counts.known,
            Standing::NotJudged => &mut counts.not_judged,
            Standing::OutOfReach => &mut counts.out_of_reach,
        } += 1;
        for (behaviour, judgement) in one.judged.iter().flat_map(|judged| &judged.behaviours) {
            *match judgement {
                Judgement::Shown => &mut counts.shown,
                Judgement::NotShown { .. } if known.has(&one.story, &behaviour.key()) => &mut counts.known_behaviours,
                Judgement::NotShown { .. } => &mut counts.not_shown,
                Judgement::Differs { .. } => &mut counts.differs,
                Judgement::Lacks(_) | Judgement::Parted { .. } => &mut counts.unjudged,
            } += 1;
        }
    }
    counts
}

/// Sums in a line.
#[must_use]
pub fn summary(counts: &Counts) -> String {
    let Counts { passed, failed, known, not_judged, out_of_reach, .. } = counts;
    let mut text = format!("{} stories played: {passed} passed, {failed} failed", passed + failed + known + not_judged);
    for (count, what) in [(known, "known to fail"), (not_judged, "not judged")] {
        if *count > 0 {
            let _infallible = write!(text, ", {count} {what}");
        }
    }
    let _infallible = write!(text, "; {out_of_reach} out of reach. {} behaviours judged", counts.judged());
    let _infallible = write!(text, ", {} shown; {} not judged", counts.shown, counts.unjudged);
    if counts.differs > 0 {
        let _infallible = write!(text, ", {} by its own rule", counts.differs);
    }
    text
}

/// The document about a client. It holds nothing of this machine and of the day, so that the same outcome is the same
/// text.
#[must_use]
pub fn document(adapter: &Adapter, version: &str, told: &[Told], known: &Known) -> String {
    let mut text = String::new();
    let counts = counts(told, known);
    let played: Vec<(&Told, &Judged)> =
        told.iter().filter_map(|one| one.judged.as_ref().ok().map(|judged| (one, judged))).collect();
    let mut line = |words: &str| {
        text.push_str(words);
        text.push('\n');
    };
    line(&format!("# {}\n", adapter.name));
    line(&format!("Version: `{version}`. Written by `autoenroll run --client`; [how](../client-runs.md).\n"));
    let has: Vec<String> = adapter.has.iter().map(|it| format!("`{it}`")).collect();
    line(&format!("It has {}. What takes more is not judged.\n", has.join(", ")));
    line(&format!("{}.\n", summary(&counts)));
    line("## Stories\n");
    line("| story | verdict | shown | not shown | not judged |\n| --- | --- | --- | --- | --- |");
    for (one, judged) in &played {
        let of = |wanted: fn(&Judgement) -> bool| judged.behaviours.iter().filter(|(_, it)| wanted(it)).count();
        line(&format!(
            "| {} | {} | {} | {} | {} |",
            cell(&one.story),
            standing_word(one.standing(known)),
            of(|it| *it == Judgement::Shown),
            of(|it| matches!(it, Judgement::NotShown { .. })),
            of(|it| matches!(it, Judgement::Lacks(_) | Judgement::Parted { .. } | Judgement::Differs { .. })),
        ));
    }
    behaviours(&played, &mut line);
    differences(&played, known, adapter, &mut line);
    unjudged(&played, told, &mut line);
    text
}

const fn standing_word(standing: Standing) -> &'static str {
    match standing {
        Standing::Passed => "passed",
        Standing::Failed => "failed",
        Standing::Known => "known",
        Standing::NotJudged => "not judged",
        Standing::OutOfReach => "out of reach",
    }
}

/// Behaviours by the group of their stories, what they are and by which rules.
fn behaviours(played: &[(&Told, &Judged)], line: &mut impl FnMut(&str)) {
    type Row<'a> = (&'a str, &'static str, String);
    let mut rows: BTreeMap<Row<'_>, [usize; 3]> = BTreeMap::new();
    let mut rules = BTreeSet::new();
    for (one, judged) in played {
        let group = one.story.rsplit_once('/').map_or("", |(group, _)| group);
        for (behaviour, judgement) in &judged.behaviours {
            let row = (group, behaviour.what.as_str(), behaviour.rules.join(", "));
            let [shown, not_shown, unjudged] = rows.entry(row).or_default();
            rules.extend(&behaviour.rules);
            *match judgement {
                Judgement::Shown => shown,
                Judgement::NotShown { .. } => not_shown,
                _ => unjudged,
            } += 1;
        }
    }
    line("\n## Behaviours\n");
    line("| stories | behaviour | rules | shown | not shown | not judged |\n| --- | --- | --- | --- | --- | --- |");
    for ((group, what, rules), [shown, not_shown, unjudged]) in rows {
        line(&format!("| {group} | {what} | {rules} | {shown} | {not_shown} | {unjudged} |"));
    }
    line("\nThe rules, and where they are written:\n");
    line("| rule | says | source |\n| --- | --- | --- |");
    for id in rules {
        let (statement, source) = row(id).map_or(("", ""), |row| (row.statement, row.source));
        line(&format!("| {id} | {} | {} |", cell(statement), cell(source)));
    }
}

fn differences(played: &[(&Told, &Judged)], known: &Known, adapter: &Adapter, line: &mut impl FnMut(&str)) {
    let mut listed = Vec::new();
    let mut own = Vec::new();
    for (one, judged) in played {
        for (behaviour, judgement) in &judged.behaviours {
            match judgement {
                Judgement::NotShown { found } => listed.push((one, *judged, behaviour, found)),
                Judgement::Differs { found } => own.push((one, behaviour, found)),
                _ => {}
            }
        }
    }
    line("\n## What it does not show\n");
    if listed.is_empty() {
        line("Nothing of what was judged.");
    }
    for (one, judged, behaviour, found) in listed {
        let mark = if known.has(&one.story, &behaviour.key()) { ", known" } else { "" };
        line(&format!("* {} (`{}`{mark}), {}:", one.story, behaviour.key(), place(behaviour, judged)));
        line(&format!("  expected: it {}; found: {found}.", expected(behaviour)));
        for reason in reasons(behaviour) {
            line(&format!("  {reason}."));
        }
        line(&format!("  To do: {}.", remedy(behaviour)));
    }
    if let Some(rest) = adapter.renews {
        line("\n## Its own rule for renewals\n");
        line(&format!(
            "It renews when {rest} of a certificate's life are left, whatever its template says; Windows by R053. \
             Whether it keeps its own rule is judged as `own-rule`. Where Windows does something else:\n"
        ));
        if own.is_empty() {
            line("Nowhere in these stories.");
        } else {
            line("| story | run | Windows | the client |\n| --- | --- | --- | --- |");
        }
        for (one, behaviour, found) in own {
            let run = format!("{} {}", behaviour.principal, behaviour.run);
            let windows = expected(behaviour);
            line(&format!("| {} | {run} | {} | {} |", cell(&one.story), cell(&windows), cell(found)));
        }
    }
}

fn unjudged(played: &[(&Told, &Judged)], told: &[Told], line: &mut impl FnMut(&str)) {
    let mut lacks: BTreeMap<Capability, usize> = BTreeMap::new();
    let mut parted = 0;
    for (_, judgement) in played.iter().flat_map(|(_, judged)| &judged.behaviours) {
        match judgement {
            Judgement::Lacks(capability) => *lacks.entry(*capability).or_default() += 1,
            Judgement::Parted { .. } => parted += 1,
            _ => {}
        }
    }
    line("\n## What could not be judged\n");
    line("| why | behaviours |\n| --- | --- |");
    for (capability, count) in lacks {
        line(&format!("| it lacks `{capability}` | {count} |"));
    }
    line(&format!("| it goes another way for the template since an earlier run | {parted} |"));
    let mut reasons: BTreeMap<OutOfReach, usize> = BTreeMap::new();
    for reason in told.iter().filter_map(|one| one.judged.as_ref().err()) {
        *reasons.entry(*reason).or_default() += 1;
    }
    if !reasons.is_empty() {
        line("\n| why the whole story | stories |\n| --- | --- |");
    }
    for (reason, count) in reasons {
        line(&format!("| {reason} | {count} |"));
    }
}

/// Text as a cell of a table takes it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
