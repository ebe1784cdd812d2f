//! The worlds in which stories are told: a few axes with a few values each, and the switches of the profile.

mod text;

use std::collections::BTreeMap;

use autoenroll_model::{Profile, SWITCHES, Switch};

use crate::choices::Choices;

/// Something of a world that is one way or another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Its name.
    pub name: &'static str,
    /// Its values; the first is the simplest.
    pub values: &'static [&'static str],
}

const fn axis(name: &'static str, values: &'static [&'static str]) -> Axis {
    Axis { name, values }
}

/// Every axis.
pub const AXES: &[Axis] = &[
    axis("profile", Profile::NAMES),
    axis("place", &["software", "card", "asking-card", "two-providers", "card-or-software"]),
    axis(
        "history",
        &["none", "due", "valid", "expired", "revoked", "superseded", "superseded-and-due", "pending", "approved"],
    ),
    axis("renewal", &["new-key", "same-key", "reuses-key"]),
    axis("authority", &["issues", "holds", "two"]),
    axis("second", &["none", "on-card", "on-card-at-once", "in-software", "superseding", "co-signed"]),
    axis("badge", &["in-reader", "away", "occupied", "full", "occupied-and-full"]),
    axis("spare", &["none", "away", "in-reader", "occupied"]),
    axis("people", &["user", "user-and-machine", "two-users"]),
    axis("cleaning", &["keeps", "deletes"]),
    axis("protection", &["plain", "asks"]),
    axis("archival", &["none", "archives"]),
];

/// Values that are drawn more often than others: one time in that many.
const OFTEN: &[(&str, &str, usize)] = &[
    ("profile", "server-2003-sp1", 3),
    ("badge", "occupied", 4),
    ("badge", "occupied-and-full", 8),
    ("second", "in-software", 8),
    ("people", "user-and-machine", 6),
    ("authority", "holds", 4),
    ("history", "due", 6),
    ("history", "superseded-and-due", 8),
    ("renewal", "same-key", 6),
    ("second", "on-card", 5),
    ("second", "on-card-at-once", 8),
    ("spare", "away", 6),
];

/// Switches that say what comes of an answer: of them every second one is.
const ANSWERS: &[&str] = &[
    "replace-no",
    "replace-no",
    "replace-yes",
    "replace-question",
    "pin-cache",
    "default-flag",
    "trigger-during-run",
    "cancelled",
];

/// What only matters together is drawn together: where a world has one of these values, a switch or another axis gets a
/// value of its own, one time in that many.
const TOGETHER: &[(&str, &str, &str, usize)] = &[
    ("badge", "occupied", "replace-no", 2),
    ("badge", "occupied-and-full", "replace-no", 2),
    ("badge", "occupied-and-full", "renewal", 2),
    ("badge", "full", "renewal", 2),
    ("renewal", "reuses-key", "key-reuse", 1),
    ("renewal", "reuses-key", "history", 2),
    ("renewal", "same-key", "history", 2),
    ("badge", "occupied", "renewal", 3),
    ("spare", "occupied", "replace-no", 3),
    ("second", "on-card", "pin-cache", 3),
    ("second", "on-card-at-once", "pin-cache", 2),
    ("people", "two-users", "pin-cache", 4),
    ("second", "in-software", "trigger-during-run", 4),
    ("archival", "archives", "protection", 2),
    ("archival", "archives", "second", 2),
];

/// What has no effect without a switch is drawn with it: a world has that value, or a switch that one, and so another
/// switch gets one, but for one time in that many.
const NEEDS: &[(&str, &str, &str, &str, usize)] = &[
    ("renewal", "same-key", "same-key-renewal", "yes", 4),
    ("renewal", "reuses-key", "key-reuse", "yes", 4),
    ("badge", "occupied", "replace-question", "yes", 4),
    ("badge", "occupied-and-full", "replace-question", "yes", 4),
    ("spare", "occupied", "replace-question", "yes", 4),
    ("replace-yes", "overwrite", "replace-question", "yes", 4),
    ("replace-no", "beside", "replace-question", "yes", 4),
    ("replace-no", "fail", "replace-question", "yes", 4),
];

/// A world and a profile: one value of each axis, and switches that differ from the profile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setting {
    values: Vec<usize>,
    /// Switches and their values.
    pub switches: BTreeMap<&'static str, &'static str>,
}

/// The simplest of everything.
impl Default for Setting {
    fn default() -> Self {
        Self { values: vec![0; AXES.len()], switches: BTreeMap::new() }
    }
}

impl Setting {
    /// A setting that is drawn. A third of the axes keep their simplest value, so that what remains meets more often.
    pub fn draw(choices: &mut impl Choices) -> Self {
        let mut setting = Self::default();
        for (axis, value) in AXES.iter().zip(&mut setting.values) {
            if !choices.one_in("axis", 3) {
                *value = choices.below(axis.name, axis.values.len());
            }
        }
        // Worlds in which something has to wait, or to be replaced, have more to go wrong.
        for (axis, value, times) in OFTEN {
            if choices.one_in(axis, *times) {
                setting.set(axis, value);
            }
        }
        // Most stories are about cards.
        if setting.is("place", "software") && !choices.one_in("software", 3) {
            setting.set("place", "card");
        }
        let switches = choices.below("switches", 5);
        for _ in 0..switches {
            let what_answers_mean = choices.one_in("answers", 2);
            let named = choices.of("answers", ANSWERS).filter(|_| what_answers_mean);
            let named = named.and_then(|name| SWITCHES.iter().find(|switch| switch.name == *name));
            let Some(switch) = named.or_else(|| choices.of("switch", SWITCHES)) else { continue };
            setting.draw_switch(switch, choices);
        }
        for (axis, value, other, times) in TOGETHER {
            if !setting.is(axis, value) || !choices.one_in(other, *times) {
                continue;
            }
            if let Some(switch) = SWITCHES.iter().find(|switch| switch.name == *other) {
                setting.draw_switch(switch, choices);
            } else if let Some(axis) = AXES.iter().find(|axis| axis.name == *other)
                && let Some(value) = choices.of(axis.name, &axis.values[1..])
            {
                setting.set(axis.name, value);
            }
        }
        for (of, value, switch, needed, times) in NEEDS {
            let is_so = setting.is(of, value) || setting.switches.get(of) == Some(value);
            if is_so && !choices.one_in(switch, *times) {
                setting.switches.insert(switch, needed);
            }
        }
        setting
    }

    fn draw_switch(&mut self, switch: &Switch, choices: &mut impl Choices) {
        if let Some(value) = choices.of("value", &switch_values(switch)) {
            self.switches.insert(switch.name, value);
        }
    }

    /// The value of an axis; empty for an axis that does not exist.
    #[must_use]
    pub fn value(&self, axis: &str) -> &'static str {
        let of = |(one, value): (&Axis, &usize)| (one.name == axis).then(|| one.values.get(*value).copied());
        AXES.iter().zip(&self.values).find_map(of).flatten().unwrap_or("")
    }

    /// Whether an axis has that value.
    #[must_use]
    pub fn is(&self, axis: &str, value: &str) -> bool {
        self.value(axis) == value
    }

    /// Gives an axis a value; nothing happens where there is no such axis or value.
    pub fn set(&mut self, axis: &str, value: &str) {
        for (one, at) in AXES.iter().zip(&mut self.values) {
            if one.name == axis
                && let Some(index) = one.values.iter().position(|known| *known == value)
            {
                *at = index;
            }
        }
    }

    /// Whether some key is on a card.
    pub(crate) fn has_cards(&self) -> bool {
        !self.is("place", "software") || matches!(self.value("second"), "on-card" | "on-card-at-once")
    }

    /// What this setting is, one name for each axis and switch.
    pub fn entries(&self) -> impl Iterator<Item = String> + '_ {
        let axes = AXES.iter().map(|axis| format!("{} {}", axis.name, self.value(axis.name)));
        axes.chain(self.switches.iter().map(|(switch, value)| format!("switch {switch} {value}")))
    }

    /// Settings that are simpler in one thing.
    #[must_use]
    pub fn simpler(&self) -> Vec<Self> {
        let mut simpler = Vec::new();
        for at in (0..self.values.len()).filter(|at| self.values[*at] > 0) {
            let mut setting = self.clone();
            setting.values[at] = 0;
            simpler.push(setting);
        }
        for switch in self.switches.keys() {
            let mut setting = self.clone();
            setting.switches.remove(switch);
            simpler.push(setting);
        }
        simpler
    }

    /// The scenario file of this setting, without a story.
    #[must_use]
    pub fn file(&self) -> String {
        text::file(self)
    }
}

/// The values of a switch that stories use: of those that are durations a few.
#[must_use]
pub fn switch_values(switch: &Switch) -> Vec<&'static str> {
    let mut profile = Profile::server_2003_sp1();
    let all = switch.values.iter().copied().chain(["0s", "60s", "8h"]);
    all.filter(|value| profile.set(switch.name, value).is_ok()).collect()
}

#[cfg(test)]
mod tests {
    use autoenroll_scenario::parse;

    use super::*;
    use crate::choices::Keyed;

    #[test]
    fn every_switch_has_values_to_draw() {
        for switch in SWITCHES {
            assert!(switch_values(switch).len() > 1, "{}", switch.name);
        }
    }

    #[test]
    fn what_is_drawn_together_exists() {
        for (axis, value, other, _) in TOGETHER {
            let values = AXES.iter().find(|one| one.name == *axis).map(|axis| axis.values).unwrap_or_default();
            assert!(values.contains(value), "{axis} {value}");
            let known = AXES.iter().any(|axis| axis.name == *other) || SWITCHES.iter().any(|one| one.name == *other);
            assert!(known, "{other}");
        }
    }

    #[test]
    fn what_is_needed_exists() {
        let values = |switch: &str| SWITCHES.iter().find(|one| one.name == switch).map(switch_values);
        for (of, value, switch, needed, _) in NEEDS {
            let axis = AXES.iter().find(|one| one.name == *of).map(|axis| axis.values.to_vec());
            assert!(axis.or_else(|| values(of)).is_some_and(|values| values.contains(value)), "{of} {value}");
            assert!(values(switch).is_some_and(|values| values.contains(needed)), "{switch} {needed}");
        }
    }

    #[test]
    fn files_of_settings_have_no_mistakes() {
        let check = |setting: &Setting| {
            let parsed = parse("explore.toml", setting.file().as_bytes());
            assert!(!parsed.found.has_errors(), "{}\n{:?}", setting.file(), parsed.found);
        };
        for axis in AXES {
            for value in axis.values {
                let mut setting = Setting::default();
                setting.set(axis.name, value);
                check(&setting);
                setting.set("place", "card");
                check(&setting);
            }
        }
        (0..200).for_each(|number| check(&Setting::draw(&mut Keyed::new(number))));
    }

    #[test]
    fn what_is_drawn_follows_from_its_number_and_gets_simpler_to_the_end() {
        let mut setting = Setting::draw(&mut Keyed::new(5));
        assert_eq!(setting, Setting::draw(&mut Keyed::new(5)));
        while let Some(simpler) = setting.simpler().into_iter().next() {
            assert_ne!(simpler, setting);
            setting = simpler;
        }
        assert_eq!(setting, Setting::default());
    }
}
