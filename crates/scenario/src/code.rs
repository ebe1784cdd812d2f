//! The codes of everything that can be wrong, each with a text that says why it is wrong and what to do.

use serde::{Serialize, Serializer};

/// What `autoenroll explain AE0201` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The code.
    pub code: Code,
    /// A few words.
    pub title: &'static str,
    /// A paragraph or two.
    pub text: &'static str,
}

/// The explanation of a code such as `AE0201`.
#[must_use]
pub fn explain_code(code: &str) -> Option<Explanation> {
    Code::ALL.iter().find(|known| known.as_str().eq_ignore_ascii_case(code)).map(|code| code.explanation())
}

macro_rules! codes {
    ($( $variant:ident = $code:literal, $title:literal, $text:literal; )*) => {
        /// A kind of problem. `AE01..` is about reading, `AE02..` about keys and values, `AE03..` about names, `AE04..`
        /// about the timeline, `AE05..` about a run.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $( #[doc = $title] $variant, )*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The code as it is shown.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $code, )* }
            }

            /// Its explanation.
            #[must_use]
            pub const fn explanation(self) -> Explanation {
                match self {
                    $( Self::$variant => Explanation { code: self, title: $title, text: $text }, )*
                }
            }
        }
    };
}

codes! {
    NotToml = "AE0101", "not TOML",
        "The file does not follow the grammar of TOML 1.0 at this place. Whatever can be understood around it is still checked, \
         so later messages may follow from this one. Files whose first character is `{` are read as JSON instead.";
    NotJson = "AE0102", "not JSON",
        "The file begins with `{` and is therefore read as JSON, but does not follow its grammar here. Reading stops at the first \
         such place. JSON has no comments and no comma after the last entry.";
    TooLarge = "AE0103", "file too large",
        "A scenario fits one screen. Files of more than a mebibyte are refused before they are read, so that a wrong file cannot \
         make the bench slow.";
    TooDeep = "AE0104", "nested too deep",
        "Tables and lists are nested deeper than any part of the language needs. The inner part was not read.";
    LaterToml = "AE0105", "TOML 1.1 construct",
        "The form of a scenario is TOML 1.0, which every editor and every library reads. Newlines and a last comma inside `{}`, the \
         escapes \\e and \\x, and times without seconds came with TOML 1.1. The bench could read them, but others could not.";
    NotUtf8 = "AE0106", "not UTF-8",
        "TOML and JSON are UTF-8. The first byte that is not is marked.";
    DuplicateKey = "AE0107", "the same key twice",
        "A key may stand in a table once. Two values for one key would leave open which of them is meant.";
    FormatVersion = "AE0108", "format version",
        "Every file says `scenario = 1` first, so that a file of a later format is refused in words instead of being half \
         understood. Version 1 promises: keys, words and meanings in the reference do not change; new ones may come.";
    Unreadable = "AE0109", "file cannot be read",
        "A file that this one names is there but cannot be read; the message has the reason.";

    UnknownKey = "AE0201", "unknown key",
        "The table has no such key. Unknown keys are errors, because a misspelled key that is ignored is a scenario that tests \
         something else. When a valid key is near, the message names it.";
    MissingKey = "AE0202", "missing key",
        "The table needs this key, in the file itself or in a world that it extends.";
    WrongType = "AE0203", "wrong type",
        "The value is of another type than the key takes.";
    UnknownWord = "AE0204", "not one of the words",
        "The key takes one of a fixed list of words. When one is near, the message names it.";
    NotADuration = "AE0205", "not a duration",
        "Spans of time are texts with units, whole numbers, from long to short: \"8h\", \"60s\", \"90d\", \"1h30m\", \"1500ms\". Units \
         are w, d, h, m, s, ms, us and ns. A number without a unit is refused, because it does not say what it counts.";
    NotAnInstant = "AE0206", "not an instant",
        "Instants are RFC 3339 with an offset: 2026-03-02T08:00:00Z, in TOML without quotes, in JSON as a text. Times of the day are \
         texts: \"09:00\" for the next one, \"+1d 09:00\" for that of the day after today. They are UTC, as wall time is everywhere here.";
    OutOfRange = "AE0207", "number out of range",
        "The number is smaller or larger than the key allows.";
    Fraction = "AE0208", "fractions are not accepted",
        "The language has no floating-point numbers: two machines might disagree on them. Spans of time have units that make whole \
         numbers enough.";
    Malformed = "AE0209", "malformed value",
        "The text is not of the form that the key takes: an object identifier such as 1.3.6.1.5.5.7.3.2, a security identifier such as \
         S-1-5-21-1-2-3-1104, a GUID, hexadecimal bytes, or a code with its name, as records show it: 0x8010006C \
         SCARD_W_CHV_BLOCKED. A text other than the summary is one line without control characters.";
    DuplicateName = "AE0210", "two things of one name",
        "Things of a kind are told apart by their names, in the timeline and in messages. Within one file a name stands once; to \
         change something that an extended world has, use its name once and say only what differs.";
    Exclusive = "AE0211", "keys that exclude each other",
        "Both keys say the same thing in different ways; only one may stand.";
    Empty = "AE0212", "empty value",
        "The value must not be empty: an empty text names nothing, and an empty change changes nothing.";
    DuplicateCardId = "AE0213", "two cards of one id",
        "A card is known by its card id, which `serial` sets: a search for the one might find the other. No two cards are issued \
         with one id. To change a card that an extended world has, use its name. Ids whose last 8 bytes are alike are warned of: \
         through PKCS #11 no more of them is seen.";
    OthersRefuse = "AE0214", "what programs of others refuse",
        "The card takes the value, and so do the providers of the bench. OpenSC, through which most other programs reach cards, \
         does not: it takes PINs of 4 to 15 bytes on GIDS cards, and says that the PIN's length is wrong before it asks the card. \
         That matters where the card is served to other programs, by `autoenroll card`.";

    UnknownFixture = "AE0301", "unknown fixture",
        "Fixtures are named files of the bench: worlds to extend, default templates, kinds of cards. `autoenroll fixtures` lists them.";
    Cycle = "AE0302", "a world extends itself",
        "A world extends another one, which extends another, and so on; the chain must end. The message shows the way round.";
    UnknownName = "AE0303", "nothing has this name",
        "The text names a user, computer, template, card, CA or other thing, and the world has none of that kind and name. The world \
         holds what the file says and what the worlds it extends say.";
    AbsentNothing = "AE0304", "nothing to leave out",
        "`absent = true` takes away what an extended world has. It has nothing of this name.";
    SwitchValue = "AE0305", "switch of the profile",
        "A profile is a set of switches, one for each point on which Windows versions differ or no public document speaks. \
         `switches` overrides some. `autoenroll profiles` lists them with their values.";
    UnknownRequirement = "AE0306", "unknown requirement",
        "`covers` names requirements of the catalogue: rules (R040), states and outcomes (S7.cancel), open points (P7.36).";
    BrokenFixture = "AE0307", "broken fixture",
        "The fixture that this names is broken itself; its own problems are listed with it.";

    NotInstalled = "AE0308", "provider not installed",
        "A template may list providers that no computer has; real ones do. But this name is nearly one that is installed, so it may \
         be a slip; or it is a key storage provider of Windows for a card or a TPM, which a computer has only when its world says so.";

    UnusedCertificate = "AE0309", "a certificate that is nowhere",
        "The certificate is in no store and on no card, so the story goes as if there were none. `of` puts it into MY of a user or computer \
         (`stores` says otherwise), and a container that `holds` it onto that card. What an extended world keeps for others to use is no \
         mistake.";

    SharedOid = "AE0310", "two templates with one object identifier",
        "A certificate names its template by object identifier. Where two templates have the same, every certificate of either counts for \
         the first one, so the other one is enrolled again at each refresh. That can be so in a directory, and a story may be about it.";

    BeyondTheBench = "AE0311", "beyond the bench",
        "The file asks for something that the bench does not model; the message says what happens instead. The story is played without it, \
         so a green run says nothing about it. docs/limits.md lists all limits.";

    SupersedingCycle = "AE0312", "templates that supersede each other",
        "Of two candidates, one of which supersedes the other, only that one is enrolled. In a cycle each gives way to another, and there is \
         no certificate from any of them. That can be so in a directory, and a story may be about it.";

    NotRequested = "AE0313", "a template that no computer requests by itself",
        "Automatic Certificate Request Settings are for templates of version 1 that are made for computers. Any other that is named is \
         passed over, and the story goes as if it were not.";

    WithoutEffect = "AE0314", "a setting without effect",
        "The setting is one of another kind of minidriver, or of card, and changes nothing on this one: the story goes as if it were not \
         there. `driver` says which minidriver a kind of card has.";

    NoVerb = "AE0401", "a step without a verb",
        "Each step has exactly one verb: an action (`logon`, `click`, `insert`, ...) or what must be seen (`expect`, `prompt`, \
         `never`, `state`). The other keys only say more about it.";
    TwoVerbs = "AE0402", "a step with two verbs",
        "Each step has exactly one verb. Two things at one time are two steps; the clock stands still between them.";
    NotForVerb = "AE0403", "modifier does not belong to the verb",
        "The key is one of the language, but says nothing about this verb.";
    UnknownBinding = "AE0404", "nothing is bound to this name",
        "`\"$new\"` refers to what an earlier step bound with `as = \"new\"`. A text that really begins with a dollar sign is written \
         with two.";
    TwiceBound = "AE0405", "bound twice",
        "A name is bound once; later steps could not say which of the two they mean.";
    WhoIsMeant = "AE0406", "who is meant",
        "More than one principal takes part in this story, so each step that concerns one of them says whom: `who = \"alice\"`.";
    TwoTimes = "AE0407", "two times for one end",
        "A step begins at `at` (counted from the start, or on the clock) or `after` (from the previous step's match), and must be over \
         before `until` (likewise) or `within` (from the previous step's match). Only one of each pair may stand.";
    EmptyInterval = "AE0408", "the interval is empty",
        "Intervals are half-open: the end itself is outside. An end that is not later than the beginning leaves no moment in which the \
         step could match. Time does not run backwards either, and nothing happens before the world's start.";
    OnNeedsAction = "AE0409", "`on` needs something to do",
        "`on` waits for a record and does something the moment it appears, before anything else happens. What is done is one of the \
         verbs for people and the world, not an expectation.";
    RandomOffset = "AE0410", "the Group Policy offset is random here",
        "The world sets `gp-offset`, so the instant of a background refresh is drawn from the seed. A step that waits for such a run says \
         how long with `within` or `until`; an exact instant would test the seed.";
    UseAnotherVerb = "AE0411", "another verb says this",
        "Prompts are strict and want an answer, so they have their own verb, `prompt`. An invariant that does not hold ends every run \
         and need not be expected.";
    NothingGuarded = "AE0412", "`never` needs an end",
        "`never` guards from the previous step until its `until` or `within`, and moves the clock there. Without an end it would guard \
         nothing.";
    LooseOn = "AE0413", "nothing happens before this `on`",
        "An `on` step is armed before the world moves, so it directly follows what sets things going: an action, an answer, another \
         `on`, or it has a time of its own. After an expectation or a look the world is already at rest.";
    NoSuchFact = "AE0414", "nothing states this fact",
        "Records of this kind never have a fact of that name, so the step could not match, and a `never` step could not fail. The \
         reference of the scenario language lists the facts of each kind of record and of everything that `state` looks at.";
    NotOffered = "AE0415", "the prompt does not offer this answer",
        "Each decision point has its own answers; besides them, every window can be closed with `close`.";

    NothingChecked = "AE0416", "a look that checks nothing",
        "`state` compares the facts that it names with what is there; without any it passes whatever is there. Name those that matter to \
         the story; an empty list says that there is none: `facts = { requests = [] }`.";

    CannotBeDone = "AE0417", "cannot be done at its turn",
        "When its turn comes, the world refuses this step, with any core. The card is in another reader, \
         the reader holds another card, the user is not logged on, the computer does not run, ... Steps are done in their order, each one at \
         the latest when the one before it is over.";

    SameTimeOfDay = "AE0418", "the time of the day that it is",
        "A time of the day is the next one on the wall clock, and later than the present moment. A step that names the time that it is \
         begins a day later. Steps of one instant stand below each other without a time; a later day is written \"+1d 09:00\".";

    SequenceCycle = "AE0419", "sequences without an end",
        "A sequence may do others, but none that does it again, and sixteen deep at most. The message shows the way round.";
    UnusedParameter = "AE0420", "a parameter that no step has",
        "What is given for this parameter goes nowhere: no step of the sequence has it as a value. In a step it is written \"$name\".";

    NoSteps = "AE0421", "a story without steps",
        "The story has no steps, or none in this variant, so it passes whatever a core does. Its world is checked all the same; \
         `autoenroll check` takes the file of a world as well, which tells no story.";

    DidNotCome = "AE0501", "expected, but did not come",
        "Nothing that happened in the step's interval fits. The timeline shows what came instead; where a record of the same kind came \
         at another time, or earlier in the story, the message says when.";
    Differs = "AE0502", "came with other facts",
        "A record of the right kind came at the right time, but some facts differ. Facts match by subset: those that the step does not \
         name may be anything, unless it says `exact = true`.";
    AddFacts = "AE0503", "two candidates: add facts",
        "More than one record fits the step, so it does not say which one it means. Add a fact that tells them apart.";
    Unexpected = "AE0504", "came, but is not expected",
        "Every prompt, balloon, summary, refused logon and error event must be named by the timeline. This one is not.";
    CameAnyway = "AE0505", "must never come, but came",
        "A `never` step guards from the previous step until its end. The record fits it.";
    LeftOpen = "AE0506", "a prompt is open at the end",
        "Every prompt is answered or withdrawn before the story ends. Answer it, or let the story go on until it goes away.";
    StateDiffers = "AE0507", "the state differs",
        "What is there when the step looks is not what the step says.";
    NotDone = "AE0508", "cannot be done now",
        "The world refuses the action: the card is in no reader, the user is not logged on, the prompt does not offer that answer, ... \
         Nothing after this step was played.";
    NotCovered = "AE0509", "covered, but never decided",
        "`covers` promises that this rule decides something in this story, but no decision of it was recorded. Either the story does not \
         exercise the rule, or the core does not decide by it.";
    EmptyBinding = "AE0510", "the binding has no such value",
        "The record that was bound has no fact of that name. `\"$new\"` alone means the certificate, request or card that the record is \
         about; `\"$new.ca\"` means its fact `ca`.";
    Restless = "AE0511", "does not come to rest",
        "Ten thousand events and outputs of one instant said nothing new: parts of the world answer each other without end.";
    CoreFailed = "AE0512", "the core failed",
        "The core ended, did not answer, or did not keep its contract. The reason is its own.";
    Invariant = "AE0513", "an invariant does not hold",
        "Some things hold in every story: a PIN attempt is spent only on a PIN that the user gave, an occupied default container is never \
         replaced without a Yes, a certificate that is reported exists and fits its key, success is silent. One of them does not here.";
    Impossible = "AE0514", "the world cannot be built",
        "The file reads well, but describes a world that cannot be: a card that does not take what is on it, a certificate that its CA would \
         not have issued, a request without a key. The value that is to be changed is marked.";
    StrangeLook = "AE0515", "there is nothing to look at",
        "A `state` step looks at something that does not exist now, such as the desktop of a user who is not logged on.";
    ContractBroken = "AE0516", "the bench broke the core's contract",
        "The core was handed what its contract rules out: a result of another kind than the effect has, or something for an effect or prompt \
         that is not open. That is a fault of the bench, not of the core.";
    BudgetSpent = "AE0517", "the budget is used up",
        "A scenario may have so many events, records and bytes of trace; something periodic goes on for too long, or without a pause. The \
         message says where most of the records came from. `autoenroll run --budget records=1000000` raises it.";
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_in_order_and_explained() {
        let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
        for code in Code::ALL {
            let explanation = explain_code(&code.as_str().to_lowercase()).unwrap();
            assert_eq!(explanation.code, *code);
            assert!(explanation.text.len() > 40 && !explanation.text.contains("  "), "{code}");
        }
        assert_eq!(explain_code("AE9999"), None);
    }
}
