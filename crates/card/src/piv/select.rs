//! SELECT, and the property template it answers with.

use alloc::vec::Vec;

use autoenroll_apdu::Command;
use autoenroll_apdu::piv::{AID, RID_LEN, tag};
use autoenroll_apdu::tlv;

use super::Piv;
use crate::Mark;
use crate::reply::{HandlerResult, reply};

impl Piv {
    /// SELECT (SP 800-73-4 part 2, 3.1.1) by the identifier or its beginning. Selecting it again changes nothing that
    /// was proved, and an identifier that no application of the card has leaves it selected.
    pub(super) fn select(&mut self, command: &Command) -> HandlerResult {
        if (command.p1, command.p2) != (0x04, 0x00) {
            return Err(Mark::PivSelectP1P2);
        }
        if !Self::is_named(&command.data) {
            return Err(Mark::PivSelectUnknown);
        }
        self.session.selected = true;
        reply(Mark::PivSelect, property_template())
    }
}

/// The identifier without its provider, and the provider: what tables 3 and 4 of the standard demand.
fn property_template() -> Vec<u8> {
    let mut value = tlv::encode(tag::IDENTIFIER, &AID[RID_LEN..]);
    let provider = tlv::encode(tag::IDENTIFIER, &AID[..RID_LEN]);
    tlv::write(&mut value, tag::ALLOCATION_AUTHORITY, &provider);
    tlv::encode(tag::TEMPLATE, &value)
}
