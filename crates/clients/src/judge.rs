//! Whether a client has shown what our own core does.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_model::FileTime;

use crate::adapter::{Adapter, Capability};
use crate::behaviour::{Behaviour, What};
use crate::outside::{Epoch, Outside, told};
use crate::process::Ended;
use crate::reference::{Reference, Trigger};
use crate::seen::{Asked, Dealing, Outcome};

/// What became of a behaviour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The client has shown it.
    Shown,
    /// It has not, and this was found.
    NotShown {
        /// What the client did, in words.
        found: String,
    },
    /// The client lacks something that it would take.
    Lacks(Capability),
    /// The client goes another way for this template since an earlier run, which is told there.
    Parted {
        /// That run.
        run: usize,
    },
    /// It renews by its own rule, and not when Windows does.
    Differs {
        /// What the client did, in words.
        found: String,
    },
}

/// How a story ended for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoryVerdict {
    /// Everything that was judged was shown.
    Passed,
    /// Something was not.
    Failed,
    /// Nothing could be judged.
    NotJudged,
}

/// A story that was played for a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// What the wall clock showed at its beginning.
    pub start: FileTime,
    /// Its behaviours, in their order, and what became of each.
    pub behaviours: Vec<(Behaviour, Judgement)>,
    /// What the story does and could not do, because the client had not done what comes before.
    pub undone: Vec<String>,
    /// The last that commands have said which did not end well, for people: no report has it.
    pub said: Vec<String>,
}

impl Judged {
    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> StoryVerdict {
        let has = |wanted: fn(&Judgement) -> bool| self.behaviours.iter().any(|(_, one)| wanted(one));
        if has(|one| matches!(one, Judgement::NotShown { .. })) {
            StoryVerdict::Failed
        } else if has(|one| *one == Judgement::Shown) {
            StoryVerdict::Passed
        } else {
            StoryVerdict::NotJudged
        }
    }
}

/// Compares what our own core did with what the client did.
pub(crate) fn judge(reference: &Reference, outside: &Outside, adapter: &Adapter, start: FileTime) -> Judged {
    let (undone, said) = (outside.undone.clone(), outside.said.clone());
    let mut judged = Judged { start, behaviours: Vec::new(), undone, said };
    // Since which run a principal goes another way for a template.
    let mut parted: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut was_due = BTreeSet::new();
    for (number, trigger) in reference.triggers.iter().enumerate() {
        let Some(epoch) = outside.epochs.get(&number) else { continue };
        let asked = asked(epoch);
        let mut found = Vec::new();
        for behaviour in &trigger.behaviours {
            found.push((behaviour.clone(), compare(behaviour, epoch, &asked, adapter)));
        }
        for template in asked.keys().filter(|it| !it.is_empty()) {
            let is_about = |it: &Behaviour| {
                matches!(it.what, What::Asks { .. } | What::AsksNothing)
                    && (it.template == *template || it.template.is_empty())
            };
            if !trigger.behaviours.iter().any(is_about) {
                let extra = extra(trigger, template);
                let how = compare(&extra, epoch, &asked, adapter);
                found.push((extra, how));
            }
        }
        for (behaviour, how) in found {
            let place = (behaviour.principal.clone(), behaviour.template.clone());
            let differs = how.is_some();
            // How a request is made can be seen of any, whatever the CA says to it.
            let of_request = matches!(behaviour.what, What::Key { .. } | What::Signs)
                && asked.contains_key(behaviour.template.as_str());
            let of_all = behaviour.template.is_empty();
            let earlier =
                parted.get(&place).copied().filter(|_| !of_all).filter(|run| !(of_request && *run == trigger.run));
            let by_own_rule = adapter.renews.is_some() && behaviour.is_of_renewal();
            let lacks = adapter.has_all(&behaviour.needs).and_then(|()| of_form(&behaviour, adapter, &asked));
            let judgement = match (earlier, lacks, how) {
                (Some(run), _, _) => Judgement::Parted { run },
                (None, Err(lacks), _) => Judgement::Lacks(lacks),
                (None, Ok(()), None) => Judgement::Shown,
                (None, Ok(()), Some(found)) if by_own_rule => Judgement::Differs { found },
                (None, Ok(()), Some(found)) => Judgement::NotShown { found: with_end(found, &epoch.ended) },
            };
            if differs && earlier.is_none() && parts_ways(&behaviour.what) {
                // That nothing is asked for is about every template.
                let all = asked.keys().filter(|_| behaviour.template.is_empty());
                let principal = &behaviour.principal;
                let places = all.map(|it| (principal.clone(), (*it).to_owned())).chain([place]);
                places.for_each(|place| {
                    parted.entry(place).or_insert(trigger.run);
                });
            }
            let tells = matches!(judgement, Judgement::NotShown { .. } | Judgement::Differs { .. });
            let quiet = behaviour.repeated && !tells;
            if !quiet {
                judged.behaviours.push((behaviour, judgement));
            }
        }
        judged.behaviours.extend(own_rule(trigger, epoch, &asked, adapter, &mut was_due));
    }
    judged
}

/// What a CA says to a request of the same account for the same template depends on what is in it, and nothing that a
/// client can help that does not write it so: not signed with the old certificate, which may vouch for it, or without
/// names and versions.
fn of_form(behaviour: &Behaviour, adapter: &Adapter, asked: &BTreeMap<&str, Vec<&Asked>>) -> Result<(), Capability> {
    let What::Asks { requests, signed } = &behaviour.what else { return Ok(()) };
    let own = asked.get(behaviour.template.as_str()).map(Vec::as_slice).unwrap_or_default();
    let differs = own.len() == requests.len() && own.iter().zip(requests).any(|(one, (_, it))| one.outcome != *it);
    let needed = if *signed { Capability::SignedRenewal } else { Capability::Form };
    if differs { adapter.has_all(&[needed]) } else { Ok(()) }
}

/// Whether a client that does not show it has another state from then on.
const fn parts_ways(what: &What) -> bool {
    match what {
        What::Asks { .. } | What::AsksNothing | What::Fetches(_) | What::Holds(_) | What::OwnRule => true,
        What::Tries(_) | What::Key { .. } | What::Signs | What::Replaces(_) => false,
    }
}

/// What a client's command came to is told beside what was not shown, unless it ended as it should.
fn with_end(found: String, ended: &Ended) -> String {
    if *ended == Ended::Code(0) { found } else { format!("{found}; {}", told(ended)) }
}

fn asked(epoch: &Epoch) -> BTreeMap<&str, Vec<&Asked>> {
    let mut asked = BTreeMap::<&str, Vec<&Asked>>::new();
    for dealt in &epoch.dealings {
        if let Dealing::Asked(one) = &dealt.dealing {
            asked.entry(&one.template).or_default().push(one);
        }
    }
    asked
}

/// That nothing is asked for a template which our own core has never heard of in this run.
fn extra(trigger: &Trigger, template: &str) -> Behaviour {
    Behaviour {
        principal: trigger.principal.clone(),
        run: trigger.run,
        at: trigger.at,
        trigger: trigger.cause.clone(),
        template: template.to_owned(),
        what: What::AsksNothing,
        needs: vec![Capability::Requests, Capability::Templates],
        rules: Vec::new(),
        repeated: true,
    }
}

/// How the client differs; nothing when it does not.
fn compare(
    behaviour: &Behaviour,
    epoch: &Epoch,
    asked: &BTreeMap<&str, Vec<&Asked>>,
    adapter: &Adapter,
) -> Option<String> {
    let any_ca = !adapter.has.contains(&Capability::Cas);
    let own = asked.get(behaviour.template.as_str()).map(Vec::as_slice).unwrap_or_default();
    let list = |asked: &[&Asked]| match asked {
        [] => "it asks for nothing".to_owned(),
        several => {
            let one = |asked: &&Asked| {
                let template = if asked.template.is_empty() { "nothing" } else { &asked.template };
                format!("{template} of {} ({})", asked.ca, asked.outcome.as_str())
            };
            format!("it asks for {}", several.iter().map(one).collect::<Vec<_>>().join(", then "))
        }
    };
    let count = epoch.stored.get(&behaviour.template).copied().unwrap_or_default();
    match &behaviour.what {
        What::Asks { requests: wanted, .. } => {
            let same = own.len() == wanted.len()
                && own
                    .iter()
                    .zip(wanted)
                    .all(|(one, (ca, outcome))| (any_ca || one.ca == *ca) && one.outcome == *outcome);
            (!same).then(|| list(own))
        }
        What::AsksNothing if behaviour.template.is_empty() => {
            let all: Vec<&Asked> = asked.values().flatten().copied().collect();
            (!all.is_empty()).then(|| list(&all))
        }
        What::AsksNothing => (!own.is_empty()).then(|| list(own)),
        What::Tries(cas) => {
            let tried: BTreeSet<&str> = own.iter().map(|one| one.ca.as_str()).collect();
            let missing = cas.iter().any(|ca| !tried.contains(ca.as_str()));
            missing.then(|| "it does not try".to_owned())
        }
        What::Key { old } => match own.first().and_then(|one| one.old_key) {
            Some(kept) if kept == *old => None,
            Some(true) => Some("it keeps the old key".to_owned()),
            Some(false) => Some("it makes a new key".to_owned()),
            None => Some("it does not renew".to_owned()),
        },
        What::Signs => match own.first() {
            Some(one) if one.signed => None,
            Some(_) => Some("the request is not signed with the old certificate".to_owned()),
            None => Some("it does not renew".to_owned()),
        },
        What::Fetches(wanted) => {
            let outcomes: BTreeSet<Outcome> = epoch
                .dealings
                .iter()
                .filter_map(|dealt| match &dealt.dealing {
                    Dealing::Fetched(one) if one.template == behaviour.template => Some(one.outcome),
                    _ => None,
                })
                .collect();
            let words = |set: &BTreeSet<Outcome>| set.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
            match outcomes.is_empty() {
                true => Some("it does not ask about its request".to_owned()),
                false => {
                    (outcomes != *wanted).then(|| format!("it asks about its request, and finds {}", words(&outcomes)))
                }
            }
        }
        What::Holds(wanted) => ((count > 0) != *wanted).then(|| match count {
            0 => "its store has none".to_owned(),
            count => format!("its store has {count}"),
        }),
        What::Replaces(wanted) => (count != *wanted).then(|| format!("its store has {count}")),
        What::OwnRule => None,
    }
}

/// What the client does by its own rule for renewals: asks when so much is left, and not before.
fn own_rule(
    trigger: &Trigger,
    epoch: &Epoch,
    asked: &BTreeMap<&str, Vec<&Asked>>,
    adapter: &Adapter,
    was_due: &mut BTreeSet<(String, String, FileTime)>,
) -> Vec<(Behaviour, Judgement)> {
    let Some(rest) = adapter.renews else { return Vec::new() };
    let mut found = Vec::new();
    for (template, end) in &epoch.ends {
        let due = epoch.wall + rest >= *end;
        // What comes of a renewal that was refused is another matter.
        if due && !was_due.insert((trigger.principal.clone(), template.clone(), *end)) {
            continue;
        }
        let asks = asked.contains_key(template.as_str());
        let judgement = match (due, asks) {
            (false, false) => continue,
            (true, true) => Judgement::Shown,
            (true, false) => Judgement::NotShown { found: format!("it does not ask, and {end} is the end") },
            (false, true) => Judgement::NotShown { found: format!("it asks already, and {end} is the end") },
        };
        let behaviour = Behaviour { what: What::OwnRule, needs: Vec::new(), ..extra(trigger, template) };
        found.push((Behaviour { repeated: false, ..behaviour }, judgement));
    }
    found
}
