//! The one application of a card, whichever it is.

use alloc::sync::Arc;

use autoenroll_apdu::Command;
use autoenroll_apdu::piv::{Slot, TouchRule};
use autoenroll_keys::PublicKey;

use crate::chip::Chip;
use crate::form::{ImageError, Reader, Writer};
use crate::gids::Gids;
use crate::piv::Piv;
use crate::profile::Applet;
use crate::reply::HandlerResult;
use crate::{CardState, ContainerSpec, Mark, Personalisation, PersonaliseError};

/// What answers commands.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Application {
    Gids(Gids),
    Piv(Piv),
}

/// The same method of whichever application there is.
macro_rules! either {
    ($this:expr, $application:ident => $call:expr) => {
        match $this {
            Application::Gids($application) => $call,
            Application::Piv($application) => $call,
        }
    };
}

impl Application {
    pub(crate) fn new(chip: Arc<Chip>) -> Self {
        match chip.profile.applet {
            Applet::Gids => Self::Gids(Gids::new(chip)),
            Applet::Piv(options) => Self::Piv(Piv::new(chip, options)),
        }
    }

    /// The same chip with nothing written on it.
    pub(crate) fn blank(&self) -> Self {
        Self::new(either!(self, application => Arc::clone(&application.chip)))
    }

    /// Everything that is written, for [`Application::read`].
    pub(crate) fn write(&self, out: &mut Writer) {
        either!(self, application => application.write_image(out));
    }

    /// The application of a chip as it was written.
    pub(crate) fn read(chip: Arc<Chip>, read: &mut Reader<'_>) -> Result<Self, ImageError> {
        match chip.profile.applet {
            Applet::Gids => Gids::read_image(chip, read).map(Self::Gids),
            Applet::Piv(options) => Piv::read_image(chip, options, read).map(Self::Piv),
        }
    }

    pub(crate) fn chip(&self) -> &Chip {
        either!(self, application => &application.chip)
    }

    pub(crate) fn forget_session(&mut self) {
        either!(self, application => application.forget_session());
    }

    /// Whether the command, or piece of one, may come now.
    pub(crate) fn admit(&self, command: &Command) -> Result<(), Mark> {
        either!(self, application => application.admit(command))
    }

    /// Carries out a command that [`Application::admit`] let through.
    pub(crate) fn execute(&mut self, command: &Command) -> HandlerResult {
        either!(self, application => application.execute(command))
    }

    /// The retry counter that the status word of a mark states.
    pub(crate) const fn retries(&self, mark: Mark) -> u8 {
        match self {
            Self::Gids(gids) => gids.pin.retries_left,
            Self::Piv(piv) => piv.retries(mark),
        }
    }

    pub(crate) fn look(&self) -> CardState {
        either!(self, application => application.look())
    }

    pub(crate) const fn is_unlocked(&self) -> bool {
        match self {
            Self::Gids(gids) => gids.volatile.user,
            Self::Piv(piv) => piv.session.user(),
        }
    }

    pub(crate) fn pin(&self) -> Option<&[u8]> {
        match self {
            Self::Gids(gids) => gids.pin.value(),
            Self::Piv(piv) => Some(piv.pin()),
        }
    }

    pub(crate) fn puk(&self) -> Option<&[u8]> {
        match self {
            Self::Gids(_) => None,
            Self::Piv(piv) => Some(piv.puk()),
        }
    }

    pub(crate) fn admin_key(&self) -> Option<&[u8]> {
        match self {
            Self::Gids(gids) => gids.admin_key(),
            Self::Piv(piv) => Some(piv.management_key()),
        }
    }

    pub(crate) fn set_touched(&mut self, touched: bool) {
        if let Self::Piv(piv) = self {
            piv.touched = touched;
        }
    }

    pub(crate) fn touch_rule(&self, slot: Slot) -> Option<TouchRule> {
        match self {
            Self::Gids(_) => None,
            Self::Piv(piv) => piv.touch_rule(slot),
        }
    }

    pub(crate) fn set_touch_rule(&mut self, container: u8, rule: TouchRule) -> Result<(), PersonaliseError> {
        match self {
            Self::Gids(_) => Ok(()),
            Self::Piv(piv) => piv.set_touch_rule(container, rule),
        }
    }

    pub(crate) fn set_puk(&mut self, puk: &[u8], tries: u8) -> Result<(), PersonaliseError> {
        match self {
            Self::Gids(_) => Ok(()),
            Self::Piv(piv) => piv.set_puk(puk, tries),
        }
    }

    pub(crate) fn personalise(&mut self, with: &Personalisation) -> Result<(), PersonaliseError> {
        either!(self, application => application.personalise(with))
    }

    pub(crate) fn add_container(&mut self, spec: &ContainerSpec) -> Result<(u8, PublicKey), PersonaliseError> {
        either!(self, application => application.add_container(spec))
    }

    pub(crate) fn store_certificate(&mut self, container: u8, der: &[u8]) -> Result<(), PersonaliseError> {
        either!(self, application => application.store_certificate(container, der))
    }

    pub(crate) fn reset_pin(&mut self, pin: &[u8]) -> Result<(), PersonaliseError> {
        either!(self, application => application.reset_pin(pin))
    }

    pub(crate) fn set_tries_left(&mut self, tries: u8) {
        either!(self, application => application.set_tries_left(tries));
    }
}
