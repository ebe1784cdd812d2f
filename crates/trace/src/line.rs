//! The canonical line of a record, written from how it is kept: what `serde_json` makes of the [`Record`], which is
//! slower, since it is general. The tests of this crate compare the two.
//!
//! [`Record`]: crate::Record

use autoenroll_model::SimTime;

use crate::chunk::{LIST, NO, NUMBER, Packed, Reader, TEXT, YES};

/// Canonical lines, one behind the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    pub(crate) bytes: Vec<u8>,
    /// Those of one record, for they are kept the latest first.
    causes: Vec<u32>,
    /// The time of the last record, and how it is written: many records have the same.
    time: Option<(SimTime, Vec<u8>)>,
}

impl Lines {
    /// None yet, with room for so many bytes and a line more.
    pub(crate) fn with_room_for(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes + 1_024), ..Self::default() }
    }

    /// Appends one record with its newline.
    pub(crate) fn push(&mut self, record: &Packed<'_>) {
        self.raw(b"{\"id\":");
        self.number(record.id.0.into());
        self.raw(b",\"at\":");
        self.time(record.at());
        self.raw(b",\"actor\":");
        let mut rest = record.rest();
        let actor = rest.text(0);
        self.text(actor, &rest);
        self.raw(b",\"kind\":\"");
        self.raw(record.kind.as_str().as_bytes());
        self.raw(b"\"");
        let mut next = record.id.0;
        for _ in 0..rest.number() {
            next = next.wrapping_sub(rest.number() as u32);
            self.causes.push(next);
        }
        if !rest.is_over() {
            self.facts(rest);
        }
        if !self.causes.is_empty() {
            self.raw(b",\"causes\":");
            let mut before = b'[';
            while let Some(cause) = self.causes.pop() {
                self.bytes.push(before);
                self.number(cause.into());
                before = b',';
            }
            self.raw(b"]");
        }
        self.raw(b"}\n");
    }

    fn facts(&mut self, mut rest: Reader<'_>) {
        self.raw(b",\"facts\":");
        let mut before = b'{';
        if let Some(ruling) = rest.ruling() {
            self.raw(b"{\"rule\":");
            self.text(ruling.rule, &rest);
            self.raw(b",\"subject\":");
            self.text(ruling.subject, &rest);
            self.raw(if ruling.outcome { b",\"outcome\":true" } else { b",\"outcome\":false" });
            before = b',';
        }
        while !rest.is_over() {
            self.bytes.push(before);
            let name = rest.text(0);
            self.text(name, &rest);
            self.raw(b":");
            self.value(&mut rest);
            before = b',';
        }
        self.raw(b"}");
    }

    fn value(&mut self, rest: &mut Reader<'_>) {
        if let Some(text) = rest.text_value() {
            return self.text(text, rest);
        }
        match rest.number() {
            NO => self.raw(b"false"),
            YES => self.raw(b"true"),
            NUMBER => {
                let number = rest.signed();
                if number < 0 {
                    self.raw(b"-");
                }
                self.number(number.unsigned_abs());
            }
            LIST => {
                self.raw(b"[");
                for at in 0..rest.number() {
                    if at > 0 {
                        self.raw(b",");
                    }
                    self.value(rest);
                }
                self.raw(b"]");
            }
            TEXT.. => unreachable!("a text is a text value"),
        }
    }

    fn text(&mut self, text: &str, of: &Reader<'_>) {
        if of.is_plain() {
            self.raw(b"\"");
            self.raw(text.as_bytes());
            self.raw(b"\"");
        } else {
            serde_json::to_writer(&mut self.bytes, text).expect("a text can be said in JSON, and memory be written");
        }
    }

    fn time(&mut self, at: SimTime) {
        match &self.time {
            Some((written, digits)) if *written == at => self.bytes.extend_from_slice(digits),
            _ => {
                let begin = self.bytes.len();
                self.number(at.0);
                self.time = Some((at, self.bytes[begin..].to_vec()));
            }
        }
    }

    fn number(&mut self, mut number: u64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        // Two at a time.
        while number >= 100 {
            let (tens, ones) = ((number / 10 % 10) as u8, (number % 10) as u8);
            digits[at - 2] = b'0' + tens;
            digits[at - 1] = b'0' + ones;
            number /= 100;
            at -= 2;
        }
        if number >= 10 {
            at -= 1;
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
        }
        at -= 1;
        digits[at] = b'0' + number as u8;
        self.raw(&digits[at..]);
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }
}
