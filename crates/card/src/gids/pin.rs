//! The PIN: VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER.
//!
//! The counter goes down with every wrong PIN and up only with a right one or with the admin's help. GIDS cards unblock
//! with the admin key; there is no PUK.

use alloc::vec::Vec;
use core::fmt;

use autoenroll_apdu::Command;

use super::Gids;
use crate::reply::{HandlerResult, done};
use crate::{LifeCycle, Mark};

/// Reference of the PIN in P2; hosts also write 00.
const PIN: u8 = 0x80;

/// P2 of VERIFY that deauthenticates user and admin (GIDS).
const DEAUTHENTICATE: u8 = 0x82;

/// The PIN and its retry counter.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Pin {
    value: Option<Vec<u8>>,
    pub(crate) retries_left: u8,
}

impl Pin {
    pub(crate) const fn unset(retry_limit: u8) -> Self {
        Self { value: None, retries_left: retry_limit }
    }

    pub(crate) const fn new(value: Option<Vec<u8>>, retries_left: u8) -> Self {
        Self { value, retries_left }
    }

    /// The PIN itself: for looking in, not for hosts.
    pub(crate) fn value(&self) -> Option<&[u8]> {
        self.value.as_deref()
    }

    pub(crate) const fn is_set(&self) -> bool {
        self.value.is_some()
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin {{ set: {}, retries_left: {} }}", self.is_set(), self.retries_left)
    }
}

impl Gids {
    /// VERIFY (ISO 7816-4 11.5.6).
    pub(super) fn verify(&mut self, command: &Command) -> HandlerResult {
        if command.p1 != 0 {
            return Err(Mark::VerifyP1);
        }
        match command.p2 {
            PIN | 0x00 if command.data.is_empty() => self.pin_status(),
            PIN | 0x00 => self.verify_pin(&command.data),
            DEAUTHENTICATE if command.data.is_empty() => {
                self.deauthenticate();
                done(Mark::Deauthenticate)
            }
            DEAUTHENTICATE => Err(Mark::DeauthenticateLength),
            _ => Err(Mark::VerifyP2),
        }
    }

    fn pin_status(&self) -> HandlerResult {
        if self.life_cycle == LifeCycle::Creation || self.volatile.user {
            return done(Mark::VerifyNotNeeded);
        }
        Err(match (self.pin.is_set(), self.pin.retries_left) {
            (false, _) => Mark::VerifyNoPin,
            (true, 0) => Mark::VerifyBlocked,
            (true, _) => Mark::VerifyNeeded,
        })
    }

    fn verify_pin(&mut self, presented: &[u8]) -> HandlerResult {
        let Some(pin) = &self.pin.value else { return Err(Mark::VerifyNoPin) };
        // K8.4.blocked
        if self.pin.retries_left == 0 {
            return Err(Mark::VerifyBlocked);
        }
        if !self.chip.profile.pin.allows(presented.len()) {
            return Err(Mark::VerifyLength);
        }
        let right = pin == presented;
        self.count_attempt(right);
        if right { done(Mark::VerifyRight) } else { Err(Mark::VerifyWrong) }
    }

    /// CHANGE REFERENCE DATA (ISO 7816-4 11.5.7): P1 00 old PIN and new PIN, P1 01 new PIN only.
    pub(super) fn change_reference_data(&mut self, command: &Command) -> HandlerResult {
        match (command.p1, command.p2) {
            (0x00, PIN) => self.change_pin(&command.data),
            (0x01, PIN) => self.set_pin_by_user(&command.data),
            (0x00 | 0x01, _) => Err(Mark::ChangeP2),
            _ => Err(Mark::ChangeP1),
        }
    }

    /// Nothing in the data says where the old PIN ends: it ends where the current one does. The old PIN is judged
    /// before the new one, so that a wrong guess learns nothing from the kind of error.
    fn change_pin(&mut self, old_and_new: &[u8]) -> HandlerResult {
        let Some(pin) = &self.pin.value else { return Err(Mark::ChangeNoPin) };
        if self.pin.retries_left == 0 {
            return Err(Mark::ChangeBlocked);
        }
        if old_and_new.is_empty() {
            return Err(Mark::ChangeLength);
        }
        let new = old_and_new.strip_prefix(pin.as_slice()).map(<[u8]>::to_vec);
        self.count_attempt(new.is_some());
        let new = new.ok_or(Mark::ChangeWrong)?;
        if !self.chip.profile.pin.allows(new.len()) {
            return Err(Mark::ChangeLength);
        }
        self.pin.value = Some(new);
        done(Mark::ChangeDone)
    }

    fn set_pin_by_user(&mut self, new: &[u8]) -> HandlerResult {
        let mark = match self.life_cycle {
            LifeCycle::Creation => Mark::SetPinInitial,
            _ if self.volatile.user => Mark::SetPinVerified,
            _ => return Err(Mark::SetPinRefused),
        };
        if !self.chip.profile.pin.allows(new.len()) {
            return Err(Mark::ChangeLength);
        }
        self.set_pin(new);
        done(mark)
    }

    /// RESET RETRY COUNTER (ISO 7816-4 11.5.10), P1 02: a new PIN, after admin authentication.
    pub(super) fn reset_retry_counter(&mut self, command: &Command) -> HandlerResult {
        if command.p1 != 0x02 {
            return Err(Mark::ResetRetryCounterP1);
        }
        if command.p2 != PIN {
            return Err(Mark::ResetRetryCounterP2);
        }
        if self.life_cycle == LifeCycle::Creation {
            return Err(Mark::ResetRetryCounterInitial);
        }
        // K8.4.unblock
        if !self.volatile.admin {
            return Err(Mark::ResetRetryCounterRefused);
        }
        if !self.chip.profile.pin.allows(command.data.len()) {
            return Err(Mark::ResetRetryCounterLength);
        }
        self.set_pin(&command.data);
        self.deauthenticate();
        done(Mark::ResetRetryCounterDone)
    }

    /// Sets the PIN and restores the counter.
    pub(crate) fn set_pin(&mut self, new: &[u8]) {
        self.pin = Pin { value: Some(new.to_vec()), retries_left: self.chip.profile.pin.tries() };
    }

    /// A wrong PIN also deauthenticates the user, whom the card no longer knows then.
    fn count_attempt(&mut self, right: bool) {
        self.volatile.user = right;
        // K8.4.card-counter
        self.pin.retries_left =
            if right { self.chip.profile.pin.tries() } else { self.pin.retries_left.saturating_sub(1) };
    }

    fn deauthenticate(&mut self) {
        self.volatile.user = false;
        self.volatile.admin = false;
    }
}
