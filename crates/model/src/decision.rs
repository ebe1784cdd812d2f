//! The one function through which every rule decides.

use alloc::borrow::Cow;
use alloc::collections::VecDeque;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{Cause, Facts, Text};

/// The id of a rule in the requirement catalogue, such as `R040` or `S8q.yes`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rule(Cow<'static, str>);

impl Rule {
    /// A rule known when the program was written.
    #[must_use]
    pub const fn new(id: &'static str) -> Self {
        Self(Cow::Borrowed(id))
    }

    /// A rule named by a file or on the command line.
    #[must_use]
    pub fn named(id: &str) -> Self {
        Self(Cow::Owned(id.to_string()))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Defines a party's table of rules: a constant for each row, by which the party decides, and the table of all. A row
/// is a name, its id, source and statement, and its roles ([`Role`]), if it has any.
#[macro_export]
macro_rules! rules {
    (
        $(#[doc = $doc:literal])* pub const $table:ident;
        $( $name:ident = $id:literal, $source:literal, $statement:literal $(, $role:ident)*; )*
    ) => {
        $( pub(crate) const $name: $crate::RuleRow = $crate::RuleRow {
            id: $id,
            statement: $statement,
            source: $source,
            roles: &[$( $crate::Role::$role ),*],
        }; )*

        $(#[doc = $doc])*
        pub const $table: &[$crate::RuleRow] = &[ $( $name, )* ];
    };
}

/// A row of a party's table of rules: what it decides by, where that is written, and what it means for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleRow {
    /// The id in the requirement catalogue.
    pub id: &'static str,
    /// What holds when the decision is affirmative.
    pub statement: &'static str,
    /// The public document that has it; `inferred` where none does.
    pub source: &'static str,
    /// What its decisions mean for the run that makes them.
    pub roles: &'static [Role],
}

impl RuleRow {
    /// The rule's name as decisions carry it.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        Rule::new(self.id)
    }

    /// Whether the rule has that role.
    #[must_use]
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// What the decisions of a rule mean for the run that makes them. Only affirmative ones do, unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Decides whether something that happened starts a run, either way.
    Trigger,
    /// Ends the run before any template is looked at.
    EndsRun,
    /// Ends the run in this way when it is not affirmative.
    EndsRunOtherwise,
    /// Templates and CAs come from the cache of an earlier run.
    FromCache,
    /// Says of which template a certificate is, either way.
    Managed,
    /// A template or an earlier request needs to be worked on.
    Due,
    /// A valid certificate needs nothing; the reason is the decision before.
    NeedsNothing,
    /// Puts a template onto the work list.
    Plans,
    /// Is made about every template that goes onto the work list, and comes out either way.
    PlansAlways,
    /// The work list is complete: a later decision about a template is about its certificates.
    CompletesWorkList,
    /// Is about balloon, icon or wizard.
    Desktop,
    /// Is about something out of the ordinary: of its decisions only an affirmative one is a reason.
    Exception,
    /// Is about a template that is set up amiss: told beside what became of it, which it explains.
    Amiss,
    /// A source of templates and CAs has failed: told beside what ended the run, which it explains.
    FailsSource,
}

/// What a rule decided, about what, and on which facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Decision {
    /// Numbered from 1 within its maker.
    pub id: u32,
    /// By its id in the requirement catalogue.
    pub rule: Rule,
    /// What it was decided about: a template, a certificate, a card, a request.
    #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
    pub subject: Text,
    /// Whether the rule's statement holds for the subject. What follows from it is the rule's own text.
    pub outcome: bool,
    /// The facts it was decided on.
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub facts: Facts,
}

/// What a condition came to, and the cause that it is of everything that follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Decided {
    /// Whether the rule's condition holds.
    pub holds: bool,
    /// The decision, as a cause.
    pub cause: Cause,
}

/// A consequence that is left out because a planted-bugs build inverts its rule. The caller does not take the step that
/// the rule asks for. Without that feature there is no value of it: nothing of a planted bug is compiled into a
/// release.
#[cfg(feature = "planted-bugs")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inverted(pub Rule);

/// A consequence that is left out because a planted-bugs build inverts its rule. Without that feature there is no value
/// of it: nothing of a planted bug is compiled into a release.
#[cfg(not(feature = "planted-bugs"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inverted {}

/// The decisions a party has made and not yet handed out.
///
/// Core, CA and world each own one. Nothing that a requirement names may be decided or done without
/// [`Decisions::decide`], for a condition that may come out either way, or [`Decisions::applies`], for what follows
/// once a rule is met: a trace shows it, `explain` cites it, and a planted-bugs build inverts it to see whether a
/// scenario notices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decisions {
    made: u32,
    waiting: VecDeque<Decision>,
    #[cfg(feature = "planted-bugs")]
    #[serde(default)]
    flipped: Option<Rule>,
}

impl Decisions {
    /// None made yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No decisions yet, and that rule inverted.
    #[cfg(feature = "planted-bugs")]
    #[must_use]
    pub fn flipping(rule: Option<Rule>) -> Self {
        Self { flipped: rule, ..Self::default() }
    }

    /// Records whether the condition of `rule` holds for `subject`, and returns it.
    pub fn decide(&mut self, rule: Rule, subject: &str, holds: bool, facts: Facts) -> Decided {
        #[cfg(feature = "planted-bugs")]
        let holds = holds ^ (self.flipped.as_ref() == Some(&rule));
        self.record(rule, subject, holds, facts);
        Decided { holds, cause: Cause::Decision(self.made) }
    }

    /// Records that `rule` applies to `subject`: what it asks for is done next.
    ///
    /// # Errors
    /// Only in a planted-bugs build, and only for the rule that it inverts.
    pub fn applies(&mut self, rule: Rule, subject: &str, facts: Facts) -> Result<Cause, Inverted> {
        #[cfg(feature = "planted-bugs")]
        if self.flipped.as_ref() == Some(&rule) {
            self.record(rule.clone(), subject, false, facts);
            return Err(Inverted(rule));
        }
        self.record(rule, subject, true, facts);
        Ok(Cause::Decision(self.made))
    }

    fn record(&mut self, rule: Rule, subject: &str, outcome: bool, facts: Facts) {
        self.made += 1;
        self.waiting.push_back(Decision { id: self.made, rule, subject: subject.into(), outcome, facts });
    }

    /// The id of the latest decision; 0 before the first.
    #[must_use]
    pub const fn latest(&self) -> u32 {
        self.made
    }

    /// Hands out the first decision that was not handed out yet.
    pub fn take_next(&mut self) -> Option<Decision> {
        self.waiting.pop_front()
    }

    /// Hands out what was decided since the last call.
    #[must_use]
    pub fn take(&mut self) -> Vec<Decision> {
        core::mem::take(&mut self.waiting).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_are_numbered_and_handed_out_once() {
        let mut decisions = Decisions::new();
        let held = decisions.decide(Rule::new("R040"), "User", true, Facts::new());
        assert_eq!(held, Decided { holds: true, cause: Cause::Decision(1) });
        assert!(!decisions.decide(Rule::new("R042"), "User", false, Facts::new().with("cas", 0_u32)).holds);
        assert_eq!(decisions.applies(Rule::new("R075"), "User", Facts::new()), Ok(Cause::Decision(3)));
        let taken = decisions.take();
        assert_eq!(
            taken.iter().map(|d| (d.id, d.rule.as_str(), d.outcome)).collect::<Vec<_>>(),
            [(1, "R040", true), (2, "R042", false), (3, "R075", true)]
        );
        assert!(decisions.take().is_empty());
        assert_eq!(decisions.latest(), 3);
    }

    /// Compiles only while there is no value of the type.
    #[cfg(not(feature = "planted-bugs"))]
    #[test]
    fn nothing_can_be_inverted_without_the_feature() {
        fn none(inverted: &Inverted) -> ! {
            match *inverted {}
        }
        assert_eq!(
            Decisions::new().applies(Rule::new("R040"), "User", Facts::new()).map_err(|no| none(&no)),
            Ok(Cause::Decision(1))
        );
        assert_eq!(size_of::<Result<Cause, Inverted>>(), size_of::<Cause>());
    }

    #[cfg(feature = "planted-bugs")]
    #[test]
    fn one_rule_can_be_inverted() {
        let mut decisions = Decisions::flipping(Some(Rule::new("R040")));
        assert!(!decisions.decide(Rule::new("R040"), "User", true, Facts::new()).holds);
        assert!(decisions.decide(Rule::new("R041"), "User", true, Facts::new()).holds);
        assert_eq!(decisions.applies(Rule::new("R040"), "User", Facts::new()), Err(Inverted(Rule::new("R040"))));
        assert!(decisions.applies(Rule::new("R041"), "User", Facts::new()).is_ok());
    }
}
