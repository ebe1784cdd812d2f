//! What a step seeks, with bindings replaced by what they stand for.

use autoenroll_model::Fact;
use autoenroll_trace::Kind;
use autoenroll_world::Look;

use super::StepRunner;
use crate::bindings::EmptyBinding;
use crate::defaults::StepDefaults;
use crate::document::{ExpectedFact, On, Pattern, StepKind};
use crate::run::matching::Matcher;
use crate::run::simulator::Simulator;
use crate::shape::LookAt;
use crate::source::Span;

impl<'a, S: Simulator> StepRunner<'a, S> {
    pub(super) fn defaults(&self, at: usize) -> &'a StepDefaults {
        &self.scenario.defaults[at]
    }

    pub(super) fn matcher(&self, at: usize) -> Result<Matcher, EmptyBinding> {
        let step = &self.scenario.steps[at];
        match &step.kind {
            StepKind::Prompt { point, pattern, .. } => {
                let mut matcher = self.pattern_matcher(at, pattern, vec![Kind::Prompt, Kind::PromptChanged])?;
                matcher.facts.insert(0, ("point".to_owned(), point.value.as_str().into(), point.span));
                Ok(matcher)
            }
            StepKind::Expect(pattern) | StepKind::Never(pattern) => {
                self.pattern_matcher(at, pattern, vec![pattern.kind.value])
            }
            _ => Ok(Matcher { kinds: Vec::new(), facts: Vec::new(), exact: false, who: None }),
        }
    }

    pub(super) fn pattern_matcher(
        &self,
        at: usize,
        pattern: &Pattern,
        kinds: Vec<Kind>,
    ) -> Result<Matcher, EmptyBinding> {
        let step = &self.scenario.steps[at];
        let explicit = step.who.as_ref().map(|who| who.value.clone());
        let who = explicit.or_else(|| self.defaults(at).who.clone());
        Ok(Matcher { kinds, facts: self.wanted(&pattern.facts)?, exact: pattern.exact, who })
    }

    pub(super) fn on_matcher(&self, at: usize, on: &On) -> Result<Matcher, EmptyBinding> {
        let step = &self.scenario.steps[at];
        let who = step.who.as_ref().map(|who| who.value.clone());
        Ok(Matcher { kinds: vec![on.kind.value], facts: self.wanted(&on.facts)?, exact: false, who })
    }

    pub(super) fn wanted(&self, facts: &[ExpectedFact]) -> Result<Vec<(String, Fact, Span)>, EmptyBinding> {
        let one = |fact: &ExpectedFact| {
            let value = self.bound.value(&fact.value.value)?;
            Ok((fact.name.value.clone(), value, fact.value.span))
        };
        facts.iter().map(one).collect()
    }
}

pub(super) const fn look_at(look: LookAt, of: String) -> Look {
    match look {
        LookAt::Card => Look::Card(of),
        LookAt::Store => Look::Store(of),
        LookAt::Requests => Look::Requests(of),
        LookAt::Ca => Look::Ca(of),
        LookAt::Directory => Look::Directory(of),
        LookAt::Desktop => Look::Desktop(of),
        LookAt::Trust => Look::Trust(of),
    }
}
