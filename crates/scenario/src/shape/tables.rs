//! The tables of *about* and *world*.

use autoenroll_csp::{DefaultContainer, FirstUse, Minidriver, Refusal};
use autoenroll_model::{
    AceEffect, Choice, EnrollmentFlags, Evidence, GeneralFlags, KeyAlgorithm, NameFlags, PrivateKeyFlags, Profile,
    ProviderKind, Right, Template, TrustStore,
};
use autoenroll_world::spec::{ATTRIBUTES, CaSpec, Chain, ComputerRole, GENERAL_FLAGS, PolicySpec, RequestDecision};

use super::settings::{self, In, Part};
use super::{Key, Shape, ValueType};
use ValueType::{
    Duration, Flag, Guid, Hex, Instant, List, Map, Named, Number, Oid, OrNone, Past, Sid, Steps, Table, Text, Time,
};
use ValueType::{SequenceSteps, Sequences, Tables, Word, Words};

/// A key that need not be there.
const fn key(name: &'static str, value_type: ValueType, doc: &'static str) -> Key {
    Key { name, value_type, required: false, doc, default: None }
}

/// A key that must be there.
const fn must(name: &'static str, value_type: ValueType, doc: &'static str) -> Key {
    Key { name, value_type, required: true, doc, default: None }
}

/// A whole file.
pub(crate) static ROOT: Shape = Shape {
    name: "a scenario",
    doc: "One story: what it shows, what exists, what happens and what must be seen.",
    keys: &[
        key("$schema", Text, "Where the JSON Schema is, for editors; in TOML a comment in the first line does this."),
        must("scenario", Number(1, 1), "The version of this format. Stands first."),
        must("title", Text, "What the story shows, in one line."),
        key("summary", Text, "The story in a few sentences."),
        key("covers", List(&Text), "Requirements that this story exercises: R040, S7.cancel, P7.36."),
        key("level", Word(|| vec!["must", "may"]), "Whether a conforming core has to pass; `must` unless said here."),
        key("evidence", Word(|| Evidence::WORDS.to_vec()), "How well the expected behaviour is supported."),
        key("profile", Word(|| Profile::NAMES.to_vec()), "The Windows version; server-2003-sp1 unless said here."),
        key("switches", Map(&Text), "Switches of the profile that differ in this story."),
        key("needs", List(&Text), "Capabilities that a core in another process must have."),
        key("world", Table(&WORLD), "What exists."),
        key("sequences", Sequences, "Steps that have a name, for `do`."),
        key("timeline", Table(&TIMELINE), "What happens and what must be seen."),
        key("vary", Named(&VARY), "Named variants of the story."),
        key(
            "sweep",
            Word(|| vec!["card.removed", "core.crash", "power.lost"]),
            "A fault that is tried at every moment at which it is possible.",
        ),
    ],
};

static TIMELINE: Shape = Shape {
    name: "a timeline",
    doc: "What happens and what must be seen, in order.",
    keys: &[must("steps", Steps, "One step a line.")],
};

/// Steps that have a name.
pub(crate) static SEQUENCE: Shape = Shape {
    name: "a sequence",
    doc: "Steps that have a name: a step `{ do = \"name\", with = { ... } }` stands for them. Parameters stand in them as \
          `\"$name\"`, in place of any value.",
    keys: &[
        key("parameters", List(&Text), "What `with` gives, all of it; none unless said here."),
        must("steps", SequenceSteps, "One step a line."),
    ],
};

static VARY: Shape = Shape {
    name: "a variant",
    doc: "The same story with something else in the world.",
    keys: &[
        must("name", Text, "Its name."),
        key("profile", Word(|| Profile::NAMES.to_vec()), "The Windows version of this variant."),
        key("switches", Map(&Text), "Switches that differ in this variant."),
        key("world", Table(&WORLD), "What differs in the world, merged by name."),
        key("absent", Flag, "Leaves the variant out."),
    ],
};

/// What exists.
pub(crate) static WORLD: Shape = Shape {
    name: "a world",
    doc: "What exists at the start. Everything that the story does not care about comes from the world it extends.",
    keys: &[
        key("extends", Text, "The world this one builds on: a file of fixtures/worlds."),
        key("seed", Number(0, i64::MAX), "The only source of everything that looks random."),
        key("start", Instant, "What the wall clock shows at the start."),
        key("domain", Table(&DOMAIN), "The domain and its directory."),
        key("policy", Table(&POLICY), "Group Policy."),
        key("policy-service", Named(&POLICY_SERVICE), "Certificate enrollment policy servers that answer."),
        key("template", Named(&TEMPLATE), "Certificate templates."),
        key("ca", Named(&CA), "Certification authorities."),
        key("group", Named(&GROUP), "Groups."),
        key("user", Named(&USER), "Users."),
        key("computer", Named(&COMPUTER), "Computers with their readers and providers."),
        key("card", Named(&CARD), "Smart cards."),
        key("certificate", Named(&CERTIFICATE), "Certificates that were issued before the start."),
        key("request", Named(&REQUEST), "Requests that were made before the start."),
        key("change", Tables(&LATER), "What changes by itself later, before anything else of its instant."),
    ],
};

static DOMAIN: Shape = Shape {
    name: "a domain",
    doc: "The domain and its directory.",
    keys: &[
        key("netbios", Text, "NetBIOS name."),
        key("dns", Text, "DNS name."),
        key("sid", Sid, "The domain's own identifier."),
        key("forest", Guid, "objectGUID of the forest root domain."),
        key("controller", Named(&CONTROLLER), "Domain controllers; the first reachable one is asked."),
        key("trust", Table(&TRUST), "Content of the trust containers."),
        key("reachable", Flag, "Whether any controller can be reached; true unless said here."),
        key("latency", Duration, "Duration of every directory access; none unless said here."),
    ],
};

static CONTROLLER: Shape = Shape {
    name: "a domain controller",
    doc: "A domain controller.",
    keys: &[
        must("name", Text, "Its name."),
        key("signs-ldap", Flag, "Whether it can sign LDAP; true unless said here."),
        key("reachable", Flag, "Whether it answers; true unless said here."),
        key("absent", Flag, "Leaves it out."),
    ],
};

static TRUST: Shape = Shape {
    name: "the trust containers",
    doc: "Names of CAs or extra roots in each container.",
    keys: &[
        key("roots", List(&Text), "CN=Certification Authorities; every CA unless said here."),
        key("ca", List(&Text), "CN=AIA; every CA unless said here."),
        key("ntauth", List(&Text), "CN=NTAuthCertificates; every CA unless said here."),
        key("extra-roots", List(&Text), "Roots that exist besides the CAs."),
        key("unreadable", Words(|| TrustStore::WORDS.to_vec()), "Containers whose content cannot be read."),
    ],
};

pub(super) static POLICY: Shape =
    Shape { name: "the policy", doc: "Group Policy as far as it concerns autoenrollment.", keys: &POLICY_KEYS };

static POLICY_KEYS: [Key; settings::length(In::World, POLICY_PARTS)] = settings::join(In::World, POLICY_PARTS);
const POLICY_PARTS: &[Part<PolicySpec>] = &[
    Part::Settings(PolicySpec::REFRESH),
    Part::Keys(&[key(
        "policy-server",
        Tables(&POLICY_SERVER),
        "Certificate enrollment policy servers, in registry order.",
    )]),
    Part::Settings(PolicySpec::EXPIRATION),
];

static POLICY_SERVER: Shape = Shape {
    name: "a policy server",
    doc: "One subkey of PolicyServers ([MS-CAESO] 4.4.5.3.2.2).",
    keys: &[
        must("key", Text, "Name of the subkey."),
        must("url", Text, "LDAP: or an address."),
        must("policy-id", Text, "Which policy it serves."),
        key(
            "flags",
            Number(0, 0xFFFF_FFFF),
            "0x10 autoenrollment enabled, 0x20 allow an untrusted CA; 0x10 unless said here.",
        ),
        key(
            "auth-flags",
            Number(0, 0xFFFF_FFFF),
            "1 anonymous, 2 Kerberos, 4 password, 8 certificate, which is not checked; 2 unless said here.",
        ),
        key("cost", Number(0, 0xFFFF_FFFF), "Lower is tried earlier; 0 unless said here."),
    ],
};

static POLICY_SERVICE: Shape = Shape {
    name: "a policy service",
    doc: "A certificate enrollment policy server ([MS-XCEP]): it passes on templates and CAs of the directory.",
    keys: &[
        must("name", Text, "Its name in scenarios."),
        must("url", Text, "Its address, as policy names it."),
        key("next-update-hours", Number(0, 0xFFFF_FFFF), "nextUpdateHours; it does not say unless said here."),
        key("priority", Map(&Number(0, 0xFFFF_FFFF)), "Priority of CAs, by name; lower is better, 1 unless said here."),
        key("reachable", Flag, "Whether it answers; true unless said here."),
        key(
            "failure",
            OrNone(&Number(0, 0xFFFF_FFFF)),
            "The code of every answer: 0x80070005 denies access. It tells the policy unless said here.",
        ),
        key("absent", Flag, "Leaves it out."),
    ],
};

const ALLOW: Key =
    key("allow", Map(&Words(|| Right::WORDS.to_vec())), "Rights granted, by trustee, on top of the default list.");
const DENY: Key =
    key("deny", Map(&Words(|| Right::WORDS.to_vec())), "Rights denied, by trustee; these entries come first.");
const ACL: Key = key(
    "acl",
    OrNone(&ACES),
    "The whole access control list in its order, instead of the default; false for none at all.",
);

static ACES: ValueType = Tables(&ACE);

static ACE: Shape = Shape {
    name: "an access control entry",
    doc: "One entry of an access control list ([MS-DTYP] 2.4.4).",
    keys: &[
        must("effect", Word(|| AceEffect::WORDS.to_vec()), "Whether it grants or denies."),
        must("trustee", Text, "A user, computer or group, a well-known name, or a SID."),
        key(
            "right",
            Word(|| {
                vec!["read", "enroll", "autoenroll", "control-access", "write", "full", "generic-read", "generic-all"]
            }),
            "What it speaks of.",
        ),
        key("mask", Number(0, 0xFFFF_FFFF), "The access bits themselves."),
        key("object", Guid, "The object type of an object entry."),
        key("inherited", Flag, "It came from a parent."),
        key("inherit-only", Flag, "It is only for children."),
        key("conditional", Flag, "It carries a condition."),
    ],
};

/// The words of every field of flags, each once.
fn all_flags() -> Vec<&'static str> {
    let mut words: Vec<&str> = Vec::new();
    let all = (EnrollmentFlags::WORDS.iter().map(|(word, _)| *word))
        .chain(PrivateKeyFlags::WORDS.iter().map(|(word, _)| *word))
        .chain(NameFlags::WORDS.iter().map(|(word, _)| *word))
        .chain(GeneralFlags::WORDS.iter().map(|(word, _)| *word));
    for word in all {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

const NAME: Key = must("name", Text, "cn, and the name in scenarios.");
const OID: Key = key(
    "oid",
    OrNone(&Oid),
    "msPKI-Cert-Template-OID; derived from the name unless said here. false: it has none, and is no candidate.",
);
const MALFORMED_OID: Key =
    key("malformed-oid", Text, "What msPKI-Cert-Template-OID says where that is no object identifier.");
const CLIENT_VERSION: Key = key(
    "client-version",
    Number(0, 15),
    "The least version of clients, four bits of msPKI-Private-Key-Flag; 0 for any.",
);
const CA_VERSION: Key =
    key("ca-version", Number(0, 15), "The least version of CAs, four bits of msPKI-Private-Key-Flag; 0 for any.");
const CNG_KEY: Key = key("cng", Table(&CNG), "Settings for CNG providers.");

pub(super) static TEMPLATE: Shape = Shape {
    name: "a template",
    doc: "A certificate template ([MS-CRTD]). With `based-on` a copy of a default one: version 2 unless said here, revision 100, its own OID.",
    keys: &TEMPLATE_KEYS,
};

/// Attributes with one field stand between the others, one row each in [`ATTRIBUTES`].
static TEMPLATE_KEYS: [Key; settings::length(In::World, TEMPLATE_PARTS)] = settings::join(In::World, TEMPLATE_PARTS);
const TEMPLATE_PARTS: &[Part<Template>] = &[
    Part::Keys(&[
        NAME,
        key("based-on", Text, "The default template it starts from; without one every attribute starts empty."),
        key(
            "flags",
            Words(all_flags),
            "Flags that are set besides the inherited ones, each in the field it belongs to.",
        ),
        key("without-flags", Words(all_flags), "Inherited flags that are not set."),
    ]),
    Part::Settings(GENERAL_FLAGS),
    Part::Settings(ATTRIBUTES),
    Part::Keys(&[
        CLIENT_VERSION,
        CA_VERSION,
        OID,
        MALFORMED_OID,
        CNG_KEY,
        ALLOW,
        DENY,
        ACL,
        key(
            "published",
            Time,
            "When it appears in the directory, counted from the start; from the start unless said here.",
        ),
        key("absent", Flag, "Leaves it out."),
    ]),
];

/// A file of default templates.
pub(crate) static TEMPLATE_FILE: Shape = Shape {
    name: "a file of templates",
    doc: "Default certificate templates.",
    keys: &[must("template", Named(&DEFAULT_TEMPLATE), "The templates.")],
};

static DEFAULT_TEMPLATE: Shape = Shape {
    name: "a default template",
    doc: "A default certificate template, attribute by attribute.",
    keys: &DEFAULT_TEMPLATE_KEYS,
};

static DEFAULT_TEMPLATE_KEYS: [Key; settings::length(In::World, DEFAULT_TEMPLATE_PARTS)] =
    settings::join(In::World, DEFAULT_TEMPLATE_PARTS);
const DEFAULT_TEMPLATE_PARTS: &[Part<Template>] = &[
    Part::Keys(&[NAME, key("flags", Words(general_flags), "The attribute `flags`.")]),
    Part::Settings(ATTRIBUTES),
    Part::Keys(&[CLIENT_VERSION, CA_VERSION, OID, MALFORMED_OID, CNG_KEY]),
];

fn general_flags() -> Vec<&'static str> {
    GeneralFlags::WORDS.iter().map(|(word, _)| *word).collect()
}

static CNG: Shape = Shape {
    name: "the CNG settings",
    doc: "The triplets of [MS-CRTD] 2.23.2.",
    keys: &[
        key("asymmetric-algorithm", Text, "RSA, ECDSA_P256, ECDH_P256."),
        key("hash-algorithm", Text, "SHA256."),
        key("key-usage", Words(|| vec!["decrypt", "sign", "agree", "all"]), "What the key does."),
        key("symmetric-algorithm", Text, "For key archival."),
        key("symmetric-key-length", Number(0, 65_536), "In bits."),
        key("key-security", Text, "Who may use the key, as SDDL."),
    ],
};

static CA: Shape = Shape {
    name: "a CA",
    doc: "A certification authority: the service and its object in the directory.",
    keys: &CA_KEYS,
};

/// Those with one field stand between the others, one row each in [`CaSpec::SETTINGS`].
static CA_KEYS: [Key; settings::length(In::World, CA_PARTS)] = settings::join(In::World, CA_PARTS);
const CA_PARTS: &[Part<CaSpec>] = &[Part::Keys(CA_HEAD), Part::Settings(CaSpec::SETTINGS), Part::Keys(CA_TAIL)];

const CA_HEAD: &[Key] = &[
    must("name", Text, "Common name of the CA and of its enrollment service."),
    key("host", OrNone(&Text), "dNSHostName; false for an entry without one."),
    key("key", Word(|| KeyAlgorithm::WORDS.to_vec()), "Its key; rsa-2048 unless said here."),
    key("templates", List(&Text), "Templates it issues; every one of the world unless said here."),
    ALLOW,
    DENY,
    ACL,
];

const CA_TAIL: &[Key] = &[
    key(
        "enrollment-server",
        Tables(&ENROLLMENT_SERVER),
        "Enrollment web services in front of it: who has the policy from a server goes through them only.",
    ),
    key("published", Time, "When its object appears in the directory; from the start unless said here."),
    key(
        "stale-template",
        Named(&TEMPLATE),
        "Its own older copies of templates: name and what differs from the directory.",
    ),
    key("absent", Flag, "Leaves it out."),
];

static ENROLLMENT_SERVER: Shape = Shape {
    name: "an enrollment server",
    doc: "An enrollment web service in front of a CA ([MS-XCEP] 3.1.4.1.3.5).",
    keys: &[
        must("url", Text, "Its address, https://…"),
        key(
            "auth-flags",
            Number(0, 0xFFFF_FFFF),
            "1 anonymous, 2 Kerberos, 4 password, 8 certificate, which is not checked; 2 unless said here.",
        ),
        key("priority", Number(0, 0xFFFF_FFFF), "Lower is tried earlier; 1 unless said here."),
        key("renewal-only", Flag, "true: it takes renewals only."),
        key("reachable", Flag, "Whether it answers; true unless said here."),
        key("failure", OrNone(&Number(0, 0xFFFF_FFFF)), "The code of every answer; it hands on unless said here."),
    ],
};

static GROUP: Shape = Shape {
    name: "a group",
    doc: "A group of the domain.",
    keys: &[
        must("name", Text, "Its name."),
        key("sid", Sid, "Its identifier; derived from its name unless said here."),
        key("members", List(&Text), "Users, computers and groups."),
        key("absent", Flag, "Leaves it out."),
    ],
};

const SETTINGS: [Key; 5] = [
    key("local-policy", OrNone(&Number(0, 0xFFFF_FFFF)), "The locally configured AEPolicy."),
    key("express", Flag, "AEExpress exists: no delay before the balloon."),
    key("log-level", OrNone(&Number(0, 0xFFFF_FFFF)), "AEEventLogLevel."),
    key("directory-cache", Table(&DIRECTORY_CACHE), "AEDirectoryCache: the last download of trust containers."),
    key("stored-credentials", List(&Text), "URLs of policy servers for which the vault holds credentials."),
];

static DIRECTORY_CACHE: Shape = Shape {
    name: "a directory cache",
    doc: "State of the last download of trust containers.",
    keys: &[
        must("controller", Text, "The domain controller it came from."),
        must("usn", Number(0, i64::MAX), "Its change number at that time."),
    ],
};

static USER: Shape = Shape {
    name: "a user",
    doc: "A user account.",
    keys: &[
        must("name", Text, "Account name."),
        key("sid", Sid, "objectSid; derived from its name unless said here."),
        key("guid", Guid, "objectGUID; derived from its name unless said here."),
        key("dn", Text, "Distinguished name; CN=name,CN=Users,… unless said here."),
        key("upn", OrNone(&Text), "userPrincipalName; name@domain unless said here."),
        key("mail", OrNone(&Text), "mail; name@domain unless said here."),
        key(
            "created",
            Past,
            "How long before the start the account was created, or when; before every certificate unless said here.",
        ),
        key("groups", List(&Text), "Groups it belongs to; Domain Users unless said here."),
        key(
            "roaming",
            Flag,
            "true: MY, REQUEST and software keys follow to every computer; they stay on each unless said here.",
        ),
        SETTINGS[0],
        SETTINGS[1],
        SETTINGS[2],
        SETTINGS[3],
        SETTINGS[4],
        key("absent", Flag, "Leaves it out."),
    ],
};

static COMPUTER: Shape = Shape {
    name: "a computer",
    doc: "A computer with its readers and providers.",
    keys: &[
        must("name", Text, "Its name."),
        key("sid", Sid, "objectSid; derived from its name unless said here."),
        key("guid", Guid, "objectGUID; derived from its name unless said here."),
        key("dn", Text, "Distinguished name; CN=name,CN=Computers,… unless said here."),
        key("dns", OrNone(&Text), "dNSHostName; name.domain in lower case unless said here."),
        key("groups", List(&Text), "Groups it belongs to; Domain Computers unless said here."),
        key("site", Text, "The site of the directory that it is in; none unless said here."),
        key("role", Word(|| ComputerRole::WORDS.to_vec()), "What it is in the domain; member unless said here."),
        key("readers", List(&Text), "Its smart card readers."),
        key(
            "provider",
            Named(&PROVIDER),
            "Providers installed, in registry order; Microsoft's four CSPs in software unless said here. Profiles from \
             windows-7-sp1 on have the Microsoft Software Key Storage Provider besides.",
        ),
        key("card-type", Named(&CARD_TYPE), "Known kinds of cards, in registry order."),
        SETTINGS[0],
        SETTINGS[1],
        SETTINGS[2],
        SETTINGS[3],
        SETTINGS[4],
        key("absent", Flag, "Leaves it out."),
    ],
};

static PROVIDER: Shape = Shape {
    name: "a provider",
    doc: "A provider that is installed on a computer.",
    keys: &[
        must("name", Text, "Name as templates list it."),
        must("kind", Word(|| ProviderKind::WORDS.to_vec()), "Where it keeps keys."),
        key("absent", Flag, "Leaves it out."),
    ],
};

static CARD_TYPE: Shape = Shape {
    name: "a kind of card",
    doc: "An entry of the card database. What is not said comes from the file of that name in fixtures/cards.",
    keys: &[
        must("name", Text, "Name of the entry."),
        key("atr", Hex, "ATR, masked."),
        key("mask", Hex, "ATRMask; all ones unless said here."),
        key("provider", Text, "The provider it is registered for."),
        DRIVER,
        NEW_KEY_TOUCH,
        DEFAULT_CONTAINER,
        FIRST_USE,
        REFUSES,
        key("absent", Flag, "Leaves it out."),
    ],
};

/// A file of `fixtures/cards`.
pub(crate) static CARD_FILE: Shape = Shape {
    name: "a file of a kind of card",
    doc: "A kind of card: its answer to reset, the provider it is registered for, and what it can do.",
    keys: &[
        must("about", Text, "What it stands for."),
        must("atr", Hex, "Answer to reset."),
        key("mask", Hex, "ATRMask of its registration; all ones unless said here."),
        must("provider", Text, "The provider it is registered for."),
        DRIVER,
        NEW_KEY_TOUCH,
        DEFAULT_CONTAINER,
        FIRST_USE,
        REFUSES,
        APPLET,
        PIN_RULES,
        CAPACITY_KEY,
        ALGORITHMS,
        QUIRKS,
        DIALOGS,
    ],
};

static CARD: Shape = Shape {
    name: "a card",
    doc: "A smart card.",
    keys: &[
        must("name", Text, "Its name."),
        must("atr", Text, "What kind of card it is, a file of fixtures/cards; or its answer to reset in hexadecimal."),
        key(
            "serial",
            Hex,
            "Its card id, 16 bytes; derived from seed and name unless said here. Programs that reach it through \
             PKCS #11 tell cards apart by the last 8.",
        ),
        key(
            "pin",
            Table(&PIN),
            "Its PIN; 1234, on a piv card 123456, with three attempts unless said here. The administrator key of every \
             card is 0102030405060708, three times.",
        ),
        key(
            "puk",
            Table(&PUK),
            "The PUK of a piv card; 12345678, which cards come with, with as many attempts as the PIN unless said here. \
             Other cards have none.",
        ),
        key("container", Named(&CONTAINER), "Containers, in order of their index."),
        APPLET,
        PIN_RULES,
        CAPACITY_KEY,
        ALGORITHMS,
        QUIRKS,
        DIALOGS,
        key("reader", Text, "The reader it is in at the start; in none unless said here."),
        key("computer", Text, "The computer of that reader, when there are several."),
        key("absent", Flag, "Leaves it out."),
    ],
};

const APPLET: Key = key(
    "applet",
    Word(|| vec!["gids", "piv"]),
    "The application on it; gids unless said here. What a computer does with a piv card is up to the minidriver that it \
     has registered for it.",
);
const DRIVER: Key = key(
    "driver",
    Word(|| Minidriver::WORDS.to_vec()),
    "Its minidriver: gids; piv-inbox, which Windows brings along and which only reads; or piv-vendor, a maker's own for \
     piv cards. gids unless said here. The four keys that follow are for piv-vendor.",
);
const NEW_KEY_TOUCH: Key = key(
    "new-key-touch",
    Word(|| TOUCH_RULES.to_vec()),
    "When keys that it makes ask to be touched: never; always, before each use; cached, unless the card was touched in \
     the last 15 seconds. never unless said here.",
);
const DEFAULT_CONTAINER: Key = key(
    "default-container",
    Word(|| DefaultContainer::WORDS.to_vec()),
    "Which container is the default one: flagged, the one that carries the flag; first, the first one, whatever is \
     marked. flagged unless said here.",
);
const FIRST_USE: Key = key(
    "first-use",
    List(&Word(|| FirstUse::WORDS.to_vec())),
    "What it does when it first writes to a card with the usual management key: it puts one of its own behind the PIN, \
     and besides blocks the usual PUK; nothing unless said here.",
);
const REFUSES: Key = key(
    "refuses",
    List(&Word(|| Refusal::WORDS.to_vec())),
    "What it refuses although its cards could do it, with 0x80100022; nothing unless said here.",
);

/// The words for [`TouchRule`](autoenroll_apdu::piv::TouchRule), in its order.
pub(crate) const TOUCH_RULES: [&str; 3] = ["never", "always", "cached"];
const PIN_RULES: Key = key("pin-rules", Table(&PIN_LENGTHS), "Lengths of its PINs, and attempts.");
const CAPACITY_KEY: Key = key("capacity", Table(&CAPACITY), "How much fits on it.");
const ALGORITHMS: Key = key(
    "algorithms",
    Words(|| KeyAlgorithm::WORDS.to_vec()),
    "Keys it can generate; rsa-1024 and rsa-2048, on a piv card p-256 as well, unless said here.",
);
const QUIRKS: Key =
    key("quirks", Words(|| vec!["ignores-default-flag", "mute"]), "Where it departs from the specification.");

const DIALOGS: Key = key(
    "provider-dialogs",
    List(&Word(|| vec!["replace", "pin"])),
    "What its provider asks in dialogs of its own: before an occupied default container gives way, the PIN; nothing \
     unless said here.",
);

static CAPACITY: Shape = Shape {
    name: "a capacity",
    doc: "How much fits on a card.",
    keys: &[
        key("containers", Number(1, 126), "How many containers it takes; 16, on a piv card 24, unless said here."),
        key(
            "bytes",
            Number(0, 0xFFFF_FFFF),
            "Bytes for files, data objects and keys together; 65536 unless said here.",
        ),
        key("object-bytes", Number(0, 0xFFFF_FFFF), "Bytes of the largest data object; 8192 unless said here."),
    ],
};

static PIN_LENGTHS: Shape = Shape {
    name: "the rules for PINs",
    doc: "Lengths of the PINs of a card, and attempts.",
    keys: &[
        key("shortest", Number(1, 127), "Bytes of the shortest PIN; 4, on a piv card 6, unless said here."),
        key(
            "longest",
            Number(1, 127),
            "Bytes of the longest PIN; 16, of which OpenSC takes 15, on a piv card 8, which is the most it takes, \
             unless said here.",
        ),
        key("tries", Number(1, 15), "Wrong attempts before it is blocked; 3 unless said here."),
    ],
};

static PIN: Shape = Shape {
    name: "a PIN",
    doc: "PIN and retry counter of a card.",
    keys: &[
        must("value", Text, "The PIN."),
        key("tries", Number(0, 15), "Attempts left at the start; 0 is a blocked card; all of them unless said here."),
    ],
};

static PUK: Shape = Shape {
    name: "a PUK",
    doc: "PUK and retry counter of a piv card.",
    keys: &[
        must("value", Text, "The PUK, 6 to 8 bytes."),
        key("tries", Number(0, 15), "Attempts left at the start; 0 is a blocked PUK; all of them unless said here."),
    ],
};

static CONTAINER: Shape = Shape {
    name: "a container",
    doc: "A container on a card.",
    keys: &[
        must("name", Text, "Its name."),
        key("default", Flag, "It carries the default flag."),
        key("key", Word(|| KeyAlgorithm::WORDS.to_vec()), "Its key; rsa-2048 when it holds a certificate."),
        key("holds", Text, "The certificate in it."),
        key(
            "touch",
            Word(|| TOUCH_RULES.to_vec()),
            "When its key asks to be touched, on a piv card; never unless said here.",
        ),
        key("absent", Flag, "Leaves it out."),
    ],
};

static CERTIFICATE: Shape = Shape {
    name: "a certificate",
    doc: "A certificate that a simulated CA issued for real before the start. It is in a store or on a card.",
    keys: &[
        must("name", Text, "Its name in facts."),
        must("template", Text, "Its template."),
        key("of", Text, "The user or computer whose stores it is in."),
        key("stores", Words(|| vec!["my", "directory"]), "Which stores; MY unless said here."),
        key("ca", Text, "The CA that issued it, when there are several."),
        key(
            "issued",
            Past,
            "How long before the start its life began, or when; 1d unless said here. With `lifetime` it says what is left: \
             300d of 365d is 65d.",
        ),
        key("lifetime", Duration, "Its life; the template's unless said here."),
        key(
            "revision",
            Number(0, 0xFFFF_FFFF),
            "Major version of the template it was issued from; today's unless said here.",
        ),
        key(
            "minor",
            Number(0, 0xFFFF_FFFF),
            "Minor version of the template it was issued from; today's unless said here.",
        ),
        key("archived", Flag, "It has the archived property."),
        key("revoked", Flag, "Its CA has revoked it."),
        key("foreign", Flag, "It names no template."),
        key("chain", Word(|| Chain::WORDS.to_vec()), "What chain building says; ok unless said here."),
        key(
            "key",
            Word(|| vec!["software", "missing"]),
            "Where its key is, when it is on no card; software unless said here.",
        ),
        key("card", Text, "The card its key is on."),
        key("container", Text, "The container its key is in; the card's only one unless said here."),
        key("absent", Flag, "Leaves it out."),
    ],
};

static REQUEST: Shape = Shape {
    name: "a request",
    doc: "A request that was made before the start.",
    keys: &[
        must("name", Text, "Its name, and that of the certificate it may become."),
        must("template", Text, "Its template."),
        must("of", Text, "The user or computer whose REQUEST store it is in."),
        key("ca", Text, "The CA that has it, when there are several."),
        key("created", Past, "How long before the start it was made, or when; 1d unless said here."),
        key(
            "decision",
            Word(|| RequestDecision::WORDS.to_vec()),
            "What the CA has made of it; pending unless said here.",
        ),
        key("replaces", Text, "The certificate it renews or replaces."),
        key("renewal", Flag, "It renews that certificate, signed by its key."),
        key(
            "key",
            Word(|| vec!["software", "missing"]),
            "Where its key is, when it is on no card; software unless said here.",
        ),
        key("card", Text, "The card its key is on."),
        key("container", Text, "The container its key is in."),
        key("absent", Flag, "Leaves it out."),
    ],
};

static LATER: Shape = Shape {
    name: "a change",
    doc: "Something that changes by itself.",
    keys: &[
        must("at", Time, "When, counted from the start."),
        must("change", Word(|| super::CHANGES.iter().map(|change| change.word).collect()), "What changes."),
        key("of", Text, "Whose or which one."),
        must("set", ValueType::ChangeSet, "What it becomes."),
    ],
};

/// The table form of an answer.
pub(crate) static ANSWER: Shape = Shape {
    name: "an answer",
    doc: "What a user gives or chooses.",
    keys: &[key("pin", Text, "These digits."), key("card", Text, "This card.")],
};

/// What a user logs on with.
pub(crate) static CARD_PIN: Shape = Shape {
    name: "a logon with a card",
    doc: "The card that a user logs on with, and the PIN that is typed.",
    keys: &[must("card", Text, "This card."), must("pin", Text, "These digits.")],
};

/// The words of answers, and `hold`, which leaves a prompt open.
pub(crate) fn answer_words() -> Vec<&'static str> {
    let given = ["pin", "card"];
    Choice::WORDS.iter().copied().filter(|word| !given.contains(word)).chain(["hold"]).collect()
}
