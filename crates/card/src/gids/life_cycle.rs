//! Files come and go, and the application with them: CREATE, ACTIVATE, DELETE, TERMINATE.

use autoenroll_apdu::Command;
use autoenroll_apdu::gids::{AccessMode, Condition, Fcp, FileId};

use super::files::{Content, File};
use super::{Gids, bare};
use crate::reply::{HandlerResult, done};
use crate::{LifeCycle, Mark};

/// Who may create and activate files, and delete those whose own control parameters do not say: the application's
/// security attribute 03 30 30.
const APPLICATION_CONDITION: Condition = Condition::USER_OR_ADMIN;

impl Gids {
    /// CREATE FILE (ISO 7816-9): an elementary file from its control parameters.
    pub(super) fn create_file(&mut self, command: &Command) -> HandlerResult {
        if command.p1p2() != 0 {
            return Err(Mark::CreateP1P2);
        }
        let file = Fcp::parse(&command.data).ok().and_then(File::new).ok_or(Mark::CreateData)?;
        if !self.meets(APPLICATION_CONDITION) {
            return Err(Mark::CreateRefused);
        }
        let id = file.fcp.id;
        if self.files.get(id).is_some() {
            return Err(Mark::CreateExists);
        }
        // Hosts find out by this refusal that the card is full: GIDS has no object that states the number of
        // containers.
        let user_key = matches!(file.content, Content::UserKey { .. });
        if user_key && self.files.user_keys() >= usize::from(self.chip.profile.capacity.containers) {
            return Err(Mark::CreateContainers);
        }
        if file.fcp.encode().len() > self.free_bytes() {
            return Err(Mark::CreateMemory);
        }
        self.files.insert(file);
        self.volatile.selected = Some(id);
        done(Mark::CreateDone)
    }

    /// ACTIVATE FILE (ISO 7816-9) on the selected file. On the application it ends the initialisation.
    pub(super) fn activate_file(&mut self, command: &Command) -> HandlerResult {
        bare(command, Mark::ActivateP1P2, Mark::ActivateLength)?;
        if !self.meets(APPLICATION_CONDITION) {
            return Err(Mark::ActivateRefused);
        }
        let selected = self.volatile.selected.and_then(|id| self.files.get_mut(id));
        let mark = match (selected, self.life_cycle) {
            (None, LifeCycle::Creation) => {
                self.life_cycle = LifeCycle::Operational;
                Mark::ActivateApplication
            }
            (Some(file), _) if !file.active => {
                file.active = true;
                Mark::ActivateFile
            }
            _ => Mark::ActivateAgain,
        };
        done(mark)
    }

    /// DELETE FILE (ISO 7816-9) of the selected file. Key files of GIDS hosts carry no condition on it; the
    /// application's condition for deleting what is in it stands in, for deleting a key must not be open to everyone.
    pub(super) fn delete_file(&mut self, command: &Command) -> HandlerResult {
        bare(command, Mark::DeleteP1P2, Mark::DeleteLength)?;
        let Some(file) = self.volatile.selected.and_then(|id| self.files.get(id)) else {
            return Err(Mark::DeleteApplication);
        };
        if !file.active {
            return Err(Mark::DeleteInactive);
        }
        if !self.meets(file.fcp.security.condition(AccessMode::Delete).unwrap_or(APPLICATION_CONDITION)) {
            return Err(Mark::DeleteRefused);
        }
        let id = file.fcp.id;
        self.files.remove(id);
        self.volatile.selected = Some(FileId::APPLICATION);
        // A key that is gone must not be used through a security environment that still names its file.
        self.volatile.environment.retain(|_, (key, _)| key.file() != id);
        done(Mark::DeleteDone)
    }

    /// TERMINATE DF (ISO 7816-9). The application states no condition on it; ending a card for good is the admin's.
    pub(super) fn terminate(&mut self, command: &Command) -> HandlerResult {
        bare(command, Mark::TerminateP1P2, Mark::TerminateLength)?;
        if !self.meets(Condition::ADMIN) {
            return Err(Mark::TerminateRefused);
        }
        self.life_cycle = LifeCycle::Terminated;
        self.forget_session();
        done(Mark::TerminateDone)
    }
}
