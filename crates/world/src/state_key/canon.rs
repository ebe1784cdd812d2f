//! Derived `Debug` texts without ids and dates.
//!
//! Every field of every type is in its derived text, so nothing is left out but what is named here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use autoenroll_keys::sha256;
use autoenroll_model::{Duration, Now, PinId};
use autoenroll_wire::Certificate;

use super::Times;
use crate::desktop::Desktop;

/// What is further away is far, and what is longer ago than a day is long ago.
const FAR: i128 = Duration::hours(24 * 30).0 as i128;
const LONG_AGO: i128 = -(Duration::hours(24).0 as i128);
/// Fewer octets are a value, not a name.
const LEAST_OCTETS: usize = 8;
/// Fewer hexadecimal digits are a number or a word.
const LEAST_DIGITS: usize = 16;

/// What becomes of a value with one field.
#[derive(Clone, Copy)]
enum Way {
    /// It is left out.
    Out,
    /// Only which are the same is kept.
    Name,
    /// Simulated time, as the time that is left.
    Time,
    /// Wall time, as the time that is left.
    Wall,
    /// Nothing of the value is kept, whatever it is.
    Any,
    /// The digits behind it.
    Pin,
}

/// Values with one field that are ids or dates.
const VALUES: &[(&str, Way)] = &[
    ("RecordId", Way::Out),
    ("Input", Way::Out),
    ("Output", Way::Out),
    ("Decision", Way::Out),
    ("EffectId", Way::Name),
    ("PromptId", Way::Name),
    ("BalloonId", Way::Name),
    ("SessionId", Way::Name),
    ("LogonId", Way::Name),
    ("PinId", Way::Pin),
    ("SimTime", Way::Time),
    ("FileTime", Way::Wall),
    // How long a certificate on a card is: what is in it comes behind the card.
    ("Der", Way::Any),
];

/// Fields that only count or name, and those of what is told elsewhere.
const OUT: &[(&str, &str)] = &[
    ("Queue", "made"),
    ("Frame", "now"),
    ("Frame", "identity"),
    ("Frame", "decisions"),
    ("Frame", "inputs"),
    ("Frame", "effects"),
    ("Frame", "prompts"),
    ("Frame", "balloons"),
    ("CoreSession", "records"),
    ("CoreSession", "deadline_because"),
    ("Desktop", "vault"),
    // The timer that it decides is among the others.
    ("State", "timer_from"),
    ("CardState", "free_bytes"),
    ("Ca", "decisions"),
    ("Ca", "identity"),
    ("Ca", "database"),
    // It is given the directory's before each request that it decides.
    ("Ca", "templates"),
    // What started a run is told, and nothing follows from it.
    ("Trigger", "cause"),
    ("Trigger", "refresh"),
    ("Trigger", "changed"),
    ("Row", "submitted"),
    ("Row", "resolved"),
    ("Row", "request"),
    ("Row", "message"),
];

/// Fields that count, of which only is kept which are the same.
const NAMES: &[(&str, &str)] = &[
    ("Key", "made"),
    ("KeptPin", "insertion"),
    ("Reader", "insertions"),
    ("CardTransaction", "began"),
    ("Row", "id"),
    ("Pending", "request_id"),
    ("PendingRequest", "request_id"),
    ("Job", "answers"),
    ("Seen", "answers"),
];

/// What laws remember of a run, of an item or of a logoff: all of it begins anew with the next run, and nothing asks
/// for it before.
const OF_RUNS: &[(&str, &str)] = &[
    ("OverEntry", "runs"),
    ("UnfinishedStays", "unfinished"),
    ("UnfinishedStays", "at_work"),
    ("LeftoverGoes", "items"),
    ("ReplacedFirst", "items"),
    ("ReplacedFirst", "agreed"),
    ("ReplacedFirst", "over"),
    ("ReplacedFirst", "left"),
    ("ReplacedAll", "superseded"),
    ("ReplacedAll", "items"),
    ("RenewalTold", "items"),
    ("KnownKey", "items"),
    ("EntryEnds", "ended"),
    ("Judged", "found"),
    ("DueRequest", "due"),
    ("DueRequest", "items"),
    ("DefaultContainers", "kept"),
    ("DefaultContainers", "looked"),
    ("DefaultContainers", "overtaken"),
    ("DefaultContainers", "instant"),
    ("Answers", "replaceable"),
    ("AskedOnce", "kept"),
    ("Summary", "runs"),
    ("Tidied", "runs"),
    ("Counted", "losses"),
    ("OwnReason", "reasons"),
];

/// What laws remember of a request for which REQUEST has no entry: the next one puts its own in that place.
const OF_REQUESTS: &[(&str, &str)] =
    &[("ReplacedAll", "expected"), ("ReplacedAll", "gone"), ("RenewalTold", "renewals")];

/// What laws remember of PINs that were given: where nobody keeps one, the next that is presented has to be given
/// before. A card for which none was given breaks a law whether one was given earlier or not.
const OF_PINS: &[(&str, &str)] =
    &[("Given", "any"), ("Given", "providers"), ("Answers", "pins"), ("Answers", "any"), ("PinKept", "given")];

/// Times of which only counts whether they are now, and those of which only counts whether they are still to come.
const PRESENT: &[(&str, &str)] = &[("Seen", "at")];
const FUTURE: &[(&str, &str)] = &[("PolicyCache", "fresh_until")];

/// A place in a text: within brackets of some kind, of some type.
#[derive(Debug)]
struct Within {
    bracket: u8,
    of: String,
    field: String,
    /// Nothing of the field is kept.
    out: bool,
    /// Where the list of numbers begins in what is kept, as long as it is one.
    octets: Option<(usize, Vec<u8>)>,
    /// Where the entry of a map of sessions begins in what is kept.
    entry: Option<usize>,
    /// Not even the name of the value with one field is kept: it is left out.
    gone: bool,
}

/// What is at rest in a world.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest {
    /// No run is open, nothing that one has asked for is on its way, and no card is spoken to.
    pub(super) no_run: bool,
    /// REQUEST has no entry, nobody's.
    pub(super) no_request: bool,
    /// Nobody is about to log on with a card.
    pub(super) no_logon: bool,
}

/// Takes a derived `Debug` text and keeps what is neither id nor date.
#[derive(Debug)]
pub(super) struct Canon {
    now: Now,
    kept: String,
    names: BTreeMap<Vec<u8>, usize>,
    pins: BTreeMap<PinId, Vec<String>>,
    /// PINs that somebody keeps, and may present.
    kept_pins: BTreeSet<PinId>,
    /// What comes are the laws: they remember PINs that nobody keeps.
    laws: bool,
    /// Fields of laws that nothing asks for any more.
    over: Vec<&'static [(&'static str, &'static str)]>,
    /// What is called how in traces, such as containers: laws know it by that name alone.
    called: BTreeMap<String, String>,
    within: Vec<Within>,
    word: String,
    /// A blank came behind the word: it is the name of a type when a brace follows.
    blank: bool,
    /// The digits that come next are those of a key.
    key: bool,
    /// The text in quotes, while one is open, and whether the next character is escaped.
    quoted: Option<(String, bool)>,
    /// Nothing was kept of the last value of a list: how many of them there are does not count.
    left_out: bool,
    /// How many brackets around are left out.
    outside: usize,
    times: Times,
}

impl Within {
    fn is_field(&self, of: &str, field: &str) -> bool {
        self.of == of && self.field == field
    }
}

impl Canon {
    pub(super) fn new(now: Now, times: Times) -> Self {
        Self {
            now,
            times,
            kept: String::new(),
            names: BTreeMap::new(),
            pins: BTreeMap::new(),
            kept_pins: BTreeSet::new(),
            laws: false,
            over: Vec::new(),
            called: BTreeMap::new(),
            within: Vec::new(),
            word: String::new(),
            blank: false,
            key: false,
            quoted: None,
            left_out: false,
            outside: 0,
        }
    }

    /// The PINs that users have given: an id stands for its digits.
    pub(super) fn pins<'a>(&mut self, desktops: impl Iterator<Item = &'a Desktop>) {
        for desktop in desktops {
            for (id, pin) in desktop.pins() {
                let digits = sha256(pin.reveal().as_bytes());
                let shown = digits.iter().take(4).fold(String::new(), |text, octet| format!("{text}{octet:02x}"));
                self.pins.entry(id).or_default().push(shown);
            }
        }
    }

    /// What comes from now on are the laws: a PIN of theirs that nobody keeps is left out, and so is what they
    /// remember of what is over. They call things by names.
    pub(super) fn begin_laws<'a>(&mut self, rest: Rest, called: impl Iterator<Item = (&'a str, &'a str)>) {
        self.laws = true;
        self.called = called.map(|(what, name)| (name.to_owned(), what.to_owned())).collect();
        if rest.no_run {
            self.over.push(OF_RUNS);
            if rest.no_request {
                self.over.push(OF_REQUESTS);
            }
        }
        if rest.no_logon && self.kept_pins.is_empty() {
            self.over.push(OF_PINS);
        }
    }

    /// The value with one field that is open is left out after all.
    fn forget_value(&mut self) {
        let Some(within) = self.within.last_mut().filter(|within| within.bracket == b'(') else { return };
        within.gone = true;
        self.kept.truncate(self.kept.len() - within.of.len() - 1);
    }

    /// What was kept since the last time.
    pub(super) fn take(&mut self) -> String {
        self.end_word();
        self.within.clear();
        self.outside = 0;
        std::mem::take(&mut self.kept)
    }

    /// Whether these octets were kept before.
    pub(super) fn is_known(&self, octets: &[u8]) -> bool {
        self.names.contains_key(octets)
    }

    fn name(&mut self, what: &[u8]) -> usize {
        let next = self.names.len();
        *self.names.entry(what.to_vec()).or_insert(next)
    }

    fn is_out(&self) -> bool {
        self.outside > 0 || self.within.last().is_some_and(|within| within.out)
    }

    fn keep(&mut self, text: &str) {
        if !self.is_out() {
            self.kept.push_str(text);
            self.left_out = false;
        }
    }

    fn end_word(&mut self) {
        self.blank = false;
        if self.word.is_empty() {
            return;
        }
        // Its room is used again.
        let mut word = std::mem::take(&mut self.word);
        self.word(&word);
        word.clear();
        self.word = word;
    }

    fn word(&mut self, word: &str) {
        if self.is_out() {
            return;
        }
        if let Some(within) = self.within.last_mut() {
            if within.bracket == b'(' {
                let way = VALUES.iter().find(|(name, _)| *name == within.of).map(|(_, way)| *way);
                if matches!(way, Some(Way::Any)) {
                    return;
                }
                if let (Some(way), Ok(number)) = (way, word.parse::<u64>()) {
                    let of = within.of.clone();
                    return self.value(&of, way, number);
                }
            }
            if within.bracket == b'['
                && let Some((_, octets)) = &mut within.octets
            {
                match word.parse::<u8>() {
                    Ok(octet) => octets.push(octet),
                    Err(_) => within.octets = None,
                }
            }
        }
        if word.starts_with(|first: char| first.is_ascii_digit())
            && let Some(field) = self.counts()
            && word.parse::<u64>().is_ok()
        {
            let name = self.name(format!("{field} {word}").as_bytes());
            return self.keep(&format!("#{name}"));
        }
        if std::mem::take(&mut self.key) && is_digits(word) {
            let name = self.name(word[..LEAST_DIGITS].to_ascii_lowercase().as_bytes());
            return self.keep(&format!("#{name}"));
        }
        self.key = word == "p-256" || word.starts_with("rsa-");
        self.keep(word);
    }

    /// How that many nanoseconds from now are kept.
    fn left(&self, time: i128) -> String {
        match (time, self.times) {
            (far, _) if far > FAR => "far".to_owned(),
            (ago, _) if ago < LONG_AGO => "long ago".to_owned(),
            (time, Times::Left) => time.to_string(),
            (time, Times::Order) if time <= 0 => "over".to_owned(),
            (time, Times::Order) => format!("{MARK}{time}{MARK}"),
        }
    }

    /// The field that a number counts for, also within `Some`.
    fn counts(&self) -> Option<&'static str> {
        let around = self.within.iter().rev().find(|within| within.of != "Some")?;
        NAMES.iter().find(|(of, field)| around.is_field(of, field)).map(|(_, field)| *field)
    }

    /// Whether the value with one field that is open is that of one of these fields.
    fn is_of(&self, fields: &[(&str, &str)]) -> bool {
        let around = self.within.iter().rev().nth(1);
        around.is_some_and(|around| fields.iter().any(|(of, field)| around.is_field(of, field)))
    }

    /// A time from now on, as it is kept in the place where it stands.
    fn time(&self, left: i128) -> String {
        match left {
            0 if self.is_of(PRESENT) => "now".to_owned(),
            _ if self.is_of(PRESENT) => "not now".to_owned(),
            over if over <= 0 && self.is_of(FUTURE) => "over".to_owned(),
            left => self.left(left),
        }
    }

    fn value(&mut self, of: &str, way: Way, number: u64) {
        let text = match way {
            Way::Out | Way::Any => return,
            Way::Name => format!("#{}", self.name(format!("{of} {number}").as_bytes())),
            Way::Time => self.time(i128::from(number) - i128::from(self.now.mono.0)),
            Way::Wall => {
                // Hundreds of nanoseconds.
                match (i128::from(number) - i128::from(self.now.wall.0)) * 100 {
                    over if over <= 0 => "over".to_owned(),
                    time => self.left(time),
                }
            }
            Way::Pin => {
                let id = PinId(u32::try_from(number).unwrap_or(u32::MAX));
                if self.laws && !self.kept_pins.contains(&id) {
                    self.forget_value();
                    return;
                }
                self.kept_pins.insert(id);
                self.pins.get(&id).map_or_else(|| "none".to_owned(), |digits| digits.join("|"))
            }
        };
        self.keep(&text);
    }

    fn open(&mut self, bracket: u8) {
        self.blank = false;
        let of = std::mem::take(&mut self.word);
        let was_out = self.is_out();
        let way = VALUES.iter().find(|(name, _)| bracket == b'(' && *name == of).map(|(_, way)| *way);
        let gone = matches!(way, Some(Way::Out));
        if gone && !was_out {
            // Neither a name nor brackets.
        } else if !was_out {
            self.left_out = false;
            self.kept.push_str(&of);
            self.kept.push(char::from(bracket));
        } else {
            self.outside += 1;
        }
        let octets = (bracket == b'[').then(|| (self.kept.len(), Vec::new()));
        let of_sessions = self.within.last().is_some_and(|around| around.of == "Sessions");
        let entry = (of_sessions && bracket == b'{').then_some(self.kept.len());
        if let Some(around) = self.within.last_mut() {
            around.octets = None;
        }
        self.within.push(Within {
            bracket,
            of,
            field: String::new(),
            out: false,
            octets,
            entry,
            gone: gone && !was_out,
        });
    }

    /// Nothing is kept of a session of which nothing is known: it may be in the map or not.
    fn end_entry(&mut self) {
        let Some(from) = self.within.last().and_then(|within| within.entry) else { return };
        let nothing = |word: &str| word.ends_with(':') || matches!(word, "" | "false" | "0" | "None");
        let value = self.kept[from..].split_once("\":").map_or("", |(_, value)| value);
        let mut words = value.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let opens = |word: &str| word.ends_with(['{', '(']);
        if words.all(|word| opens(word) || nothing(word.trim_end_matches([',', '}', ')', '[', ']']))) {
            self.kept.truncate(from);
        } else {
            self.kept.push(',');
        }
        let next = self.kept.len();
        if let Some(within) = self.within.last_mut() {
            within.entry = Some(next);
        }
    }

    fn close(&mut self, bracket: u8) {
        self.end_word();
        self.end_entry();
        let Some(within) = self.within.pop() else { return };
        if self.outside > 0 {
            self.outside -= 1;
            return;
        }
        self.left_out = within.gone;
        if within.gone {
            return;
        }
        if let Some((from, octets)) = within.octets.filter(|(_, octets)| octets.len() >= LEAST_OCTETS) {
            self.kept.truncate(from);
            self.octets(&octets);
        }
        self.kept.push(char::from(bracket));
    }

    /// Octets are a name; a certificate says what is in it, where it comes first.
    fn octets(&mut self, octets: &[u8]) {
        let known = self.names.len();
        let name = self.name(octets);
        let _never = write!(self.kept, "#{name}");
        if name != known {
            return;
        }
        if octets.first() == Some(&0x30)
            && let Ok(certificate) = Certificate::parse(octets)
        {
            let life = certificate.not_after.0.saturating_sub(certificate.not_before.0);
            let _never = write!(self.kept, "<{life} ");
            let within = std::mem::take(&mut self.within);
            let _never = write!(
                self,
                "{:?} {:?} {:?} {:?} {:?}",
                certificate.issuer,
                certificate.not_before,
                certificate.not_after,
                certificate.subject,
                certificate.key_identifier()
            );
            let _never = write!(self, "{:?}", certificate.extensions);
            self.end_word();
            self.within = within;
            self.kept.push('>');
        }
    }

    /// Text in quotes: long hexadecimal numbers, GUIDs and what is numbered by a `#` are names in it.
    fn quoted(&mut self, text: &str) {
        self.keep("\"");
        let called = self.called.get(text).cloned();
        let text = called.as_deref().unwrap_or(text);
        for (at, piece) in
            text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '#' | '_'))).enumerate()
        {
            let known = match piece {
                guid if is_guid(guid) => Some(guid.replace('-', "")),
                digits if is_digits(digits) => Some(digits.to_owned()),
                _ => None,
            };
            let numbered = piece.rsplit_once('#').filter(|(_, number)| number.bytes().all(|c| c.is_ascii_digit()));
            self.keep(if at > 0 { " " } else { "" });
            match (known, numbered) {
                (Some(digits), _) => {
                    let name = self.name(digits[..LEAST_DIGITS].to_ascii_lowercase().as_bytes());
                    self.keep(&format!("#{name}"));
                }
                (None, Some((before, _))) => {
                    let name = self.name(piece.as_bytes());
                    self.keep(&format!("{before}#{name}"));
                }
                (None, None) => self.keep(piece),
            }
        }
        self.keep("\"");
    }

    fn one(&mut self, character: char) {
        if let Some((text, escaped)) = &mut self.quoted {
            match (character, *escaped) {
                ('\\', false) => *escaped = true,
                ('"', false) => {
                    let text = std::mem::take(text);
                    self.quoted = None;
                    if !self.is_out() {
                        self.quoted(&text);
                    }
                }
                (other, _) => {
                    *escaped = false;
                    text.push(other);
                }
            }
            return;
        }
        if self.blank && character != '{' {
            self.end_word();
        }
        match character {
            '"' => {
                self.end_word();
                if let Some(within) = self.within.last_mut() {
                    within.octets = None;
                }
                self.quoted = Some((String::new(), false));
            }
            '(' | '[' | '{' => self.open(character as u8),
            ')' | ']' | '}' => self.close(character as u8),
            ':' => {
                let Some(within) = self.within.last_mut() else { return self.word.clear() };
                if within.bracket == b'{' && !self.word.is_empty() {
                    let mut word = std::mem::take(&mut self.word);
                    let field = (within.of.as_str(), word.as_str());
                    within.out = OUT.contains(&field) || self.over.iter().any(|fields| fields.contains(&field));
                    within.field.clone_from(&word);
                    self.keep(&word);
                    word.clear();
                    self.word = word;
                } else {
                    self.end_word();
                }
                self.keep(":");
            }
            ',' => {
                self.end_word();
                self.end_entry();
                let Some(within) = self.within.last_mut() else { return };
                within.out = false;
                if within.entry.is_none() && !std::mem::take(&mut self.left_out) {
                    self.keep(",");
                }
            }
            ' ' => self.blank = true,
            other => self.word.push(other),
        }
    }
}

impl fmt::Write for Canon {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while !rest.is_empty() {
            // Most of a text is words and what stands in quotes: these come as a whole.
            let plain = match &self.quoted {
                Some((_, true)) => 0,
                Some((_, false)) => rest.bytes().position(|octet| matches!(octet, b'"' | b'\\')).unwrap_or(rest.len()),
                None if self.blank => 0,
                None => rest.bytes().position(|octet| ENDS_WORD[usize::from(octet)]).unwrap_or(rest.len()),
            };
            let (piece, after) = rest.split_at(plain);
            match &mut self.quoted {
                Some((quoted, _)) => quoted.push_str(piece),
                None => self.word.push_str(piece),
            }
            let mut characters = after.chars();
            if let Some(character) = characters.next() {
                self.one(character);
            }
            rest = characters.as_str();
        }
        Ok(())
    }
}

/// Whether a character is no part of a word, by octet; none of several octets has one like that.
const ENDS_WORD: [bool; 256] = {
    let mut ends = [false; 256];
    let (octets, mut at) = (*b"\"([{)]}:, ", 0);
    while at < octets.len() {
        ends[octets[at] as usize] = true;
        at += 1;
    }
    ends
};

/// In place of times of which only the order counts, each between two of these.
const MARK: char = '\u{1}';

/// Numbers the times that are marked in a text, the next first.
pub(super) fn in_order(text: &str) -> String {
    let times = || text.split(MARK).skip(1).step_by(2).filter_map(|time| time.parse::<i128>().ok());
    let order: BTreeMap<i128, usize> =
        times().collect::<BTreeSet<_>>().into_iter().enumerate().map(|(at, time)| (time, at)).collect();
    let pieces = text.split(MARK).enumerate().map(|(at, piece)| match piece.parse::<i128>() {
        Ok(time) if at % 2 == 1 => order.get(&time).map_or_else(String::new, usize::to_string),
        _ => piece.to_owned(),
    });
    pieces.collect()
}

fn is_digits(word: &str) -> bool {
    word.len() >= LEAST_DIGITS && word.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn is_guid(word: &str) -> bool {
    let lengths = word.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && word.bytes().all(|digit| digit.is_ascii_hexdigit() || digit == b'-')
}

#[cfg(test)]
mod tests {
    use autoenroll_model::{FileTime, SimTime};

    use super::*;

    fn kept(text: &str) -> String {
        let mut canon = Canon::new(Now { mono: SimTime(1_000), wall: FileTime(500) }, Times::Left);
        canon.write_str(text).unwrap();
        canon.take()
    }

    #[test]
    fn laws_remember_only_pins_that_somebody_keeps() {
        let mut canon = Canon::new(Now { mono: SimTime(0), wall: FileTime(0) }, Times::Left);
        canon.write_str("{PinId(1): 2}").unwrap();
        canon.begin_laws(Rest { no_run: false, no_request: true, no_logon: true }, std::iter::empty());
        canon.write_str("{PinId(1), PinId(2), PinId(3)}").unwrap();
        assert_eq!(canon.take(), "{PinId(none):2}{PinId(none),}");
    }

    #[test]
    fn laws_remember_nothing_of_what_is_over() {
        let check = |before: &str, rest: (bool, bool, bool), expected: &str| {
            let mut canon = Canon::new(Now { mono: SimTime(0), wall: FileTime(0) }, Times::Left);
            canon.write_str(before).unwrap();
            canon.take();
            let rest = Rest { no_run: rest.0, no_request: rest.1, no_logon: rest.2 };
            canon.begin_laws(rest, [("0011223344556677", "badge/1")].into_iter());
            canon
                .write_str(
                    "[Judged { found: 1 }, RenewalTold { renewals: 2 }, Given { any: true }, Container(\"badge/1\")]",
                )
                .unwrap();
            assert_eq!(canon.take(), expected, "{before} {rest:?}");
        };
        let all = "[Judged{found:1},RenewalTold{renewals:2},Given{any:true},Container(\"#0\")]";
        check("", (false, true, false), all);
        check("PinId(1)", (false, false, true), all);
        check("", (true, false, false), "[Judged{},RenewalTold{renewals:2},Given{any:true},Container(\"#0\")]");
        check("PinId(1)", (true, true, true), "[Judged{},RenewalTold{},Given{any:true},Container(\"#0\")]");
        check("", (true, true, true), "[Judged{},RenewalTold{},Given{},Container(\"#0\")]");
        let other = "[Judged{found:1},RenewalTold{renewals:2},Given{any:true},Container(\"#0\")]";
        check("\"0011223344556677\"", (false, false, false), other);
        let other = "[Judged{found:1},RenewalTold{renewals:2},Given{any:true},Container(\"#1\")]";
        check("\"ff11223344556677\"", (false, false, false), other);
    }

    #[test]
    fn of_times_in_order_the_next_comes_first() {
        let order = |text: &str| {
            let mut canon = Canon::new(Now { mono: SimTime(1_000), wall: FileTime(500) }, Times::Order);
            canon.write_str(text).unwrap();
            in_order(&canon.take())
        };
        let text = order("[SimTime(4000), FileTime(510), SimTime(900), SimTime(4000), SimTime(1500)]");
        assert_eq!(text, "[SimTime(2),FileTime(1),SimTime(over),SimTime(2),SimTime(0)]");
    }

    #[test]
    fn ids_are_names_and_times_are_what_is_left() {
        let check = |text: &str, expected: &str| assert_eq!(kept(text), expected, "{text}");
        check("Due { at: SimTime(1700), by: RecordId(4) }", "Due{at:SimTime(700),by:}");
        check("[Decision(1), Decision(2)]", "[]");
        check("{RecordId(1): Some(RecordId(2)), RecordId(3): 4}", "{:Some(),:4}");
        check("Seen { at: SimTime(1000), answers: 7 }", "Seen{at:SimTime(now),answers:#0}");
        check("Seen { at: SimTime(900) }", "Seen{at:SimTime(not now)}");
        check("PolicyCache { fresh_until: SimTime(900) }", "PolicyCache{fresh_until:SimTime(over)}");
        check("Some(Der(868 bytes))", "Some(Der())");
        check("[FileTime(400), FileTime(510)]", "[FileTime(over),FileTime(1000)]");
        check("SimTime(3000000000000000)", "SimTime(far)");
        check("{EffectId(7): 1, EffectId(9): EffectId(7)}", "{EffectId(#0):1,EffectId(#1):EffectId(#0)}");
        check("Queue { made: 4, events: {} }", "Queue{,events:{}}");
        check("Reader { insertions: 4, began: Some(4) }", "Reader{insertions:#0,began:Some(4)}");
        check("KeptPin { insertion: 4 }", "KeptPin{insertion:#0}");
        check("\"Main#3 of S-1-5-21-1-2-3\"", "\"Main#0 of S-1-5-21-1-2-3\"");
        check("\"00112233445566778899\"", "\"#0\"");
        check("Key(rsa-1024 0011223344556677, 1)", "Key(rsa-1024#0,1)");
        check("Duration(12345678901234567890)", "Duration(12345678901234567890)");
        check("[1, 2, 3]", "[1,2,3]");
        check("[1, 2, 3, 4, 5, 6, 7, 8, 9]", "[#0]");
        check("([[1, 2]], Some([1, 2, 3, 4, 5, 6, 7, 8]))", "([[1,2]],Some([#0]))");
        check(
            "Sessions({\"a\": Run { on: false, n: 0, of: {} }, \"b\": Run { on: true, n: 0, of: {} }, \"c\": false})",
            "Sessions({\"b\":Run{on:true,n:0,of:{}},})",
        );
        check("\"a, b(c) \\\"d\\\"\"", "\"a  b c   d \"");
    }

    #[test]
    fn what_is_the_same_stays_the_same_and_what_is_not_does_not() {
        let hashes = |text: &str| kept(text);
        let two = |one: &str, other: &str| hashes(&format!("Thumbprint(\"{one}\"), Thumbprint(\"{other}\")"));
        let (one, other) = ("00112233445566778899", "ff112233445566778899");
        assert_eq!(two(one, one), two(other, other));
        assert_eq!(two(one, other), two(other, one));
        assert_ne!(two(one, one), two(one, other));
    }
}
