//! The minidriver of a kind of card, as the entry of the card database has it: which card edge it speaks, and what its
//! maker decided.

use std::collections::BTreeSet;

use autoenroll_apdu::piv::TouchRule;
use autoenroll_model::{CardOperation, words};

words! {
    /// A minidriver.
    #[derive(Default)]
    pub enum Minidriver as "minidriver" {
        /// Of GIDS cards: the container map is a file of the card.
        #[default]
        Gids = "gids",
        /// The one that Windows brings along, on a PIV card: it lists what certificates are in 9A, 9C, 9D and 9E, and
        /// writes nothing.
        PivInbox = "piv-inbox",
        /// A maker's own for PIV cards: containers are in object 5FFF10, and the management key is at hand.
        PivVendor = "piv-vendor",
    }
}

words! {
    /// Which container is the default one.
    #[derive(Default)]
    pub enum DefaultContainer as "default container" {
        /// The one that carries the flag, and without any the first.
        #[default]
        Flagged = "flagged",
        /// Always the first: 9A, where it is taken. Marking another one succeeds and changes nothing.
        First = "first",
    }
}

words! {
    /// What a maker's minidriver of PIV cards does when it meets a card that nobody has set up.
    pub enum FirstUse as "first use" {
        /// The usual management key gives way to one of its own, which is kept on the card behind the PIN.
        ProtectManagementKey = "protect-management-key",
        /// The usual PUK is blocked. To find out whether it is the usual one costs another PUK one try.
        BlockPuk = "block-puk",
    }
}

words! {
    /// What a minidriver refuses although its card could do it, with `SCARD_E_UNSUPPORTED_FEATURE`.
    pub enum Refusal as "refusal" {
        /// A new key in a container that exists.
        Overwrite = "overwrite",
        /// Another certificate in a container that has one.
        ReplaceCertificate = "replace-certificate",
        /// Another default container.
        SetDefault = "set-default",
        /// Deleting a container.
        Delete = "delete",
    }
}

/// A minidriver and what its maker decided. All but the driver is for PIV cards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinidriverSettings {
    /// Which one.
    pub driver: Minidriver,
    /// When keys that it makes ask to be touched.
    pub new_key_touch: TouchRule,
    /// Which container is the default one.
    pub default_container: DefaultContainer,
    /// What it does with a card that comes from its makers.
    pub first_use: BTreeSet<FirstUse>,
    /// What it refuses.
    pub refuses: BTreeSet<Refusal>,
}

impl Default for MinidriverSettings {
    /// That of GIDS cards, which refuses nothing.
    fn default() -> Self {
        Self {
            driver: Minidriver::default(),
            new_key_touch: TouchRule::Never,
            default_container: DefaultContainer::default(),
            first_use: BTreeSet::new(),
            refuses: BTreeSet::new(),
        }
    }
}

impl MinidriverSettings {
    /// Whether it refuses an operation whatever is on the card.
    pub(crate) fn refuses(&self, operation: &CardOperation) -> bool {
        let read_only = self.driver == Minidriver::PivInbox;
        match operation {
            CardOperation::Generate { overwrite, .. } => {
                read_only || overwrite.is_some() && self.refuses.contains(&Refusal::Overwrite)
            }
            CardOperation::WriteCertificate { .. } => read_only,
            CardOperation::SetDefault { .. } => read_only || self.refuses.contains(&Refusal::SetDefault),
            CardOperation::Delete { .. } => read_only || self.refuses.contains(&Refusal::Delete),
            CardOperation::Describe
            | CardOperation::VerifyPin
            | CardOperation::Sign { .. }
            | CardOperation::ReadCertificate { .. } => false,
        }
    }
}
