//! The list of records.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use autoenroll_model::{Fact, Facts, SimTime};

use crate::chunk::{Chunk, OpenChunk, Packed, RECORDS};
use crate::json::{DigestedLines, TraceDigest};
use crate::line::Lines;
use crate::record::{Kind, Record, RecordId, Ruling};
use crate::records::Records;

/// Chunks of a shelf. A trace that is copied and then fills a chunk copies two lists: that of the last shelf's chunks,
/// and that of all shelves.
const CHUNKS: usize = 64;

/// Everything that happened in one run of a world. Records are kept packed, some thirty bytes each; a copy shares them
/// and costs the same however many there are.
#[derive(Clone, Default)]
pub struct Trace {
    /// Full chunks, [`CHUNKS`] on a shelf.
    full: Arc<Vec<Arc<Vec<Arc<Chunk>>>>>,
    open: Arc<OpenChunk>,
    len: usize,
    /// How many chunks are forgotten, and what their lines come to.
    forgotten: usize,
    lines: DigestedLines,
}

impl Trace {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a record and returns its id. Causes that are not earlier records are a broken invariant of the caller
    /// and are left out.
    pub fn push(&mut self, at: SimTime, actor: &str, kind: Kind, facts: Facts, causes: Vec<RecordId>) -> RecordId {
        self.append(at, actor, kind, facts, causes).id
    }

    /// Appends a record as [`Trace::push`] does, and hands it back.
    pub fn append(&mut self, at: SimTime, actor: &str, kind: Kind, facts: Facts, mut causes: Vec<RecordId>) -> Record {
        let id = self.note(at, actor, kind, facts.iter(), &mut causes);
        Record { id, at, actor: actor.into(), kind, facts, causes }
    }

    /// Appends a record as [`Trace::push`] does, of facts that stay where they are; no name may occur twice. Causes are
    /// put in order, and those left out that are not earlier records.
    pub fn note<'f>(
        &mut self,
        at: SimTime,
        actor: &str,
        kind: Kind,
        facts: impl IntoIterator<Item = (&'f str, &'f Fact)>,
        causes: &mut Vec<RecordId>,
    ) -> RecordId {
        let id = self.next_id(causes);
        let open = Arc::make_mut(&mut self.open);
        open.begin(id, at, kind, actor, causes);
        facts.into_iter().for_each(|(name, fact)| open.fact(name, fact));
        self.end_record();
        id
    }

    /// Appends the record of a decision as [`Trace::note`] does: its ruling, then the facts that it was made on, which
    /// have other names.
    pub fn note_decision<'f>(
        &mut self,
        at: SimTime,
        actor: &str,
        ruling: Ruling<'_>,
        facts: impl IntoIterator<Item = (&'f str, &'f Fact)>,
        causes: &mut Vec<RecordId>,
    ) -> RecordId {
        let id = self.next_id(causes);
        let open = Arc::make_mut(&mut self.open);
        open.begin_ruling(id, at, actor, ruling, causes);
        facts.into_iter().for_each(|(name, fact)| open.fact(name, fact));
        self.end_record();
        id
    }

    /// The id of the next record; its causes are put in order, and those left out that are not earlier.
    fn next_id(&self, causes: &mut Vec<RecordId>) -> RecordId {
        let id = RecordId(u32::try_from(self.len).unwrap_or(u32::MAX));
        if causes.len() > 1 {
            causes.sort_unstable();
            causes.dedup();
        }
        while causes.last().is_some_and(|last| *last >= id) {
            causes.pop();
        }
        id
    }

    /// The last record is complete; a full chunk is closed.
    fn end_record(&mut self) {
        self.len += 1;
        if self.len.is_multiple_of(RECORDS) {
            let mut chunk = Arc::make_mut(&mut self.open).close();
            chunk.shrink();
            self.shelve(Arc::new(chunk));
        }
    }

    fn shelve(&mut self, chunk: Arc<Chunk>) {
        let shelves = Arc::make_mut(&mut self.full);
        match shelves.last_mut() {
            Some(last) if last.len() < CHUNKS => Arc::make_mut(last).push(chunk),
            _ => shelves.push(Arc::new(vec![chunk])),
        }
    }

    /// How many records there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// States that nobody is going to ask for records before that index. Those in full chunks are dropped once they
    /// have gone into the digest, so that a trace that nobody shows takes little memory however long it becomes. The
    /// last record always stays.
    pub fn forget_before(&mut self, index: usize) {
        self.give_up_before(index, |trace, lines, records| lines.add(trace.range(0..records)));
    }

    /// The same, for who does not ask for the digest either: how many records there were is all of them that goes into
    /// it, so that it is no other trace's, and of little use.
    pub fn drop_before(&mut self, index: usize) {
        self.give_up_before(index, |_, lines, records| lines.leave_out(records));
    }

    /// Drops what is in full chunks before that index; `note` gets to know how many records are gone in all.
    fn give_up_before(&mut self, index: usize, note: impl FnOnce(&Self, &mut DigestedLines, usize)) {
        let forgotten = index.min(self.len.saturating_sub(1)) / RECORDS;
        if forgotten <= self.forgotten {
            return;
        }
        let mut lines = std::mem::take(&mut self.lines);
        note(self, &mut lines, forgotten * RECORDS);
        let kept: Vec<Arc<Chunk>> =
            (forgotten..self.len / RECORDS).filter_map(|at| self.full_chunk(at).cloned()).collect();
        (self.lines, self.forgotten, self.full) = (lines, forgotten, Arc::default());
        kept.into_iter().for_each(|chunk| self.shelve(chunk));
    }

    /// The index of the first record that is kept: 0 unless some were forgotten.
    #[must_use]
    pub const fn kept_from(&self) -> usize {
        self.forgotten * RECORDS
    }

    /// SHA-256 over the canonical lines of all records, those that are forgotten among them.
    #[must_use]
    pub fn digest(&self) -> TraceDigest {
        let mut lines = self.lines.clone();
        lines.add(self.iter());
        lines.finish()
    }

    /// The record of that id, as it is kept; nothing when it is forgotten.
    #[must_use]
    pub fn get(&self, id: RecordId) -> Option<Packed<'_>> {
        self.packed(id.0 as usize)
    }

    /// The record of that id, as a value of its own.
    #[must_use]
    pub fn record(&self, id: RecordId) -> Option<Record> {
        self.get(id).map(|record| record.unpack())
    }

    /// The last record.
    #[must_use]
    pub fn last(&self) -> Option<Packed<'_>> {
        self.packed(self.len.checked_sub(1)?)
    }

    /// All records that are kept, in order; the id of each is its index.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        self.since(0)
    }

    /// The records of that kind, in order.
    pub fn of(&self, kind: Kind) -> impl DoubleEndedIterator<Item = Packed<'_>> {
        self.iter().filter(move |record| record.kind == kind)
    }

    /// The records from that index on, in order.
    #[must_use]
    pub fn since(&self, index: usize) -> Iter<'_> {
        self.range(index..self.len)
    }

    /// The records of these indices, in order.
    #[must_use]
    pub fn range(&self, range: Range<usize>) -> Iter<'_> {
        Iter { trace: self, range: range.start.max(self.kept_from())..range.end.min(self.len) }
    }

    /// How many records came before that time, as far as they are kept.
    #[must_use]
    pub fn before(&self, time: SimTime) -> usize {
        // What is asked for is mostly the present instant.
        for number in (self.forgotten..=self.len / RECORDS).rev() {
            let found = self.chunk(number).map_or(0, |chunk| chunk.first_since(time));
            if found > 0 {
                return number * RECORDS + found;
            }
        }
        self.kept_from()
    }

    /// All records, each as a value of its own, for what goes to and fro between them.
    #[must_use]
    pub fn unpack(&self) -> Records {
        self.iter().map(|record| record.unpack()).collect()
    }

    /// Bytes that the records take that are kept, all copies of the trace together.
    #[must_use]
    pub fn bytes(&self) -> usize {
        (self.forgotten..=self.len / RECORDS).filter_map(|number| self.chunk(number)).map(Chunk::bytes).sum()
    }

    fn packed(&self, index: usize) -> Option<Packed<'_>> {
        let first = index - index % RECORDS;
        self.chunk(index / RECORDS)?.get(index % RECORDS, first)
    }

    fn chunk(&self, number: usize) -> Option<&Chunk> {
        if number == self.len / RECORDS {
            return Some(&self.open.chunk);
        }
        self.full_chunk(number).map(|chunk| &**chunk)
    }

    fn full_chunk(&self, number: usize) -> Option<&Arc<Chunk>> {
        let place = number.checked_sub(self.forgotten)?;
        self.full.get(place / CHUNKS)?.get(place % CHUNKS)
    }
}

/// All records that are kept, a line each.
#[must_use]
pub fn to_json_lines(trace: &Trace) -> String {
    let mut lines = Lines::default();
    trace.iter().for_each(|record| lines.push(&record));
    String::from_utf8(lines.bytes).expect("JSON is UTF-8")
}

impl PartialEq for Trace {
    fn eq(&self, other: &Self) -> bool {
        // What is forgotten is compared by its digest.
        let same = || self.iter().zip(other).all(|(one, other)| one.unpack() == other.unpack());
        self.len == other.len
            && if (self.forgotten, other.forgotten) == (0, 0) { same() } else { self.digest() == other.digest() }
    }
}

impl Eq for Trace {}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|record| record.unpack())).finish()
    }
}

impl<'a> IntoIterator for &'a Trace {
    type Item = Packed<'a>;
    type IntoIter = Iter<'a>;
    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Records of a trace, in order.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    trace: &'a Trace,
    range: Range<usize>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Packed<'a>;

    fn next(&mut self) -> Option<Packed<'a>> {
        self.range.next().and_then(|index| self.trace.packed(index))
    }

    fn nth(&mut self, n: usize) -> Option<Packed<'a>> {
        self.range.nth(n).and_then(|index| self.trace.packed(index))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.range.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.range.next_back().and_then(|index| self.trace.packed(index))
    }
}

impl ExactSizeIterator for Iter<'_> {}
