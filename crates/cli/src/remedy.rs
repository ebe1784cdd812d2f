//! What to change so that a decision comes out the other way: one sentence for each rule that keeps a certificate away,
//! with the object that is to be changed.

use autoenroll_model::{Fact, Facts, WindowsVersion};
use autoenroll_trace::{Kind, Record};

/// What to change so that a decision no longer stands in the way; nothing for one that does not.
pub(crate) fn of(record: &Record) -> Option<String> {
    about(record, record.facts.text("subject").unwrap_or_default())
}

/// The same for whatever the decision may be about, so that it can be said of several at once.
pub(crate) fn of_any(record: &Record, what: &str) -> Option<String> {
    about(record, what)
}

fn about(record: &Record, subject: &str) -> Option<String> {
    if record.kind != Kind::Decision {
        return None;
    }
    let rule = record.facts.text("rule")?;
    let holds = record.facts.get("outcome") == Some(&Fact::Flag(true));
    match autoenroll_ca::RULES.iter().any(|known| known.row.id == rule) {
        true if !holds => at_ca(rule, &Refused { ca: &record.actor, account: "the account", template: "the template" }),
        true => (rule == "CA3.7.10").then(|| format!("approve the request at {}", record.actor)),
        false => by_client(rule, holds, subject, &record.facts),
    }
}

/// What to change where a principal cannot read a template, which the directory then does not show to it.
pub(crate) fn unread(template: &str) -> String {
    format!("grant Read on {template} to the principal or to a group of it, and take away what denies it")
}

/// What to change where a CA, or an enrollment web service of it, does not answer.
pub(crate) fn unreachable(failed: &Record) -> String {
    let f = |name: &str| failed.facts.text(name);
    match (f("url"), f("ca")) {
        (Some(url), ca) => {
            let ca = ca.unwrap_or("the CA");
            format!("let {url} accept the client: credentials that it takes, or another way to {ca}")
        }
        (None, ca) => {
            let ca = ca.unwrap_or("the CA");
            format!("let {ca} be reached: start its service, and open the way to its host")
        }
    }
}

/// What to change where a template wants its keys archived by a CA that archives none.
pub(crate) fn without_archival(ca: &str, template: &str) -> String {
    format!(
        "at {ca}: configure key archival, with the certificate of a key recovery agent; or in {template}: clear \
         require-private-key-archival, 0x1, in msPKI-Private-Key-Flag"
    )
}

/// A check of a CA that refuses a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Refusal {
    rule: String,
    ca: String,
    template: String,
}

impl Refusal {
    /// From the check, and the record that says for which template the request was.
    pub(crate) fn of(check: &Record, denied: &Record) -> Self {
        let template = denied.facts.text("template").unwrap_or("the template").to_owned();
        Self { rule: check.facts.text("rule").unwrap_or_default().to_owned(), ca: check.actor.to_string(), template }
    }

    /// What to change, and where, so that it no longer refuses that account.
    pub(crate) fn change(&self, account: &str) -> Option<String> {
        at_ca(&self.rule, &Refused { ca: &self.ca, account, template: &self.template })
    }
}

fn by_client(rule: &str, holds: bool, subject: &str, facts: &Facts) -> Option<String> {
    let f = |name: &str| facts.get(name).map(ToString::to_string).unwrap_or_default();
    let text = |name: &str| facts.text(name).unwrap_or_default();
    Some(match (rule, holds) {
        // Policy and what starts a run.
        ("R003", true) => "clear bit 0x8000 of AEPolicy in the Group Policy of this context".to_owned(),
        ("R004", false) => {
            format!("set bit 0x{} of AEPolicy in the Group Policy of this context (it is {})", f("bit"), f("value"))
        }
        ("R006", true) | ("P7.3", false) => {
            "configure AEPolicy in the Group Policy of this context: 7 enrolls, manages and fetches".to_owned()
        }
        ("R001", false) => "set AEPolicy in the half of Group Policy that belongs to this context".to_owned(),
        ("R007", false) => "join the computer to the domain".to_owned(),
        ("R008" | "R009" | "P7.2", false) => {
            "another kind of trigger starts the run: boot, logon, the timer, or a pulse by hand".to_owned()
        }
        // Directory and policy servers.
        ("R019", true) => format!("let {subject} list the capability of signed LDAP, 1.2.840.113556.1.4.1791"),
        ("R020", true) => format!(
            "let the client reach the {subject}: name resolution, network, a domain controller that answers ({})",
            code(facts)
        ),
        ("F.settings" | "F.stores" | "F.inspect" | "F.policy-server", true) => {
            format!("find out why {subject} answers {}", code(facts))
        }
        ("R024", true) => format!("set flag 0x10 on the end points of {subject}"),
        ("R028", false) => format!("give the enrollment service {subject} both cn and dNSHostName"),
        ("R030", true) => "wait ten minutes, or restart the client: templates are read anew then".to_owned(),
        ("R031", true) => "publish an enterprise CA in the directory's Enrollment Services".to_owned(),
        // Templates.
        ("R034" | "P7.4", false) if f("schema") == "0" => {
            format!("give {subject} a schema version that there is: 1 to {}", f("highest"))
        }
        ("R034" | "P7.4", false) => format!(
            "lower the schema version of {subject} from {} to {} at most, or use a client that knows it",
            f("schema"),
            f("highest")
        ),
        ("R035", false) => {
            format!("lower the client version that the private-key flags of {subject} ask for to {}", f("has"))
        }
        ("R036", false) => format!(
            "duplicate {subject} to schema version 2 or later, and let a CA issue the copy; version 1 is enrolled for \
             computers alone, by the Automatic Certificate Request Settings"
        ),
        ("R034.identity", true) => format!("give {subject} an object identifier in msPKI-Cert-Template-OID"),
        ("R037", false) => match facts.get("machine-type") {
            Some(Fact::Flag(true)) => format!("{subject} is for computers; for users clear flag 0x40 in a copy of it"),
            _ => format!("{subject} is for users; for computers set flag 0x40 in a copy of it"),
        },
        ("R038", false) => format!("clear the flags 0x80 and 0x800 in a copy of {subject}: it is for CAs"),
        ("R039", false) => {
            format!("set the bit auto-enrollment, 0x20, in msPKI-Enrollment-Flag of {subject}")
        }
        ("R040", false) => {
            let missing: Vec<&str> = [("read", "Read"), ("enroll", "Enroll"), ("autoenroll", "AutoEnroll")]
                .into_iter()
                .filter(|(fact, _)| facts.get(fact) == Some(&Fact::Flag(false)))
                .map(|(_, right)| right)
                .collect();
            format!("grant {} on {subject} to the principal or to a group of it", missing.join(" and "))
        }
        ("R041", true) => format!("take away the entry of {subject} that denies, or the membership by which it counts"),
        ("R042", false) => format!("let a CA that the client can use issue {subject}: add it to the templates of one"),
        ("R043", false) => format!("grant Request Certificates at {subject}"),
        ("R044", true) => {
            let by = text("by");
            format!(
                "nothing, if {by} is to take its place; otherwise take {subject} out of msPKI-Supersede-Templates of {by}"
            )
        }
        ("R045", false) => format!("lower msPKI-RA-Signature of {subject} from {} to 1 or 0", f("signatures")),
        ("R046", true) => format!(
            "let the subject of {subject} come from the directory: clear enrollee-supplies-subject in \
             msPKI-Certificate-Name-Flag; otherwise its first certificate is requested by hand"
        ),
        ("R047", true) => {
            format!("take the copy out of userCertificate, or clear the bit 0x10 in msPKI-Enrollment-Flag of {subject}")
        }
        ("MC2.request-settings", false) => {
            format!("name {subject} in the Automatic Certificate Request Settings of policy")
        }
        ("P7.53", false) => format!("grant AutoEnroll on {subject} as well"),
        // Certificates and requests.
        ("R049.shared", true) => {
            format!("give {subject} an object identifier of its own; it has that of {}", text("with"))
        }
        ("R050", false) => "set bit 0x1 of AEPolicy in the Group Policy of this context".to_owned(),
        ("R054", true) => {
            format!("clear skip-auto-renewal, 0x40000, in msPKI-Enrollment-Flag of the template of {subject}")
        }
        ("R059", false) => "set bit 0x4 of AEPolicy in the Group Policy of this context".to_owned(),
        ("R060", true) => format!("approve or deny the pending request for {subject} at its CA"),
        ("R064", true) => {
            format!("let {subject} do without a user: no consent, no key protection, no card; machines have no desktop")
        }
        ("R071", false) => {
            format!("give the principal a certificate that can co-sign for {subject}, such as Enrollment Agent")
        }
        ("R087.renewal-only", true) => format!("give {} a way that takes new requests", text("ca")),
        ("MC3.repetition", true) => format!("find out why {subject} cannot be replaced; it is left alone until then"),
        ("MC1.ours" | "MC1.judged" | "MC1.lasting", true) => {
            format!("find out why the certificate is no good: {}", code(facts))
        }
        // Providers and cards.
        ("S5.next", true) => missing(subject),
        ("P7.20", false) => {
            "name the providers in the template: this client takes none for a card by itself".to_owned()
        }
        ("P7.63" | "S6.none" | "S7c.exhausted", true) => {
            "attach a reader and a card that suits the provider".to_owned()
        }
        ("S9.blocked", true) => format!("unblock {subject}"),
        ("S10.full", true) => format!("delete a container of {subject}, or use another card"),
        ("S10.unsupported", true) => "use a key or a hash that provider and card know, or another provider".to_owned(),
        ("R083" | "R082", false) => "see what the CA says".to_owned(),
        _ => return None,
    })
}

/// What to change where a provider is not installed: Windows may have it where the world does not.
fn missing(provider: &str) -> String {
    let latest = WindowsVersion::Server2025;
    if latest.device_key_storage().contains(&provider) {
        return format!(
            "this world lacks {provider}, which Windows has since Vista or later: list it as a provider of the \
             computer, and a card-type for its cards"
        );
    }
    if latest.software_key_storage().contains(&provider) {
        return format!("name a CSP in the template, or use a later client: {provider} came with Vista");
    }
    format!("install the provider {provider}, or name one that is installed in the template")
}

fn code(facts: &Facts) -> String {
    facts.text("code").unwrap_or("as it does").to_owned()
}

/// A request that a check of a CA refuses.
struct Refused<'a> {
    ca: &'a str,
    /// Who asked.
    account: &'a str,
    template: &'a str,
}

/// What to change for a check of the CA that does not hold, with the place where: the account in the directory, the
/// template, the CA, or the client.
fn at_ca(rule: &str, refused: &Refused<'_>) -> Option<String> {
    let Refused { ca, account, template } = refused;
    let supply = |attribute: &str, name: &str| {
        format!(
            "in the directory: give {account} the attribute {attribute}, or take {name} out of what {template} wants"
        )
    };
    let in_template = |what: &str| format!("in {template}: {what}");
    let in_ca = |what: &str| format!("at {ca}: {what}");
    let in_client = |what: &str| format!("at the client: {what}");
    Some(match rule {
        "CA3.8.authority" => in_client(&format!(
            "address {ca} by its own name; or in the directory: correct the name of its object in Enrollment Services"
        )),
        "CA6.1.running" => in_ca("end the restore"),
        "CA3.7.3.ca" => in_ca(&format!("grant Request Certificates to {account} or to a group of it")),
        "CA6.1.form" | "CA3.8.type" | "CA3.8.options" | "CA6.1.signed" | "CA6.1.signers" | "CA6.1.possession" => {
            in_client("correct its request, which is wrong")
        }
        "CA3.7.8.certificate" | "CA3.7.8.template" => {
            in_client("correct its renewal, which names the wrong certificate")
        }
        "CA6.1.signer-issuer" => in_ca("trust the CA that issued the signing certificate"),
        "CA6.1.signer-time" | "CA6.1.signer-revoked" => in_client("sign with a certificate that is valid"),
        "CA6.1.on-behalf" => in_client("request the certificate as the one for whom it is"),
        "CA3.7.1.none" | "CA3.7.1.several" => format!(
            "at {ca}: wait until it has read {template}; or in the directory: correct msPKI-Cert-Template-OID of it"
        ),
        "CA3.7.1.not-offered" => in_ca(&format!(
            "add {template} to the templates that it issues; where its object lists it, the service has not read that yet"
        )),
        "CA3.7.2.major" | "CA3.7.2.minor" => in_ca(&format!("wait until it has read the new version of {template}")),
        "CA3.7.3.template" => {
            in_template(&format!("grant Enroll to {account} or to a group of it, and wait until {ca} has read that"))
        }
        "CA3.2.3.ca-version" => in_template("lower the CA version that it demands, or use a newer CA"),
        "CA6.1.overlap" => in_template("make its renewal period shorter than its validity period"),
        "CA3.7.4.none" | "CA3.7.4.count" => in_client(&format!(
            "let as many registration authorities co-sign as {template} asks for in msPKI-RA-Signature"
        )),
        "CA3.7.4.policy" | "CA3.7.4.usage" => {
            in_client(&format!("co-sign with a certificate that has the policy that {template} asks for"))
        }
        "CA3.7.5" => in_template("lower the minimal key size, or name a provider that makes longer keys"),
        "CA3.7.7" => {
            in_template("clear the flag that the old key is renewed; or let the client renew with it, as that demands")
        }
        "CA3.2.3.attestation" => in_template("clear the demand for attestation, or use a CA that verifies it"),
        "CA3.7.6.missing" | "CA3.7.6.unexpected" | "CA3.7.6.key" => format!(
            "in {template}: let client and {ca} agree about key archival; their copies of it differ, or the client is wrong"
        ),
        "CA3.7.6.configured" => without_archival(ca, template),
        "CA3.2.2.issuance-policies" => in_template("give it issuance policies"),
        "CA3.2.4.supplied" => in_template(
            "let the subject come from the directory: clear enrollee-supplies-subject; or supply it in the request",
        ),
        "CA3.2.4.dns" => supply("dNSHostName", "the DNS name"),
        "CA3.2.4.mail" => supply("mail", "the e-mail name"),
        "CA3.2.4.upn" => supply("userPrincipalName", "the user principal name"),
        "CA3.2.4.guid" => format!("in the directory: give {account} the attribute objectGUID"),
        "CA3.2.4.path" | "CA3.2.4.domain" => {
            format!("in the directory: correct the distinguished name of {account}")
        }
        "CA3.2.4.any" => in_template("put a name into subject or alternative name"),
        "CA3.2.4.lengths" => {
            format!("in the directory: shorten the name of {account}; or at {ca}: set EnforceX500NameLengths to 0")
        }
        "CA6.1.ca-certificate" => in_ca("renew its own certificate"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use autoenroll_model::{Role, SimTime};
    use autoenroll_trace::Trace;

    use super::*;

    fn asked(actor: &str, rule: &str, outcome: bool) -> Option<String> {
        let mut trace = Trace::new();
        let facts = Facts::new().with("rule", rule).with("subject", "User").with("outcome", outcome);
        trace.push(SimTime::START, actor, Kind::Decision, facts, vec![]);
        of(&trace.unpack().records()[0])
    }

    #[test]
    fn every_check_that_refuses_says_what_to_change() {
        for rule in autoenroll_ca::RULES.iter().filter(|rule| rule.refusal.is_some()) {
            let told = asked("CA 1", rule.row.id, false);
            // A question about a request, which no item of a run asks without having one.
            let expected = rule.row.id != "CA3.7.11.known";
            assert_eq!(told.is_some(), expected, "{}: {told:?}", rule.row.id);
            assert_eq!(asked("CA 1", rule.row.id, true), None, "{}", rule.row.id);
        }
        assert_eq!(asked("CA 1", "CA3.7.10", true).as_deref(), Some("approve the request at CA 1"));
    }

    #[test]
    fn every_rule_that_ends_a_run_says_what_to_change() {
        for rule in autoenroll_core::RULES {
            for (role, outcome) in [(Role::EndsRun, true), (Role::EndsRunOtherwise, false)] {
                // A failed download of one store does not end the run.
                let ends = rule.is(role) && rule.id != "R021";
                assert!(!ends || asked("alice", rule.id, outcome).is_some(), "{} {outcome}", rule.id);
            }
        }
    }

    #[test]
    fn what_is_to_be_changed_is_named() {
        for (rule, outcome) in [("R036", false), ("R039", false), ("R040", false), ("R041", true), ("R042", false)] {
            let told = asked("alice", rule, outcome).unwrap_or_default();
            assert!(told.contains("User"), "{rule}: {told}");
            assert_eq!(asked("alice", rule, !outcome), None, "{rule}");
        }
    }
}
