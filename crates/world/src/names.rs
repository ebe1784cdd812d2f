//! The scenario's own names for what cores know by serial number, thumbprint or container.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_model::{Fact, Facts, Text, Thumbprint};

/// Names both ways. A name, once given, stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Names {
    /// Card names by serial.
    cards: BTreeMap<String, String>,
    /// Certificates by thumbprint.
    certificates: BTreeMap<String, NamedCertificate>,
    /// Names of containers that the world chose itself, by container name.
    containers: BTreeMap<String, String>,
    /// Requests, and the certificates that become of them, by CA and number.
    requests: BTreeMap<(Text, u32), Text>,
    /// Every name of a certificate or request.
    taken: BTreeSet<Text>,
    /// How many containers were named, by owner.
    made: BTreeMap<String, u32>,
}

#[derive(Clone, Debug, PartialEq)]
struct NamedCertificate {
    name: Text,
    template: Option<Text>,
    /// Big endian.
    serial: Box<[u8]>,
}

impl Names {
    pub(crate) fn add_card(&mut self, serial: &str, name: &str) {
        self.cards.insert(serial.to_owned(), name.to_owned());
    }

    /// The card of a serial.
    pub(crate) fn card(&self, serial: &str) -> Option<&str> {
        self.cards.get(serial).map(String::as_str)
    }

    /// The serial of a card.
    pub(crate) fn serial(&self, card: &str) -> Option<&str> {
        self.cards.iter().find(|(_, name)| *name == card).map(|(serial, _)| serial.as_str())
    }

    /// Names a request, as the scenario that put it there does.
    pub(crate) fn add_request(&mut self, ca: &str, id: u32, name: &str) {
        self.taken.insert(name.into());
        self.requests.insert((ca.into(), id), name.into());
    }

    /// The name of a request and of the certificate it becomes: template and number, and the CA where that is not
    /// enough.
    pub(crate) fn request(&mut self, ca: &str, id: u32, template: &str) -> String {
        if let Some(name) = self.requests.get(&(ca.into(), id)) {
            return name.to_string();
        }
        let short = format!("{template}#{id}");
        let name = if self.taken.contains(short.as_str()) { format!("{short}@{ca}") } else { short };
        self.add_request(ca, id, &name);
        name
    }

    /// The name of a request that has one.
    pub(crate) fn request_name(&self, ca: &str, id: u32) -> Option<String> {
        self.requests.get(&(ca.into(), id)).map(Text::to_string)
    }

    /// CA and number of a request.
    pub(crate) fn request_of(&self, name: &str) -> Option<(&str, u32)> {
        let found = self.requests.iter().find(|(_, known)| *known == name);
        found.map(|((ca, id), _)| (ca.as_str(), *id))
    }

    pub(crate) fn add_certificate(
        &mut self,
        thumbprint: &Thumbprint,
        name: &str,
        template: Option<&str>,
        serial: &[u8],
    ) {
        self.taken.insert(name.into());
        let named = NamedCertificate { name: name.into(), template: template.map(Text::new), serial: serial.into() };
        self.certificates.insert(thumbprint.0.clone(), named);
    }

    /// The name of a certificate; of an unknown one the thumbprint.
    pub(crate) fn certificate(&self, thumbprint: &Thumbprint) -> String {
        self.certificates.get(&thumbprint.0).map_or_else(|| thumbprint.0.clone(), |named| named.name.to_string())
    }

    /// The template of a certificate.
    pub(crate) fn template(&self, thumbprint: &Thumbprint) -> Option<&str> {
        self.certificates.get(&thumbprint.0)?.template.as_deref()
    }

    /// Thumbprint and serial number of the certificate of a name.
    pub(crate) fn find_certificate(&self, name: &str) -> Option<(Thumbprint, &[u8])> {
        let found = self.certificates.iter().find(|(_, named)| named.name == name);
        found.map(|(thumbprint, named)| (Thumbprint(thumbprint.clone()), &*named.serial))
    }

    /// The names of all certificates.
    pub(crate) fn all_certificates(&self) -> Vec<String> {
        self.certificates.values().map(|named| named.name.to_string()).collect()
    }

    /// Names a container that a provider is about to make, after the card or principal it belongs to: `alice-card/1`.
    pub(crate) fn add_container(&mut self, container: &str, owner: &str) {
        let made = self.made.entry(owner.to_owned()).or_default();
        *made += 1;
        self.containers.insert(container.to_owned(), format!("{owner}/{made}"));
    }

    /// A container that is called otherwise by some provider of its card.
    pub(crate) fn alias_container(&mut self, container: &str, name: &str) {
        self.containers.insert(container.to_owned(), name.to_owned());
    }

    /// The name of a container; one that came with the scenario keeps its own.
    pub(crate) fn container(&self, container: &str) -> String {
        self.containers.get(container).cloned().unwrap_or_else(|| container.to_owned())
    }

    /// Containers with their names.
    pub(crate) fn containers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.containers.iter().map(|(container, name)| (container.as_str(), name.as_str()))
    }

    /// Facts with every text that is exactly a serial, thumbprint or container replaced by its name.
    pub(crate) fn translate(&self, facts: &Facts) -> Facts {
        let mut translated = facts.clone();
        translated.iter_mut().for_each(|(_, fact)| self.translate_fact(fact));
        translated
    }

    /// Replaces every such text of a fact.
    pub(crate) fn translate_fact(&self, fact: &mut Fact) {
        match fact {
            Fact::Text(text) => {
                if let Some(name) = self.name(text) {
                    *text = name.into();
                }
            }
            Fact::List(list) => list.iter_mut().for_each(|fact| self.translate_fact(fact)),
            Fact::Flag(_) | Fact::Number(_) => {}
        }
    }

    /// A text by its name, when it is something that has one.
    pub(crate) fn text(&self, text: &str) -> Text {
        self.name(text).unwrap_or(text).into()
    }

    /// The name of a text, when it is something that has one.
    pub(crate) fn name(&self, text: &str) -> Option<&str> {
        let certificate = || self.certificates.get(text).map(|named| named.name.as_str());
        let card = self.cards.get(text).map(String::as_str);
        card.or_else(certificate).or_else(|| self.containers.get(text).map(String::as_str))
    }

    /// A sentence, such as a CA's disposition message, with the name of each certificate in place of its thumbprint.
    pub(crate) fn sentence(&self, text: &str) -> String {
        let is_hexadecimal = |c: char| c.is_ascii_hexdigit();
        let mut told = String::new();
        let mut rest = text;
        while let Some(start) = rest.find(is_hexadecimal) {
            let (before, word) = rest.split_at(start);
            let end = word.find(|c: char| !is_hexadecimal(c)).unwrap_or(word.len());
            let (word, behind) = word.split_at(end);
            told.push_str(before);
            told.push_str(self.certificates.get(word).map_or(word, |named| named.name.as_str()));
            rest = behind;
        }
        told + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_named_by_template_and_number_and_the_ca_where_needed() {
        let mut names = Names::default();
        assert_eq!(names.request("CA1", 2, "User"), "User#2");
        assert_eq!(names.request("CA2", 2, "User"), "User#2@CA2");
        assert_eq!(names.request("CA1", 2, "User"), "User#2");
        names.add_request("CA1", 3, "old-request");
        assert_eq!(names.request("CA1", 3, "User"), "old-request");
        assert_eq!(names.request_of("User#2@CA2"), Some(("CA2", 2)));
    }

    #[test]
    fn facts_speak_the_scenarios_names() {
        let mut names = Names::default();
        names.add_card("c0ffee", "alice-card");
        names.add_certificate(&Thumbprint("beef".to_owned()), "old-logon", Some("User"), &[]);
        names.add_container("1f0c", "alice-card");
        let facts = Facts::new()
            .with("card", "c0ffee")
            .with("cards", vec!["c0ffee", "other"])
            .with("certificate", "beef")
            .with("container", "1f0c")
            .with("tries-left", 3_u8);
        assert_eq!(
            names.translate(&facts).to_string(),
            "card=alice-card cards=[alice-card, other] certificate=old-logon container=alice-card/1 tries-left=3"
        );
        let message = "refused 0xBEEF: not revoked [certificate=beef, beef00]; caf\u{e9}";
        assert_eq!(names.sentence(message), "refused 0xBEEF: not revoked [certificate=old-logon, beef00]; caf\u{e9}");
    }
}
