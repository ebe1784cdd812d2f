//! One reader transaction with a GIDS card, and the files that operations read and write in it.

use autoenroll_apdu::gids::{
    CardCacheFile, ContainerMap, FileId, KeyKind, KeyMap, KeyMapRecord, KeyReference, LayoutError, MasterFile,
    certificate_file_name, commands, tag,
};
use autoenroll_apdu::tlv::{self, Tag};
use autoenroll_apdu::{Command, Response, StatusWord};
use autoenroll_model::{EffectResult, HResult};

use crate::script::{Halt, Script};
use crate::{Pin, status};

/// A card whose application is selected and whose cache file has been read.
pub(crate) struct CardTransaction<'a> {
    script: Script<'a>,
    cache: CardCacheFile,
    verified: bool,
}

impl<'a> CardTransaction<'a> {
    /// Selects the application, reads the card cache file as every host does first, verifies the PIN, works, and
    /// deauthenticates.
    pub(crate) fn run(
        mut script: Script<'a>,
        pin: Option<&Pin>,
        work: impl FnOnce(&mut Self) -> Result<EffectResult, Halt>,
    ) -> Result<EffectResult, Halt> {
        select(&mut script)?;
        let cache = read(&mut script, FileId::EVERYONE_READ_USER_WRITE, tag::CARD_CACHE)?;
        let cache = cache.map_err(|sw| Halt::Failed(status::code(sw, false)))?;
        let cache = layout(CardCacheFile::parse(&cache.ok_or(Halt::Failed(HResult::SCARD_E_FILE_NOT_FOUND))?))?;
        let mut card = Self { script, cache, verified: false };
        if let Some(pin) = pin {
            card.verify(pin)?;
        }
        let outcome = work(&mut card);
        if card.verified && matches!(outcome, Ok(_) | Err(Halt::Failed(_))) {
            card.deauthenticate()?;
        }
        outcome
    }

    fn verify(&mut self, pin: &Pin) -> Result<(), Halt> {
        let data = pin.as_verify_data().ok_or(Halt::Failed(HResult::SCARD_E_INVALID_CHV))?;
        let response = self.script.exchange(&commands::verify(data))?;
        status::verify(response.sw)?;
        self.verified = true;
        Ok(())
    }

    /// What was done is done, whatever becomes of the card now: only the wish to send is passed on.
    fn deauthenticate(&mut self) -> Result<(), Halt> {
        match self.script.exchange(&commands::deauthenticate()) {
            Err(Halt::Send(command)) => Err(Halt::Send(command)),
            _ => Ok(()),
        }
    }

    /// One command and its whole answer, whatever the status.
    pub(crate) fn exchange(&mut self, command: &Command) -> Result<Response, Halt> {
        self.script.exchange(command)
    }

    /// The first part of an answer; what the card holds back is not fetched.
    pub(crate) fn transmit(&mut self, command: &Command) -> Result<Response, Halt> {
        self.script.transmit(command)
    }

    /// A command about files that must succeed.
    pub(crate) fn ask(&mut self, command: &Command) -> Result<Vec<u8>, Halt> {
        let response = self.exchange(command)?;
        if response.sw.is_ok() { Ok(response.data) } else { Err(self.refused(response.sw)) }
    }

    /// A command about keys that must succeed.
    pub(crate) fn ask_key(&mut self, command: &Command) -> Result<Vec<u8>, Halt> {
        let response = self.exchange(command)?;
        if response.sw.is_ok() { Ok(response.data) } else { Err(self.key_refused(response.sw)) }
    }

    /// The failure for the refusal of a command about files.
    fn refused(&self, sw: StatusWord) -> Halt {
        Halt::Failed(status::code(sw, self.verified))
    }

    /// The failure for the refusal of a command about keys.
    pub(crate) fn key_refused(&self, sw: StatusWord) -> Halt {
        Halt::Failed(status::key_code(sw, self.verified))
    }

    /// The value of a data object; `None` when it is not there.
    pub(crate) fn read(&mut self, file: FileId, object: Tag) -> Result<Option<Vec<u8>>, Halt> {
        read(&mut self.script, file, object)?.map_err(|sw| self.refused(sw))
    }

    /// Replaces or creates a data object.
    pub(crate) fn write(&mut self, file: FileId, object: Tag, value: &[u8]) -> Result<(), Halt> {
        self.ask(&commands::put_data(file, object, value)).map(drop)
    }

    /// Counts a change of files in the card cache file. Hosts do so before the change: if it is then cut short, other
    /// hosts at least look again.
    pub(crate) fn files_change(&mut self) -> Result<(), Halt> {
        self.cache = self.cache.file_changed();
        self.write_cache()
    }

    /// Counts a change of keys.
    pub(crate) fn containers_change(&mut self) -> Result<(), Halt> {
        self.cache = self.cache.container_changed();
        self.write_cache()
    }

    fn write_cache(&mut self) -> Result<(), Halt> {
        self.write(FileId::EVERYONE_READ_USER_WRITE, tag::CARD_CACHE, &self.cache.encode())
    }

    pub(crate) fn container_map(&mut self) -> Result<ContainerMap, Halt> {
        let file = self.read(FileId::EVERYONE_READ_USER_WRITE, tag::CONTAINER_MAP)?;
        layout(ContainerMap::parse(&file.ok_or(Halt::Failed(HResult::SCARD_E_FILE_NOT_FOUND))?))
    }

    pub(crate) fn write_container_map(&mut self, map: &ContainerMap) -> Result<(), Halt> {
        self.write(FileId::EVERYONE_READ_USER_WRITE, tag::CONTAINER_MAP, &map.encode())
    }

    /// The key map, empty when no key was ever made.
    pub(crate) fn key_map(&mut self) -> Result<KeyMap, Halt> {
        let file = self.read(FileId::USER_CREATE_DELETE_DIR, tag::KEY_MAP)?;
        file.map_or(Ok(KeyMap::default()), |bytes| layout(KeyMap::parse(&bytes)))
    }

    pub(crate) fn write_key_map(&mut self, map: &KeyMap) -> Result<(), Halt> {
        self.write(FileId::USER_CREATE_DELETE_DIR, tag::KEY_MAP, &map.encode())
    }

    pub(crate) fn master_file(&mut self) -> Result<MasterFile, Halt> {
        let file = self.read(FileId::USER_CREATE_DELETE_DIR, tag::MASTER_FILE)?;
        layout(MasterFile::parse(&file.ok_or(Halt::Failed(HResult::SCARD_E_FILE_NOT_FOUND))?))
    }

    pub(crate) fn write_master_file(&mut self, file: &MasterFile) -> Result<(), Halt> {
        self.write(FileId::USER_CREATE_DELETE_DIR, tag::MASTER_FILE, &file.encode())
    }

    /// The container map and the index of the container with this name.
    pub(crate) fn find_container(&mut self, name: &str) -> Result<(ContainerMap, u8), Halt> {
        let map = self.container_map()?;
        let index = map.find(name).and_then(|index| u8::try_from(index).ok());
        Ok((map, index.ok_or(Halt::Failed(HResult::SCARD_E_NO_KEY_CONTAINER))?))
    }

    /// Deletes a key file. One that is not there is as good as deleted; one whose making was cut short before its
    /// activation has to be activated first.
    pub(crate) fn delete_key_file(&mut self, file: FileId) -> Result<(), Halt> {
        match self.exchange(&commands::select_file(file))?.sw {
            StatusWord::OK => {}
            StatusWord::FILE_NOT_FOUND => return Ok(()),
            sw => return Err(self.key_refused(sw)),
        }
        match self.exchange(&commands::delete_file())?.sw {
            StatusWord::OK => Ok(()),
            StatusWord::CONDITIONS_OF_USE => {
                self.ask_key(&commands::activate_file())?;
                self.ask_key(&commands::delete_file()).map(drop)
            }
            sw => Err(self.key_refused(sw)),
        }
    }
}

/// Selects the GIDS application, which drops what an earlier user of the card left behind.
pub(crate) fn select(script: &mut Script<'_>) -> Result<(), Halt> {
    match script.exchange(&commands::select_application())?.sw {
        StatusWord::OK => Ok(()),
        _ => Err(Halt::Failed(HResult::SCARD_E_UNKNOWN_CARD)),
    }
}

/// The value of a data object; `None` when it is not there, the status word when the card refuses.
pub(crate) fn read(
    script: &mut Script<'_>,
    file: FileId,
    object: Tag,
) -> Result<Result<Option<Vec<u8>>, StatusWord>, Halt> {
    let response = script.exchange(&commands::get_data(file, object))?;
    match response.sw {
        StatusWord::OK => match tlv::read_only(&response.data, object) {
            Ok(value) => Ok(Ok(Some(value.to_vec()))),
            Err(_) => Err(Halt::Failed(HResult::NTE_FAIL)),
        },
        StatusWord::REFERENCE_NOT_FOUND | StatusWord::FILE_NOT_FOUND => Ok(Ok(None)),
        sw => Ok(Err(sw)),
    }
}

/// What the key map says of a container.
pub(crate) fn key_record(keys: &KeyMap, index: u8) -> KeyMapRecord {
    keys.0.get(usize::from(index)).copied().unwrap_or(KeyMapRecord::Free)
}

/// The key of a container: its reference, algorithm byte and kind.
pub(crate) fn key_of(keys: &KeyMap, index: u8) -> Result<(KeyReference, u8, KeyKind), Halt> {
    match key_record(keys, index) {
        KeyMapRecord::Used { algorithm, kind, file } => {
            Ok((file.key_reference().ok_or(Halt::Failed(HResult::NTE_NO_KEY))?, algorithm, kind))
        }
        KeyMapRecord::Free => Err(Halt::Failed(HResult::NTE_NO_KEY)),
    }
}

/// Directory of the logical files that belong to containers.
pub(crate) const DIRECTORY: &str = "mscp";

/// Where the certificate of a container is kept, of an exchange key rather than of a signature key.
pub(crate) fn certificate_object(master: &MasterFile, index: u8) -> Option<(FileId, Tag)> {
    [KeyKind::Exchange, KeyKind::Signature]
        .into_iter()
        .find_map(|kind| master.find(DIRECTORY, certificate_file_name(kind, index).as_str()))
}

/// A card whose files are not as they should be is broken as far as a provider can tell.
fn layout<T>(parsed: Result<T, LayoutError>) -> Result<T, Halt> {
    parsed.map_err(|_| Halt::Failed(HResult::NTE_FAIL))
}
