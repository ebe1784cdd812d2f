//! What can be seen: every kind of record and everything that can be looked at, with the facts that each states.

use autoenroll_model::{
    Action, Choice, DecisionPoint, EventSource, ExtensionsAttribute, Fact, HResult, KeyAlgorithm, KeySpec, KeyUsage,
    PolicyRefresh, Severity, SignatureAlgorithm, TriggerCause, TrustStore,
};
use autoenroll_trace::{Kind, Record};
use autoenroll_world::action::{CardFault, ClickTarget};

use crate::document::LookAt;
use crate::instant;

/// What somebody is told.
#[derive(Debug)]
pub(crate) struct Told<T: 'static> {
    /// A kind of record, something to look at, or a decision point.
    pub(crate) what: T,
    /// What it means, in one line.
    pub(crate) about: &'static str,
    /// Its facts. Not every record has all of them.
    pub(crate) facts: &'static [Said],
}

/// One fact.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    /// As it is written.
    pub(crate) name: &'static str,
    /// What its value is.
    pub(crate) says: Says,
    /// What it means.
    pub(crate) about: &'static str,
}

/// What the value of a fact is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Says {
    /// A text.
    Text,
    /// One of some words.
    Word(fn() -> Vec<&'static str>),
    /// A whole number.
    Number,
    /// True or false.
    Flag,
    /// A text or a number, depending on what it is about.
    Any,
    /// A code with its symbolic name: `0x8010006C SCARD_W_CHV_BLOCKED`.
    Code,
    /// The name of a template of this world.
    Template,
    /// The name of a CA of this world.
    Ca,
    /// The name of a card of this world.
    Card,
    /// The name of a user or computer of this world.
    Principal,
    /// The name of a provider that a computer of this world has or a template lists.
    Provider,
    /// An instant, as its RFC 3339 text in UTC.
    Instant,
    /// The name of a certificate or request of this world, or that of a later one: `ContosoUser#1`, template and request id.
    Certificate,
    /// Several, in order.
    List(&'static Says),
}

impl Says {
    /// Whether a fact can have this value. Whether names are those of a world is another matter.
    fn takes(self, fact: &Fact) -> bool {
        match (self, fact) {
            (Self::Word(words), Fact::Text(text)) => words().contains(&text.as_str()),
            (Self::Code, Fact::Text(text)) => code_of(text).is_some_and(|code| code.to_string() == *text),
            (Self::Instant, Fact::Text(text)) => {
                instant::parse(text).is_some_and(|instant| instant.to_string() == *text)
            }
            (Self::List(says), Fact::List(list)) => list.iter().all(|element| says.takes(element)),
            (Self::Any | Self::Number, Fact::Number(_)) | (Self::Flag, Fact::Flag(_)) => true,
            (Self::Number | Self::Flag | Self::List(_), _) | (_, Fact::Number(_) | Fact::Flag(_) | Fact::List(_)) => {
                false
            }
            (_, Fact::Text(_)) => true,
        }
    }

    /// What it is, for messages.
    pub(crate) fn describe(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Word(words) => format!("one of {}", words().join(", ")),
            Self::Number => "a whole number".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Any => "a text or a number".to_owned(),
            Self::Code => "a code like \"0x80070005 E_ACCESSDENIED\"".to_owned(),
            Self::Template => "the name of a template".to_owned(),
            Self::Ca => "the name of a CA".to_owned(),
            Self::Card => "the name of a card".to_owned(),
            Self::Principal => "the name of a user or computer".to_owned(),
            Self::Provider => "the name of a provider".to_owned(),
            Self::Instant => "an instant like 2026-03-02T08:00:00Z".to_owned(),
            Self::Certificate => "the name of a certificate or request".to_owned(),
            Self::List(says) => format!("a list, each element {}", says.describe()),
        }
    }
}

/// The facts of a record that the reference does not list, or lists with other values. Tests play every story and find none.
#[must_use]
pub fn unlisted_facts(record: &Record) -> Vec<String> {
    let point = record.facts.text("point").and_then(|point| point.parse().ok());
    let prompts = matches!(record.kind, Kind::Prompt | Kind::PromptChanged);
    let of_point = point.filter(|_| prompts).map_or(&[][..], |point| prompt_of(point).facts);
    let listed = |name: &str| record_of(record.kind).facts.iter().chain(of_point).find(|said| said.name == name);
    let others = record.kind == Kind::Decision;
    let wrong = record.facts.iter().filter(|(name, fact)| listed(name).map_or(!others, |said| !said.says.takes(fact)));
    wrong.map(|(name, fact)| format!("{} {name}={fact}", record.kind)).collect()
}

/// Kind and name of every fact of records that the reference lists: each comes in some story, tests see to it.
#[must_use]
pub fn listed_facts() -> Vec<(Kind, &'static str)> {
    let of_records = RECORDS.iter().flat_map(|told| told.facts.iter().map(|said| (told.what, said.name)));
    let of_prompts = PROMPTS.iter().flat_map(|told| told.facts).map(|said| (Kind::Prompt, said.name));
    of_records.chain(of_prompts).collect()
}

/// The facts of a kind of record. Decisions have others besides, each rule its own.
pub(crate) fn record_of(kind: Kind) -> &'static Told<Kind> {
    let at = Kind::ALL.iter().position(|known| *known == kind).unwrap_or_default();
    &RECORDS[at]
}

/// The facts of what is looked at.
pub(crate) fn look_of(look: LookAt) -> &'static Told<LookAt> {
    let at = LookAt::ALL.iter().position(|known| *known == look).unwrap_or_default();
    &LOOKS[at]
}

/// The facts of a prompt.
pub(crate) fn prompt_of(point: DecisionPoint) -> &'static Told<DecisionPoint> {
    let at = DecisionPoint::ALL.iter().position(|known| *known == point).unwrap_or_default();
    &PROMPTS[at]
}

/// The answers that a prompt offers.
pub(crate) const fn choices_of(point: DecisionPoint) -> &'static [Choice] {
    match point {
        DecisionPoint::WizardStart => &[Choice::Start, Choice::Remind, Choice::Details],
        DecisionPoint::CardInsert | DecisionPoint::KeyProtect => &[Choice::Ok, Choice::Cancel],
        DecisionPoint::CardSelect => &[Choice::Card, Choice::Cancel],
        DecisionPoint::CardReplaceDefault => &[Choice::Yes, Choice::No],
        DecisionPoint::PinEnter => &[Choice::Pin, Choice::Cancel],
        DecisionPoint::Summary => &[Choice::Close],
    }
}

/// The code that a text means: by its number, or by its name alone.
fn code_of(text: &str) -> Option<HResult> {
    let digits = text.strip_prefix("0x").and_then(|rest| rest.split(' ').next());
    let by_number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).map(HResult);
    by_number.or_else(|| text.rsplit(' ').next().and_then(HResult::from_name))
}

/// An offer as an answer is written.
pub(crate) fn written(offer: Choice) -> String {
    match offer {
        Choice::Pin => "{ pin = \"1234\" }".to_owned(),
        Choice::Card => "{ card = \"alice-card\" }".to_owned(),
        word => format!("\"{word}\""),
    }
}

/// Every kind of record, in the order of [`Kind::ALL`].
pub(crate) static RECORDS: &[Told<Kind>] = &[
    told(Kind::Boot, "A computer starts.", &[]),
    told(Kind::Shutdown, "A computer is shut down.", &[]),
    told(Kind::Crash, "A computer or a core is gone without warning.", &[USERS]),
    told(Kind::Logon, "A user logs on.", &[COMPUTER]),
    told(Kind::Logoff, "A user logs off.", &[]),
    told(Kind::Lock, "A user locks the workstation.", &[]),
    told(Kind::Unlock, "A user unlocks it.", &[]),
    told(Kind::Pulse, "Somebody asks for a run by hand.", &[]),
    told(Kind::GpRefresh, "Group Policy is applied.", &[POLICY_REFRESH, CONTEXT_OF_POLICY]),
    told(Kind::Click, "Somebody clicks.", &[CLICKED]),
    told(Kind::Insert, "A card goes into a reader.", &[CARD, READER, COMPUTER]),
    told(Kind::Remove, "A card leaves a reader.", &[CARD, READER, COMPUTER]),
    told(Kind::Answer, "Somebody answers a prompt.", &[ANSWERED, ANSWER, CARD]),
    told(Kind::Change, "The world changes: directory, template, policy, CA, wall clock.", CHANGED),
    told(Kind::Trigger, "A trigger reaches a core.", &[TRIGGER, REFRESH]),
    told(Kind::TriggerHeld, "A trigger came while a run was open.", &[TRIGGER, REFRESH, KEPT]),
    told(Kind::RunStarted, "A run starts.", &[TRIGGER, REFRESH]),
    told(Kind::RunEnded, "A run ends.", &[]),
    told(Kind::ItemStarted, "Work on a certificate begins.", &[TEMPLATE, ACTION, INTERACTIVE]),
    told(
        Kind::ItemEnded,
        "Work on a certificate ends.",
        &[TEMPLATE, ACTION, OUTCOME, CERTIFICATE, PROVIDER, CONTAINER, CARD, CODE],
    ),
    told(Kind::Decision, "A rule decided. Other facts are those it was decided on.", &[RULE, SUBJECT, DECIDED]),
    told(Kind::Balloon, "A balloon appears; after 15 s it goes away and only the icon stays.", &[]),
    told(Kind::BalloonHidden, "It goes away.", &[]),
    told(Kind::Icon, "The icon appears.", &[]),
    told(Kind::IconHidden, "It goes away.", &[]),
    told(Kind::Prompt, "A prompt opens; its other facts are under Prompts.", &[POINT, OFFERS]),
    told(Kind::PromptChanged, "The facts of an open prompt change.", &[POINT]),
    told(Kind::PromptWithdrawn, "A prompt closes unanswered.", &[POINT]),
    told(
        Kind::Event,
        "An entry of the event log.",
        &[
            SOURCE,
            ID,
            SEVERITY,
            CONTEXT,
            TEMPLATE,
            CA,
            CERTIFICATE,
            CODE,
            said("templates", Says::Number, "How many templates."),
            said("store", Says::Text, "The trust store."),
            URL,
        ],
    ),
    told(
        Kind::Directory,
        "A directory is accessed.",
        &[
            said("op", Says::Word(|| DIRECTORY_WORK.to_vec()), "What is done."),
            PRINCIPAL,
            CERTIFICATE,
            said("certificates", Says::List(&Says::Certificate), "Which ones."),
        ],
    ),
    told(
        Kind::Store,
        "A certificate or request store changes.",
        &[
            said("op", Says::Word(|| vec!["add", "put", "remove", "write", "new-key"]), "What is done."),
            said("store", Says::Word(|| vec!["my", "request", "root", "ca", "ntauth"]), "Which store."),
            TEMPLATE,
            CERTIFICATE,
            STAGE,
            said("archived", Says::Flag, "Whether it has the archived property."),
            said("auto-enroll", Says::Text, "The autoenrollment property: a template."),
            said("added", Says::List(&Says::Text), "Certificates of a trust store that are new."),
            said("removed", Says::List(&Says::Text), "Certificates of a trust store that are gone."),
            PROVIDER,
            CONTAINER,
        ],
    ),
    told(Kind::Archived, "A certificate in MY gets the archived property.", &[CERTIFICATE, TEMPLATE]),
    told(Kind::Deleted, "A certificate is deleted from MY.", &[CERTIFICATE, TEMPLATE]),
    told(
        Kind::Effect,
        "A core asks its surroundings for something else.",
        &[
            said("op", Says::Word(|| EFFECTS.to_vec()), "What is asked for."),
            TEMPLATE,
            CERTIFICATE,
            STAGE,
            URL,
            CA,
            REQUEST_ID,
            said("certificates", Says::List(&Says::Certificate), "Which ones."),
            said("store", Says::Word(|| TrustStore::WORDS.to_vec()), "The trust store."),
            CONTROLLER,
            said("usn", Says::Number, "The change number of the directory that is remembered."),
        ],
    ),
    told(
        Kind::EffectDone,
        "What a core asked for is done, or failed.",
        &[
            said("op", Says::Word(effects_done), "What was asked for."),
            CODE,
            CA,
            CONTROLLER,
            said("templates", Says::List(&Says::Text), "Templates that were read."),
            said("cas", Says::List(&Says::Text), "CAs that were read."),
            said("not-changed", Says::Flag, "Whether the policy server says that nothing is new."),
            said("certificates", Says::List(&Says::Certificate), "What MY holds."),
            said("requests", Says::List(&Says::Text), "What REQUEST holds: template and stage."),
            said("checks", Says::List(&Says::Text), "What chain building says of each certificate."),
            said("readers", Says::List(&Says::Text), "What each reader holds."),
            said("disposition", Says::Word(|| vec!["issued", "pending", "denied", "failed"]), "What the CA did."),
            CONTAINER,
        ],
    ),
    told(
        Kind::EffectAbandoned,
        "An effect's answer is no longer wanted.",
        &[said("op", Says::Word(effects_done), "What was asked for.")],
    ),
    told(Kind::Card, "A card operation begins.", &[CARD_WORK, CARD, KEY, KEY_SPEC, CONTAINER, WITH_PIN]),
    told(
        Kind::CardDone,
        "A card operation ends.",
        &[
            CARD_WORK,
            CARD,
            CODE,
            TRIES_LEFT,
            CONTAINER,
            said("containers", Says::List(&Says::Text), "The containers on the card."),
            said("default-container", Says::Text, "The container with the default flag."),
            said("free-containers", Says::Number, "How many more it takes."),
        ],
    ),
    told(
        Kind::Apdu,
        "A card gets one command and answers.",
        &[
            CARD,
            said("command", Says::Text, "The command in hexadecimal, PINs hidden."),
            said("response", Says::Text, "The response with its status word, in hexadecimal."),
            said("meaning", Says::Text, "The command in words, as `show --detail everything` shows it."),
        ],
    ),
    told(
        Kind::Software,
        "A software provider works.",
        &[
            said("op", Says::Word(|| vec!["generate", "sign", "archive", "delete"]), "What it does."),
            PROVIDER,
            KEY,
            KEY_SPEC,
            said("exportable", Says::Flag, "Whether the key can leave."),
            CONTAINER,
        ],
    ),
    told(Kind::Request, "A request reaches a CA.", REQUESTED),
    told(Kind::Issued, "A CA issues.", ISSUED),
    told(
        Kind::Pending,
        "A CA takes a request under submission.",
        &[CA, REQUEST_ID, REQUESTER, TEMPLATE, said("request", Says::Certificate, "The request's name."), MESSAGE],
    ),
    told(Kind::Denied, "A CA denies.", &[CA, REQUEST_ID, REQUESTER, TEMPLATE, CODE, REASON]),
    told(Kind::CaFailed, "A CA cannot be reached, or fails.", &[CA, CODE]),
    told(Kind::Violation, "An invariant of the world does not hold.", &[INVARIANT, REASON]),
];

/// Everything that `state` looks at, in the order of [`LookAt::ALL`].
pub(crate) static LOOKS: &[Told<LookAt>] = &[
    told(
        LookAt::Card,
        "A card.",
        &[
            said("inserted-in", Says::Text, "Its reader, or `nowhere`."),
            said("containers", Says::List(&Says::Text), "Its containers, in order of their index."),
            said("certificates", Says::List(&Says::Certificate), "Certificates in them."),
            said("default-container", Says::Text, "The container with the default flag, where there is one."),
            said("default-certificate", Says::Certificate, "The certificate in that."),
            said("free-containers", Says::Number, "How many more it takes."),
            TRIES_LEFT,
            said("unlocked", Says::Flag, "Whether the PIN was given in this session."),
        ],
    ),
    told(
        LookAt::Store,
        "MY of a user or computer.",
        &[
            said("certificates", Says::List(&Says::Certificate), "Those without the archived property, in order."),
            said("archived", Says::List(&Says::Certificate), "Those with it."),
            said("keys", Says::List(&Says::Certificate), "Those whose key is known."),
        ],
    ),
    told(
        LookAt::Requests,
        "REQUEST of a user or computer.",
        &[
            said("requests", Says::List(&Says::Template), "The template of each request."),
            said("stages", Says::List(&STAGES), "How far each is."),
        ],
    ),
    told(
        LookAt::Ca,
        "The database of a CA.",
        &[
            said("issued", Says::List(&Says::Certificate), "Certificates it issued and did not revoke."),
            said("pending", Says::List(&Says::Certificate), "Requests that wait for a manager."),
            said("denied", Says::List(&Says::Certificate), "Requests it denied, and those that failed."),
            said("revoked", Says::List(&Says::Certificate), "Certificates it revoked."),
        ],
    ),
    told(
        LookAt::Directory,
        "The directory object of a user or computer.",
        &[
            said("certificates", Says::List(&Says::Certificate), "userCertificate."),
            said("groups", Says::List(&Says::Text), "Its groups, those of groups too; identifiers of built-in ones."),
            said("dn", Says::Text, "Its distinguished name."),
            said("upn", Says::Text, "Its user principal name, where it has one."),
            said("mail", Says::Text, "Its e-mail address, where it has one."),
            said("dns", Says::Text, "Its DNS name, where it has one."),
        ],
    ),
    told(
        LookAt::Desktop,
        "What a user has before his eyes.",
        &[
            said("logged-on", Says::Flag, "Whether there is a session."),
            said("balloon", Says::Flag, "Whether the balloon is shown."),
            said("icon", Says::Flag, "Whether the icon is in the notification area."),
            said("locked", Says::Flag, "Whether the workstation is locked."),
            said("prompts", Says::List(&POINTS), "Prompts that are open."),
        ],
    ),
    told(
        LookAt::Trust,
        "The trust stores of a computer.",
        &[
            said("root", Says::List(&Says::Text), "Trusted roots."),
            said("ca", Says::List(&Says::Text), "Intermediate CAs."),
            said("ntauth", Says::List(&Says::Text), "CAs whose certificates may log on."),
        ],
    ),
];

/// Every decision point, in the order of [`DecisionPoint::ALL`].
pub(crate) static PROMPTS: &[Told<DecisionPoint>] = &[
    told(
        DecisionPoint::WizardStart,
        "The wizard's first page: start now, or be reminded later?",
        &[
            said("items", Says::Number, "How many certificates are to be enrolled."),
            said("details", Says::List(&Says::Template), "Which ones, after `details`."),
        ],
    ),
    told(
        DecisionPoint::CardInsert,
        "Insert a card of a provider.",
        &[PROVIDER, SLOT, said("card", Says::Card, "The card, where only one will do.")],
    ),
    told(
        DecisionPoint::CardSelect,
        "Choose among several cards of a provider.",
        &[PROVIDER, said("cards", Says::List(&Says::Card), "Those to choose from.")],
    ),
    told(
        DecisionPoint::CardReplaceDefault,
        "The default container is occupied: replace what is in it?",
        &[PROVIDER, CARD, CONTAINER],
    ),
    told(DecisionPoint::PinEnter, "Give the PIN.", &[CARD, TRIES_LEFT]),
    told(DecisionPoint::KeyProtect, "Consent to a strongly protected software key.", &[PROVIDER, TEMPLATE]),
    told(
        DecisionPoint::Summary,
        "What failed, when the wizard is done.",
        &[said(
            "failures",
            Says::List(&Says::Text),
            "Template and code of each: `ContosoUser: 0x80070005 E_ACCESSDENIED`.",
        )],
    ),
];

const CHANGED: &[Said] = &[
    said("what", Says::Word(|| CHANGES_SEEN.to_vec()), "What changes."),
    said("subject", Says::Certificate, "The request or certificate that a CA's manager works on."),
    TEMPLATE,
    CA,
    CARD,
    PRINCIPAL,
    COMPUTER,
    CONTROLLER,
    URL,
    said("attribute", Says::Text, "Which attribute or setting."),
    said("to", Says::Any, "What it becomes."),
    said("fault", Says::Word(|| CardFault::WORDS.to_vec()), "What is the matter with the card now."),
    said("store", Says::Word(|| TrustStore::WORDS.to_vec()), "The trust container or store."),
    said("certificate", Says::Text, "The certificate that comes or goes."),
    said("group", Says::Text, "The group."),
    said("member", Says::Text, "Who joins or leaves it."),
    said("present", Says::Flag, "Whether it is there now."),
    said("reachable", Says::Flag, "Whether it answers now."),
    said("hangs", Says::Flag, "Whether it takes requests and never answers."),
    said("latency", Says::Text, "Duration of every access now."),
    said("suspended", Says::Flag, "Whether the CA is suspended for a restore."),
    said("replicated", Says::Flag, "The CA reads the templates anew."),
    said("manager-approval", Says::Flag, "Whether a manager approves every request."),
    said("maximum-validity", Says::Text, "Longest life of a certificate."),
    said("express", Says::Flag, "Whether AEExpress exists."),
    said("ae-policy", Says::Text, "AEPolicy in hexadecimal, or `not configured`."),
    said("machine-ae-policy", Says::Text, "AEPolicy of computers."),
    said("gp-interval", Says::Text, "Background refresh."),
    said("gp-offset", Says::Text, "Upper bound of the random offset."),
    said("gp-background", Says::Flag, "Whether there is a background refresh."),
];

const REQUESTED: &[Said] = &[
    CA,
    TEMPLATE,
    said("format", Says::Word(|| vec!["pkcs10", "cms-renewal", "cmc", "unknown"]), "Its outermost form."),
    KEY,
    said("renews", Says::Certificate, "The certificate that it renews."),
    said("subject", Says::Text, "The subject it asks for; empty when the CA is to build it."),
    PROVIDER,
    KEY_SPEC,
    said("signers", Says::Number, "How many signed the outermost message."),
    said("signature", Says::Word(|| [SignatureAlgorithm::WORDS, &["unknown"]].concat()), "How the PKCS #10 is signed."),
    said("extensions", Says::List(&Says::Text), "Extensions, in order; `!` marks critical ones."),
    said("extensions-in", Says::Word(|| ExtensionsAttribute::WORDS.to_vec()), "The attribute they stand in."),
    KEY_USAGE,
    PURPOSES,
    BASIC_CONSTRAINTS,
    said("attributes", Says::List(&Says::Text), "Attributes of the PKCS #10, in order."),
    said("controls", Says::List(&Says::Text), "Attributes beside the PKCS #10."),
    said("unsigned", Says::List(&Says::Text), "Unsigned attributes of the signer."),
    said("client-id", Says::Number, "Which program asks: 2 is autoenrollment up to Server 2003, 6 later."),
    said("client-user", Says::Text, "Who asks, as the request says."),
    said("client-machine", Says::Text, "From where."),
    said("os-version", Says::Text, "The Windows version, as the request says."),
    said("request-type", Says::Text, "The form that the caller of the CA states."),
    said("full-response", Says::Flag, "Whether a full CMC response is wanted."),
    REASON,
    said("request", Says::Text, "The request itself, in hexadecimal."),
    said("sha256", Says::Text, "Its hash."),
];

const ISSUED: &[Said] = &[
    CA,
    REQUEST_ID,
    REQUESTER,
    TEMPLATE,
    CERTIFICATE,
    said("subject", Says::Text, "Its subject."),
    said("alternative-names", Says::List(&Says::Text), "Its other names: `upn=alice@contoso.test`."),
    said("serial", Says::Text, "Its serial number in hexadecimal."),
    said("not-before", Says::Instant, "The begin of its life."),
    said("not-after", Says::Instant, "The end of its life."),
    KEY_USAGE,
    PURPOSES,
    BASIC_CONSTRAINTS,
    said("policies", Says::List(&Says::Text), "Its issuance policies."),
    said("extensions", Says::List(&Says::Text), "Extensions, in order; `!` marks critical ones."),
    said("der", Says::Text, "The certificate itself, in hexadecimal."),
    said("response", Says::Word(|| vec!["certificates", "full-cmc"]), "What the CA answers with."),
    said("issued-hash", Says::Flag, "Whether the hash in a full response is that of the certificate."),
    MESSAGE,
    REASON,
];

const ACTION: Said = said("action", Says::Word(|| Action::WORDS.to_vec()), "What is done for the template.");
const ANSWER: Said = said("answer", Says::Word(|| Choice::WORDS.to_vec()), "What is answered.");
const ANSWERED: Said = said("prompt", POINTS, "The prompt.");
const BASIC_CONSTRAINTS: Said = said("basic-constraints", Says::Text, "`no CA`, `CA`, or `CA, path length 0`.");
const CA: Said = said("ca", Says::Ca, "The CA.");
const CARD: Said = said("card", Says::Card, "The card.");
const CARD_WORK: Said = said("op", Says::Word(|| CARD_OPERATIONS.to_vec()), "What is done.");
const CERTIFICATE: Said = said("certificate", Says::Certificate, "The certificate.");
const CLICKED: Said = said("on", Says::Word(|| ClickTarget::WORDS.to_vec()), "Where.");
const CODE: Said = said("code", Says::Code, "The code, number and name: `0x80070005 E_ACCESSDENIED`.");
const COMPUTER: Said = said("computer", Says::Principal, "The computer.");
const CONTAINER: Said =
    said("container", Says::Text, "The container; a new one is named after its card or owner: `alice-card/1`.");
const CONTEXT: Said = said("context", Says::Text, "Whose enrollment it is: `CONTOSO\\alice`, or `local system`.");
const CONTEXT_OF_POLICY: Said = said("context", Says::Word(|| vec!["user", "machine"]), "Which half of Group Policy.");
const CONTROLLER: Said = said("controller", Says::Text, "The domain controller.");
const DECIDED: Said = said("outcome", Says::Flag, "What it decided.");
const ID: Said = said("id", Says::Number, "Its number.");
const INTERACTIVE: Said = said("interactive", Says::Flag, "Whether it may ask the user.");
const INVARIANT: Said = said("invariant", Says::Text, "Which one.");
const KEPT: Said = said("kept", Says::Flag, "Whether a run follows for it; another one may wait already.");
const KEY: Said = said("key", Says::Word(|| KeyAlgorithm::WORDS.to_vec()), "Algorithm and size of the key.");
const KEY_SPEC: Said = said("key-spec", Says::Word(|| KeySpec::WORDS.to_vec()), "What the key is for.");
const KEY_USAGE: Said = said("key-usage", Says::List(&USAGES), "X.509 key usage.");
const MESSAGE: Said = said("message", Says::Text, "What the CA says.");
const OFFERS: Said = said("offers", Says::List(&OFFERED), "The answers it offers.");
const OUTCOME: Said = said("outcome", Says::Word(|| OUTCOMES.to_vec()), "How it ended.");
const POINT: Said = said("point", POINTS, "The decision point.");
const POLICY_REFRESH: Said = said("refresh", REFRESHES, "What kind of refresh.");
const PRINCIPAL: Said = said("principal", Says::Principal, "The user or computer.");
const PROVIDER: Said = said("provider", Says::Provider, "The provider (CSP).");
const PURPOSES: Said = said("purposes", Says::List(&Says::Text), "Extended key usage, as dotted object identifiers.");
const READER: Said = said("reader", Says::Text, "The reader.");
const REASON: Said = said("reason", Says::Text, "Why, in words.");
const REFRESH: Said = said("refresh", REFRESHES, "What kind of Group Policy refresh it came from.");
const REQUESTER: Said = said("requester", Says::Principal, "Who asked.");
const REQUEST_ID: Said = said("request-id", Says::Number, "The number of the request in the CA's database.");
const RULE: Said = said("rule", Says::Text, "The rule, as in `autoenroll matrix`.");
const SEVERITY: Said = said("severity", Says::Word(|| Severity::WORDS.to_vec()), "Its severity.");
const SLOT: Said =
    said("reader", Says::Word(|| vec!["none", "empty", "wrong card", "right card"]), "What is in the readers.");
const SOURCE: Said = said("source", Says::Word(|| EventSource::WORDS.to_vec()), "Who logged it.");
const STAGE: Said = said("stage", STAGES, "How far a request is.");
const SUBJECT: Said = said("subject", Says::Text, "What it decided about: a template, card, provider, certificate.");
const TEMPLATE: Said = said("template", Says::Template, "The template.");
const TRIES_LEFT: Said = said("tries-left", Says::Number, "Attempts left for the PIN.");
const TRIGGER: Said = said("trigger", Says::Word(|| TriggerCause::WORDS.to_vec()), "What triggers.");
const URL: Said = said("url", Says::Text, "The address.");
const USERS: Said = said("users", Says::List(&Says::Principal), "Users whose sessions ended with it.");
const WITH_PIN: Said = said("pin", Says::Flag, "Whether it comes with a PIN.");

const OFFERED: Says = Says::Word(|| Choice::WORDS.to_vec());
const POINTS: Says = Says::Word(|| DecisionPoint::WORDS.to_vec());
const REFRESHES: Says = Says::Word(|| PolicyRefresh::WORDS.to_vec());
const STAGES: Says = Says::Word(|| vec!["prepared", "pending", "issued"]);
const USAGES: Says = Says::Word(|| KeyUsage::WORDS.iter().map(|(word, _)| *word).collect());

const OUTCOMES: &[&str] = &["enrolled", "pending", "failed", "postponed"];

const CARD_OPERATIONS: &[&str] =
    &["describe", "verify-pin", "generate", "sign", "read-certificate", "write-certificate", "set-default", "delete"];

const DIRECTORY_WORK: &[&str] = &[
    "bind",
    "read-trust",
    "read-principal",
    "read-templates",
    "read-authorities",
    "publish-certificate",
    "remove-published",
];

const EFFECTS: &[&str] = &[
    "read-settings",
    "write-directory-cache",
    "write-trust",
    "get-policies",
    "read-stores",
    "add-certificate",
    "archive-certificate",
    "delete-certificate",
    "put-request",
    "remove-request",
    "inspect",
    "read-readers",
    "submit",
    "retrieve",
    "read-exchange-certificate",
];

const CHANGES_SEEN: &[&str] = &[
    "publish-ca",
    "template",
    "publish",
    "unpublish",
    "offer",
    "withdraw",
    "policy",
    "ca",
    "directory",
    "controller",
    "policy-server",
    "wall-clock",
    "principal",
    "membership",
    "settings",
    "trust",
    "delete-trusted",
    "delete-certificate",
    "card-fault",
    "unblock-card",
    "approve",
    "deny",
    "revoke",
    "stop",
    "start",
];

/// Effects end with one kind of record, those on directories and software providers too; only cards have their own.
fn effects_done() -> Vec<&'static str> {
    [EFFECTS, DIRECTORY_WORK, &["generate", "sign", "archive", "delete"]].concat()
}

const fn told<T>(what: T, about: &'static str, facts: &'static [Said]) -> Told<T> {
    Told { what, about, facts }
}

const fn said(name: &'static str, says: Says, about: &'static str) -> Said {
    Said { name, says, about }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_the_order_of_their_words() {
        assert!(RECORDS.iter().map(|told| told.what).eq(Kind::ALL.iter().copied()));
        assert!(LOOKS.iter().map(|told| told.what).eq(LookAt::ALL.iter().copied()));
        assert!(PROMPTS.iter().map(|told| told.what).eq(DecisionPoint::ALL.iter().copied()));
    }
}
