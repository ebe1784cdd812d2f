//! Each bug of a core, in a conversation with a core that only says what the test lets it say.
//!
//! A transcript has a line for everything: `>` what the driver says, `core` what the core hears, `<` what the driver
//! gets to see.
#![expect(clippy::unwrap_used, reason = "this is test code outside of test functions")]

use std::collections::VecDeque;

use autoenroll_model::{
    Action, Answer, BalloonId, CaReply, CardDescription, CardOperation, CardSerial, Cause, Causes, Choice,
    ContainerView, CoreError, DecisionPoint, Disposition, Duration, Effect, EffectId, EffectResult, EnrollmentCore,
    EventEntry, EventSource, Facts, FileTime, HResult, Identity, Input, KeyAlgorithm, KeyPlace, KeySpec, Now, Outcome,
    Output, OutputBody, PinId, Profile, PromptId, ProviderDialogs, ReaderState, ReaderView, Report, RequestEntry,
    RequestStage, Settings, Severity, SimTime, StoredCertificate, Stores, Submission, Thumbprint, Trigger,
    TriggerCause,
};
use autoenroll_mutants::{PlantedBug, Sabotaged};

/// Says what it is told to say, one list for each input, and remembers what it hears.
#[derive(Clone, Debug, Default)]
struct Scripted {
    script: VecDeque<Vec<OutputBody>>,
    outputs: VecDeque<Output>,
    inputs: u32,
    deadline: Option<SimTime>,
    transcript: std::rc::Rc<std::cell::RefCell<String>>,
}

impl EnrollmentCore for Scripted {
    fn handle(&mut self, now: Now, input: Input) -> Result<(), CoreError> {
        self.inputs += 1;
        let at = if now.mono == SimTime::START { String::new() } else { format!("{} ", now.mono) };
        *self.transcript.borrow_mut() += &format!("core {at}{}\n", heard(&input));
        let causes = Causes::from(Cause::Input(self.inputs));
        let said = self.script.pop_front().unwrap_or_default();
        self.outputs.extend(said.into_iter().map(|body| Output { causes: causes.clone(), body }));
        Ok(())
    }

    fn poll(&mut self) -> Result<Option<Output>, CoreError> {
        Ok(self.outputs.pop_front())
    }

    fn deadline(&self) -> Option<SimTime> {
        self.deadline
    }
}

/// Plays a conversation: what the driver says each time, and what the core answers to it. Where the bug makes the core
/// hear more than the driver says, the core's later answers are to that.
fn transcript(bug: Option<PlantedBug>, conversation: &[(Input, Vec<OutputBody>)]) -> String {
    let script = conversation.iter().map(|(_, said)| said.clone()).collect();
    let core = Scripted { script, ..Scripted::default() };
    let lines = core.transcript.clone();
    let mut core = Sabotaged::new(core, &Identity::for_tests(Profile::server_2003_sp1()), bug);
    for (input, _) in conversation {
        *lines.borrow_mut() += &format!("> {}\n", heard(input));
        core.handle(at(Duration::ZERO), input.clone()).unwrap();
        while let Some(output) = core.poll().unwrap() {
            *lines.borrow_mut() += &format!("< {}\n", seen(&output.body));
        }
    }
    lines.borrow().clone()
}

/// Plays a conversation with a bug; without it the core hears and the driver sees everything as it is.
#[track_caller]
fn check(bug: PlantedBug, conversation: &[(Input, Vec<OutputBody>)], expected: &str) {
    let expected: String = expected.lines().map(|line| line.trim().to_owned() + "\n").collect();
    assert_eq!(transcript(Some(bug), conversation), expected.trim_start_matches('\n'), "{bug}");
    let mut plain = String::new();
    for (input, said) in conversation {
        plain += &format!("> {0}\ncore {0}\n", heard(input));
        said.iter().for_each(|body| plain += &format!("< {}\n", seen(body)));
    }
    assert_eq!(transcript(None, conversation), plain, "without {bug}");
}

fn at(since: Duration) -> Now {
    Now { mono: SimTime::START + since, wall: FileTime::from_unix_seconds(1_772_438_400) + since }
}

fn heard(input: &Input) -> String {
    match input {
        Input::PromptAnswered { prompt, answer } => format!("answer {} {answer:?}", number(prompt.0)),
        Input::EffectDone { effect, result } => format!("done {} {}", number(effect.0), told(result)),
        Input::Trigger(trigger) => format!("trigger {}", trigger.cause),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn told(result: &EffectResult) -> String {
    match result {
        EffectResult::Stores(stores) => {
            format!("stores {:?}", stores.requests.iter().map(|entry| entry.stage.clone()).collect::<Vec<_>>())
        }
        EffectResult::Readers(readers) => format!("{:?}", readers[0].holds),
        EffectResult::Reply(reply) => format!("{:?}", reply.disposition),
        EffectResult::Settings(_) => "settings".into(),
        EffectResult::WrongPin { tries_left: Some(tries) } => format!("wrongpin {tries}"),
        other => format!("{other:?}").split(['(', ' ']).next().unwrap_or_default().to_lowercase(),
    }
}

fn seen(body: &OutputBody) -> String {
    match body {
        OutputBody::Prompt { id, point, facts, .. } => format!("prompt {} {point} {facts}", number(id.0)),
        OutputBody::PromptWithdrawn { id } => format!("withdrawn {}", number(id.0)),
        OutputBody::Effect { id, effect: Effect::Card { operation, .. } } => {
            format!("effect {} {operation:?}", number(id.0))
        }
        OutputBody::Effect { id, effect } => {
            let word = format!("{effect:?}");
            format!("effect {} {}", number(id.0), word.split(['(', ' ', '{']).next().unwrap_or_default())
        }
        OutputBody::Event(entry) => format!("event {} {}", entry.id, entry.facts),
        OutputBody::Report(Report::ItemEnded { .. }) => "item ended".into(),
        OutputBody::Report(Report::ItemStarted { .. }) => "item started".into(),
        OutputBody::Report(Report::RunStarted { trigger }) => format!("run started {}", trigger.cause),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// Numbers that no core gives are counted from the end of the range: the first of them is `*1`.
fn number(id: u32) -> String {
    if id > u32::MAX / 2 { format!("*{}", u32::MAX - id) } else { id.to_string() }
}

// The words of both sides.

fn trigger(cause: TriggerCause) -> Input {
    Input::Trigger(Trigger::of(cause))
}

fn answer(prompt: u32, answer: Answer) -> Input {
    Input::PromptAnswered { prompt: PromptId(prompt), answer }
}

fn done(effect: u32, result: EffectResult) -> Input {
    Input::EffectDone { effect: EffectId(effect), result }
}

fn prompt(id: u32, point: DecisionPoint, facts: Facts) -> OutputBody {
    OutputBody::Prompt { id: PromptId(id), point, facts, offers: vec![Choice::Close] }
}

fn effect(id: u32, effect: Effect) -> OutputBody {
    OutputBody::Effect { id: EffectId(id), effect }
}

fn card(operation: CardOperation, pin: Option<PinId>) -> Effect {
    Effect::Card { card: serial(), pin, operation }
}

fn serial() -> CardSerial {
    CardSerial("c1".into())
}

fn run_started() -> OutputBody {
    OutputBody::Report(Report::RunStarted { trigger: Trigger::of(TriggerCause::Manual) })
}

fn item_started() -> OutputBody {
    OutputBody::Report(Report::ItemStarted { template: "User".into(), action: Action::Enroll, interactive: true })
}

fn enrolled() -> OutputBody {
    let outcome = Outcome::Enrolled { thumbprint: Thumbprint("aa".into()), key: key() };
    OutputBody::Report(Report::ItemEnded { template: "User".into(), action: Action::Enroll, outcome })
}

fn run_ended() -> OutputBody {
    OutputBody::Report(Report::RunEnded)
}

fn event(id: u16, severity: Severity) -> OutputBody {
    let facts = Facts::new().with("template", "User");
    OutputBody::Event(EventEntry { source: EventSource::AutoEnrollment, id, severity, facts })
}

fn key() -> KeyPlace {
    KeyPlace { provider: "P".into(), container: "k1".into(), card: None }
}

fn entry(stage: RequestStage) -> RequestEntry {
    RequestEntry {
        key_id: "k".into(),
        template: "User".into(),
        key: key(),
        algorithm: KeyAlgorithm::Rsa2048,
        created: FileTime(0),
        stage,
        replaces: None,
        renewal: false,
        also_replaces: Vec::new(),
        given_up: false,
    }
}

fn reply(disposition: Disposition) -> EffectResult {
    EffectResult::Reply(CaReply {
        request_id: 1,
        disposition,
        certificate: None,
        response: None,
        message: String::new(),
    })
}

#[test]
fn what_a_user_should_see_is_left_out() {
    let tick = |said: OutputBody| [(Input::Tick, vec![said, run_ended()])];
    let quiet = "> tick\ncore tick\n< report(runended)";
    check(PlantedBug::BalloonNeverFades, &tick(OutputBody::BalloonHidden(BalloonId(1))), quiet);
    check(PlantedBug::IconLeftBehind, &tick(OutputBody::Icon { shown: false }), quiet);
    check(PlantedBug::PromptNeverWithdrawn, &tick(OutputBody::PromptWithdrawn { id: PromptId(1) }), quiet);
    check(PlantedBug::EffectNeverAbandoned, &tick(OutputBody::AbandonEffect { id: EffectId(1) }), quiet);
    check(PlantedBug::SuccessNotLogged, &tick(event(19, Severity::Information)), quiet);
    check(PlantedBug::SuccessNotLogged, &tick(event(20, Severity::Information)), quiet);
    check(PlantedBug::FailureNotLogged, &tick(event(13, Severity::Error)), quiet);
    // Other events stay.
    let logged = "> tick\ncore tick\n< event 64 template=User\n< report(runended)";
    check(PlantedBug::SuccessNotLogged, &tick(event(64, Severity::Warning)), logged);
    check(PlantedBug::FailureNotLogged, &tick(event(64, Severity::Warning)), logged);
    check(
        PlantedBug::IconLeftBehind,
        &tick(OutputBody::Icon { shown: true }),
        "> tick\ncore tick\n< icon { shown: true }\n< report(runended)",
    );
}

#[test]
fn work_is_claimed_and_not_done() {
    let asks = |work: Effect| [(Input::Tick, vec![effect(7, work)])];
    let claimed = "> tick\ncore tick\ncore done 7 done";
    check(PlantedBug::EntryLeftInRequest, &asks(Effect::RemoveRequest("k".into())), claimed);
    check(PlantedBug::OldNotArchived, &asks(Effect::ArchiveCertificate(Thumbprint("aa".into()))), claimed);
    check(PlantedBug::NoWriteAhead, &asks(Effect::PutRequest(entry(RequestStage::Prepared))), claimed);
    let stored = StoredCertificate {
        certificate: vec![],
        thumbprint: Thumbprint("aa".into()),
        key: None,
        archived: false,
        auto_enroll: None,
    };
    check(PlantedBug::NotInstalled, &asks(Effect::AddCertificate(stored)), claimed);
    let set_default = CardOperation::SetDefault { container: "k1".into() };
    check(PlantedBug::DefaultNotMoved, &asks(card(set_default, None)), claimed);
    // An entry that is written later is written.
    let pending = RequestStage::Pending { ca: "CA".into(), host: "ca".into(), request_id: 1 };
    let written = "> tick\ncore tick\n< effect 7 PutRequest";
    check(PlantedBug::NoWriteAhead, &asks(Effect::PutRequest(entry(pending))), written);
}

#[test]
fn prompts_are_answered_in_the_place_of_the_user() {
    let asks = |point, facts| [(Input::Tick, vec![prompt(3, point, facts)])];
    let check = |bug, point, facts, answer: &str| {
        check(bug, &asks(point, facts), &format!("> tick\ncore tick\ncore answer 3 {answer}"));
    };
    check(PlantedBug::ReplaceUnasked, DecisionPoint::CardReplaceDefault, Facts::new(), "Yes");
    check(PlantedBug::ProtectionUnasked, DecisionPoint::KeyProtect, Facts::new(), "Ok");
    check(PlantedBug::SummarySkipped, DecisionPoint::Summary, Facts::new(), "Close");
    let cards = Facts::new().with("cards", vec!["c2", "c1"]);
    check(PlantedBug::SelectionUnasked, DecisionPoint::CardSelect, cards, "Card(CardSerial(\"c2\"))");
}

#[test]
fn prompts_come_twice() {
    let facts = || Facts::new().with("card", "c1");
    check(
        PlantedBug::PinAskedTwice,
        &[(Input::Tick, vec![prompt(3, DecisionPoint::PinEnter, facts())]), (answer(3, Answer::Pin(PinId(1))), vec![])],
        "> tick\ncore tick\n< prompt 3 pin.enter card=c1\n> answer 3 Pin(PinId(1))\n< prompt *1 pin.enter card=c1",
    );
    // Cancel is one answer, as always.
    check(
        PlantedBug::PinAskedTwice,
        &[(Input::Tick, vec![prompt(3, DecisionPoint::PinEnter, facts())]), (answer(3, Answer::Cancel), vec![])],
        "> tick\ncore tick\n< prompt 3 pin.enter card=c1\n> answer 3 Cancel\ncore answer 3 Cancel",
    );
    check(
        PlantedBug::SummaryTwice,
        &[(Input::Tick, vec![prompt(9, DecisionPoint::Summary, facts())]), (answer(9, Answer::Close), vec![])],
        "> tick\ncore tick\n< prompt 9 summary card=c1\n> answer 9 Close\n< prompt *1 summary card=c1",
    );
}

#[test]
fn the_second_answer_reaches_the_core_and_a_withdrawal_the_second_prompt() {
    let again = u32::MAX - 1;
    let facts = Facts::new().with("card", "c1");
    let asked = || vec![prompt(3, DecisionPoint::PinEnter, facts.clone())];
    let first = (answer(3, Answer::Pin(PinId(1))), vec![]);
    let told = transcript(
        Some(PlantedBug::PinAskedTwice),
        &[(Input::Tick, asked()), first.clone(), (answer(again, Answer::Pin(PinId(2))), vec![])],
    );
    assert!(told.ends_with("> answer *1 Pin(PinId(2))\ncore answer 3 Pin(PinId(2))\n"), "{told}");
    // The core has not heard the first answer, so its script goes on with what it says to the change in the reader.
    let withdrawn = OutputBody::PromptWithdrawn { id: PromptId(3) };
    let core = Scripted { script: [asked(), vec![withdrawn]].into(), ..Scripted::default() };
    let mut core =
        Sabotaged::new(core, &Identity::for_tests(Profile::server_2003_sp1()), Some(PlantedBug::PinAskedTwice));
    for input in [Input::Tick, first.0, Input::ReadersChanged] {
        core.handle(at(Duration::ZERO), input).unwrap();
    }
    let all: Vec<Output> = std::iter::from_fn(|| core.poll().unwrap()).collect();
    assert_eq!(all.last().unwrap().body, OutputBody::PromptWithdrawn { id: PromptId(again) });
    assert_eq!(*all.last().unwrap().causes, [Cause::Input(3)], "the core's second input is the driver's third");
}

#[test]
fn things_are_made_up() {
    check(
        PlantedBug::DialogOnSuccess,
        &[(Input::Tick, vec![item_started(), enrolled(), run_ended()])],
        "> tick\ncore tick\n< item started\n< item ended\n< prompt *1 summary failures=[]\n< report(runended)",
    );
    check(
        PlantedBug::SummaryAfterRemind,
        &[
            (Input::Tick, vec![prompt(1, DecisionPoint::WizardStart, Facts::new().with("items", 1_u32))]),
            (answer(1, Answer::Remind), vec![run_ended()]),
        ],
        "> tick\ncore tick\n< prompt 1 wizard.start items=1\n> answer 1 Remind\ncore answer 1 Remind
        < prompt *1 summary failures=[\"everything: 0x8010006E SCARD_W_CANCELLED_BY_USER\"]\n< report(runended)",
    );
    check(
        PlantedBug::WizardByItself,
        &[(Input::Tick, vec![OutputBody::Balloon(BalloonId(1))])],
        "> tick\ncore tick\ncore balloonclicked(balloonid(1))\n< balloon(balloonid(1))",
    );
    check(
        PlantedBug::NeverRests,
        &[(Input::Tick, vec![run_ended()])],
        "> tick\ncore tick\ncore trigger manual\n< report(runended)",
    );
    let submission = Submission { ca: "CA".into(), host: "ca".into(), flags: 0, attributes: vec![], request: vec![1] };
    check(
        PlantedBug::RequestSentTwice,
        &[(Input::Tick, vec![effect(5, Effect::Submit(submission))]), (done(5, reply(Disposition::Pending)), vec![])],
        "> tick\ncore tick\n< effect 5 Submit\n< effect *1 Submit\n> done 5 Pending\ncore done 5 Pending",
    );
    let late =
        transcript(Some(PlantedBug::RequestSentTwice), &[(done(u32::MAX - 1, reply(Disposition::Pending)), vec![])]);
    assert_eq!(late, "> done *1 Pending\n", "only the saboteur knows of the second request");
}

#[test]
fn what_the_driver_says_is_changed() {
    let pending = RequestStage::Pending { ca: "CA".into(), host: "ca".into(), request_id: 1 };
    let issued = RequestStage::Issued { ca: "CA".into(), request_id: 1, certificate: vec![] };
    let stores = || {
        let requests = vec![entry(pending.clone()), entry(issued.clone())];
        [(done(1, EffectResult::Stores(Stores { my: vec![], requests }.into())), vec![])]
    };
    let both = format!("> done 1 stores {:?}\ncore done 1 stores", [&pending, &issued]);
    check(PlantedBug::RequestRepeatedAfterPull, &stores(), &format!("{both} {:?}", [&pending]));
    check(PlantedBug::RequestRepeatedWhilePending, &stores(), &format!("{both} {:?}", [&issued]));
    check(
        PlantedBug::PendingTakenForDenied,
        &[(done(1, reply(Disposition::Pending)), vec![])],
        &format!("> done 1 Pending\ncore done 1 {:?}", Disposition::Denied(HResult::CERTSRV_E_ENROLL_DENIED)),
    );
    check(
        PlantedBug::TriggerLost,
        &[(trigger(TriggerCause::Manual), vec![run_started()]), (trigger(TriggerCause::Logon), vec![run_ended()])],
        "> trigger manual\ncore trigger manual\n< run started manual\n> trigger logon",
    );
    check(PlantedBug::UnlockStartsRun, &[(Input::Unlock, vec![])], "> unlock\ncore unlock\ncore trigger logon");
    let wrong = |tries| vec![(done(1, EffectResult::WrongPin { tries_left: Some(tries) }), vec![])];
    check(PlantedBug::BlockedPinAskedAgain, &wrong(0), "> done 1 wrongpin 0\ncore done 1 wrongpin 1");
    check(PlantedBug::BlockedPinAskedAgain, &wrong(2), "> done 1 wrongpin 2\ncore done 1 wrongpin 2");
    let failed = |operation| {
        let failed = EffectResult::Failed(HResult::SCARD_W_REMOVED_CARD);
        [(Input::Tick, vec![effect(1, card(operation, None))]), (done(1, failed), vec![])]
    };
    let write = || CardOperation::WriteCertificate { container: "k1".into(), certificate: vec![] };
    let asked = format!("> tick\ncore tick\n< effect 1 {:?}\n> done 1 failed\ncore done 1", write());
    check(PlantedBug::CardFailureIgnored, &failed(write()), &format!("{asked} done"));
    let asked = "> tick\ncore tick\n< effect 1 Describe\n> done 1 failed\ncore done 1 failed";
    check(PlantedBug::CardFailureIgnored, &failed(CardOperation::Describe), asked);
    let holds = |provider: &str| ReaderState::Card { provider: provider.into(), serial: serial() };
    let readers = |provider| EffectResult::Readers(vec![ReaderView { reader: "R".into(), holds: holds(provider) }]);
    check(
        PlantedBug::WrongCardAccepted,
        &[
            (done(1, readers("B")), vec![prompt(1, DecisionPoint::CardInsert, Facts::new().with("provider", "A"))]),
            (done(2, readers("B")), vec![]),
        ],
        &format!(
            "> done 1 {0:?}\ncore done 1 {0:?}\n< prompt 1 card.insert provider=A\n> done 2 {0:?}\ncore done 2 {1:?}",
            holds("B"),
            holds("A")
        ),
    );
}

#[test]
fn pins_are_used_again() {
    let asked = || prompt(3, DecisionPoint::PinEnter, Facts::new().with("card", "c1"));
    let verify = || effect(4, card(CardOperation::VerifyPin, Some(PinId(1))));
    let run = |result, then| {
        [
            (Input::Tick, vec![run_started(), asked()]),
            (answer(3, Answer::Pin(PinId(1))), vec![verify()]),
            (done(4, result), then),
            (trigger(TriggerCause::Manual), vec![run_started(), asked()]),
        ]
    };
    let told = transcript(Some(PlantedBug::PinOutlivesRun), &run(EffectResult::Done, vec![run_ended()]));
    assert!(told.ends_with("core answer 3 Pin(PinId(1))\n< run started manual\n"), "{told}");
    let wrong = || EffectResult::WrongPin { tries_left: Some(2) };
    let told = transcript(Some(PlantedBug::PinOutlivesRun), &run(wrong(), vec![run_ended()]));
    assert!(told.ends_with("< prompt 3 pin.enter card=c1\n"), "{told}");

    let told = transcript(Some(PlantedBug::WrongPinRetried), &run(wrong(), vec![asked()])[..3]);
    assert!(told.ends_with("> done 4 wrongpin 2\ncore done 4 wrongpin 2\ncore answer 3 Pin(PinId(1))\n"), "{told}");
}

#[test]
fn a_card_is_asked_for_something_else() {
    let container = |index: u8| ContainerView {
        index,
        name: format!("k{index}"),
        default: index == 0,
        has_key: true,
        has_certificate: true,
    };
    let description = CardDescription {
        containers: vec![container(0), container(1)],
        free_containers: 2,
        tries_left: None,
        dialogs: ProviderDialogs::default(),
    };
    let write = |name: &str| CardOperation::WriteCertificate { container: name.into(), certificate: vec![] };
    check(
        PlantedBug::WrongContainer,
        &[
            (Input::Tick, vec![effect(1, card(CardOperation::Describe, None))]),
            (done(1, EffectResult::Card(description)), vec![effect(2, card(write("k1"), None))]),
        ],
        &format!(
            "> tick\ncore tick\n< effect 1 Describe\n> done 1 card\ncore done 1 card\n< effect 2 {:?}",
            write("k0")
        ),
    );
    let generate = |make_default| CardOperation::Generate {
        algorithm: KeyAlgorithm::P256,
        key_spec: KeySpec::Exchange,
        make_default,
        overwrite: None,
    };
    check(
        PlantedBug::DefaultNotMoved,
        &[(Input::Tick, vec![effect(1, card(generate(true), None))])],
        &format!("> tick\ncore tick\n< effect 1 {:?}", generate(false)),
    );
    let generate = |algorithm| CardOperation::Generate {
        algorithm,
        key_spec: KeySpec::Exchange,
        make_default: true,
        overwrite: None,
    };
    for (wanted, made) in [(KeyAlgorithm::Rsa4096, KeyAlgorithm::Rsa1024), (KeyAlgorithm::P256, KeyAlgorithm::P256)] {
        check(
            PlantedBug::KeyTooShort,
            &[(Input::Tick, vec![effect(1, card(generate(wanted), None))])],
            &format!("> tick\ncore tick\n< effect 1 {:?}", generate(made)),
        );
    }
}

/// Asks a core that wants to be woken at `deadline` when it wants to, after it has started a run for `cause` at the
/// start.
fn deadline(bug: Option<PlantedBug>, cause: TriggerCause, deadline: Duration) -> Option<SimTime> {
    let started = OutputBody::Report(Report::RunStarted { trigger: Trigger::of(cause) });
    let core =
        Scripted { script: [vec![started]].into(), deadline: Some(SimTime::START + deadline), ..Scripted::default() };
    let mut core = Sabotaged::new(core, &Identity::for_tests(Profile::server_2003_sp1()), bug);
    core.handle(at(Duration::ZERO), Input::Tick).unwrap();
    core.deadline()
}

#[test]
fn timers_come_early_or_never() {
    let due = |span: Duration| Some(SimTime::START + span);
    let check = |bug, cause, span, expected| {
        assert_eq!(deadline(Some(bug), cause, span), expected, "{bug} {cause} {span}");
        assert_eq!(deadline(None, cause, span), due(span));
    };
    check(PlantedBug::BalloonEarly, TriggerCause::Logon, Duration::seconds(60), due(Duration::seconds(59)));
    check(PlantedBug::BalloonEarly, TriggerCause::Logon, Duration::seconds(61), due(Duration::seconds(61)));
    check(PlantedBug::TimerNotRearmed, TriggerCause::Timer, Duration::hours(8), None);
    check(PlantedBug::TimerNotRearmed, TriggerCause::Timer, Duration::hours(7), due(Duration::hours(7)));
    check(PlantedBug::TimerNotRearmed, TriggerCause::Logon, Duration::hours(8), due(Duration::hours(8)));
}

#[test]
fn a_core_that_is_woken_early_believes_that_it_is_time() {
    let core = Scripted { script: [vec![run_started()]].into(), ..Scripted::default() };
    let lines = core.transcript.clone();
    let mut core =
        Sabotaged::new(core, &Identity::for_tests(Profile::server_2003_sp1()), Some(PlantedBug::BalloonEarly));
    core.handle(at(Duration::ZERO), Input::Tick).unwrap();
    core.handle(at(Duration::seconds(59)), Input::Tick).unwrap();
    core.handle(at(Duration::seconds(59)), Input::IconClicked).unwrap();
    assert_eq!(*lines.borrow(), "core tick\ncore 00:01:00 tick\ncore 00:00:59 iconclicked\n");
}

#[test]
fn a_core_whose_bug_is_in_the_cards_is_left_alone() {
    let conversation = [
        (done(1, EffectResult::Settings(Settings::default().into())), vec![run_started(), item_started()]),
        (Input::Tick, vec![OutputBody::Balloon(BalloonId(1)), OutputBody::Icon { shown: false }]),
        (answer(1, Answer::Remind), vec![enrolled(), event(19, Severity::Information), run_ended()]),
    ];
    let plain = transcript(None, &conversation);
    for bug in [
        PlantedBug::TriesNotCounted,
        PlantedBug::TriesRestoredByPower,
        PlantedBug::DefaultFlagLeft,
        PlantedBug::CertificateLostByCard,
    ] {
        assert_eq!(transcript(Some(bug), &conversation), plain, "{bug}");
    }
}
