//! States S1 to S4: the delay, the balloon that fades to an icon, and the wizard's first page.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use autoenroll_model::{Answer, BalloonId, Cause, Choice, DecisionPoint, Facts, OutputBody, PromptId, SimTime};

use crate::frame::{Frame, OpenPrompt, Timer};
use crate::rules;

/// The interactive items that wait for the user.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) names: Vec<String>,
    /// Why they are to be worked on: everything on the desktop is there because of that.
    pub(crate) reasons: Vec<Cause>,
}

/// What is on the desktop before the wizard works.
#[derive(Clone, Debug)]
pub(crate) enum Desktop {
    /// S1: nothing yet.
    Delay,
    /// S2: balloon and icon.
    Balloon(BalloonId),
    /// S3: the icon alone.
    Icon,
    /// S4: the wizard's first page.
    Wizard(OpenPrompt),
}

impl Desktop {
    /// S1: about a minute after the start of the run, at once when the express entry is there or the minute is over.
    pub(crate) fn delay(frame: &mut Frame, started: SimTime, express: bool, waiting: &Waiting) -> Self {
        let mut desktop = Self::Delay;
        let due = started + frame.profile().balloon_delay.0;
        if frame.decide(rules::EXPRESS, "balloon", express, Facts::new()) {
            desktop.show_balloon(frame, waiting);
        } else if due <= frame.now.mono {
            desktop.delay_is_over(frame, waiting);
        } else {
            frame.timers.set(Timer::BalloonDelay, due);
        }
        desktop
    }

    pub(crate) const fn waits_for_a_click(&self) -> bool {
        matches!(self, Self::Balloon(_) | Self::Icon)
    }

    pub(crate) fn delay_is_over(&mut self, frame: &mut Frame, waiting: &Waiting) {
        let due = Facts::new().with("delay", frame.profile().balloon_delay.0.to_string());
        if matches!(self, Self::Delay) && frame.decide(rules::DELAY_ELAPSED, "balloon", true, due) {
            self.show_balloon(frame, waiting);
        }
    }

    fn show_balloon(&mut self, frame: &mut Frame, waiting: &Waiting) {
        let causes = because_of(frame, waiting);
        *self = Self::Balloon(frame.balloon(&causes));
        let visible = frame.profile().balloon_visible.0;
        if frame.decide(rules::BALLOON_DURATION, "balloon", true, Facts::new().with("visible", visible.to_string())) {
            frame.timers.set(Timer::BalloonEnd, frame.now.mono + visible);
        }
    }

    pub(crate) fn balloon_times_out(&mut self, frame: &mut Frame) {
        if let Self::Balloon(balloon) = *self
            && frame.decide(rules::BALLOON_TIMEOUT, "balloon", true, Facts::new())
        {
            self.fade(frame, balloon);
        }
    }

    pub(crate) fn balloon_closed(&mut self, frame: &mut Frame, closed: BalloonId, waiting: &Waiting) {
        if let Self::Balloon(balloon) = *self
            && balloon == closed
        {
            if frame.decide(rules::BALLOON_CLOSED, "balloon", true, Facts::new()) {
                self.fade(frame, balloon);
            } else {
                self.open_wizard(frame, waiting);
            }
        }
    }

    /// S2 to S3: only the icon remains.
    fn fade(&mut self, frame: &mut Frame, balloon: BalloonId) {
        let because = frame.because();
        frame.timers.clear(Timer::BalloonEnd);
        frame.emit(OutputBody::BalloonHidden(balloon), &[because]);
        *self = Self::Icon;
    }

    pub(crate) fn balloon_clicked(&mut self, frame: &mut Frame, clicked: BalloonId, waiting: &Waiting) {
        if matches!(*self, Self::Balloon(balloon) if balloon == clicked)
            && frame.decide(rules::BALLOON_CLICKED, "balloon", true, Facts::new())
        {
            self.open_wizard(frame, waiting);
        }
    }

    pub(crate) fn icon_clicked(&mut self, frame: &mut Frame, waiting: &Waiting) {
        let opens = match self {
            Self::Balloon(_) => frame.decide(rules::BALLOON_CLICKED, "icon", true, Facts::new()),
            Self::Icon => frame.decide(rules::ICON_CLICKED, "icon", true, Facts::new()),
            Self::Delay | Self::Wizard(_) => false,
        };
        if opens {
            self.open_wizard(frame, waiting);
        }
    }

    fn open_wizard(&mut self, frame: &mut Frame, waiting: &Waiting) {
        let causes = because_of(frame, waiting);
        self.clear_notification(frame);
        let offers = [Choice::Start, Choice::Remind, Choice::Details];
        let facts = Facts::new().with("items", waiting.names.len());
        *self = Self::Wizard(frame.prompt(DecisionPoint::WizardStart, facts, &offers, &causes));
    }

    /// Takes balloon and icon away.
    fn clear_notification(&mut self, frame: &mut Frame) {
        frame.timers.clear(Timer::BalloonEnd);
        match *self {
            Self::Balloon(balloon) => {
                frame.emit(OutputBody::BalloonHidden(balloon), &[]);
                frame.emit(OutputBody::Icon { shown: false }, &[]);
            }
            Self::Icon => frame.emit(OutputBody::Icon { shown: false }, &[]),
            Self::Delay | Self::Wizard(_) => {}
        }
    }

    pub(crate) fn asks(&self, prompt: PromptId, answer: &Answer) -> bool {
        matches!(self, Self::Wizard(open) if open.id == prompt && open.takes(answer))
    }

    /// S4: `Some(true)` starts the wizard's work, `Some(false)` postpones it, `None` leaves the page open.
    pub(crate) fn wizard_answered(&mut self, frame: &mut Frame, answer: &Answer, waiting: &Waiting) -> Option<bool> {
        match answer {
            Answer::Start => Some(frame.decide(rules::WIZARD_START, "wizard", true, Facts::new())),
            Answer::Remind => Some(!frame.decide(rules::WIZARD_REMIND, "wizard", true, Facts::new())),
            Answer::Details if frame.decide(rules::WIZARD_DETAILS, "wizard", true, Facts::new()) => {
                let causes = because_of(frame, waiting);
                let facts = Facts::new()
                    .with("items", waiting.names.len())
                    .with("details", waiting.names.iter().map(String::as_str).collect::<Vec<_>>());
                let offers = [Choice::Start, Choice::Remind, Choice::Details];
                *self = Self::Wizard(frame.prompt(DecisionPoint::WizardStart, facts, &offers, &causes));
                None
            }
            Answer::Close => Some(!frame.decide(rules::WIZARD_CLOSED, "wizard", true, Facts::new())),
            _ => Some(false),
        }
    }

    /// Takes everything away: the user logs off, or a new run begins. Says whether the run is over with that.
    pub(crate) fn leave(&mut self, frame: &mut Frame) -> bool {
        if matches!(self, Self::Delay) {
            if !frame.decide(rules::LOGOFF_IN_DELAY, "balloon", true, Facts::new()) {
                return false;
            }
            frame.timers.clear(Timer::BalloonDelay);
        }
        self.clear_notification(frame);
        if let Self::Wizard(open) = self {
            frame.withdraw(open, &[]);
        }
        true
    }
}

/// The latest decision, and why there is anything to ask the user for.
fn because_of(frame: &Frame, waiting: &Waiting) -> Vec<Cause> {
    let mut causes = waiting.reasons.clone();
    causes.push(frame.because());
    causes
}
