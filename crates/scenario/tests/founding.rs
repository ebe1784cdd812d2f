//! Stories from their files to their verdicts, with the real core.

mod loaded;

use autoenroll_core::{Core, InProcess as Cores, RULES};
use autoenroll_model::Profile;
use autoenroll_model::{CoreError, CoreFactory, EnrollmentCore, Identity, Input, Now, Output, SimTime};
use autoenroll_scenario::{
    ByPrefix, Catalogue, Checked, NewScenario, NewScenarioKind, Requirements, Sweep, SweepFailure, Verdict, check,
    new_scenario, run, run_for_verdict, run_twice, sweep, sweep_replayed,
};
use autoenroll_world::Hosts;

const STORY: &[u8] = include_bytes!("../../../scenarios/founding/second-provider.toml");

fn checked(text: &[u8], rules: &dyn Requirements) -> Checked {
    let checked = check("story.toml", text, loaded::fixtures(), rules);
    assert_eq!(checked.found.render(&checked.files, false), "");
    assert_eq!(checked.scenarios.len(), 1);
    checked
}

#[test]
fn the_founding_story_comes_true_twice() {
    let rules = Catalogue::new([], RULES.iter().map(|rule| rule.id));
    let checked = checked(STORY, &rules);
    let scenario = &checked.scenarios[0];
    let twice = run_twice(scenario, || (Cores::new(), Hosts::in_process()), &rules);
    assert_eq!(twice.report.render(&scenario.files, false), "");
    assert_eq!(twice.report.verdict, Verdict::Passed);
    assert_eq!(twice.difference, None);
}

/// A run for the verdict forgets records, and says the same. When the story goes otherwise it is told as a whole.
#[test]
fn what_is_forgotten_changes_nothing() {
    let check = |text: &[u8], passes: bool| {
        let checked = checked(text, &ByPrefix);
        let scenario = &checked.scenarios[0];
        let whole = run(scenario, Cores::new(), Hosts::in_process(), &ByPrefix);
        let verdict = run_for_verdict(scenario, || (Cores::new(), Hosts::in_process()), &ByPrefix);
        assert_eq!((verdict.verdict == Verdict::Passed, verdict.is_whole()), (passes, !passes));
        assert_eq!((verdict.trace.digest(), verdict.trace.len()), (whole.trace.digest(), whole.trace.len()));
        assert_eq!((&verdict.verdict, &verdict.decided, verdict.end), (&whole.verdict, &whole.decided, whole.end));
        assert_eq!(verdict.render(&checked.files, false), whole.render(&checked.files, false));
    };
    check(STORY, true);
    let story = str::from_utf8(STORY).expect("a scenario is text");
    let end = story.rfind(']').expect("the steps end");
    let longer = format!("{}  {{ expect = \"crash\" }},\n{}", &story[..end], &story[end..]);
    check(longer.as_bytes(), false);
}

#[test]
fn the_card_may_be_pulled_at_every_moment_of_the_founding_story() {
    let checked = checked(STORY, &ByPrefix);
    let scenario = &checked.scenarios[0];
    let swept = sweep(scenario, Sweep::CardRemoved, || (Cores::new(), Hosts::in_process()), &ByPrefix);
    assert_eq!(swept.plain.verdict, Verdict::Passed);
    assert!(swept.moments > 20, "{}", swept.moments);
    let broken: Vec<String> = swept
        .broken
        .iter()
        .map(|one| format!("after {}: {}", one.after, one.report.render(&scenario.files, false)))
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Each repetition has a budget of its own; so have all of them together.
#[test]
fn a_sweep_as_a_whole_has_a_budget_as_a_scenario_has() {
    let checked = checked(STORY, &ByPrefix);
    let mut scenario = checked.scenarios[0].clone();
    let plain = run(&scenario, Cores::new(), Hosts::in_process(), &ByPrefix);
    let records = plain.trace.len() as u64;
    scenario.spec.budget.records = 3 * records;
    let swept = sweep(&scenario, Sweep::CardRemoved, || (Cores::new(), Hosts::in_process()), &ByPrefix);
    let [SweepFailure { after, report }] = swept.broken.as_slice() else { panic!("{:?}", swept.broken.len()) };
    assert_eq!(*after, swept.moments);
    assert!(*after < 20, "the story has more moments than {after}");
    let said = report.render(&scenario.files, false);
    let expected = [format!("used up its {} records", 3 * records), format!("{after} of "), " repetitions".to_owned()];
    assert!(expected.iter().all(|words| said.contains(words)), "{said}");
}

/// A core that fails at the second hint that something changed in a reader: the first is the story's own card.
#[derive(Clone)]
struct Nervous {
    core: Core,
    hints: u32,
}

impl EnrollmentCore for Nervous {
    fn handle(&mut self, now: Now, input: Input) -> Result<(), CoreError> {
        self.hints += u32::from(input == Input::ReadersChanged);
        if self.hints > 1 {
            return Err(CoreError::Failed { reason: "I saw it".to_owned() });
        }
        self.core.handle(now, input)
    }
    fn poll(&mut self) -> Result<Option<Output>, CoreError> {
        self.core.poll()
    }
    fn deadline(&self) -> Option<SimTime> {
        self.core.deadline()
    }
}

#[derive(Clone, Copy)]
struct NervousCores;

impl CoreFactory for NervousCores {
    type Core = Nervous;
    fn start(&mut self, identity: &Identity) -> Result<Nervous, CoreError> {
        Ok(Nervous { core: Core::new(identity.clone()), hints: 0 })
    }
}

#[test]
fn a_sweep_really_pulls_the_card_and_tells_what_breaks() {
    let checked = checked(STORY, &ByPrefix);
    let swept = sweep(&checked.scenarios[0], Sweep::CardRemoved, || (NervousCores, Hosts::in_process()), &ByPrefix);
    assert_eq!(swept.plain.verdict, Verdict::Passed);
    assert_eq!(swept.broken.len(), swept.moments);
    assert!(swept.broken.iter().all(|one| matches!(one.report.verdict, Verdict::Error(_))));
}

/// A repetition that goes on from a copy comes out as one that begins anew, whatever breaks and wherever it ends.
#[test]
fn repetitions_come_out_the_same_copied_or_replayed() {
    let checked = checked(STORY, &ByPrefix);
    let scenario = &checked.scenarios[0];
    let mut short = scenario.clone();
    let plain = run(scenario, Cores::new(), Hosts::in_process(), &ByPrefix);
    short.spec.budget.records = 3 * plain.trace.len() as u64;
    for scenario in [scenario, &short] {
        let own = || (Cores::new(), Hosts::in_process());
        let copied = sweep(scenario, Sweep::CardRemoved, own, &ByPrefix);
        assert!(copied == sweep_replayed(scenario, Sweep::CardRemoved, own, &ByPrefix));
        let nervous = || (NervousCores, Hosts::in_process());
        let copied = sweep(scenario, Sweep::CardRemoved, nervous, &ByPrefix);
        assert!(!copied.broken.is_empty());
        assert!(copied == sweep_replayed(scenario, Sweep::CardRemoved, nervous, &ByPrefix));
    }
    for fault in [Sweep::CoreCrash, Sweep::PowerLost] {
        let own = || (Cores::new(), Hosts::in_process());
        let copied = sweep(scenario, fault, own, &ByPrefix);
        assert!(copied.moments > 20 && copied.broken.is_empty(), "{fault}: {} moments", copied.moments);
        assert!(copied == sweep_replayed(scenario, fault, own, &ByPrefix), "{fault}");
    }
}

#[test]
fn a_new_scenario_passes_as_it_stands() {
    for story in [NewScenarioKind::Silent, NewScenarioKind::SmartCard, NewScenarioKind::Machine] {
        for profile in Profile::NAMES.iter().map(|name| (*name).to_owned()) {
            let new = NewScenario { title: "My \"first\" story".to_owned(), profile, story };
            let text = new_scenario(&new);
            let checked = checked(text.as_bytes(), &ByPrefix);
            let report = run(&checked.scenarios[0], Cores::new(), Hosts::in_process(), &ByPrefix);
            assert_eq!(report.render(&checked.files, false), "", "{new:?}");
            assert_eq!(report.verdict, Verdict::Passed);
        }
    }
}

#[test]
fn the_example_of_the_reference_passes() {
    let reference = include_str!("../../../docs/scenario-language.md");
    let (_, rest) = reference.split_once("```toml\n").expect("the reference begins with an example");
    let (example, _) = rest.split_once("```").expect("the example ends");
    let checked = checked(example.as_bytes(), &ByPrefix);
    let report = run(&checked.scenarios[0], Cores::new(), Hosts::in_process(), &ByPrefix);
    assert_eq!(report.render(&checked.files, false), "");
    assert_eq!(report.verdict, Verdict::Passed);
}
