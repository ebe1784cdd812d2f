//! One reader transaction with a PIV card, and the objects that operations read and write in it.

use autoenroll_apdu::piv::{PivContainerMap, commands, tag};
use autoenroll_apdu::tlv::{self, Tag};
use autoenroll_apdu::{Command, Response, StatusWord};
use autoenroll_model::{EffectResult, HResult};

use crate::script::{Halt, Script};
use crate::target::Target;
use crate::{Pin, status};

/// A card whose application is selected.
pub(crate) struct PivTransaction<'a> {
    script: Script<'a>,
    pub(crate) target: &'a Target,
    verified: bool,
    /// The management key was proved.
    pub(super) managed: bool,
}

impl<'a> PivTransaction<'a> {
    /// Selects the application, verifies the PIN, works, and takes back that the PIN was presented.
    pub(crate) fn run(
        mut script: Script<'a>,
        pin: Option<&Pin>,
        target: &'a Target,
        work: impl FnOnce(&mut Self) -> Result<EffectResult, Halt>,
    ) -> Result<EffectResult, Halt> {
        select(&mut script)?;
        let mut card = Self { script, target, verified: false, managed: false };
        if let Some(pin) = pin {
            card.verify(pin)?;
        }
        let outcome = work(&mut card);
        if card.verified && matches!(outcome, Ok(_) | Err(Halt::Failed(_))) {
            card.log_out()?;
        }
        outcome
    }

    fn verify(&mut self, pin: &Pin) -> Result<(), Halt> {
        // K8.7.pin-form, K8.7.default-pin
        let digits = pin.as_digits(&self.target.pin_lengths);
        let command = digits.and_then(commands::verify).ok_or(Halt::Failed(HResult::SCARD_E_INVALID_CHV))?;
        let response = self.script.exchange(&command)?;
        status::verify(response.sw)?;
        self.verified = true;
        Ok(())
    }

    /// What was done is done, whatever becomes of the card now: only the wish to send is passed on.
    fn log_out(&mut self) -> Result<(), Halt> {
        match self.script.exchange(&commands::log_out()) {
            Err(Halt::Send(command)) => Err(Halt::Send(command)),
            _ => Ok(()),
        }
    }

    /// One command and its whole answer, whatever the status.
    pub(crate) fn exchange(&mut self, command: &Command) -> Result<Response, Halt> {
        self.script.exchange(command)
    }

    /// A command that must succeed.
    pub(crate) fn ask(&mut self, command: &Command) -> Result<Vec<u8>, Halt> {
        let response = self.exchange(command)?;
        if response.sw.is_ok() { Ok(response.data) } else { Err(self.refused(response.sw)) }
    }

    /// A command about a key that must succeed.
    pub(crate) fn ask_key(&mut self, command: &Command) -> Result<Vec<u8>, Halt> {
        let response = self.exchange(command)?;
        let failed = || Halt::Failed(status::key_code(response.sw, self.verified));
        if response.sw.is_ok() { Ok(response.data) } else { Err(failed()) }
    }

    /// The failure for the refusal of a command.
    pub(super) fn refused(&self, sw: StatusWord) -> Halt {
        Halt::Failed(status::code(sw, self.verified))
    }

    /// The value of an object; `None` when it is not there.
    pub(crate) fn read(&mut self, object: Tag) -> Result<Option<Vec<u8>>, Halt> {
        read(&mut self.script, object, self.verified)
    }

    /// Whether an object is there. Its beginning tells, so the rest is not fetched.
    pub(crate) fn holds(&mut self, object: Tag) -> Result<bool, Halt> {
        let response = self.script.transmit(&commands::get_data(object))?;
        Ok(response.sw.is_ok() || response.sw.remaining().is_some())
    }

    /// Replaces or creates an object; an empty value deletes it.
    pub(crate) fn write(&mut self, object: Tag, value: &[u8]) -> Result<(), Halt> {
        self.ask(&commands::put_data(object, value)).map(drop)
    }

    /// The container map, empty when no minidriver has written one.
    pub(crate) fn map(&mut self) -> Result<PivContainerMap, Halt> {
        let Some(value) = self.read(tag::CONTAINER_MAP)? else { return Ok(PivContainerMap::default()) };
        PivContainerMap::parse(&value).ok_or(Halt::Failed(HResult::NTE_FAIL))
    }

    /// Writes the container map; an empty one is deleted.
    pub(crate) fn write_map(&mut self, map: &PivContainerMap) -> Result<(), Halt> {
        let value = if map.0.is_empty() { Vec::new() } else { map.encode() };
        self.write(tag::CONTAINER_MAP, &value)
    }
}

/// Selects the PIV application.
pub(crate) fn select(script: &mut Script<'_>) -> Result<(), Halt> {
    match script.exchange(&commands::select_application())?.sw {
        StatusWord::OK => Ok(()),
        _ => Err(Halt::Failed(HResult::SCARD_E_UNKNOWN_CARD)),
    }
}

/// The value of an object; `None` when it is not there.
pub(crate) fn read(script: &mut Script<'_>, object: Tag, verified: bool) -> Result<Option<Vec<u8>>, Halt> {
    let response = script.exchange(&commands::get_data(object))?;
    match response.sw {
        StatusWord::OK => match tlv::read_only(&response.data, tag::DATA) {
            Ok(value) => Ok(Some(value.to_vec())),
            Err(_) => Err(Halt::Failed(HResult::NTE_FAIL)),
        },
        StatusWord::FILE_NOT_FOUND | StatusWord::REFERENCE_NOT_FOUND => Ok(None),
        sw => Err(Halt::Failed(status::code(sw, verified))),
    }
}
