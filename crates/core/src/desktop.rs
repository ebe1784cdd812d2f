//! States S1 to S4: the delay, the balloon that fades to an icon, and the wizard's first page.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use autoenroll_model::{
    Answer, BalloonId, Cause, Choice, CoreError, DecisionPoint, Facts, Inverted, Notification, OutputBody, PromptId,
    SimTime,
};

use crate::frame::{Frame, OpenPrompt, Timer};
use crate::halt::Halt;
use crate::rules;

/// What is on the desktop before the wizard works, and what for.
#[derive(Clone, Debug)]
pub(crate) struct Desktop {
    waiting: Waiting,
    shown: Shown,
}

/// The interactive items that wait for the user.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) names: Vec<String>,
    /// Why they are to be worked on: everything on the desktop is there because of that.
    pub(crate) reasons: Vec<Cause>,
}

/// What can be seen.
#[derive(Clone, Debug)]
enum Shown {
    /// S1: nothing yet.
    Nothing,
    /// S2: balloon and icon.
    Balloon(BalloonId),
    /// S3: the icon alone.
    Icon,
    /// S4: the wizard's first page.
    Wizard(OpenPrompt),
}

/// What the user wants on the wizard's first page.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, on its way to who asked")]
pub(crate) enum WizardAnswer {
    /// Work on the items now.
    Start,
    /// Not now.
    Postpone,
    /// The page stays open.
    Stay(Desktop),
}

impl Desktop {
    /// S1: some time after the start of the run, at once when that is over or an express entry that counts is there.
    pub(crate) fn delay(
        frame: &mut Frame,
        started: SimTime,
        express: bool,
        waiting: Waiting,
    ) -> Result<Self, Inverted> {
        let due = started + frame.profile().balloon_delay.0;
        // T2.2.express, P7.32
        let counts = frame.profile().express.is_yes();
        let at_once = frame.decide(rules::EXPRESS, "balloon", express && counts, Facts::new());
        if at_once.holds {
            return Self::balloon(frame, waiting, at_once.cause);
        }
        let desktop = Self { waiting, shown: Shown::Nothing };
        if due <= frame.now.mono {
            return desktop.delay_is_over(frame);
        }
        frame.timers.set(Timer::BalloonDelay, due);
        Ok(desktop)
    }

    /// S2 or S3: balloon or icon wait to be clicked.
    pub(crate) const fn waits_for_a_click(&self) -> bool {
        matches!(self.shown, Shown::Balloon(_) | Shown::Icon)
    }

    pub(crate) fn delay_is_over(self, frame: &mut Frame) -> Result<Self, Inverted> {
        debug_assert!(matches!(self.shown, Shown::Nothing), "the delay ends once, and its timer dies with a log off");
        let facts = Facts::new().with("delay", frame.profile().balloon_delay.0.to_string());
        let because = frame.applies(rules::DELAY_ELAPSED, "balloon", facts)?;
        Self::balloon(frame, self.waiting, because)
    }

    fn balloon(frame: &mut Frame, waiting: Waiting, because: Cause) -> Result<Self, Inverted> {
        let alone = frame.profile().notification == Notification::Icon;
        let alone = frame.decide(rules::ICON_ALONE, "balloon", alone, Facts::new());
        if alone.holds {
            let mut causes = waiting.causes(because);
            causes.push(alone.cause);
            frame.emit(OutputBody::Icon { shown: true }, &causes);
            return Ok(Self { waiting, shown: Shown::Icon });
        }
        let shown = Shown::Balloon(frame.balloon(&waiting.causes(because)));
        let visible = frame.profile().balloon_visible.0;
        frame.applies(rules::BALLOON_DURATION, "balloon", Facts::new().with("visible", visible.to_string()))?;
        frame.timers.set(Timer::BalloonEnd, frame.now.mono + visible);
        Ok(Self { waiting, shown })
    }

    pub(crate) fn balloon_times_out(self, frame: &mut Frame) -> Result<Self, Inverted> {
        let Shown::Balloon(balloon) = self.shown else { return Ok(self) };
        let because = frame.applies(rules::BALLOON_TIMEOUT, "balloon", Facts::new())?;
        Ok(self.fade(frame, balloon, because))
    }

    /// A click on a balloon that is gone meanwhile does nothing.
    pub(crate) fn balloon_closed(self, frame: &mut Frame, closed: BalloonId) -> Result<Self, Inverted> {
        match self.shown {
            Shown::Balloon(balloon) if balloon == closed => {
                let because = frame.applies(rules::BALLOON_CLOSED, "balloon", Facts::new())?;
                Ok(self.fade(frame, balloon, because))
            }
            _ => Ok(self),
        }
    }

    /// S2 to S3: only the icon remains.
    fn fade(self, frame: &mut Frame, balloon: BalloonId, because: Cause) -> Self {
        frame.timers.clear(Timer::BalloonEnd);
        frame.emit(OutputBody::BalloonHidden(balloon), &[because]);
        Self { shown: Shown::Icon, ..self }
    }

    /// A click on a balloon that is gone meanwhile does nothing.
    pub(crate) fn balloon_clicked(self, frame: &mut Frame, clicked: BalloonId) -> Result<Self, Inverted> {
        match self.shown {
            Shown::Balloon(balloon) if balloon == clicked => {
                let because = frame.applies(rules::BALLOON_CLICKED, "balloon", Facts::new())?;
                Ok(self.open_wizard(frame, because))
            }
            _ => Ok(self),
        }
    }

    pub(crate) fn icon_clicked(self, frame: &mut Frame) -> Result<Self, Inverted> {
        let rule = match self.shown {
            Shown::Balloon(_) => rules::BALLOON_CLICKED,
            Shown::Icon => rules::ICON_CLICKED,
            Shown::Nothing | Shown::Wizard(_) => return Ok(self),
        };
        let because = frame.applies(rule, "icon", Facts::new())?;
        Ok(self.open_wizard(frame, because))
    }

    fn open_wizard(self, frame: &mut Frame, because: Cause) -> Self {
        // U4.2.icon
        self.clear_notification(frame);
        let facts = Facts::new().with("items", self.waiting.names.len());
        self.first_page(frame, facts, because)
    }

    fn first_page(self, frame: &mut Frame, facts: Facts, because: Cause) -> Self {
        let causes = self.waiting.causes(because);
        let choices = [Choice::Start, Choice::Remind, Choice::Details];
        let shown = Shown::Wizard(frame.prompt(DecisionPoint::WizardStart, facts, &choices, &causes));
        Self { shown, ..self }
    }

    /// Takes balloon and icon away.
    fn clear_notification(&self, frame: &mut Frame) {
        frame.timers.clear(Timer::BalloonEnd);
        match self.shown {
            Shown::Balloon(balloon) => {
                frame.emit(OutputBody::BalloonHidden(balloon), &[]);
                frame.emit(OutputBody::Icon { shown: false }, &[]);
            }
            Shown::Icon => frame.emit(OutputBody::Icon { shown: false }, &[]),
            Shown::Nothing | Shown::Wizard(_) => {}
        }
    }

    /// S4: the answer on the first page.
    pub(crate) fn answered(self, frame: &mut Frame, prompt: PromptId, answer: &Answer) -> Result<WizardAnswer, Halt> {
        match &self.shown {
            Shown::Wizard(page) if page.id == prompt => page.check(answer)?,
            _ => return Err(CoreError::UnknownPrompt { prompt }.into()),
        }
        match answer {
            Answer::Start => {
                frame.applies(rules::WIZARD_START, "wizard", Facts::new())?;
                Ok(WizardAnswer::Start)
            }
            Answer::Remind => {
                // T2.2.remind-later
                frame.applies(rules::WIZARD_REMIND, "wizard", Facts::new())?;
                Ok(WizardAnswer::Postpone)
            }
            Answer::Details => {
                // P7.30
                let because = frame.applies(rules::WIZARD_DETAILS, "wizard", Facts::new())?;
                let names: Vec<&str> = self.waiting.names.iter().map(String::as_str).collect();
                let facts = Facts::new().with("items", names.len()).with("details", names);
                Ok(WizardAnswer::Stay(self.first_page(frame, facts, because)))
            }
            Answer::Close => {
                frame.applies(rules::WIZARD_CLOSED, "wizard", Facts::new())?;
                Ok(WizardAnswer::Postpone)
            }
            Answer::Ok | Answer::Cancel | Answer::Yes | Answer::No | Answer::Card(_) | Answer::Pin(_) => {
                unreachable!("the wizard's first page has refused an answer that it does not offer")
            }
        }
    }

    /// Takes everything away: the user logs off, or a new run begins.
    pub(crate) fn leave(self, frame: &mut Frame) -> Result<(), Inverted> {
        if matches!(self.shown, Shown::Nothing) {
            frame.applies(rules::LOGOFF_IN_DELAY, "balloon", Facts::new())?;
            frame.timers.clear(Timer::BalloonDelay);
        }
        self.clear_notification(frame);
        if let Shown::Wizard(page) = &self.shown {
            frame.withdraw(page, &[]);
        }
        Ok(())
    }
}

impl Waiting {
    /// Why there is anything to ask the user for, and why it is asked now.
    fn causes(&self, because: Cause) -> Vec<Cause> {
        let mut causes = self.reasons.clone();
        causes.push(because);
        causes
    }
}
