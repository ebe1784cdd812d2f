//! The verbs of steps, their modifiers, and what can be changed.

use autoenroll_model::{DecisionPoint, Right, Template};
use autoenroll_trace::Kind;
use autoenroll_world::action::{CardFault, ClickTarget};
use autoenroll_world::spec::{ATTRIBUTES, CaSpec, GENERAL_FLAGS, PolicySpec};

use super::settings::{self, In, Part};
use super::{Key, Shape, ValueType};
use ValueType::{Duration, Fact, Facts, Flag, Instant, List, Map, Number, OrNone, Text, Time, Word, Words};

/// A verb.
#[derive(Debug)]
pub(crate) struct Verb {
    /// As it is written.
    pub(crate) word: &'static str,
    /// What it takes.
    pub(crate) value_type: ValueType,
    /// What kind of step it makes.
    pub(crate) kind: VerbKind,
    /// Modifiers that it takes besides those of time.
    pub(crate) modifiers: &'static [&'static str],
    /// Modifiers that it needs.
    pub(crate) needs: &'static [&'static str],
    /// What it means.
    pub(crate) doc: &'static str,
    /// A step.
    pub(crate) example: &'static str,
}

/// What kind of step a verb makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VerbKind {
    /// An action. `at`, `after` and `on` say when.
    Action,
    /// Time goes by.
    Wait,
    /// Something must be seen. `at`, `after`, `until` and `within` say when.
    Expectation,
    /// Something must not be seen, until `until` or `within`.
    Absence,
    /// A look. `at` and `after` say when.
    State,
    /// Steps that have a name. `at` and `after` say when the first of them begins.
    Sequence,
}

impl VerbKind {
    /// The modifiers of time that such a step takes.
    pub(crate) const fn times(self) -> &'static [&'static str] {
        match self {
            Self::Action => &["at", "after", "on"],
            Self::Wait => &[],
            Self::Expectation => &["at", "after", "until", "within"],
            Self::Absence => &["until", "within"],
            Self::State | Self::Sequence => &["at", "after"],
        }
    }
}

/// The modifiers that an `on` step takes besides those of its verb.
const ON_TAKES: &[&str] = &["facts", "who", "until", "within"];

/// The verb of that name.
pub(crate) fn verb_named(word: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.word == word)
}

/// The modifiers that may stand beside a verb, and in a step that waits for a record with `on`.
pub(crate) fn modifiers_of(verb: &Verb, on: bool) -> Vec<&'static str> {
    let of_on: &[&str] = if on { ON_TAKES } else { &[] };
    verb.kind.times().iter().chain(verb.modifiers).chain(of_on).chain(&["only"]).copied().collect()
}

/// Kinds of records that `expect`, `never` and `on` take.
pub(crate) fn kinds() -> Vec<&'static str> {
    Kind::WORDS.to_vec()
}

/// Every verb.
pub(crate) static VERBS: &[Verb] = &[
    action(
        "boot",
        Text,
        &[],
        &[],
        "A computer starts: Group Policy is applied, its own core begins.",
        r#"{ boot = "WKS01" }"#,
    ),
    action(
        "shutdown",
        Text,
        &[],
        &[],
        "A computer is shut down; its users are logged off first.",
        r#"{ shutdown = "WKS01" }"#,
    ),
    action(
        "crash",
        Text,
        &[],
        &[],
        "A computer loses power, or the session of a user ends without warning, core and all.",
        r#"{ crash = "alice" }"#,
    ),
    action(
        "end-core",
        Text,
        &[],
        &[],
        "The core of a user or computer ends without warning, and the session goes on: another starts with the next trigger.",
        r#"{ end-core = "alice" }"#,
    ),
    action(
        "logon",
        Text,
        &["computer", "with"],
        &[],
        "A user logs on interactively, with a smart card where `with` says so.",
        r#"{ logon = "alice", with = { card = "alice-card", pin = "1234" } }"#,
    ),
    action("logoff", Text, &[], &[], "A user logs off.", r#"{ after = "10m", logoff = "alice" }"#),
    action("lock", Text, &[], &[], "A user locks the workstation.", r#"{ lock = "alice" }"#),
    action("unlock", Text, &[], &[], "A user unlocks it.", r#"{ unlock = "alice" }"#),
    action(
        "pulse",
        Text,
        &[],
        &[],
        "A user, or an administrator of a computer, asks for a run by hand.",
        r#"{ pulse = "alice" }"#,
    ),
    action(
        "gp-refresh",
        Text,
        &["forced"],
        &[],
        "`gpupdate` is run for a user or a computer.",
        r#"{ gp-refresh = "alice", forced = true }"#,
    ),
    action(
        "click",
        Word(|| ClickTarget::WORDS.to_vec()),
        &["who"],
        &[],
        "A user clicks the balloon, its close button, the icon, or the wizard's close button.",
        r#"{ after = "5s", click = "balloon" }"#,
    ),
    action(
        "insert",
        Text,
        &["reader", "computer"],
        &[],
        "A card goes into a reader.",
        r#"{ insert = "alice-card", reader = "Reader 0" }"#,
    ),
    action("remove", Text, &[], &[], "A card is pulled out.", r#"{ remove = "alice-card" }"#),
    action(
        "swap",
        Text,
        &["to", "reader", "computer"],
        &["to"],
        "A card is pulled out and another one goes into the reader.",
        r#"{ swap = "payroll-card", to = "alice-card", reader = "Reader 0" }"#,
    ),
    action(
        "reply",
        Word(|| DecisionPoint::WORDS.to_vec()),
        &["with", "who"],
        &["with"],
        "A user answers a prompt that was held.",
        r#"{ reply = "pin.enter", with = { pin = "1234" } }"#,
    ),
    action(
        "change",
        Word(|| CHANGES.iter().map(|change| change.word).collect()),
        &["of", "set"],
        &["set"],
        "The world changes: directory, template, policy, CA, wall clock.",
        r#"{ change = "ca", of = "Contoso Issuing CA", set = { reachable = false } }"#,
    ),
    action(
        "ca",
        Word(|| vec!["approve", "deny", "revoke", "stop", "start"]),
        &["of", "request", "certificate"],
        &[],
        "A manager works at a CA.",
        r#"{ ca = "approve", request = "$pending" }"#,
    ),
    Verb {
        word: "wait",
        value_type: Duration,
        kind: VerbKind::Wait,
        modifiers: &[],
        needs: &[],
        doc: "Time goes by.",
        example: r#"{ wait = "8h" }"#,
    },
    Verb {
        word: "prompt",
        value_type: Word(|| DecisionPoint::WORDS.to_vec()),
        kind: VerbKind::Expectation,
        modifiers: &["facts", "exact", "who", "as", "answer"],
        needs: &["answer"],
        doc: "A prompt opens, or the facts of an open one change; and how it is answered.",
        example: r#"{ prompt = "pin.enter", facts = { tries-left = 3 }, answer = { pin = "1234" } }"#,
    },
    Verb {
        word: "expect",
        value_type: Word(kinds),
        kind: VerbKind::Expectation,
        modifiers: &["facts", "exact", "who", "as"],
        needs: &[],
        doc: "Something is seen: a record of this kind.",
        example: r#"{ within = "2h", expect = "issued", facts = { template = "User" }, as = "new" }"#,
    },
    Verb {
        word: "never",
        value_type: Word(kinds),
        kind: VerbKind::Absence,
        modifiers: &["facts", "exact", "who"],
        needs: &[],
        doc: "Something is not seen from the previous step until the end given; the clock moves there.",
        example: r#"{ never = "request", until = "9h" }"#,
    },
    Verb {
        word: "state",
        value_type: Word(|| vec!["card", "store", "requests", "ca", "directory", "desktop", "trust"]),
        kind: VerbKind::State,
        modifiers: &["of", "facts", "exact"],
        needs: &["facts"],
        doc: "A look at a card, a principal's MY or REQUEST store, a CA, a principal's directory object, a user's desktop, or a computer's trust stores.",
        example: r#"{ state = "card", of = "alice-card", facts = { tries-left = 3 } }"#,
    },
    Verb {
        word: "do",
        value_type: Text,
        kind: VerbKind::Sequence,
        modifiers: &["with"],
        needs: &[],
        doc: "The steps of a sequence, with these arguments.",
        example: r#"{ do = "insert-and-pin", with = { card = "alice-card", pin = "1234" } }"#,
    },
];

const fn action(
    word: &'static str,
    value_type: ValueType,
    modifiers: &'static [&'static str],
    needs: &'static [&'static str],
    doc: &'static str,
    example: &'static str,
) -> Verb {
    Verb { word, value_type, kind: VerbKind::Action, modifiers, needs, doc, example }
}

/// A modifier.
const fn key(name: &'static str, value_type: ValueType, doc: &'static str) -> Key {
    Key { name, value_type, required: false, doc, default: None }
}

/// Every modifier. No verb has the name of one.
pub(crate) static MODIFIERS: &[Key] = &[
    key(
        "at",
        Time,
        "The step begins then: counted from the start, or at the next such time of the day on the wall clock.",
    ),
    key("after", Duration, "The step begins that long after the previous step's match."),
    key(
        "until",
        Time,
        "The step matches before then: counted from the start, or the next such time of the day after the step begins. \
         The end itself is outside.",
    ),
    key(
        "within",
        Duration,
        "The step matches before that long after the previous step's match. The end itself is outside.",
    ),
    key("on", Word(kinds), "The step acts the moment a record of this kind appears, before anything else."),
    key("facts", Facts, "Facts that the record has; it may have others."),
    key("exact", Flag, "The record has no other facts."),
    key(
        "who",
        Text,
        "Whose record it is, or who acts. Needed when several take part; for what only users see, when several users do.",
    ),
    key("as", Text, "Binds the record to a name for later steps: `\"$new\"`, `\"$new.ca\"`."),
    key("answer", ValueType::Answer, "What the user answers; `hold` leaves the prompt open."),
    key(
        "with",
        ValueType::Answer,
        "What the user answers now; for `logon`, the card and its PIN; for `do`, the arguments by their names.",
    ),
    key("of", Text, "Whose or which one."),
    key("to", Text, "The card that goes in."),
    key("reader", Text, "The reader, when there are several."),
    key("computer", Text, "The computer, when there are several."),
    key("forced", Flag, "With /force."),
    key("set", ValueType::ChangeSet, "What it becomes."),
    key("request", Text, "The request, when several are pending: its name, or `\"$name\"` of what bound it."),
    key("certificate", Text, "The certificate: its name, or `\"$name\"` of what bound it."),
    key("only", List(&Text), "The step stands in these variants only."),
];

/// What can be changed.
#[derive(Debug)]
pub(crate) struct ChangeShape {
    /// The word after `change`.
    pub(crate) word: &'static str,
    /// What `of` names; `None` when there is nothing to name.
    pub(crate) of: Option<&'static str>,
    /// What `set` takes.
    pub(crate) set: Shape,
}

/// The change of that name.
pub(crate) fn change_named(word: &str) -> Option<&'static ChangeShape> {
    CHANGES.iter().find(|change| change.word == word)
}

const RIGHTS: ValueType = Map(&Words(|| Right::WORDS.to_vec()));
const FAILS: ValueType = OrNone(&Number(0x8000_0000, 0xFFFF_FFFF));
const FAILS_WITH: &str =
    "The code with which this effect of the core protocol fails from now on; false: it works again.";
const AE_POLICY: ValueType = OrNone(&Number(0, 0xFFFF_FFFF));

/// Those with one field come first, one row each in [`CaSpec::SETTINGS`].
static CA_SET: [Key; settings::length(In::Change, CA_PARTS)] = settings::join(In::Change, CA_PARTS);
const CA_PARTS: &[Part<CaSpec>] = &[Part::Settings(CaSpec::SETTINGS), Part::Keys(CA_SET_TAIL)];

/// One row each in [`PolicySpec::REFRESH`] and [`PolicySpec::EXPIRATION`].
static POLICY_SET: [Key; settings::length(In::Change, POLICY_PARTS)] = settings::join(In::Change, POLICY_PARTS);
const POLICY_PARTS: &[Part<PolicySpec>] =
    &[Part::Settings(PolicySpec::REFRESH), Part::Settings(PolicySpec::EXPIRATION)];

/// Attributes with one field stand between the others.
static TEMPLATE_SET: [Key; settings::length(In::Change, TEMPLATE_PARTS)] = settings::join(In::Change, TEMPLATE_PARTS);
const TEMPLATE_PARTS: &[Part<Template>] = &[
    Part::Keys(&[key("published", Flag, "true: it appears in the directory; false: it disappears.")]),
    Part::Settings(GENERAL_FLAGS),
    Part::Settings(ATTRIBUTES),
    Part::Keys(&[
        key("allow", RIGHTS, "The rights granted from now on, on top of the default list."),
        key("deny", RIGHTS, "The rights denied from now on."),
    ]),
];

const CA_SET_TAIL: &[Key] = &[
    key("replicated", Flag, "true: it replaces its older copies of templates (`stale-template`) by the directory's."),
    key("allow", RIGHTS, "The rights granted from now on, on top of the default list."),
    key("deny", RIGHTS, "The rights denied from now on."),
    key("offer", Text, "It issues this template too."),
    key("withdraw", Text, "It no longer issues this template."),
];

/// Every change.
pub(crate) static CHANGES: &[ChangeShape] = &[
    change("template", Some("the template"), "a changed template", &TEMPLATE_SET),
    change("policy", None, "a changed policy", &POLICY_SET),
    change("ca", Some("the CA, when there are several"), "a changed CA", &CA_SET),
    change(
        "directory",
        Some("a domain controller; all of them unless said here"),
        "a changed directory",
        &[key("reachable", Flag, "Whether it can be reached."), key("latency", Duration, "Duration of every access.")],
    ),
    change(
        "policy-service",
        Some("the policy service"),
        "a changed policy service",
        &[
            key("reachable", Flag, "Whether it answers."),
            key(
                "failure",
                OrNone(&Number(0, 0xFFFF_FFFF)),
                "The code of every answer; false: it tells the policy again.",
            ),
        ],
    ),
    change(
        "clock",
        None,
        "a set clock",
        &[key("wall", Instant, "What the wall clock of every machine shows from now on.")],
    ),
    change(
        "principal",
        Some("the user or computer"),
        "a changed user or computer",
        &[
            key("dn", Text, "Distinguished name."),
            key("upn", OrNone(&Text), "userPrincipalName; false: it has none."),
            key("mail", OrNone(&Text), "mail; false: it has none."),
            key("dns", OrNone(&Text), "dNSHostName; false: it has none."),
        ],
    ),
    change(
        "group",
        Some("the group"),
        "a changed group",
        &[key("add", Text, "A new member."), key("remove", Text, "A member no more.")],
    ),
    change(
        "settings",
        Some("the user or computer"),
        "changed settings",
        &[
            key("express", Flag, "Whether AEExpress exists: no delay before the balloon."),
            key("local-policy", AE_POLICY, "The locally configured AEPolicy; false deletes it."),
            key("log-level", OrNone(&Number(0, 0xFFFF_FFFF)), "AEEventLogLevel; false deletes it."),
            key("directory-cache", OrNone(&Text), "false deletes AEDirectoryCache."),
        ],
    ),
    change(
        "trust",
        Some("the container: root, ca or ntauth"),
        "a changed trust container",
        &[
            key("add", Text, "A CA or extra root that is in it from now on."),
            key("remove", Text, "One that no longer is."),
        ],
    ),
    change(
        "store",
        Some("the user or computer"),
        "a changed store",
        &[
            key("delete", Text, "A certificate that is deleted from MY, or from a computer's trust stores."),
            key("delete-request", Text, "A template whose entries are deleted from REQUEST by hand; their keys stay."),
        ],
    ),
    change(
        "effect",
        Some("the principal for whose core it fails"),
        "effects that fail",
        &[
            key("read-settings", FAILS, FAILS_WITH),
            key("write-directory-cache", FAILS, FAILS_WITH),
            key("write-trust", FAILS, FAILS_WITH),
            key("read-stores", FAILS, FAILS_WITH),
            key("add-certificate", FAILS, FAILS_WITH),
            key("archive-certificate", FAILS, FAILS_WITH),
            key("delete-certificate", FAILS, FAILS_WITH),
            key("put-request", FAILS, FAILS_WITH),
            key("remove-request", FAILS, FAILS_WITH),
            key("inspect", FAILS, FAILS_WITH),
            key("read-readers", FAILS, FAILS_WITH),
        ],
    ),
    change(
        "card",
        Some("the card"),
        "a changed card",
        &[
            key(
                "fault",
                Word(|| CardFault::WORDS.to_vec()),
                "How it misbehaves from now on. mute: it does not answer, not even to reset; busy: another process holds it; slow: \
                 it does not answer in time; failing: its middleware fails; read-only: nothing can be written to it; none: it is as \
                 good as new.",
            ),
            key("pin", Text, "Another PIN, set with the administrator key. All its attempts are back."),
            key(
                "unblock",
                Flag,
                "true: it is unblocked with the administrator key. The PIN stays as it is, and all its attempts are back.",
            ),
        ],
    ),
];

const fn change(word: &'static str, of: Option<&'static str>, name: &'static str, keys: &'static [Key]) -> ChangeShape {
    ChangeShape { word, of, set: Shape { name, doc: "What it becomes.", keys } }
}

/// Facts are values of this kind.
pub(super) const FACT: ValueType = Fact;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_and_modifiers_share_no_word() {
        for verb in VERBS {
            assert!(!MODIFIERS.iter().any(|modifier| modifier.name == verb.word), "{}", verb.word);
            for modifier in verb.modifiers.iter().chain(verb.needs).chain(verb.kind.times()) {
                assert!(MODIFIERS.iter().any(|known| known.name == *modifier), "{modifier}");
            }
            assert!(verb.needs.iter().all(|need| verb.modifiers.contains(need)), "{}", verb.word);
            assert!(verb.example.contains(&format!("{} = ", verb.word)), "{}", verb.word);
        }
    }
}
