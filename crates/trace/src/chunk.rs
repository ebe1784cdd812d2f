//! How records are kept: in chunks that are read without any other.
//!
//! A chunk is one text. Numbers stand in it as characters below 128, six bits in each, the lowest first; 64 is added to
//! all but the last. A text stands where it occurs first, behind its length, and is a number from then on. So a chunk
//! holds nothing but valid UTF-8, and what it tells is borrowed from it.
//!
//! A record is its kind, its actor, how many causes and how far each lies before the next one, then its facts, each a
//! name and a value, as far as the next record. Its time stands beside the text: many records have the same. Most
//! records are decisions, which begin with the same three facts: of these the names are left out ([`RULING`]).

use autoenroll_model::{Fact, Facts, SimTime};

use crate::record::{Kind, Record, RecordId, Ruling};

/// Records of a full chunk. More of them make a record smaller, since names stand once in a chunk, and a trace that is
/// copied and then goes on copies as many at most.
pub(crate) const RECORDS: usize = 128;

/// What a value begins with; a text that has a number is that and the number.
pub(crate) const NO: u64 = 0;
pub(crate) const YES: u64 = 1;
pub(crate) const NUMBER: u64 = 2;
pub(crate) const LIST: u64 = 3;
pub(crate) const TEXT: u64 = 4;

/// The kind of a decision that begins with the facts of [`RULING`], and has no names for them.
const RULED: u64 = Kind::ALL.len() as u64;
/// The facts that a [`Ruling`] is.
const RULING: &[&str] = &["rule", "subject", "outcome"];

/// Up to [`RECORDS`] records one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chunk {
    text: String,
    /// Where each record begins.
    begins: Vec<u32>,
    /// Where each different text stands, its length first.
    words: Vec<u32>,
    /// When records came: the first one of each time.
    times: Vec<(u32, SimTime)>,
    /// A text has a character that JSON says in another way.
    escapes: bool,
}

/// A chunk that records are added to.
#[derive(Clone, Debug)]
pub(crate) struct OpenChunk {
    pub(crate) chunk: Chunk,
    /// Where to look for a text, by its hash, or beside that. Of texts with the same hash the last two are known;
    /// another one is written out again.
    known: [Known; KNOWN],
    /// What stood last at places where a text mostly repeats itself.
    last: [Known; 2],
}

const KNOWN: usize = 256;

/// Where most records have the same text as the one before.
#[derive(Clone, Copy)]
enum Repeated {
    Actor,
    Subject,
}

/// A text that has a number: its ends, where its characters are, how many, and one more than the number; all 0 for
/// none.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    ends: Ends,
    at: u32,
    length: u32,
    number: u32,
}

/// The first and the last bytes of a text, eight each where it has as many. With its length they are all of a text of
/// up to sixteen bytes, as most are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ends(u64, u64);

/// What a text of so many bytes is, by its ends alone.
const SHORT: usize = 16;

impl Ends {
    fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            return Self(u64::from_le_bytes(*first), u64::from_le_bytes(*last));
        }
        if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            return Self(u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into());
        }
        Self(bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)), 0)
    }

    /// Which slot a text of that length is looked for in.
    fn slot(self, length: usize) -> usize {
        let mixed = (self.0 ^ self.1.rotate_left(23) ^ length as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> 56) as usize % KNOWN
    }
}

impl Default for OpenChunk {
    fn default() -> Self {
        Self { chunk: Chunk::default(), known: [Known::default(); KNOWN], last: [Known::default(); 2] }
    }
}

impl OpenChunk {
    /// Closes it, and begins the next one, with room for as much.
    pub(crate) fn close(&mut self) -> Chunk {
        let chunk = std::mem::take(&mut self.chunk);
        self.chunk.text = String::with_capacity(chunk.text.len());
        self.chunk.begins = Vec::with_capacity(RECORDS);
        self.chunk.words = Vec::with_capacity(chunk.words.len());
        self.known = [Known::default(); KNOWN];
        self.last = [Known::default(); 2];
        chunk
    }

    /// Begins a record; its causes are sorted and earlier. Its facts follow.
    pub(crate) fn begin(&mut self, id: RecordId, at: SimTime, kind: Kind, actor: &str, causes: &[RecordId]) {
        self.begin_as(id, at, kind as u64, actor, causes);
    }

    /// Begins a decision, the same way.
    pub(crate) fn begin_ruling(
        &mut self,
        id: RecordId,
        at: SimTime,
        actor: &str,
        ruling: Ruling<'_>,
        causes: &[RecordId],
    ) {
        self.begin_as(id, at, RULED, actor, causes);
        self.text(ruling.rule, TEXT);
        self.text_again(Repeated::Subject, ruling.subject, TEXT);
        self.number(if ruling.outcome { YES } else { NO });
    }

    fn begin_as(&mut self, id: RecordId, at: SimTime, kind: u64, actor: &str, causes: &[RecordId]) {
        let index = place(self.chunk.begins.len());
        self.chunk.begins.push(place(self.chunk.text.len()));
        if self.chunk.times.last().is_none_or(|(_, time)| *time != at) {
            self.chunk.times.push((index, at));
        }
        self.number(kind);
        self.text_again(Repeated::Actor, actor, 0);
        self.number(causes.len() as u64);
        let mut next = id.0;
        for cause in causes.iter().rev() {
            self.number(u64::from(next - cause.0));
            next = cause.0;
        }
    }

    /// Adds a fact to the record that was begun last.
    pub(crate) fn fact(&mut self, name: &str, fact: &Fact) {
        self.text(name, 0);
        self.value(fact);
    }

    fn value(&mut self, fact: &Fact) {
        match fact {
            Fact::Flag(flag) => self.number(if *flag { YES } else { NO }),
            Fact::Number(number) => {
                self.number(NUMBER);
                // Small numbers of both signs are short.
                self.number(((number << 1) ^ (number >> 63)).cast_unsigned());
            }
            Fact::List(list) => {
                self.number(LIST);
                self.number(list.len() as u64);
                list.iter().for_each(|fact| self.value(fact));
            }
            Fact::Text(text) => {
                self.text(text, TEXT);
            }
        }
    }

    /// A text that begins with `first` when it is new, and is that and a number otherwise.
    fn text(&mut self, text: &str, first: u64) -> Known {
        match self.find(text).copied() {
            Some(known) => {
                self.number(first + u64::from(known.number));
                known
            }
            None => self.new_text(text, first),
        }
    }

    /// The same for one that mostly stood at that place of the record before, too: that is seen without a search.
    fn text_again(&mut self, at: Repeated, text: &str, first: u64) {
        let last = self.last[at as usize];
        if last.number == 0 || last.length as usize != text.len() || !self.chunk.is_at(last.at, text) {
            self.last[at as usize] = self.text(text, first);
            return;
        }
        self.number(first + u64::from(last.number));
    }

    fn find(&self, text: &str) -> Option<&Known> {
        let (ends, length) = (Ends::of(text), place(text.len()));
        let slot = ends.slot(text.len());
        let is_it = |known: &&Known| {
            known.ends == ends
                && known.length == length
                && known.number > 0
                && (text.len() <= SHORT || self.chunk.is_at(known.at, text))
        };
        Some(&self.known[slot]).filter(is_it).or_else(|| Some(&self.known[slot ^ 1]).filter(is_it))
    }

    /// Writes out a text, and gives it a number.
    fn new_text(&mut self, text: &str, first: u64) -> Known {
        // All of it, rather than as far as the first: that is done many bytes at a time.
        let escapes = |byte: u8| byte < b' ' || matches!(byte, b'"' | b'\\');
        self.chunk.escapes |= text.bytes().fold(false, |found, byte| found | escapes(byte));
        self.number(first);
        self.chunk.words.push(place(self.chunk.text.len()));
        self.number(text.len() as u64);
        let (ends, length) = (Ends::of(text), place(text.len()));
        let slot = ends.slot(text.len());
        self.known[slot ^ 1] = self.known[slot];
        let at = place(self.chunk.text.len());
        let known = Known { ends, at, length, number: place(self.chunk.words.len()) };
        self.known[slot] = known;
        self.chunk.text.push_str(text);
        known
    }

    fn number(&mut self, mut number: u64) {
        while number >= 64 {
            self.chunk.text.push(char::from(64 | (number % 64) as u8));
            number /= 64;
        }
        self.chunk.text.push(char::from(number as u8));
    }
}

/// A place in a chunk.
fn place(at: usize) -> u32 {
    u32::try_from(at).expect("a chunk is far below 4 GiB: worlds and readers bound what their records say")
}

impl Chunk {
    pub(crate) const fn len(&self) -> usize {
        self.begins.len()
    }

    /// A record by its place in the chunk; `first` is the id of the chunk's first one.
    pub(crate) fn get(&self, index: usize, first: usize) -> Option<Packed<'_>> {
        let begin = *self.begins.get(index)? as usize;
        let end = self.begins.get(index + 1).map_or(self.text.len(), |next| *next as usize);
        let mut rest = Reader { chunk: self, at: begin, end, implied: &[] };
        let kind = match rest.number() {
            RULED => {
                rest.implied = RULING;
                Kind::Decision
            }
            kind => usize::try_from(kind).ok().and_then(|kind| Kind::ALL.get(kind).copied())?,
        };
        let id = RecordId(u32::try_from(first + index).unwrap_or(u32::MAX));
        Some(Packed { id, kind, index, rest })
    }

    /// The first record that is not before that time.
    pub(crate) fn first_since(&self, time: SimTime) -> usize {
        let at = self.times.partition_point(|(_, at)| *at < time);
        self.times.get(at).map_or(self.len(), |(index, _)| *index as usize)
    }

    /// Bytes that it takes, without what lists have in reserve.
    pub(crate) const fn bytes(&self) -> usize {
        self.text.len() + (self.begins.len() + self.words.len()) * 4 + self.times.len() * 16
    }

    /// Gives back what the lists have in reserve.
    pub(crate) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.begins.shrink_to_fit();
        self.words.shrink_to_fit();
        self.times.shrink_to_fit();
    }

    /// Whether that text is there.
    fn is_at(&self, at: u32, text: &str) -> bool {
        self.text.as_bytes().get(at as usize..at as usize + text.len()) == Some(text.as_bytes())
    }

    fn word(&self, number: usize) -> &str {
        let at = self.words.get(number).map_or(self.text.len(), |at| *at as usize);
        Reader { chunk: self, at, end: self.text.len(), implied: &[] }.characters()
    }
}

/// A record as it is kept. Its facts are read when they are asked for, which is why most of a trace can be passed over
/// quickly; [`Packed::unpack`] reads all of it.
#[derive(Clone, Copy)]
pub struct Packed<'a> {
    /// Its place in the trace.
    pub id: RecordId,
    /// What it was.
    pub kind: Kind,
    /// Its place in its chunk.
    index: usize,
    /// What follows the kind.
    rest: Reader<'a>,
}

impl<'a> Packed<'a> {
    /// When.
    #[must_use]
    pub fn at(&self) -> SimTime {
        let times = &self.rest.chunk.times;
        let after = times.partition_point(|(first, _)| *first as usize <= self.index);
        times.get(after.saturating_sub(1)).map_or(SimTime::START, |(_, time)| *time)
    }

    /// Who did it or whom it happened to.
    #[must_use]
    pub fn actor(&self) -> &'a str {
        let mut rest = self.rest;
        rest.text(0)
    }

    /// The records that led to it, the latest first.
    pub fn causes(&self) -> impl Iterator<Item = RecordId> + use<'a> {
        let mut rest = self.rest;
        rest.pass_text(0);
        let mut next = self.id.0;
        (0..rest.number()).map(move |_| {
            next = next.wrapping_sub(rest.number() as u32);
            RecordId(next)
        })
    }

    /// The fact of that name.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<Fact> {
        self.find(name).map(|mut value| value.fact())
    }

    /// The fact of that name when it is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.find(name)?.text_value()
    }

    /// All of it.
    #[must_use]
    pub fn unpack(&self) -> Record {
        let mut causes: Vec<RecordId> = self.causes().collect();
        causes.reverse();
        let mut facts = Facts::new();
        let mut rest = self.facts();
        while !rest.is_over() {
            let name = rest.name();
            facts.set(name, rest.fact());
        }
        Record { id: self.id, at: self.at(), actor: self.actor().into(), kind: self.kind, facts, causes }
    }

    /// What follows the kind: actor, causes, facts.
    pub(crate) const fn rest(&self) -> Reader<'a> {
        self.rest
    }

    /// The facts' place.
    fn facts(&self) -> Reader<'a> {
        let mut rest = self.rest;
        rest.pass_text(0);
        for _ in 0..rest.number() {
            rest.number();
        }
        rest
    }

    /// The value of the fact of that name.
    fn find(&self, name: &str) -> Option<Reader<'a>> {
        let mut rest = self.facts();
        while !rest.is_over() {
            if rest.name() == name {
                return Some(rest);
            }
            rest.pass_value();
        }
        None
    }
}

/// Reads a part of a chunk.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    chunk: &'a Chunk,
    at: usize,
    end: usize,
    /// Names of the next facts, where they are not written.
    implied: &'static [&'static str],
}

impl<'a> Reader<'a> {
    pub(crate) const fn is_over(&self) -> bool {
        self.at >= self.end
    }

    pub(crate) fn number(&mut self) -> u64 {
        // Most are small.
        if let Some(byte @ 0..64) = self.chunk.text.as_bytes().get(self.at) {
            self.at += 1;
            return u64::from(*byte);
        }
        let (mut number, mut shift) = (0, 0);
        while let Some(byte) = self.chunk.text.as_bytes().get(self.at) {
            self.at += 1;
            number |= u64::from(byte % 64).checked_shl(shift).unwrap_or(0);
            if *byte < 64 {
                break;
            }
            shift += 6;
        }
        number
    }

    /// A number of either sign.
    pub(crate) fn signed(&mut self) -> i64 {
        let number = self.number();
        (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
    }

    /// Whether JSON says all texts of the chunk as they are.
    pub(crate) const fn is_plain(&self) -> bool {
        !self.chunk.escapes
    }

    /// A length and as many bytes.
    fn characters(&mut self) -> &'a str {
        let length = self.number() as usize;
        let text = self.chunk.text.get(self.at..self.at.saturating_add(length)).unwrap_or_default();
        self.at += text.len();
        text
    }

    /// A text that begins with `first` when it is new.
    pub(crate) fn text(&mut self, first: u64) -> &'a str {
        match self.number().checked_sub(first + 1) {
            Some(number) => self.chunk.word(number as usize),
            None => self.characters(),
        }
    }

    /// What the next facts state, where they are those of a decision that have no names.
    pub(crate) fn ruling(&mut self) -> Option<Ruling<'a>> {
        if self.implied.is_empty() {
            return None;
        }
        self.implied = &[];
        Some(Ruling { rule: self.text(TEXT), subject: self.text(TEXT), outcome: self.number() == YES })
    }

    /// The name of a fact.
    fn name(&mut self) -> &'a str {
        match self.implied.split_first() {
            Some((name, rest)) => {
                self.implied = rest;
                name
            }
            None => self.text(0),
        }
    }

    fn pass_text(&mut self, first: u64) {
        if self.number() == first {
            self.characters();
        }
    }

    /// The value that is next, when it is a text; it is not passed otherwise.
    pub(crate) fn text_value(&mut self) -> Option<&'a str> {
        let mut ahead = *self;
        (ahead.number() >= TEXT).then(|| self.text(TEXT))
    }

    fn fact(&mut self) -> Fact {
        if let Some(text) = self.text_value() {
            return Fact::Text(text.into());
        }
        match self.number() {
            NO => Fact::Flag(false),
            YES => Fact::Flag(true),
            NUMBER => Fact::Number(self.signed()),
            _ => {
                let length = self.number();
                Fact::List((0..length).map(|_| self.fact()).collect())
            }
        }
    }

    fn pass_value(&mut self) {
        match self.number() {
            NO | YES => {}
            NUMBER => {
                self.number();
            }
            LIST => {
                for _ in 0..self.number() {
                    self.pass_value();
                }
            }
            TEXT => {
                self.characters();
            }
            _ => {}
        }
    }
}
