//! What can be seen: every kind of record and everything that can be looked at, with the facts that each states.

use autoenroll_model::{
    Action, Choice, DecisionPoint, EventSource, ExtensionsAttribute, Fact, HResult, KeyAlgorithm, KeySpec, KeyUsage,
    PolicyRefresh, Severity, SignatureAlgorithm, TriggerCause, TrustStore, words,
};
use autoenroll_trace::{Kind, Record};
use autoenroll_world::action::{CardFault, ClickTarget};

use crate::instant;

words! {
    /// What a `state` step looks at.
    pub enum LookAt as "state" {
        /// A card.
        Card = "card",
        /// A principal's MY.
        Store = "store",
        /// A principal's REQUEST.
        Requests = "requests",
        /// A CA.
        Ca = "ca",
        /// A principal's directory object.
        Directory = "directory",
        /// A user's desktop.
        Desktop = "desktop",
        /// A computer's trust stores.
        Trust = "trust",
    }
}

/// What a user is told.
#[derive(Debug)]
pub(crate) struct RecordSchema<T: 'static> {
    /// A kind of record, something to look at, or a decision point.
    pub(crate) subject: T,
    /// What it means, in one line.
    pub(crate) doc: &'static str,
    /// Its facts. Not every record has all of them.
    pub(crate) facts: &'static [FactSchema],
}

/// One fact.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FactSchema {
    /// As it is written.
    pub(crate) name: &'static str,
    /// What its value is.
    pub(crate) fact_type: FactType,
    /// What it means.
    pub(crate) doc: &'static str,
}

/// What the value of a fact is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FactType {
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
    /// The name of a certificate or request of this world, or that of a later one: `ContosoUser#1`, template and
    /// request id.
    Certificate,
    /// Several, in order.
    List(&'static FactType),
}

impl FactType {
    /// Whether a fact can have this value. Whether names are those of a world is another matter.
    fn accepts(self, fact: &Fact) -> bool {
        match (self, fact) {
            (Self::Word(words), Fact::Text(text)) => words().contains(&text.as_str()),
            (Self::Code, Fact::Text(text)) => code_of(text).is_some_and(|code| code.to_string() == *text),
            (Self::Instant, Fact::Text(text)) => {
                instant::parse(text).is_some_and(|instant| instant.to_string() == *text)
            }
            (Self::List(fact_type), Fact::List(list)) => list.iter().all(|element| fact_type.accepts(element)),
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
            Self::List(fact_type) => format!("a list, each element {}", fact_type.describe()),
        }
    }
}

/// The facts of a record that the reference does not list, or lists with other values. Tests play every story and find
/// none.
#[must_use]
pub fn unlisted_facts(record: &Record) -> Vec<String> {
    let point = record.facts.text("point").and_then(|point| point.parse().ok());
    let prompts = matches!(record.kind, Kind::Prompt | Kind::PromptChanged);
    let of_point = point.filter(|_| prompts).map_or(&[][..], |point| prompt_schema(point).facts);
    let listed = |name: &str| {
        record_schema(record.kind).facts.iter().chain(of_point).find(|fact_schema| fact_schema.name == name)
    };
    let others = record.kind == Kind::Decision;
    let wrong = record
        .facts
        .iter()
        .filter(|(name, fact)| listed(name).map_or(!others, |fact_schema| !fact_schema.fact_type.accepts(fact)));
    wrong.map(|(name, fact)| format!("{} {name}={fact}", record.kind)).collect()
}

/// Kind and name of every fact of records that the reference lists: each comes in some story, tests see to it.
#[must_use]
pub fn listed_facts() -> Vec<(Kind, &'static str)> {
    let of_records =
        RECORDS.iter().flat_map(|schema| schema.facts.iter().map(|fact_schema| (schema.subject, fact_schema.name)));
    let of_prompts = PROMPTS.iter().flat_map(|schema| schema.facts).map(|fact_schema| (Kind::Prompt, fact_schema.name));
    of_records.chain(of_prompts).collect()
}

/// The facts of a kind of record. Decisions have others besides, each rule its own.
pub(crate) fn record_schema(kind: Kind) -> &'static RecordSchema<Kind> {
    let at = Kind::ALL.iter().position(|known| *known == kind).unwrap_or_default();
    &RECORDS[at]
}

/// The facts of what is looked at.
pub(crate) fn state_schema(look: LookAt) -> &'static RecordSchema<LookAt> {
    let at = LookAt::ALL.iter().position(|known| *known == look).unwrap_or_default();
    &STATES[at]
}

/// The facts of a prompt.
pub(crate) fn prompt_schema(point: DecisionPoint) -> &'static RecordSchema<DecisionPoint> {
    let at = DecisionPoint::ALL.iter().position(|known| *known == point).unwrap_or_default();
    &PROMPTS[at]
}

/// The facts of a kind of record, and those of decision points for prompts: of the one that is named, or of all.
pub(crate) fn facts_of(kind: Kind, point: Option<DecisionPoint>) -> Vec<&'static [FactSchema]> {
    let mut lists = vec![record_schema(kind).facts];
    if matches!(kind, Kind::Prompt | Kind::PromptChanged) {
        match point {
            Some(point) => lists.push(prompt_schema(point).facts),
            None => lists.extend(PROMPTS.iter().map(|schema| schema.facts)),
        }
    }
    lists
}

/// The answers that a prompt offers.
pub(crate) const fn choices_of(point: DecisionPoint) -> &'static [Choice] {
    match point {
        DecisionPoint::WizardStart => &[Choice::Start, Choice::Remind, Choice::Details],
        DecisionPoint::CardInsert | DecisionPoint::KeyProtect => &[Choice::Ok, Choice::Cancel],
        DecisionPoint::CardSelect => &[Choice::Card, Choice::Cancel],
        DecisionPoint::CardReplaceDefault => &[Choice::Yes, Choice::No],
        DecisionPoint::PinEnter => &[Choice::Pin, Choice::Cancel],
        DecisionPoint::CardTouch => &[Choice::Touch],
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
pub(crate) fn example_answer(offer: Choice) -> String {
    match offer {
        Choice::Pin => "{ pin = \"1234\" }".to_owned(),
        Choice::Card => "{ card = \"alice-card\" }".to_owned(),
        word => format!("\"{word}\""),
    }
}

/// Every kind of record, in the order of [`Kind::ALL`].
pub(crate) static RECORDS: &[RecordSchema<Kind>] = &[
    schema(Kind::Boot, "A computer starts.", &[]),
    schema(Kind::Shutdown, "A computer is shut down.", &[]),
    schema(Kind::Crash, "A computer or a core is gone without warning.", &[USERS, SESSION]),
    schema(Kind::CardLogon, "A user types the PIN of a card to log on with.", &[COMPUTER, CARD]),
    schema(
        Kind::Logon,
        "A user logs on; the facts after the computer are of a card.",
        &[
            COMPUTER,
            fact("roaming", FactType::Flag, "Stores and software keys have come along."),
            CARD,
            CONTAINER,
            CERTIFICATE,
            MAPPING,
        ],
    ),
    schema(
        Kind::LogonFailed,
        "A logon with a card is refused, by the card or by the domain controller.",
        &[COMPUTER, CARD, CONTAINER, CERTIFICATE, CODE, KDC_ERROR, TRIES_LEFT],
    ),
    schema(Kind::Logoff, "A user logs off.", &[]),
    schema(Kind::Lock, "A user locks the workstation.", &[]),
    schema(Kind::Unlock, "A user unlocks it.", &[]),
    schema(Kind::Pulse, "A run is asked for by hand.", &[]),
    schema(Kind::GpRefresh, "Group Policy is applied.", &[POLICY_REFRESH, POLICY_CHANGED, CONTEXT_OF_POLICY]),
    schema(Kind::Click, "A user clicks.", &[CLICKED]),
    schema(Kind::Insert, "A card goes into a reader.", &[CARD, READER, COMPUTER]),
    schema(Kind::Remove, "A card leaves a reader.", &[CARD, READER, COMPUTER]),
    schema(Kind::Answer, "A user answers a prompt.", &[ANSWERED, ANSWER, CARD]),
    schema(Kind::Change, "The world changes: directory, template, policy, CA, wall clock.", CHANGED),
    schema(Kind::Trigger, "A trigger reaches a core.", &[TRIGGER, REFRESH, POLICY_CHANGED]),
    schema(Kind::TriggerHeld, "A trigger came while a run was open.", &[TRIGGER, REFRESH, POLICY_CHANGED, KEPT]),
    schema(Kind::RunStarted, "A run starts.", &[TRIGGER, REFRESH, POLICY_CHANGED]),
    schema(Kind::RunEnded, "A run ends.", &[]),
    schema(Kind::ItemStarted, "Work on a certificate begins.", &[TEMPLATE, ACTION, INTERACTIVE]),
    schema(
        Kind::ItemEnded,
        "Work on a certificate ends.",
        &[TEMPLATE, ACTION, OUTCOME, CERTIFICATE, PROVIDER, CONTAINER, CARD, CODE],
    ),
    schema(Kind::Decision, "A rule decided. Other facts are those it was decided on.", &[RULE, SUBJECT, DECIDED]),
    schema(Kind::Balloon, "A balloon appears; after 15 s it goes away and only the icon stays.", &[]),
    schema(Kind::BalloonHidden, "It goes away.", &[]),
    schema(Kind::Icon, "The icon appears.", &[]),
    schema(Kind::IconHidden, "It goes away.", &[]),
    schema(Kind::Prompt, "A prompt opens; its other facts are under Prompts.", &[POINT, OFFERS]),
    schema(Kind::PromptChanged, "The facts of an open prompt change.", &[POINT]),
    schema(Kind::PromptWithdrawn, "A prompt closes unanswered.", &[POINT]),
    schema(
        Kind::Event,
        "An entry of the event log.",
        &[
            SOURCE,
            ID,
            SEVERITY,
            CONTEXT,
            TEMPLATE,
            CA,
            REQUEST_ID,
            CERTIFICATE,
            fact("new-certificate", FactType::Certificate, "The certificate that takes its place."),
            CODE,
            fact("templates", FactType::Number, "How many templates."),
            fact("store", FactType::Text, "The trust store."),
            URL,
        ],
    ),
    schema(
        Kind::Directory,
        "A directory is accessed.",
        &[
            fact("op", FactType::Word(|| DIRECTORY_WORK.to_vec()), "What is done."),
            PRINCIPAL,
            CERTIFICATE,
            fact("certificates", FactType::List(&FactType::Certificate), "Which ones."),
        ],
    ),
    schema(
        Kind::Store,
        "A certificate or request store changes.",
        &[
            fact("op", FactType::Word(|| vec!["add", "put", "remove", "write", "new-key"]), "What is done."),
            fact("store", FactType::Word(|| vec!["my", "request", "root", "ca", "ntauth"]), "Which store."),
            TEMPLATE,
            CERTIFICATE,
            STAGE,
            fact("archived", FactType::Flag, "Whether it has the archived property."),
            fact("auto-enroll", FactType::Text, "The autoenrollment property: a template."),
            fact("added", FactType::List(&FactType::Text), "Certificates of a trust store that are new."),
            fact("removed", FactType::List(&FactType::Text), "Certificates of a trust store that are gone."),
            PROVIDER,
            CONTAINER,
        ],
    ),
    schema(Kind::Archived, "A certificate in MY gets the archived property.", &[CERTIFICATE, TEMPLATE]),
    schema(Kind::Deleted, "A certificate is deleted from MY.", &[CERTIFICATE, TEMPLATE]),
    schema(
        Kind::Effect,
        "A core asks its surroundings for something else.",
        &[
            fact("op", FactType::Word(|| EFFECTS.to_vec()), "What is asked for."),
            TEMPLATE,
            CERTIFICATE,
            STAGE,
            URL,
            CA,
            REQUEST_ID,
            fact("certificates", FactType::List(&FactType::Certificate), "Which ones."),
            fact("store", FactType::Word(|| TrustStore::WORDS.to_vec()), "The trust store."),
            CONTROLLER,
            fact("usn", FactType::Number, "The change number of the directory that is remembered."),
        ],
    ),
    schema(
        Kind::EffectDone,
        "What a core asked for is done, or failed.",
        &[
            fact("op", FactType::Word(effects_done), "What was asked for."),
            CODE,
            CA,
            CONTROLLER,
            fact("templates", FactType::List(&FactType::Text), "Templates that were read."),
            fact("cas", FactType::List(&FactType::Text), "CAs that were read."),
            fact("not-changed", FactType::Flag, "Whether the policy server says that nothing is new."),
            fact("certificates", FactType::List(&FactType::Certificate), "What MY holds."),
            fact("requests", FactType::List(&FactType::Text), "What REQUEST holds: template and stage."),
            fact("checks", FactType::List(&FactType::Text), "What chain building says of each certificate."),
            fact("readers", FactType::List(&FactType::Text), "What each reader holds."),
            fact("disposition", FactType::Word(|| vec!["issued", "pending", "denied", "failed"]), "What the CA did."),
            CONTAINER,
        ],
    ),
    schema(
        Kind::EffectAbandoned,
        "An effect's answer is no longer wanted.",
        &[fact("op", FactType::Word(effects_abandoned), "What was asked for.")],
    ),
    schema(Kind::Card, "A card operation begins.", &[CARD_WORK, CARD, KEY, KEY_SPEC, CONTAINER, WITH_PIN]),
    schema(
        Kind::CardDone,
        "A card operation ends.",
        &[
            CARD_WORK,
            CARD,
            CODE,
            TRIES_LEFT,
            CONTAINER,
            fact("containers", FactType::List(&FactType::Text), "The containers on the card."),
            fact("default-container", FactType::Text, "The container with the default flag."),
            fact("free-containers", FactType::Number, "How many more it takes; on a PIV card, for keys for exchange."),
        ],
    ),
    schema(
        Kind::Apdu,
        "A card gets one command and answers.",
        &[
            CARD,
            fact("command", FactType::Text, "The command in hexadecimal, PINs hidden."),
            fact("response", FactType::Text, "The response with its status word, in hexadecimal."),
            fact("meaning", FactType::Text, "The command in words, as `show --detail everything` shows it."),
        ],
    ),
    schema(
        Kind::Software,
        "A software provider works.",
        &[
            fact("op", FactType::Word(|| vec!["generate", "sign", "archive", "delete"]), "What it does."),
            PROVIDER,
            KEY,
            KEY_SPEC,
            fact("exportable", FactType::Flag, "Whether the key can leave."),
            CONTAINER,
        ],
    ),
    schema(
        Kind::Request,
        "A request reaches a CA; `renews` says whether it is a renewal. Who asks is whose record it is: `who`.",
        REQUESTED,
    ),
    schema(
        Kind::Issued,
        "A CA issues: the CA's moment, for a request that was held the one of the approval. The client has the certificate with \
         `item-ended`, after its next run then. Whether it is a renewal says `renews` of the `request`.",
        ISSUED,
    ),
    schema(
        Kind::Pending,
        "A CA takes a request under submission.",
        &[CA, REQUEST_ID, REQUESTER, TEMPLATE, fact("request", FactType::Certificate, "The request's name."), MESSAGE],
    ),
    schema(Kind::Denied, "A CA denies.", &[CA, REQUEST_ID, REQUESTER, TEMPLATE, CODE, REASON]),
    schema(Kind::CaFailed, "A CA, or an enrollment web service of it, cannot be reached, or fails.", &[CA, URL, CODE]),
    schema(Kind::Violation, "An invariant of the world does not hold.", &[INVARIANT, REASON]),
];

/// Everything that `state` looks at, in the order of [`LookAt::ALL`].
pub(crate) static STATES: &[RecordSchema<LookAt>] = &[
    schema(
        LookAt::Card,
        "A card.",
        &[
            fact("inserted-in", FactType::Text, "Its reader, or `nowhere`."),
            fact("containers", FactType::List(&FactType::Text), "Its containers, in order of their index."),
            fact("certificates", FactType::List(&FactType::Certificate), "Certificates in them."),
            fact("default-container", FactType::Text, "The container with the default flag, where there is one."),
            fact("default-certificate", FactType::Certificate, "The certificate in that."),
            fact("free-containers", FactType::Number, "How many more it takes."),
            TRIES_LEFT,
            fact("puk-tries-left", FactType::Number, "Attempts left for the PUK of a PIV card."),
            fact("unlocked", FactType::Flag, "Whether the PIN was given in this session."),
        ],
    ),
    schema(
        LookAt::Store,
        "MY of a user or computer.",
        &[
            fact(
                "certificates",
                FactType::List(&FactType::Certificate),
                "Those without the archived property, in order.",
            ),
            fact("archived", FactType::List(&FactType::Certificate), "Those with it."),
            fact("keys", FactType::List(&FactType::Certificate), "Those whose key is known."),
            fact(
                "containers",
                FactType::List(&FactType::Text),
                "Containers of software providers, with or without a certificate.",
            ),
        ],
    ),
    schema(
        LookAt::Requests,
        "REQUEST of a user or computer.",
        &[
            fact("requests", FactType::List(&FactType::Template), "The template of each request."),
            fact("stages", FactType::List(&STAGES), "How far each is."),
            fact(
                "given-up",
                FactType::List(&FactType::Text),
                "Containers of requests that are over, whose keys wait for their card.",
            ),
        ],
    ),
    schema(
        LookAt::Ca,
        "The database of a CA.",
        &[
            fact("issued", FactType::List(&FactType::Certificate), "Certificates it issued and did not revoke."),
            fact("pending", FactType::List(&FactType::Certificate), "Requests that wait for a manager."),
            fact("denied", FactType::List(&FactType::Certificate), "Requests it denied, and those that failed."),
            fact("revoked", FactType::List(&FactType::Certificate), "Certificates it revoked."),
        ],
    ),
    schema(
        LookAt::Directory,
        "The directory object of a user or computer.",
        &[
            fact("certificates", FactType::List(&FactType::Certificate), "userCertificate."),
            fact(
                "groups",
                FactType::List(&FactType::Text),
                "Its groups, those of groups too; identifiers of built-in ones.",
            ),
            fact("dn", FactType::Text, "Its distinguished name."),
            fact("upn", FactType::Text, "Its user principal name, where it has one."),
            fact("mail", FactType::Text, "Its e-mail address, where it has one."),
            fact("dns", FactType::Text, "Its DNS name, where it has one."),
        ],
    ),
    schema(
        LookAt::Desktop,
        "What a user has before his eyes.",
        &[
            fact("logged-on", FactType::Flag, "Whether there is a session."),
            fact("balloon", FactType::Flag, "Whether the balloon is shown."),
            fact("icon", FactType::Flag, "Whether the icon is in the notification area."),
            fact("locked", FactType::Flag, "Whether the workstation is locked."),
            fact("prompts", FactType::List(&POINTS), "Prompts that are open."),
        ],
    ),
    schema(
        LookAt::Trust,
        "The trust stores of a computer.",
        &[
            fact("root", FactType::List(&FactType::Text), "Trusted roots."),
            fact("ca", FactType::List(&FactType::Text), "Intermediate CAs."),
            fact("ntauth", FactType::List(&FactType::Text), "CAs whose certificates may log on."),
        ],
    ),
];

/// Every decision point, in the order of [`DecisionPoint::ALL`].
pub(crate) static PROMPTS: &[RecordSchema<DecisionPoint>] = &[
    schema(
        DecisionPoint::WizardStart,
        "The wizard's first page: start now, or be reminded later?",
        &[
            fact("items", FactType::Number, "How many certificates are to be enrolled."),
            fact("details", FactType::List(&FactType::Template), "Which ones, after `details`."),
        ],
    ),
    schema(
        DecisionPoint::CardInsert,
        "Insert a card of a provider.",
        &[PROVIDER, SLOT, fact("card", FactType::Card, "The card, where only one will do.")],
    ),
    schema(
        DecisionPoint::CardSelect,
        "Choose among several cards of a provider.",
        &[PROVIDER, fact("cards", FactType::List(&FactType::Card), "Those to choose from.")],
    ),
    schema(
        DecisionPoint::CardReplaceDefault,
        "The default container is occupied: replace what is in it?",
        &[PROVIDER, CARD, CONTAINER, ASKED_BY],
    ),
    schema(DecisionPoint::PinEnter, "Give the PIN.", &[CARD, TRIES_LEFT, ASKED_BY]),
    schema(DecisionPoint::CardTouch, "Touch the card, which waits for it 15 seconds.", &[CARD, CONTAINER]),
    schema(DecisionPoint::KeyProtect, "Consent to a strongly protected software key.", &[PROVIDER, TEMPLATE]),
    schema(
        DecisionPoint::Summary,
        "What failed, when the wizard is done.",
        &[fact(
            "failures",
            FactType::List(&FactType::Text),
            "Template and code of each: `ContosoUser: 0x80070005 E_ACCESSDENIED`.",
        )],
    ),
];

const CHANGED: &[FactSchema] = &[
    fact("what", FactType::Word(|| CHANGES_SEEN.to_vec()), "What changes."),
    fact("subject", FactType::Certificate, "The request or certificate that a CA's manager works on."),
    TEMPLATE,
    CA,
    CARD,
    PRINCIPAL,
    COMPUTER,
    CONTROLLER,
    URL,
    fact("attribute", FactType::Text, "Which attribute or setting."),
    fact("to", FactType::Any, "What it becomes."),
    fact("fault", FactType::Word(|| CardFault::WORDS.to_vec()), "What is the matter with the card now."),
    fact("store", FactType::Word(|| TrustStore::WORDS.to_vec()), "The trust container or store."),
    fact("certificate", FactType::Text, "The certificate that comes or goes."),
    fact("group", FactType::Text, "The group."),
    fact("member", FactType::Text, "Who joins or leaves it."),
    fact("present", FactType::Flag, "Whether it is there now."),
    fact("reachable", FactType::Flag, "Whether it answers now."),
    fact("hangs", FactType::Flag, "Whether it takes requests and never answers."),
    fact("latency", FactType::Text, "Duration of every access now."),
    fact("suspended", FactType::Flag, "Whether the CA is suspended for a restore."),
    fact("sid-extension", FactType::Flag, "Whether the CA's certificates name their owner by SID."),
    fact("enforce-name-lengths", FactType::Flag, "Whether the CA refuses names beyond the bounds of RFC 5280."),
    fact("wrong-key", FactType::Flag, "Whether the CA certifies another key than the one in the request."),
    fact("wrong-template", FactType::Flag, "Whether the CA's certificates name another template."),
    fact("garbage", FactType::Flag, "Whether the CA sends what is no certificate."),
    fact("replicated", FactType::Flag, "The CA reads the templates anew."),
    fact("manager-approval", FactType::Flag, "Whether a manager approves every request."),
    fact("maximum-validity", FactType::Text, "Longest life of a certificate."),
    fact("express", FactType::Flag, "Whether AEExpress exists."),
    fact("ae-policy", FactType::Text, "AEPolicy in hexadecimal, or `not configured`."),
    fact("machine-ae-policy", FactType::Text, "AEPolicy of computers."),
    fact("gp-interval", FactType::Text, "Background refresh."),
    fact("gp-offset", FactType::Text, "Upper bound of the random offset."),
    fact("gp-background", FactType::Flag, "Whether there is a background refresh."),
    fact("automatic-requests", FactType::List(&FactType::Text), "Templates that computers request by themselves."),
];

const REQUESTED: &[FactSchema] = &[
    CA,
    fact("url", FactType::Text, "The enrollment web service that it goes through."),
    TEMPLATE,
    fact("format", FactType::Word(|| vec!["pkcs10", "cms-renewal", "cmc", "unknown"]), "Its outermost form."),
    KEY,
    fact("renews", FactType::Certificate, "The certificate that it renews."),
    fact("subject", FactType::Text, "The subject it asks for; empty when the CA is to build it."),
    PROVIDER,
    KEY_SPEC,
    fact("signers", FactType::Number, "How many signed the outermost message."),
    fact(
        "signature",
        FactType::Word(|| [SignatureAlgorithm::WORDS, &["unknown"]].concat()),
        "How the PKCS #10 is signed.",
    ),
    fact("extensions", FactType::List(&FactType::Text), "Extensions, in order; `!` marks critical ones."),
    fact("extensions-in", FactType::Word(|| ExtensionsAttribute::WORDS.to_vec()), "The attribute they stand in."),
    KEY_USAGE,
    PURPOSES,
    BASIC_CONSTRAINTS,
    fact("attributes", FactType::List(&FactType::Text), "Attributes of the PKCS #10, in order."),
    fact("controls", FactType::List(&FactType::Text), "Attributes beside the PKCS #10."),
    fact("unsigned", FactType::List(&FactType::Text), "Unsigned attributes of the signer."),
    fact("client-id", FactType::Number, "Which program asks: 2 is autoenrollment up to Server 2003, 6 later."),
    fact("client-user", FactType::Text, "Who asks, as the request says."),
    fact("client-machine", FactType::Text, "From where."),
    fact("os-version", FactType::Text, "The Windows version, as the request says."),
    fact("request-type", FactType::Text, "The form that the caller of the CA states."),
    fact("full-response", FactType::Flag, "Whether a full CMC response is wanted."),
    REASON,
    fact("request", FactType::Text, "The request itself, in hexadecimal."),
    fact("sha256", FactType::Text, "Its hash."),
];

const ISSUED: &[FactSchema] = &[
    CA,
    REQUEST_ID,
    REQUESTER,
    TEMPLATE,
    CERTIFICATE,
    fact("subject", FactType::Text, "Its subject."),
    fact("alternative-names", FactType::List(&FactType::Text), "Its other names: `upn=alice@contoso.test`."),
    fact("serial", FactType::Text, "Its serial number in hexadecimal."),
    fact("not-before", FactType::Instant, "The begin of its life."),
    fact("not-after", FactType::Instant, "The end of its life."),
    KEY_USAGE,
    PURPOSES,
    BASIC_CONSTRAINTS,
    fact("policies", FactType::List(&FactType::Text), "Its issuance policies."),
    fact("extensions", FactType::List(&FactType::Text), "Extensions, in order; `!` marks critical ones."),
    fact("der", FactType::Text, "The certificate itself, in hexadecimal."),
    fact("response", FactType::Word(|| vec!["certificates", "full-cmc"]), "What the CA answers with."),
    fact("issued-hash", FactType::Flag, "Whether the hash in a full response is that of the certificate."),
    MESSAGE,
    REASON,
];

const ACTION: FactSchema = fact("action", FactType::Word(|| Action::WORDS.to_vec()), "What is done for the template.");
const ANSWER: FactSchema = fact("answer", FactType::Word(|| Choice::WORDS.to_vec()), "What is answered.");
const ANSWERED: FactSchema = fact("prompt", POINTS, "The prompt.");
const BASIC_CONSTRAINTS: FactSchema =
    fact("basic-constraints", FactType::Text, "`no CA`, `CA`, or `CA, path length 0`.");
const CA: FactSchema = fact("ca", FactType::Ca, "The CA.");
const CARD: FactSchema = fact("card", FactType::Card, "The card.");
const CARD_WORK: FactSchema = fact("op", FactType::Word(|| CARD_OPERATIONS.to_vec()), "What is done.");
const CERTIFICATE: FactSchema = fact("certificate", FactType::Certificate, "The certificate.");
const CLICKED: FactSchema = fact("on", FactType::Word(|| ClickTarget::WORDS.to_vec()), "Where.");
const CODE: FactSchema = fact("code", FactType::Code, "The code, number and name: `0x80070005 E_ACCESSDENIED`.");
const COMPUTER: FactSchema = fact("computer", FactType::Principal, "The computer.");
const CONTAINER: FactSchema =
    fact("container", FactType::Text, "The container; a new one is named after its card or owner: `alice-card/1`.");
const CONTEXT: FactSchema =
    fact("context", FactType::Text, "Whose enrollment it is: `CONTOSO\\alice`, or `local system`.");
const CONTEXT_OF_POLICY: FactSchema =
    fact("context", FactType::Word(|| vec!["user", "machine"]), "Which half of Group Policy.");
const CONTROLLER: FactSchema = fact("controller", FactType::Text, "The domain controller.");
const DECIDED: FactSchema = fact("outcome", FactType::Flag, "What it decided.");
const KDC_ERROR: FactSchema = fact("kdc-error", FactType::Text, "What the domain controller answers, by name.");
const MAPPING: FactSchema =
    fact("mapping", FactType::Word(|| vec!["upn", "sid"]), "By what the certificate names the account.");
const ID: FactSchema = fact("id", FactType::Number, "Its number.");
const INTERACTIVE: FactSchema = fact("interactive", FactType::Flag, "Whether it may ask the user.");
const INVARIANT: FactSchema = fact("invariant", FactType::Text, "Which one.");
const KEPT: FactSchema = fact("kept", FactType::Flag, "Whether a run follows for it; another one may wait already.");
const KEY: FactSchema = fact("key", FactType::Word(|| KeyAlgorithm::WORDS.to_vec()), "Algorithm and size of the key.");
const KEY_SPEC: FactSchema = fact("key-spec", FactType::Word(|| KeySpec::WORDS.to_vec()), "What the key is for.");
const KEY_USAGE: FactSchema = fact("key-usage", FactType::List(&USAGES), "X.509 key usage.");
const MESSAGE: FactSchema = fact("message", FactType::Text, "What the CA says.");
const OFFERS: FactSchema = fact("offers", FactType::List(&OFFERED), "The answers it offers.");
const OUTCOME: FactSchema = fact("outcome", FactType::Word(|| OUTCOMES.to_vec()), "How it ended.");
const POINT: FactSchema = fact("point", POINTS, "The decision point.");
const POLICY_CHANGED: FactSchema = fact("changed", FactType::Flag, "Policy is another than at the last application.");
const POLICY_REFRESH: FactSchema = fact("refresh", REFRESHES, "What kind of refresh.");
const PRINCIPAL: FactSchema = fact("principal", FactType::Principal, "The user or computer.");
const ASKED_BY: FactSchema =
    fact("asked-by", FactType::Provider, "The card's provider, where it asks in a dialog of its own.");
const PROVIDER: FactSchema = fact("provider", FactType::Provider, "The provider (CSP).");
const PURPOSES: FactSchema =
    fact("purposes", FactType::List(&FactType::Text), "Extended key usage, as dotted object identifiers.");
const READER: FactSchema = fact("reader", FactType::Text, "The reader.");
const REASON: FactSchema = fact("reason", FactType::Text, "Why, in words.");
const REFRESH: FactSchema = fact("refresh", REFRESHES, "What kind of Group Policy refresh it came from.");
const REQUESTER: FactSchema = fact("requester", FactType::Principal, "Who asked.");
const REQUEST_ID: FactSchema = fact("request-id", FactType::Number, "The number of the request in the CA's database.");
const RULE: FactSchema = fact("rule", FactType::Text, "The rule, as in `autoenroll matrix`.");
const SESSION: FactSchema =
    fact("session", FactType::Word(|| vec!["goes on"]), "The core alone is gone; without it, the session is too.");
const SEVERITY: FactSchema = fact("severity", FactType::Word(|| Severity::WORDS.to_vec()), "Its severity.");
const SLOT: FactSchema =
    fact("reader", FactType::Word(|| vec!["none", "empty", "wrong card", "right card"]), "What is in the readers.");
const SOURCE: FactSchema = fact("source", FactType::Word(|| EventSource::WORDS.to_vec()), "Who logged it.");
const STAGE: FactSchema = fact("stage", STAGES, "How far a request is.");
const SUBJECT: FactSchema =
    fact("subject", FactType::Text, "What it decided about: a template, card, provider, certificate.");
const TEMPLATE: FactSchema = fact("template", FactType::Template, "The template.");
const TRIES_LEFT: FactSchema = fact("tries-left", FactType::Number, "Attempts left for the PIN.");
const TRIGGER: FactSchema = fact("trigger", FactType::Word(|| TriggerCause::WORDS.to_vec()), "What triggers.");
const URL: FactSchema = fact("url", FactType::Text, "The address.");
const USERS: FactSchema = fact("users", FactType::List(&FactType::Principal), "Users whose sessions ended with it.");
const WITH_PIN: FactSchema = fact("pin", FactType::Flag, "Whether it comes with a PIN.");

const OFFERED: FactType = FactType::Word(|| Choice::WORDS.to_vec());
const POINTS: FactType = FactType::Word(|| DecisionPoint::WORDS.to_vec());
const REFRESHES: FactType = FactType::Word(|| PolicyRefresh::WORDS.to_vec());
const STAGES: FactType = FactType::Word(|| vec!["prepared", "pending", "issued", "given-up"]);
const USAGES: FactType = FactType::Word(|| KeyUsage::WORDS.iter().map(|(word, _)| *word).collect());

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
    "effect",
    "reset-pin",
    "wall-clock",
    "principal",
    "membership",
    "settings",
    "trust",
    "delete-trusted",
    "delete-certificate",
    "delete-request",
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

/// Card operations have records of their own, but for the one that a provider's dialog keeps waiting.
fn effects_abandoned() -> Vec<&'static str> {
    let mut words = effects_done();
    words.extend(CARD_OPERATIONS.iter().filter(|word| !effects_done().contains(word)));
    words
}

const fn schema<T>(subject: T, doc: &'static str, facts: &'static [FactSchema]) -> RecordSchema<T> {
    RecordSchema { subject, doc, facts }
}

const fn fact(name: &'static str, fact_type: FactType, doc: &'static str) -> FactSchema {
    FactSchema { name, fact_type, doc }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_the_order_of_their_words() {
        assert!(RECORDS.iter().map(|schema| schema.subject).eq(Kind::ALL.iter().copied()));
        assert!(STATES.iter().map(|schema| schema.subject).eq(LookAt::ALL.iter().copied()));
        assert!(PROMPTS.iter().map(|schema| schema.subject).eq(DecisionPoint::ALL.iter().copied()));
    }
}
