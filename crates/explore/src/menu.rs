//! What can be done in a setting: lines of the scenario language, with what they do in the simulator's words.

use std::collections::BTreeSet;

use autoenroll_scenario::{Diagnostics, Document, Files, Library, Step, StepActions, parse, print};
use autoenroll_world::spec::RequestDecision;
use autoenroll_world::{Action, WorldSpec};

/// What kind of thing somebody or something does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// People do it in the course of a day.
    Deed,
    /// Somebody at a CA or in the directory decides.
    Office,
    /// Something goes wrong.
    Fault,
    /// It works again.
    Repair,
}

/// What something that can be done is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Whether somebody is there, and that a run begins.
    Session,
    /// What is on the screen.
    Desktop,
    /// A computer.
    Machine,
    /// What a core asks its surroundings for, cards and CAs aside.
    Effects,
    /// A card.
    Card,
    /// A CA, and what it does with requests and certificates.
    Authority,
    /// A template.
    Template,
    /// The directory, policy, the time.
    Directory,
    /// What somebody does to a store by hand.
    Store,
}

impl Subject {
    /// Those that stories are about; what more can go wrong with comes more often.
    pub const OFTEN: &[Self] = &[
        Self::Card,
        Self::Card,
        Self::Card,
        Self::Authority,
        Self::Authority,
        Self::Session,
        Self::Machine,
        Self::Effects,
        Self::Template,
        Self::Directory,
        Self::Store,
    ];
}

/// One thing that can be done.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name, the same in every setting: what is counted when pairs are. Whose it is, is no part of it.
    pub name: &'static str,
    /// What kind of thing it is.
    pub class: Class,
    /// What it is about.
    pub subject: Subject,
    /// The step, without a time.
    pub step: Step,
    /// What it does.
    pub actions: Vec<Action>,
}

/// Everything that can be done in a setting, and the world it is done in.
#[derive(Clone, Debug)]
pub struct Menu {
    /// What exists.
    pub spec: WorldSpec,
    /// What can be done, answers aside.
    pub entries: Vec<Entry>,
}

impl Menu {
    /// The menu of a world: everything is done by, to and with what is in it.
    ///
    /// # Errors
    /// When the document describes no world, or a line is none of the scenario language: a fault of this crate.
    pub fn of(document: &Document, library: &Library) -> Result<Self, MenuError> {
        let meaning = StepActions::of(document, library).map_err(|found| MenuError::World(print(document), found))?;
        let lines = lines(meaning.spec());
        let steps: String = lines.iter().map(|line| format!("  {},\n", line.text)).collect();
        let text = format!("scenario = 1\ntitle = \"A menu\"\n\n[timeline]\nsteps = [\n{steps}]\n");
        let parsed = parse(FILE, text.as_bytes());
        if parsed.found.has_errors() || parsed.document.steps.len() != lines.len() {
            return Err(MenuError::Lines(text, parsed.found));
        }
        let entry = |(line, step): (&Line, &Step)| {
            let actions = meaning.actions(step).map_err(|found| MenuError::Lines(line.text.clone(), found))?;
            Ok(Entry { name: line.name, class: line.class, subject: line.subject, step: step.clone(), actions })
        };
        let entries = lines.iter().zip(&parsed.document.steps).map(entry).collect::<Result<_, MenuError>>()?;
        Ok(Self { spec: meaning.spec().clone(), entries })
    }

    /// The entry that does what a move of another world does: the same step, or one of the same name.
    #[must_use]
    pub fn like(&self, name: &str, step: &Step) -> Option<&Entry> {
        let named = || self.entries.iter().filter(|entry| entry.name == name);
        named().find(|entry| entry.step.kind == step.kind && entry.step.who == step.who).or_else(|| named().next())
    }
}

/// The name of files that are nowhere.
const FILE: &str = "explore.toml";

/// Why there is no menu.
#[derive(Clone, Debug)]
pub enum MenuError {
    /// A file describes no world, and why.
    World(String, Diagnostics),
    /// Lines are none of the scenario language, and why.
    Lines(String, Diagnostics),
}

impl std::fmt::Display for MenuError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::World(text, found) | Self::Lines(text, found)) = self;
        write!(f, "{}\n{text}", found.render(&Files::of(FILE, text), false))
    }
}

impl std::error::Error for MenuError {}

struct Line {
    name: &'static str,
    class: Class,
    subject: Subject,
    text: String,
}

/// The words of changes that are without a subject of their own, and of those of a card, a CA and a principal: name,
/// class, what is set.
const CARD: &[(&str, Class, &str)] = &[
    ("card mute", Class::Fault, "{ fault = \"mute\" }"),
    ("card busy", Class::Fault, "{ fault = \"busy\" }"),
    ("card slow", Class::Fault, "{ fault = \"slow\" }"),
    ("card failing", Class::Fault, "{ fault = \"failing\" }"),
    ("card read-only", Class::Fault, "{ fault = \"read-only\" }"),
    ("card repaired", Class::Repair, "{ fault = \"none\" }"),
    ("card unblocked", Class::Repair, "{ unblock = true }"),
    ("card pin reset", Class::Fault, "{ pin = \"4321\" }"),
];
const CA: &[(&str, Class, &str)] = &[
    ("ca unreachable", Class::Fault, "{ reachable = false }"),
    ("ca reachable", Class::Repair, "{ reachable = true }"),
    ("ca hangs", Class::Fault, "{ hangs = true }"),
    ("ca no longer hangs", Class::Repair, "{ hangs = false }"),
    ("ca slow", Class::Fault, "{ latency = \"20s\" }"),
    ("ca holds", Class::Office, "{ manager-approval = true }"),
    ("ca issues", Class::Office, "{ manager-approval = false }"),
    ("ca answers garbage", Class::Fault, "{ garbage = true }"),
    ("ca answers well", Class::Repair, "{ garbage = false }"),
    ("ca certifies another key", Class::Fault, "{ wrong-key = true }"),
    ("ca certifies the right key", Class::Repair, "{ wrong-key = false }"),
];
const EFFECTS: &[(&str, &str)] = &[
    ("settings unreadable", "read-settings"),
    ("stores unreadable", "read-stores"),
    ("certificate not added", "add-certificate"),
    ("certificate not archived", "archive-certificate"),
    ("certificate not deleted", "delete-certificate"),
    ("request not noted", "put-request"),
    ("request not removed", "remove-request"),
    ("chains unreadable", "inspect"),
    ("readers unreadable", "read-readers"),
];
const OTHERS: &[(&str, Class, &str)] = &[
    ("directory unreachable", Class::Fault, "change = \"directory\", set = { reachable = false }"),
    ("directory reachable", Class::Repair, "change = \"directory\", set = { reachable = true }"),
    ("directory slow", Class::Fault, "change = \"directory\", set = { latency = \"20s\" }"),
    ("clock ahead", Class::Fault, "change = \"clock\", set = { wall = 2026-03-20T08:00:00Z }"),
    ("clock back", Class::Fault, "change = \"clock\", set = { wall = 2026-02-20T08:00:00Z }"),
    ("policy off", Class::Fault, "change = \"policy\", set = { ae-policy = 0x8000 }"),
    ("policy on", Class::Repair, "change = \"policy\", set = { ae-policy = 7 }"),
];

/// The changes of templates, by their names.
const TEMPLATE: &[(&str, Class, &str)] = &[
    ("template revised", Class::Office, "{ revision = 101 }"),
    ("template unpublished", Class::Fault, "{ published = false }"),
    ("template published", Class::Repair, "{ published = true }"),
    ("template holds", Class::Office, "{ enrollment-flags = [\"auto-enrollment\", \"pend-all-requests\"] }"),
    ("template issues", Class::Office, "{ enrollment-flags = [\"auto-enrollment\"] }"),
];
const CLICKS: &[(&str, &str)] = &[
    ("click balloon", "balloon"),
    ("click balloon-close", "balloon-close"),
    ("click icon", "icon"),
    ("click wizard-close", "wizard-close"),
];

/// Lines in the making.
struct Lines {
    list: Vec<Line>,
    /// What those that come next are about.
    subject: Subject,
}

impl Lines {
    fn about(&mut self, subject: Subject) -> &mut Self {
        self.subject = subject;
        self
    }

    fn put(&mut self, name: &'static str, class: Class, step: &str) {
        self.list.push(Line { name, class, subject: self.subject, text: format!("{{ {step} }}") });
    }
}

fn lines(spec: &WorldSpec) -> Vec<Line> {
    let spec = &escaped(spec);
    let mut lines = Lines { list: Vec::new(), subject: Subject::Session };
    people(spec, &mut lines);
    cards(spec, lines.about(Subject::Card));
    authorities(spec, &mut lines);
    lines.about(Subject::Directory);
    OTHERS.iter().for_each(|(name, class, step)| lines.put(name, *class, step));
    certificates(spec, &mut lines);
    lines.list
}

/// The same world with its names as they stand between quotes: a name may have quotes of its own.
fn escaped(spec: &WorldSpec) -> WorldSpec {
    let mut spec = spec.clone();
    let users = spec.users.iter_mut().map(|user| &mut user.name);
    let computers =
        spec.computers.iter_mut().flat_map(|computer| [&mut computer.name].into_iter().chain(&mut computer.readers));
    let cards = spec.cards.iter_mut().map(|card| &mut card.name);
    let authorities = spec.authorities.iter_mut().map(|ca| &mut ca.name);
    let templates = spec.templates.iter_mut().map(|template| &mut template.template.name);
    let stores = spec.stores.iter_mut().flat_map(|store| {
        let certificates = store.certificates.iter_mut().flat_map(|one| [&mut one.name, &mut one.ca]);
        [&mut store.of].into_iter().chain(certificates)
    });
    for name in users.chain(computers).chain(cards).chain(authorities).chain(templates).chain(stores) {
        if name.contains(|c: char| matches!(c, '"' | '\\') || c.is_control()) {
            *name = name.chars().map(in_quotes).collect();
        }
    }
    spec
}

/// A character as it stands in a basic string of TOML.
fn in_quotes(c: char) -> String {
    match c {
        '"' | '\\' => format!("\\{c}"),
        _ if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        _ => c.to_string(),
    }
}

fn people(spec: &WorldSpec, lines: &mut Lines) {
    for computer in &spec.computers {
        let computer = &computer.name;
        lines.about(Subject::Session);
        for user in &spec.users {
            let user = &user.name;
            lines.put("logon", Class::Deed, &format!("logon = \"{user}\", computer = \"{computer}\""));
        }
        lines.about(Subject::Machine);
        lines.put("boot", Class::Deed, &format!("boot = \"{computer}\""));
        lines.put("shutdown", Class::Deed, &format!("shutdown = \"{computer}\""));
        let renamed = "set = { dns = \"renamed.contoso.test\" }";
        lines.put(
            "computer renamed",
            Class::Office,
            &format!("change = \"principal\", of = \"{computer}\", {renamed}"),
        );
        lines.put("power lost", Class::Fault, &format!("crash = \"{computer}\""));
        lines.put("core ends", Class::Fault, &format!("end-core = \"{computer}\""));
        lines.put("pulse", Class::Deed, &format!("pulse = \"{computer}\""));
        effects(computer, lines);
    }
    for user in &spec.users {
        let user = &user.name;
        lines.about(Subject::Session);
        for verb in ["logoff", "lock", "unlock", "pulse"] {
            lines.put(verb, Class::Deed, &format!("{verb} = \"{user}\""));
        }
        lines.put("policy refresh", Class::Deed, &format!("gp-refresh = \"{user}\""));
        lines.put("forced policy refresh", Class::Deed, &format!("gp-refresh = \"{user}\", forced = true"));
        lines.put("session crash", Class::Fault, &format!("crash = \"{user}\""));
        lines.put("core ends", Class::Fault, &format!("end-core = \"{user}\""));
        lines.about(Subject::Desktop);
        for (name, on) in CLICKS {
            lines.put(name, Class::Deed, &format!("click = \"{on}\", who = \"{user}\""));
        }
        effects(user, lines);
    }
}

/// What fails for somebody, and that it no longer does.
fn effects(principal: &str, lines: &mut Lines) {
    lines.about(Subject::Effects);
    for (name, effect) in EFFECTS {
        let set = format!("set = {{ {effect} = 0x80070005 }}");
        lines.put(name, Class::Fault, &format!("change = \"effect\", of = \"{principal}\", {set}"));
    }
    let works: Vec<String> = EFFECTS.iter().map(|(_, effect)| format!("{effect} = false")).collect();
    let set = format!("set = {{ {} }}", works.join(", "));
    lines.put("effects work", Class::Repair, &format!("change = \"effect\", of = \"{principal}\", {set}"));
}

fn cards(spec: &WorldSpec, lines: &mut Lines) {
    let readers: Vec<(&str, &str)> = spec
        .computers
        .iter()
        .flat_map(|computer| computer.readers.iter().map(|reader| (computer.name.as_str(), reader.as_str())))
        .collect();
    for card in &spec.cards {
        let card = &card.name;
        for (computer, reader) in &readers {
            let place = format!("reader = \"{reader}\", computer = \"{computer}\"");
            lines.put("insert", Class::Deed, &format!("insert = \"{card}\", {place}"));
            for other in spec.cards.iter().filter(|other| other.name != *card) {
                lines.put("swap", Class::Deed, &format!("swap = \"{card}\", to = \"{}\", {place}", other.name));
            }
        }
        lines.put("remove", Class::Deed, &format!("remove = \"{card}\""));
        for (name, class, set) in CARD {
            lines.put(name, *class, &format!("change = \"card\", of = \"{card}\", set = {set}"));
        }
    }
    let (Some(card), Some(user), Some(computer)) = (spec.cards.first(), spec.users.first(), spec.computers.first())
    else {
        return;
    };
    let with = format!("with = {{ card = \"{}\", pin = \"1234\" }}", card.name);
    let logon = format!("logon = \"{}\", computer = \"{}\", {with}", user.name, computer.name);
    lines.put("logon with a card", Class::Deed, &logon);
}

fn authorities(spec: &WorldSpec, lines: &mut Lines) {
    for ca in &spec.authorities {
        let of = format!("of = \"{}\"", ca.name);
        lines.about(Subject::Authority);
        lines.put("ca approve", Class::Office, &format!("ca = \"approve\", {of}"));
        lines.put("ca deny", Class::Office, &format!("ca = \"deny\", {of}"));
        lines.put("ca stop", Class::Fault, &format!("ca = \"stop\", {of}"));
        lines.put("ca start", Class::Repair, &format!("ca = \"start\", {of}"));
        for (name, class, set) in CA {
            lines.put(name, *class, &format!("change = \"ca\", {of}, set = {set}"));
        }
        let users = spec.users.iter().map(|user| &user.name);
        for principal in users.chain(spec.computers.iter().map(|computer| &computer.name)) {
            let refuse = format!("change = \"ca\", {of}, set = {{ deny = {{ \"{principal}\" = [\"enroll\"] }} }}");
            lines.put("ca refuses somebody", Class::Fault, &refuse);
            let allow = format!("change = \"ca\", {of}, set = {{ allow = {{ \"{principal}\" = [\"enroll\"] }} }}");
            lines.put("ca lets somebody in", Class::Repair, &allow);
        }
        for template in enrolled(spec) {
            let withdraw = format!("change = \"ca\", {of}, set = {{ withdraw = \"{template}\" }}");
            lines.put("ca withdraws a template", Class::Fault, &withdraw);
            let offer = format!("change = \"ca\", {of}, set = {{ offer = \"{template}\" }}");
            lines.put("ca offers a template", Class::Repair, &offer);
        }
    }
    lines.about(Subject::Template);
    for template in enrolled(spec) {
        for (name, class, set) in TEMPLATE {
            lines.put(name, *class, &format!("change = \"template\", of = \"{template}\", set = {set}"));
        }
        for user in &spec.users {
            let set = format!("set = {{ deny = {{ \"{}\" = [\"enroll\"] }} }}", user.name);
            lines.put("right withdrawn", Class::Fault, &format!("change = \"template\", of = \"{template}\", {set}"));
        }
    }
}

/// The names of templates of which a story may see certificates: those without a place of their own in the worlds that
/// others extend come last, and two are enough.
fn enrolled(spec: &WorldSpec) -> impl Iterator<Item = &str> {
    let names = spec.templates.iter().map(|template| template.template.name.as_str());
    names.filter(|name| !matches!(*name, "SmartcardLogon" | "Agent" | "Older")).take(2)
}

/// How many requests the CAs know at the beginning: each certificate that exists came of one.
fn issued_before(spec: &WorldSpec) -> usize {
    let certificates = spec.stores.iter().flat_map(|store| &store.certificates);
    let held = spec.cards.iter().flat_map(|card| &card.containers).filter_map(|container| container.holds.as_ref());
    let names: BTreeSet<&str> = certificates.chain(held).map(|certificate| certificate.name.as_str()).collect();
    let requests = spec.stores.iter().flat_map(|store| &store.requests);
    names.len() + requests.filter(|request| request.decided != RequestDecision::Unsent).count()
}

/// What becomes of certificates: of those that exist, and of the first that each template leads to.
fn certificates(spec: &WorldSpec, lines: &mut Lines) {
    let Some(ca) = spec.authorities.first() else { return };
    for store in &spec.stores {
        for certificate in &store.certificates {
            let (name, ca, of) = (&certificate.name, &certificate.ca, &store.of);
            let revoke = format!("ca = \"revoke\", of = \"{ca}\", certificate = \"{name}\"");
            lines.about(Subject::Authority).put("certificate revoked", Class::Office, &revoke);
            let delete = format!("change = \"store\", of = \"{of}\", set = {{ delete = \"{name}\" }}");
            lines.about(Subject::Store).put("certificate deleted", Class::Deed, &delete);
        }
    }
    let new = issued_before(spec) + 1;
    for template in enrolled(spec) {
        let new = format!("{template}#{new}");
        let revoke = format!("ca = \"revoke\", of = \"{}\", certificate = \"{new}\"", ca.name);
        lines.about(Subject::Authority).put("new certificate revoked", Class::Office, &revoke);
        lines.about(Subject::Store);
        for user in &spec.users {
            let delete = format!("change = \"store\", of = \"{}\", set = {{ delete = \"{new}\" }}", user.name);
            lines.put("new certificate deleted", Class::Deed, &delete);
            let request = format!("set = {{ delete-request = \"{template}\" }}");
            lines.put(
                "request deleted",
                Class::Deed,
                &format!("change = \"store\", of = \"{}\", {request}", user.name),
            );
        }
    }
}
