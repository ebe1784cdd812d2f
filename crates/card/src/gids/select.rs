//! SELECT, and the data it answers with.

use alloc::vec::Vec;

use autoenroll_apdu::Command;
use autoenroll_apdu::gids::{AID, FileId};

use super::{Gids, VolatileState};
use crate::Mark;
use crate::reply::{HandlerResult, reply};

/// Control information of the application. The version byte 02 after the identifier is what makes hosts take the card
/// for GIDS version 2; 40 01 C0 announces the authentication protocols with a short challenge.
const FCI: [u8; 20] = [
    0x61, 0x12, 0x4F, 0x0B, 0xA0, 0x00, 0x00, 0x03, 0x97, 0x42, 0x54, 0x46, 0x59, 0x02, 0x01, 0x73, 0x03, 0x40, 0x01,
    0xC0,
];

/// Control parameters of the application: a dedicated file, in which user or admin may create and delete files.
const FCP: [u8; 10] = [0x62, 0x08, 0x82, 0x01, 0x38, 0x8C, 0x03, 0x03, 0x30, 0x30];

/// Management data of the application: PIN usage policy 60.
const FMD: [u8; 11] = [0x64, 0x09, 0x5F, 0x2F, 0x01, 0x60, 0x7F, 0x65, 0x02, 0x80, 0x00];

impl Gids {
    /// SELECT (ISO 7816-4 11.2.2): the application by identifier (P1 04), or a file by identifier (P1 00).
    pub(super) fn select(&mut self, command: &Command) -> HandlerResult {
        match command.p1 {
            0x04 => self.select_application(command),
            0x00 => self.select_file(command),
            _ => Err(Mark::SelectP1),
        }
    }

    /// Hosts send the identifier with none, one or both of its version bytes.
    fn select_application(&mut self, command: &Command) -> HandlerResult {
        match command.data.strip_prefix(&AID) {
            Some([] | [0x02] | [0x02, 0x01]) => {}
            _ => return Err(Mark::SelectUnknownApplication),
        }
        let data = application_data(command.p2)?;
        // Selecting the application anew ends what was proved to it.
        self.volatile = VolatileState { selected: Some(FileId::APPLICATION), ..VolatileState::default() };
        reply(Mark::SelectApplication, data)
    }

    /// The class driver selects 3FFF before it selects the application, so that is accepted at any time; files only
    /// within the application. What the session has proved stays.
    fn select_file(&mut self, command: &Command) -> HandlerResult {
        let &[high, low] = command.data.as_slice() else { return Err(Mark::SelectLength) };
        let id = FileId(u16::from_be_bytes([high, low]));
        if id == FileId::APPLICATION {
            let data = application_data(command.p2)?;
            self.volatile.selected = Some(id);
            return reply(Mark::SelectApplicationFile, data);
        }
        let within = self.volatile.selected.is_some();
        let file = self.files.get(id).filter(|_| within).ok_or(Mark::SelectUnknownFile)?;
        let data = match command.p2 {
            0x04 => file.fcp.encode(),
            0x0C => Vec::new(),
            _ => return Err(Mark::SelectP2),
        };
        self.volatile.selected = Some(id);
        reply(Mark::SelectFile, data)
    }
}

/// What P2 asks about the application.
fn application_data(p2: u8) -> Result<Vec<u8>, Mark> {
    match p2 {
        0x00 => Ok(FCI.to_vec()),
        0x04 => Ok(FCP.to_vec()),
        0x08 => Ok(FMD.to_vec()),
        0x0C => Ok(Vec::new()),
        _ => Err(Mark::SelectP2),
    }
}
