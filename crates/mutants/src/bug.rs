//! The mistakes that can be planted.

use autoenroll_model::words;

/// Declares each bug once: name, word, the scenario that has to catch it, description, and the rules whose inversion it
/// takes the place of, if any.
macro_rules! planted_bugs {
    ($( $name:ident = $word:literal, $scenario:literal, $about:literal $(, instead_of $rule:literal)*; )*) => {
        words! {
            /// A mistake that an implementation may make.
            pub enum PlantedBug as "planted bug" { $( #[doc = $about] $name = $word, )* }
        }

        impl PlantedBug {
            /// What is wrong, in a sentence.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $( Self::$name => $about, )* }
            }

            /// The name of the scenario that has to catch it.
            #[must_use]
            pub const fn scenario(self) -> &'static str {
                match self { $( Self::$name => $scenario, )* }
            }

            /// Ids of the rules that are not inverted because this bug is what breaks them: the inversion would do the
            /// same, or nothing.
            #[must_use]
            pub const fn instead_of(self) -> &'static [&'static str] {
                match self { $( Self::$name => &[ $( $rule ),* ], )* }
            }
        }
    };
}

planted_bugs! {
    // Balloon, icon, timers.
    BalloonEarly = "balloon-at-59s", "founding/second-provider",
        "The balloon comes 59 seconds after the start of the run instead of 60.";
    BalloonNeverFades = "balloon-never-fades", "founding/nobody-clicks",
        "The balloon is never hidden.", instead_of "S2.timeout";
    IconLeftBehind = "icon-left-behind", "founding/balloon-clicked",
        "The icon stays in the notification area when it is no longer needed.";
    WizardByItself = "wizard-by-itself", "founding/balloon-then-icon",
        "The wizard opens without a click, as soon as the balloon is shown.";
    TimerNotRearmed = "timer-not-rearmed", "switches/timer",
        "The core's own timer fires once and is not set again.";
    TriggerLost = "trigger-lost", "triggers/second-start-waits",
        "A trigger that comes while a run is open is dropped.", instead_of "R014";
    UnlockStartsRun = "unlock-starts-run", "wizard/unlock-is-no-trigger",
        "Unlocking the workstation starts a run, as a logon does.", instead_of "R011";
    NeverRests = "never-rests", "switches/timer",
        "Each run starts the next one at once.";

    // Prompts.
    ReplaceUnasked = "replace-unasked", "founding/second-provider",
        "The default container is replaced without the warning.", instead_of "S8.occupied";
    ProtectionUnasked = "protection-unasked", "wizard/key-protection-consented",
        "A strongly protected key is made without asking for consent.";
    SelectionUnasked = "selection-unasked", "wizard/several-cards-selected",
        "Of several matching cards the first is taken without asking.", instead_of "S6.several";
    PinAskedTwice = "pin-asked-twice", "founding/second-provider",
        "The PIN is asked for a second time although it was given.";
    PinOutlivesRun = "pin-outlives-run", "founding/card-pulled-at-the-key",
        "A PIN given in one run is used in the next without asking.";
    WrongPinRetried = "wrong-pin-retried", "founding/pin-wrong-once",
        "A PIN that the card refused is presented once more without asking.";
    BlockedPinAskedAgain = "blocked-pin-asked-again", "founding/pin-wrong-to-the-limit",
        "The PIN is asked for although the card is blocked.";
    PromptNeverWithdrawn = "prompt-never-withdrawn", "founding/card-pulled-before-anything-is-written",
        "A prompt stays open when its reason is gone.";
    WrongCardAccepted = "wrong-card-accepted", "wizard/ok-without-the-right-card",
        "While a card of one provider is wanted, any card is taken for one.", instead_of "S7.ok-wrong";
    ProvidersReversed = "providers-reversed", "founding/third-provider",
        "The providers of a template are tried in the wrong order.", instead_of "R074";

    // What is told at the end.
    DialogOnSuccess = "dialog-on-success", "founding/second-provider",
        "A dialog tells that a certificate was enrolled.", instead_of "R097";
    SummaryAfterRemind = "summary-after-remind", "founding/remind-me-later",
        "Remind Me Later is told as a failure.";
    SummarySkipped = "summary-skipped", "founding/all-providers-cancelled",
        "Failures are not told.", instead_of "R096";
    SummaryTwice = "summary-twice", "founding/all-providers-cancelled",
        "The summary opens a second time after it was closed.";
    SuccessNotLogged = "success-not-logged", "founding/second-provider",
        "The event for an enrolled certificate is missing.", instead_of "R095";
    FailureNotLogged = "failure-not-logged", "founding/all-providers-cancelled",
        "Events of severity error are missing.";
    SuccessLoggedEarly = "success-logged-early", "planted/success-after-the-card",
        "Success is logged when the CA has issued, before the certificate is where it belongs.";

    // Requests and stores.
    RightsIgnored = "rights-ignored", "permissions/all-three-rights-are-needed",
        "Templates are enrolled for whatever their access control lists say.";
    KeyTooShort = "key-too-short", "founding/second-provider",
        "RSA keys have 1,024 bits, whatever the template says.";
    RequestSentTwice = "request-sent-twice", "founding/balloon-then-icon",
        "Each request is submitted twice.";
    RequestRepeatedAfterPull = "request-repeated-after-pull", "founding/card-pulled-at-the-certificate",
        "A certificate that was issued but did not reach its card is requested again.";
    RequestRepeatedWhilePending = "request-repeated-while-pending", "founding/pending-three-days",
        "A certificate is requested again while the CA has the request under submission.", instead_of "R060";
    PendingTakenForDenied = "pending-taken-for-denied", "founding/pending-three-days",
        "A request under submission counts as denied.", instead_of "S11.pending";
    NoWriteAhead = "no-write-ahead", "switches/crash-between-issue-and-card",
        "A request is submitted without having been noted in REQUEST first.";
    EntryLeftInRequest = "entry-left-in-request", "founding/card-pulled-at-the-certificate",
        "The entry in REQUEST stays after the certificate is installed.";
    NotInstalled = "not-installed", "events/classic-source",
        "The certificate does not reach MY.";
    OldNotArchived = "old-not-archived", "stores/a-higher-major-version-enrolls-anew",
        "The certificate that was replaced is not archived.", instead_of "R090";
    EffectNeverAbandoned = "effect-never-abandoned", "planted/noted-before-sent",
        "Answers that are wanted no more are not called off.";

    // Cards.
    WrongContainer = "wrong-container", "founding/second-provider",
        "The certificate is written to another container than its key's.";
    CardFailureIgnored = "card-failure-ignored", "founding/card-pulled-at-the-certificate",
        "A certificate that could not be written to the card counts as written.", instead_of "S12.error";
    DefaultNotMoved = "default-not-moved", "founding/second-provider",
        "The new container does not become the default one.", instead_of "R094";
    DefaultFlagLeft = "default-flag-left", "founding/occupied-default-replaced",
        "The old default container keeps its flag beside the new one.";
    TriesNotCounted = "tries-not-counted", "founding/pin-wrong-once",
        "The card does not count a wrong PIN.";
    TriesRestoredByPower = "tries-restored-by-power", "planted/pulled-at-pin",
        "The card forgets wrong PINs when it is pulled and inserted again.";
    CertificateLostByCard = "certificate-lost-by-card", "founding/balloon-clicked",
        "The card confirms a certificate that it does not store.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bug_is_described_in_a_sentence() {
        for bug in PlantedBug::ALL {
            assert!(bug.about().ends_with('.') && bug.about().len() > 20, "{bug}");
            assert_eq!(bug.as_str().parse(), Ok(*bug));
        }
    }
}
