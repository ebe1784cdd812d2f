//! PIN, PUK and global PIN: VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER.
//!
//! Each is eight bytes, the shorter ones filled up with FF (SP 800-73-4 part 2, 2.4.3). PINs are digits; a PUK may be
//! any bytes but FF. The standard lets a card answer 6A80 or 63Cx to what cannot be a PIN; this one answers 6A80, and
//! the counter stays.

use core::fmt;

use autoenroll_apdu::Command;
use autoenroll_apdu::piv::reference::{GLOBAL_PIN, PIN, PUK};

use super::Piv;
use crate::Mark;
use crate::form::{ImageError, Reader, Writer, content};
use crate::reply::{HandlerResult, done};

/// The PIN that a card comes with.
pub const DEFAULT_PIN: &str = "123456";
/// The PUK that a card comes with.
pub const DEFAULT_PUK: &str = "12345678";
/// The global PIN that a card comes with, where it has one.
pub const DEFAULT_GLOBAL_PIN: &str = "11223344";

/// Bytes of a field.
const LEN: usize = 8;

/// Most tries that a PIN or PUK may have: 63Cx states no more.
pub(super) const MOST_TRIES: u8 = 15;

/// Shortest PUK.
const SHORTEST_PUK: usize = 6;

/// Fills a field.
const FILL: u8 = 0xFF;

/// A PIN or PUK and its retry counter.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Reference {
    value: [u8; LEN],
    pub(super) tries_left: u8,
    pub(super) limit: u8,
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reference {{ tries_left: {} of {} }}", self.tries_left, self.limit)
    }
}

impl Reference {
    pub(super) fn new(value: &str, limit: u8) -> Self {
        Self { value: field(value.as_bytes()).unwrap_or([FILL; LEN]), tries_left: limit, limit }
    }

    /// The PIN or PUK itself: for looking in, not for hosts.
    pub(super) fn value(&self) -> &[u8] {
        value_of(&self.value).unwrap_or(&self.value)
    }

    pub(super) fn write_image(&self, out: &mut Writer) {
        out.raw(&self.value);
        out.raw(&[self.tries_left, self.limit]);
    }

    pub(super) fn read_image(read: &mut Reader<'_>) -> Result<Self, ImageError> {
        let value = read.array()?;
        let [tries_left, limit] = read.array()?;
        // K8.4.limit
        if value_of(&value).is_none() || !(1..=MOST_TRIES).contains(&limit) || tries_left > limit {
            return Err(content("its PIN or PUK"));
        }
        Ok(Self { value, tries_left, limit })
    }

    /// Whether it is what the card came with.
    pub(super) fn is_default(&self, default: &str) -> bool {
        field(default.as_bytes()) == Some(self.value)
    }

    /// Judges a value, counting.
    fn matches(&mut self, presented: [u8; LEN]) -> bool {
        let right = self.value == presented;
        // K8.4.card-counter
        self.tries_left = if right { self.limit } else { self.tries_left.saturating_sub(1) };
        right
    }

    /// Sets the value and restores the counter.
    pub(super) const fn set(&mut self, value: [u8; LEN]) {
        self.value = value;
        self.tries_left = self.limit;
    }
}

/// A value filled up to eight bytes; `None` when it is longer.
pub(super) fn field(value: &[u8]) -> Option<[u8; LEN]> {
    let mut all = [FILL; LEN];
    all.get_mut(..value.len())?.copy_from_slice(value);
    Some(all)
}

/// The value before the filling; `None` when something follows the filling.
fn value_of(field: &[u8; LEN]) -> Option<&[u8]> {
    let end = field.iter().position(|&byte| byte == FILL).unwrap_or(LEN);
    let (value, filling) = field.split_at(end);
    filling.iter().all(|&byte| byte == FILL).then_some(value)
}

/// Which of the three.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Pin,
    Puk,
    Global,
}

impl Piv {
    /// VERIFY (part 2, 3.2.1). Without data it asks for the counter, with P1 FF it takes back what was proved.
    pub(super) fn verify(&mut self, command: &Command) -> HandlerResult {
        let which = match command.p2 {
            PIN => Which::Pin,
            GLOBAL_PIN if self.global.is_some() => Which::Global,
            _ => return Err(Mark::PivVerifyP2),
        };
        match (command.p1, command.data.as_slice()) {
            (0x00, []) => self.pin_status(which),
            (0x00, presented) => self.verify_pin(which, presented),
            (0xFF, []) => {
                self.prove(which, false);
                done(Mark::PivVerifyReset)
            }
            _ => Err(Mark::PivVerifyP1),
        }
    }

    fn pin_status(&self, which: Which) -> HandlerResult {
        let proved = if which == Which::Global { self.session.global } else { self.session.pin };
        if proved {
            return done(Mark::PivVerifyNotNeeded);
        }
        Err(match (self.tries_left(which), which) {
            (0, _) => Mark::PivVerifyBlocked,
            (_, Which::Global) => Mark::PivVerifyGlobalNeeded,
            _ => Mark::PivVerifyNeeded,
        })
    }

    fn verify_pin(&mut self, which: Which, presented: &[u8]) -> HandlerResult {
        // K8.4.blocked
        if self.tries_left(which) == 0 {
            return Err(Mark::PivVerifyBlocked);
        }
        let presented = self.acceptable(which, presented).ok_or(Mark::PivVerifyFormat)?;
        let right = self.judge(which, presented);
        self.prove(which, right);
        match (right, which) {
            (true, _) => done(Mark::PivVerifyRight),
            (false, Which::Global) => Err(Mark::PivVerifyGlobalWrong),
            (false, _) => Err(Mark::PivVerifyWrong),
        }
    }

    /// CHANGE REFERENCE DATA (part 2, 3.2.2): the old value and the new one, eight bytes each.
    pub(super) fn change_reference_data(&mut self, command: &Command) -> HandlerResult {
        if command.p1 != 0x00 {
            return Err(Mark::PivChangeP1);
        }
        let which = match command.p2 {
            PIN => Which::Pin,
            PUK => Which::Puk,
            GLOBAL_PIN if self.global.is_some() => Which::Global,
            _ => return Err(Mark::PivChangeP2),
        };
        if self.tries_left(which) == 0 {
            return Err(Mark::PivChangeBlocked);
        }
        let (old, new) = command.data.split_at_checked(LEN).ok_or(Mark::PivChangeFormat)?;
        // What can be no old value is not compared. A new one of the wrong form beside a right old one changes nothing,
        // neither counter nor what was presented; beside a wrong one the counter goes down.
        let old = self.acceptable(which, old).ok_or(Mark::PivChangeFormat)?;
        let new = self.acceptable(which, new);
        if new.is_none() && self.reference(which).value == old {
            return Err(Mark::PivChangeFormat);
        }
        let right = self.judge(which, old);
        if which != Which::Puk {
            self.prove(which, right);
        }
        if !right {
            return Err(match which {
                Which::Pin => Mark::PivChangeWrong,
                Which::Puk => Mark::PivChangePukWrong,
                Which::Global => Mark::PivChangeGlobalWrong,
            });
        }
        let new = new.ok_or(Mark::PivChangeFormat)?;
        self.reference_mut(which).set(new);
        done(if which == Which::Puk { Mark::PivChangePukDone } else { Mark::PivChangeDone })
    }

    /// RESET RETRY COUNTER (part 2, 3.2.3): the PUK and a new PIN, eight bytes each. A wrong PUK takes back that the
    /// PIN was presented; a right one leaves it as it was.
    pub(super) fn reset_retry_counter(&mut self, command: &Command) -> HandlerResult {
        if command.p1 != 0x00 {
            return Err(Mark::PivUnblockP1);
        }
        if command.p2 != PIN {
            return Err(Mark::PivUnblockP2);
        }
        if self.puk.tries_left == 0 {
            return Err(Mark::PivUnblockBlocked);
        }
        let (puk, new) = command.data.split_at_checked(LEN).ok_or(Mark::PivUnblockFormat)?;
        let puk = self.acceptable(Which::Puk, puk).ok_or(Mark::PivUnblockFormat)?;
        let new = self.acceptable(Which::Pin, new);
        if new.is_none() && self.puk.value == puk {
            return Err(Mark::PivUnblockFormat);
        }
        if !self.puk.matches(puk) {
            self.prove(Which::Pin, false);
            return Err(Mark::PivUnblockWrong);
        }
        // K8.4.unblock
        self.pin.set(new.ok_or(Mark::PivUnblockFormat)?);
        done(Mark::PivUnblockDone)
    }

    /// A field that may hold this reference: digits for a PIN, of a length that the profile allows.
    fn acceptable(&self, which: Which, presented: &[u8]) -> Option<[u8; LEN]> {
        let presented: [u8; LEN] = presented.try_into().ok()?;
        let value = value_of(&presented)?;
        let fits = match which {
            Which::Puk => value.len() >= SHORTEST_PUK,
            _ => self.chip.profile.pin.allows(value.len()) && value.iter().all(u8::is_ascii_digit),
        };
        fits.then_some(presented)
    }

    /// A PIN as the command would carry it; `None` when the card takes no such PIN.
    pub(super) fn acceptable_pin(&self, pin: &[u8]) -> Option<[u8; LEN]> {
        self.acceptable(Which::Pin, &field(pin)?)
    }

    /// A PUK as the command would carry it; `None` when the card takes no such PUK.
    pub(super) fn acceptable_puk(&self, puk: &[u8]) -> Option<[u8; LEN]> {
        self.acceptable(Which::Puk, &field(puk)?)
    }

    fn judge(&mut self, which: Which, presented: [u8; LEN]) -> bool {
        self.reference_mut(which).matches(presented)
    }

    fn reference_mut(&mut self, which: Which) -> &mut Reference {
        match (which, &mut self.global) {
            (Which::Puk, _) => &mut self.puk,
            (Which::Global, Some(global)) => global,
            _ => &mut self.pin,
        }
    }

    fn reference(&self, which: Which) -> &Reference {
        match (which, &self.global) {
            (Which::Puk, _) => &self.puk,
            (Which::Global, Some(global)) => global,
            _ => &self.pin,
        }
    }

    fn tries_left(&self, which: Which) -> u8 {
        self.reference(which).tries_left
    }

    fn prove(&mut self, which: Which, proved: bool) {
        match which {
            Which::Global => self.session.global = proved,
            _ => self.session.pin = proved,
        }
        self.session.fresh = proved;
    }

    /// The retry counter that the status word of a mark states.
    pub(crate) const fn retries(&self, mark: Mark) -> u8 {
        match (mark, &self.global) {
            (Mark::PivChangePukWrong | Mark::PivUnblockWrong, _) => self.puk.tries_left,
            (Mark::PivVerifyGlobalWrong | Mark::PivVerifyGlobalNeeded | Mark::PivChangeGlobalWrong, Some(global)) => {
                global.tries_left
            }
            _ => self.pin.tries_left,
        }
    }
}
