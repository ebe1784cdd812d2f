//! The GIDS application: what the card keeps, what a session has proved, and which instruction does what.
//!
//! One file per group of instructions; each handler returns the [`Mark`] of its decision.

mod admin;
mod admin_key;
mod files;
mod image;
mod keys;
mod life_cycle;
mod look;
mod objects;
mod personalise;
mod pin;
mod select;

use alloc::collections::BTreeMap;
use alloc::sync::Arc;

use autoenroll_apdu::gids::{Condition, CrtTemplate, FileId, KeyReference};
use autoenroll_apdu::{Command, ins};

use crate::chip::Chip;
use crate::reply::HandlerResult;
use crate::{LifeCycle, Mark};

use admin_key::AdminKey;
use files::{Content, File, FileSystem, key_cost};
use pin::Pin;

/// The application: what is written, and the session.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Gids {
    pub(crate) chip: Arc<Chip>,
    pub(crate) life_cycle: LifeCycle,
    pub(crate) files: FileSystem,
    pub(crate) pin: Pin,
    /// How often each key was generated, so that the next one is another.
    pub(crate) generations: BTreeMap<KeyReference, u64>,
    /// How many challenges were drawn.
    challenges: u64,
    pub(crate) volatile: VolatileState,
}

/// What is forgotten when power goes, on reset, and when the application is selected again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct VolatileState {
    /// The selected file; `None` before the application is selected.
    pub(crate) selected: Option<FileId>,
    /// The PIN was presented.
    pub(crate) user: bool,
    /// The admin key was proved.
    pub(crate) admin: bool,
    /// Keys set by MSE SET, one for each kind of use, with the algorithm byte.
    environment: BTreeMap<CrtTemplate, (KeyReference, u8)>,
    /// An authentication that was begun.
    challenge: Option<admin::Challenge>,
}

impl Gids {
    pub(crate) fn new(chip: Arc<Chip>) -> Self {
        let pin = Pin::unset(chip.profile.pin.tries());
        Self {
            chip,
            life_cycle: LifeCycle::Creation,
            files: FileSystem::default(),
            pin,
            generations: BTreeMap::new(),
            challenges: 0,
            volatile: VolatileState::default(),
        }
    }

    pub(crate) fn forget_session(&mut self) {
        self.volatile = VolatileState::default();
    }

    /// Whether the command, or piece of one, may come now.
    pub(crate) fn admit(&self, command: &Command) -> Result<(), Mark> {
        if self.life_cycle == LifeCycle::Terminated {
            return Err(Mark::Terminated);
        }
        if command.cla & !0x10 != 0 {
            return Err(Mark::Class);
        }
        if command.ins == ins::SELECT {
            return Ok(());
        }
        if self.volatile.selected.is_none() {
            return Err(Mark::NotSelected);
        }
        match command.ins {
            ins::VERIFY
            | ins::MANAGE_SECURITY_ENVIRONMENT
            | ins::CHANGE_REFERENCE_DATA
            | ins::PERFORM_SECURITY_OPERATION
            | ins::RESET_RETRY_COUNTER
            | ins::ACTIVATE_FILE
            | ins::GENERATE_ASYMMETRIC_KEY_PAIR
            | ins::GENERAL_AUTHENTICATE
            | ins::GET_RESPONSE
            | ins::GET_DATA
            | ins::PUT_DATA
            | ins::CREATE_FILE
            | ins::DELETE_FILE
            | ins::TERMINATE_DF => Ok(()),
            _ => Err(Mark::Instruction),
        }
    }

    /// Carries out a command that [`Gids::admit`] let through.
    pub(crate) fn execute(&mut self, command: &Command) -> HandlerResult {
        match command.ins {
            ins::SELECT => self.select(command),
            ins::VERIFY => self.verify(command),
            ins::CHANGE_REFERENCE_DATA => self.change_reference_data(command),
            ins::RESET_RETRY_COUNTER => self.reset_retry_counter(command),
            ins::GENERAL_AUTHENTICATE => self.general_authenticate(command),
            ins::MANAGE_SECURITY_ENVIRONMENT => self.manage_security_environment(command),
            ins::PERFORM_SECURITY_OPERATION => self.perform_security_operation(command),
            ins::GENERATE_ASYMMETRIC_KEY_PAIR => self.generate(command),
            ins::GET_DATA => self.get_data(command),
            ins::PUT_DATA => self.put_data(command),
            ins::CREATE_FILE => self.create_file(command),
            ins::ACTIVATE_FILE => self.activate_file(command),
            ins::DELETE_FILE => self.delete_file(command),
            ins::TERMINATE_DF => self.terminate(command),
            _ => Err(Mark::Instruction),
        }
    }

    /// Whether the session meets an access condition. While the card is being initialised every condition is met.
    fn meets(&self, condition: Condition) -> bool {
        self.life_cycle == LifeCycle::Creation || condition.admits(self.volatile.user, self.volatile.admin)
    }

    /// Bytes still free.
    pub(crate) fn free_bytes(&self) -> usize {
        let all = usize::try_from(self.chip.profile.capacity.bytes).unwrap_or(usize::MAX);
        all.saturating_sub(self.files.used_bytes())
    }
}

/// Refuses P1 P2 other than zero, or a data field, where an instruction has neither.
fn bare(command: &Command, p1p2: Mark, length: Mark) -> Result<(), Mark> {
    if command.p1p2() != 0 {
        return Err(p1p2);
    }
    if command.data.is_empty() { Ok(()) } else { Err(length) }
}
