//! Checks and plays scenarios in this process, and judges everything that comes out.

use std::collections::BTreeSet;

use autoenroll_cli::{Catalogue, Fixtures, remember_keys};
use autoenroll_scenario::{
    Checked, Diagnostics, Files, FormatError, Library, RunError, RunReport, Scenario, Verdict, bless, check,
    explain_code, first_difference, format, parse, run,
};
use autoenroll_trace::{Detail, TimelineOptions, read_json_lines, render, to_json_lines};
use autoenroll_world::WorldError;

use crate::dice::Dice;
use crate::parties::{Damager, Parties, Said};

/// What checks and plays need, read once.
#[derive(Debug)]
pub struct Bench {
    library: Library,
    catalogue: &'static Catalogue,
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

impl Bench {
    /// With the fixtures and requirements inside the command. The process remembers keys and signatures from now on.
    #[must_use]
    pub fn new() -> Self {
        remember_keys();
        Self::forgetful()
    }

    /// As [`Bench::new`], in a process that computes anew what is asked for again.
    #[must_use]
    pub fn forgetful() -> Self {
        Self { library: Library::read(&Fixtures::default()), catalogue: Catalogue::embedded() }
    }

    /// Checks a file. What is said about it must lie in it, have a code that is explained, and be the same as JSON;
    /// what can be read can be formatted, and formatted it is the same scenario.
    ///
    /// # Errors
    /// When something of this does not hold.
    pub fn check(&self, name: &str, bytes: &[u8], thorough: bool) -> Result<Checked, String> {
        let checked = check(name, bytes, &self.library, self.catalogue);
        told(&checked.found, &checked.files)?;
        if checked.scenarios.is_empty() && !checked.found.has_errors() {
            return Err("there are neither scenarios nor errors".to_owned());
        }
        if checked.found.has_errors() && !checked.scenarios.is_empty() {
            return Err("there are errors, and scenarios all the same".to_owned());
        }
        if thorough {
            self.formatted(name, bytes, &checked)?;
        }
        Ok(checked)
    }

    fn formatted(&self, name: &str, bytes: &[u8], checked: &Checked) -> Result<(), String> {
        let once = match format(name, bytes) {
            Ok(text) => text,
            Err(FormatError::Differs) => return Err("the formatted file means another scenario".to_owned()),
            Err(FormatError::Unreadable { .. }) if !checked.found.has_errors() => {
                return Err("what is checked without an error cannot be formatted".to_owned());
            }
            Err(FormatError::Unreadable { .. }) => return Ok(()),
        };
        let twice = format(name, once.as_bytes()).map_err(|_| "what is formatted cannot be formatted".to_owned())?;
        if once != twice {
            return Err(format!("formatted twice it differs:\n{once}\n---\n{twice}"));
        }
        let again = check(name, once.as_bytes(), &self.library, self.catalogue);
        let same = again.scenarios.iter().map(|one| &one.spec).eq(checked.scenarios.iter().map(|one| &one.spec));
        if same && again.found.list().len() == checked.found.list().len() {
            return Ok(());
        }
        Err("what is formatted is checked with another outcome".to_owned())
    }

    /// Plays a scenario in which everybody keeps to the rules.
    ///
    /// # Errors
    /// When the report does not hold, or the own core broke its contract.
    pub fn play(&self, scenario: &Scenario) -> Result<RunReport, String> {
        self.play_with(scenario, Damager::none().parties(), true)
    }

    /// Plays a scenario, and keeps what is said in it.
    ///
    /// # Errors
    /// As [`Bench::play`].
    pub fn recorded(&self, scenario: &Scenario) -> Result<Said, String> {
        let damager = Damager::recording();
        self.play_with(scenario, damager.parties(), true)?;
        Ok(damager.take_said())
    }

    /// The rules that decide something in scenarios.
    #[must_use]
    pub fn decided<'a>(&self, scenarios: impl IntoIterator<Item = &'a Scenario>) -> BTreeSet<String> {
        let decided = |scenario| {
            let Parties { factory, hosts } = Damager::none().parties();
            run(scenario, factory, hosts, self.catalogue).decided
        };
        scenarios.into_iter().flat_map(decided).collect()
    }

    /// Plays a scenario with these parties. `own` says that the core is the own one as it is, which never breaks its
    /// contract.
    ///
    /// # Errors
    /// As [`Bench::play`].
    pub fn play_with(&self, scenario: &Scenario, parties: Parties, own: bool) -> Result<RunReport, String> {
        let Parties { factory, hosts } = parties;
        let report = run(scenario, factory, hosts, self.catalogue);
        if own && let Verdict::Error(RunError::World(WorldError::Core { principal, error })) = &report.verdict {
            return Err(format!("the own core, of {principal}: {error}"));
        }
        if let Verdict::Error(RunError::Impossible(error)) = &report.verdict {
            return Err(format!("what is checked without an error cannot be built: {error}"));
        }
        let said = report.diagnostics();
        told(&said, &scenario.files)?;
        if said.has_errors() == (report.verdict == Verdict::Passed) {
            return Err(format!("the verdict is {:?}, and said is {said:?}", report.verdict));
        }
        let _text = report.render(&scenario.files, false);
        Ok(report)
    }

    fn plays_the_same_again(&self, scenario: &Scenario, report: &RunReport) -> Result<(), String> {
        let again = self.play(scenario)?;
        match first_difference(&report.trace, &again.trace) {
            Some(difference) => Err(format!("played again it differs: {difference:?}")),
            None => Ok(()),
        }
    }

    /// Looks closer at a report: the story is the same when it is played again, its trace is read back as it was
    /// written, and what a blessing writes is still a scenario.
    ///
    /// # Errors
    /// When something of this does not hold.
    pub fn look_closer(
        &self,
        dice: &mut Dice,
        text: &str,
        scenario: &Scenario,
        report: &RunReport,
    ) -> Result<(), String> {
        // One more trace at a time: memory is judged too, and what is looked at here is no part of a play.
        self.plays_the_same_again(scenario, report)?;
        match read_json_lines(to_json_lines(&report.trace).as_bytes()) {
            Ok(read) if read == report.trace => {}
            Ok(_) => return Err("the trace is read back as another one".to_owned()),
            Err(error) => return Err(format!("the trace cannot be read back: {error}")),
        }
        let _timeline = render(&report.trace, TimelineOptions { detail: Detail::Everything, colour: false });
        let blessed = bless(text, &[(scenario, report)], dice.one_in(2));
        let read = parse(scenario.files.name(autoenroll_scenario::FileId::OWN), blessed.text.as_bytes());
        if read.found.has_errors() && blessed.text != text {
            return Err(format!("blessed it is no scenario: {:?}\n{}", read.found, blessed.text));
        }
        Ok(())
    }
}

/// Each problem has a code that is explained, lies in its file, and reads the same for people and programs.
fn told(found: &Diagnostics, files: &Files) -> Result<(), String> {
    for problem in found.list() {
        let text = files.text(problem.span.file);
        let fits = problem.span.start <= problem.span.end && text.get(problem.span.start..problem.span.end).is_some();
        if !fits {
            return Err(format!("a problem lies outside of its file: {problem:?}"));
        }
        if explain_code(problem.code.as_str()).is_none() {
            return Err(format!("nothing explains {}", problem.code.as_str()));
        }
        if problem.message.is_empty() {
            return Err(format!("a problem says nothing: {problem:?}"));
        }
    }
    if found.render(files, false).is_empty() != found.is_empty() {
        return Err("problems are not shown".to_owned());
    }
    let json = found.to_json(files);
    if json.len() != found.list().len() {
        return Err("problems are missing from the JSON".to_owned());
    }
    for (problem, json) in found.list().iter().zip(&json) {
        if json["code"].as_str() != Some(problem.code.as_str())
            || json["spans"][0]["line"].as_u64().is_none_or(|line| line == 0)
        {
            return Err(format!("a problem is another one in JSON: {json}"));
        }
    }
    Ok(())
}
