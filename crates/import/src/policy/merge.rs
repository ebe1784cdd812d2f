//! A registry that is empty before Group Policy: values and orders of several objects, carried out one after the other.

use std::collections::BTreeMap;

use autoenroll_wire::registry_pol::{Data, Setting};

use super::values::{concerns_certificates, shown_data, text};
use crate::PolicyFile;
use crate::finding::{Finding, Reason};

/// How deep a registry is (Microsoft Learn, registry element size limits).
const MOST_LEVELS: usize = 512;

/// Who says something.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    pub(super) group: usize,
    pub(super) object: usize,
    pub(super) name: &'a str,
    pub(super) file: &'a PolicyFile,
}

impl Origin<'_> {
    /// Another object of the same source: which of the two counts is not known.
    fn rivals(self, other: Self) -> bool {
        self.group == other.group && self.object != other.object
    }

    /// The object and its file, for people.
    pub(super) fn label(self) -> String {
        let path = &self.file.path;
        match (path.is_empty(), path.starts_with(self.name)) {
            (true, _) => self.name.to_owned(),
            (_, true) => path.clone(),
            _ => format!("{} ({path})", self.name),
        }
    }
}

/// A value in force, and who set it.
#[derive(Clone, Copy)]
pub(super) struct InForce<'a> {
    pub(super) setting: &'a Setting,
    /// The name of the value, without what makes it soft.
    pub(super) value: &'a str,
    pub(super) by: Origin<'a>,
    soft: bool,
    /// Its place among all values: that of the first setting of it.
    place: usize,
}

/// Keys and values of a registry, by their names in lower case.
#[derive(Default)]
pub(super) struct Registry<'a> {
    keys: BTreeMap<String, BTreeMap<String, InForce<'a>>>,
    places: usize,
    /// What objects of the present group deleted; empty while there is one object only.
    deleted: Deleted<'a>,
    several: bool,
    conflicts: BTreeMap<(String, String), Conflict<'a>>,
    not_carried_out: Vec<Finding>,
}

/// Two objects of one group, of which one takes back what the other sets, or sets something else.
struct Conflict<'a> {
    first: Origin<'a>,
    second: Origin<'a>,
    /// Key and value as the file has them.
    shown: (&'a str, &'a str),
}

#[derive(Default)]
struct Deleted<'a> {
    values: BTreeMap<(String, String), Origin<'a>>,
    /// Keys that lost all their values.
    emptied: BTreeMap<String, Origin<'a>>,
    /// Keys that are gone, with all that was below them.
    keys: BTreeMap<String, Origin<'a>>,
}

impl<'a> Registry<'a> {
    /// Begins a group; `several` objects of it have settings.
    pub(super) fn begin(&mut self, several: bool) {
        self.several = several;
        self.deleted = Deleted::default();
    }

    /// A value, or an order by the name of one (Microsoft Learn, registry policy file format).
    pub(super) fn carry_out(&mut self, by: Origin<'a>, setting: &'a Setting) {
        let key = setting.key.to_ascii_lowercase();
        let name = setting.value.as_str();
        let order = name.to_ascii_lowercase();
        if let Some(deleted) = order.strip_prefix("**del.") {
            self.delete_value(by, &key, deleted);
        } else if let Some(rest) = order.strip_prefix("**soft.") {
            let value = &name[name.len() - rest.len()..];
            self.set(by, key, setting, value, true);
        } else if order.starts_with("**delvals") {
            self.empty(by, &key);
        } else if order.starts_with("**deletevalues") {
            for value in self.listed(by, setting) {
                self.delete_value(by, &key, &value);
            }
        } else if order.starts_with("**deletekeys") {
            for named in self.listed(by, setting) {
                // Consoles write the whole path; the example of the format has the name of a key below.
                self.delete_key(by, &named);
                self.delete_key(by, &format!("{key}\\{named}"));
            }
        } else if order.starts_with("**securekey") {
            let why = "says who may write the key, which changes no value";
            self.tell(by, setting, Reason::NoRule(why));
        } else if order.starts_with("**") {
            self.tell(by, setting, Reason::Unknown);
        } else if matches!(&setting.data, Data::Other { octets, .. } if octets.is_empty()) {
            if !name.is_empty() {
                let why = "has no data, which makes the key and no value".to_owned();
                self.tell(by, setting, Reason::NotApplied(why));
            }
        } else {
            self.set(by, key, setting, name, false);
        }
    }

    /// The names in the data of an order, in lower case.
    fn listed(&mut self, by: Origin<'a>, setting: &'a Setting) -> Vec<String> {
        match text(&setting.data) {
            Ok(names) => {
                let names = names.split(';').map(|name| name.trim_matches([' ', '\\']).to_ascii_lowercase());
                names.filter(|name| !name.is_empty()).collect()
            }
            Err(_) => {
                let expected = "REG_SZ: names with semicolons between them".to_owned();
                let object = format!("{}: {}", by.label(), setting.key);
                let reason = Reason::Malformed(expected);
                let finding = Finding::new(&object, &setting.value, shown_data(&setting.data), reason);
                self.not_carried_out.push(finding);
                Vec::new()
            }
        }
    }

    fn set(&mut self, by: Origin<'a>, key: String, setting: &'a Setting, value: &'a str, soft: bool) {
        let name = value.to_ascii_lowercase();
        if self.several
            && let Some(rival) = self.deleted.by_rival(&key, &name, by)
        {
            self.conflict((&key, &name), (&setting.key, value), rival, by);
        }
        let before = self.keys.get(&key).and_then(|values| values.get(&name)).copied();
        if let Some(before) = before
            && before.by.rivals(by)
            && before.soft == soft
            && before.setting.data != setting.data
        {
            self.conflict((&key, &name), (&setting.key, value), before.by, by);
        }
        if soft && before.is_some() {
            return;
        }
        self.settle_value(by, &key, &name);
        let place = before.map_or(self.places, |before| before.place);
        self.places += 1;
        self.keys.entry(key).or_default().insert(name, InForce { setting, value, by, soft, place });
    }

    fn delete_value(&mut self, by: Origin<'a>, key: &str, value: &str) {
        self.settle_value(by, key, value);
        if let Some(gone) = self.keys.get_mut(key).and_then(|values| values.remove(value)) {
            self.lost((key, value), gone, by);
        }
        if self.several {
            self.deleted.values.insert((key.to_owned(), value.to_owned()), by);
        }
    }

    fn empty(&mut self, by: Origin<'a>, key: &str) {
        self.settle_keys(by, key, |other| other == key);
        for (value, gone) in self.keys.remove(key).unwrap_or_default() {
            self.lost((key, &value), gone, by);
        }
        if self.several {
            self.deleted.emptied.insert(key.to_owned(), by);
        }
    }

    /// The key and all keys below it.
    fn delete_key(&mut self, by: Origin<'a>, key: &str) {
        let below = format!("{key}\\");
        self.settle_keys(by, key, |other| other == key);
        self.settle_keys(by, &below, |other| other.starts_with(&below));
        let inside = self.keys.range(below.clone()..).map(|(name, _)| name);
        let mut gone: Vec<String> = inside.take_while(|name| name.starts_with(&below)).cloned().collect();
        gone.push(key.to_owned());
        for key in gone {
            for (value, gone) in self.keys.remove(&key).unwrap_or_default() {
                self.lost((&key, &value), gone, by);
            }
        }
        if self.several {
            self.deleted.keys.insert(key.to_owned(), by);
        }
    }

    /// What a later group sets or deletes does not depend on the order within an earlier one.
    fn settle_value(&mut self, by: Origin<'a>, key: &str, value: &str) {
        if self.conflicts.is_empty() {
            return;
        }
        let names = (key.to_owned(), value.to_owned());
        if self.conflicts.get(&names).is_some_and(|conflict| conflict.first.group < by.group) {
            self.conflicts.remove(&names);
        }
    }

    /// The same for all values of the keys from `first` on for which `settled` holds.
    fn settle_keys(&mut self, by: Origin<'a>, first: &str, settled: impl Fn(&str) -> bool) {
        if self.conflicts.is_empty() {
            return;
        }
        let from = (first.to_owned(), String::new());
        let of_keys = self.conflicts.range(from..).take_while(|((key, _), _)| settled(key));
        let earlier = of_keys.filter(|(_, conflict)| conflict.first.group < by.group);
        let earlier: Vec<(String, String)> = earlier.map(|(names, _)| names.clone()).collect();
        for names in &earlier {
            self.conflicts.remove(names);
        }
    }

    fn lost(&mut self, names: (&str, &str), gone: InForce<'a>, by: Origin<'a>) {
        if gone.by.rivals(by) {
            self.conflict(names, (&gone.setting.key, gone.value), gone.by, by);
        }
    }

    fn conflict(
        &mut self,
        (key, value): (&str, &str),
        shown: (&'a str, &'a str),
        first: Origin<'a>,
        second: Origin<'a>,
    ) {
        if concerns_certificates(key, value) {
            self.conflicts.insert((key.to_owned(), value.to_owned()), Conflict { first, second, shown });
        }
    }

    fn tell(&mut self, by: Origin<'a>, setting: &Setting, reason: Reason) {
        if concerns_certificates(&setting.key.to_ascii_lowercase(), &setting.value.to_ascii_lowercase()) {
            let object = format!("{}: {}", by.label(), setting.key);
            let value = shown_data(&setting.data);
            self.not_carried_out.push(Finding::new(&object, &setting.value, value, reason));
        }
    }

    /// What was not carried out, and the objects of one group that contradict each other.
    pub(super) fn findings(&mut self) -> Vec<Finding> {
        let mut findings = std::mem::take(&mut self.not_carried_out);
        for ((key, value), Conflict { first, second, shown }) in &self.conflicts {
            let counts = match self.keys.get(key).and_then(|values| values.get(value)) {
                Some(in_force) if !in_force.by.rivals(*first) => "the first is taken".to_owned(),
                Some(in_force) if !in_force.by.rivals(*second) => "the second is taken".to_owned(),
                Some(in_force) => format!("`{}` is taken", in_force.by.label()),
                None => "it is left out".to_owned(),
            };
            let why = format!(
                "`{}` and `{}` contradict each other, and nothing says which of them counts: {counts}; name them one \
                 by one, the one that counts last",
                first.label(),
                second.label()
            );
            findings.push(Finding::new(shown.0, shown.1, "", Reason::Kept(why)));
        }
        findings
    }

    /// All values, in the order in which they were first set.
    pub(super) fn in_force(&self) -> Vec<InForce<'a>> {
        let mut all: Vec<InForce<'a>> = self.keys.values().flat_map(BTreeMap::values).copied().collect();
        all.sort_by_key(|one| one.place);
        all
    }
}

impl<'a> Deleted<'a> {
    /// Another object of the group, when it deletes the value.
    fn by_rival(&self, key: &str, value: &str, by: Origin<'a>) -> Option<Origin<'a>> {
        let above = key.match_indices('\\').map(|(end, _)| &key[..end]).chain([key]).take(MOST_LEVELS);
        let deleted = (self.values.get(&(key.to_owned(), value.to_owned())).into_iter())
            .chain(self.emptied.get(key))
            .chain(above.filter_map(|key| self.keys.get(key)));
        deleted.copied().find(|rival| rival.rivals(by))
    }
}
