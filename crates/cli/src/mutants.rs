//! `autoenroll mutants`: turns each rule round, one at a time, and shows which scenario notices.
//!
//! A rule is caught when a scenario that covers it and passes without the flip fails with it: an authored expectation or an invariant
//! of the bench. Digests and snapshots play no part here.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::num::NonZeroUsize;

use autoenroll_model::{Fact, Rule};
use autoenroll_trace::{Kind, Trace};

use crate::arguments::{Mutants, Selection};
use crate::console::{Colour, Console};
use crate::play::{Player, Verdict};
use crate::run::jobs;
use crate::suite::{self, Story};
use crate::{Exit, Failure, parallel};

pub(crate) fn run(arguments: &Mutants, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let stories = suite::good_stories(&Selection::default(), None)?;
    let jobs = jobs(arguments.jobs);
    let decided = decided_rules(&stories, jobs)?;
    let rules = match arguments.rules.as_slice() {
        [] => decided.keys().cloned().collect(),
        named => named.to_vec(),
    };
    if let Some(unknown) = rules.iter().find(|rule| !decided.contains_key(*rule)) {
        return Err(Failure::Usage(format!("no scenario records a decision of `{unknown}`")));
    }
    let mut caught = 0;
    let judge = |rule: &String| judge(rule, &stories, &decided[rule]);
    parallel::in_order(&rules, jobs, judge, |at, outcome| {
        let outcome = outcome.unwrap_or_else(|panic| Ok(Outcome::Panicked(panic)))?;
        caught += usize::from(matches!(outcome, Outcome::Caught { .. }));
        console.clear_progress();
        show(&rules[at], &outcome, console)?;
        console.progress(at + 1, rules.len());
        Ok::<(), Failure>(())
    })?;
    console.clear_progress();
    writeln!(console.out, "\n{} rules turned round: {caught} caught, {} not", rules.len(), rules.len() - caught)?;
    Ok(if caught == rules.len() { Exit::Ok } else { Exit::Failed })
}

/// For each rule that decides anything, the indices of the stories in which it does.
fn decided_rules(stories: &[Story], jobs: NonZeroUsize) -> Result<BTreeMap<String, Vec<usize>>, Failure> {
    let player = Player::plain()?;
    let mut decided: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    parallel::in_order(
        stories,
        jobs,
        |story| player.play_for_trace(story),
        |at, result| {
            let (played, trace) = result.map_err(Failure::Bench)?;
            if played.verdict != Verdict::Passed {
                return Err(Failure::Bench(format!(
                    "{} does not pass as it is; `autoenroll run` says why",
                    played.name
                )));
            }
            for rule in rules_of(&trace) {
                decided.entry(rule).or_default().push(at);
            }
            Ok(())
        },
    )?;
    Ok(decided)
}

fn rules_of(trace: &Trace) -> BTreeSet<String> {
    let decisions = trace.records().iter().filter(|record| record.kind == Kind::Decision);
    let rules = decisions.filter_map(|record| match record.facts.get("rule") {
        Some(Fact::Text(rule)) => Some(rule.clone()),
        _ => None,
    });
    rules.collect()
}

/// What became of a rule that was turned round.
enum Outcome {
    /// A scenario that covers it failed.
    Caught { by: String, why: String },
    /// Only a scenario that does not name it in `covers` failed.
    OnlyBy { by: String },
    /// Scenarios cover it and none failed, or none covers it.
    Unnoticed { covering: usize },
    /// The program broke.
    Panicked(String),
}

fn judge(rule: &str, stories: &[Story], decided_in: &[usize]) -> Result<Outcome, Failure> {
    let player = Player::flipping(Rule::named(rule))?;
    let covers = |story: &&Story| story.covers.iter().any(|id| id == rule);
    let (covering, others): (Vec<&Story>, Vec<&Story>) = decided_in.iter().map(|at| &stories[*at]).partition(covers);
    for story in &covering {
        if let Verdict::Failed(why) = player.play(story).verdict {
            return Ok(Outcome::Caught { by: story.name.clone(), why: headline(&why) });
        }
    }
    let noticed = others.iter().find(|story| matches!(player.play(story).verdict, Verdict::Failed(_)));
    Ok(match noticed {
        Some(story) => Outcome::OnlyBy { by: story.name.clone() },
        None => Outcome::Unnoticed { covering: covering.len() },
    })
}

/// The first line of a message, without its level.
pub(crate) fn headline(why: &str) -> String {
    why.lines().next().unwrap_or_default().trim_start_matches("error").to_owned()
}

fn show(rule: &str, outcome: &Outcome, console: &mut Console<'_>) -> io::Result<()> {
    let (word, colour, text) = match outcome {
        Outcome::Caught { by, why } => ("caught", Colour::Green, format!("{by}  {why}")),
        Outcome::OnlyBy { by } => ("ONLY BY", Colour::Yellow, format!("{by}, which does not name it in `covers`")),
        Outcome::Unnoticed { covering: 0 } => ("UNNOTICED", Colour::Red, "no scenario covers it".to_owned()),
        Outcome::Unnoticed { covering } => ("UNNOTICED", Colour::Red, format!("{covering} scenarios cover it")),
        Outcome::Panicked(message) => ("PANICKED", Colour::Red, message.clone()),
    };
    let word = console.paint(colour, &format!("{word:<9}"));
    writeln!(console.out, "{word}  {rule:<16}  {text}")
}
