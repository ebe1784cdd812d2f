//! What an operation is told of its card.

use std::ops::RangeInclusive;

use autoenroll_model::{KeyPlace, ProviderDialogs};

use crate::minidriver::MinidriverSettings;

/// What the driver knows about a card before it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where a new key would go: provider, card, and the name that a new container gets (see
    /// [`container_name`](crate::container_name); at most 39 UTF-16 units without backslash). Only generation
    /// looks at it.
    pub new_key: KeyPlace,
    /// The minidriver that is registered for the card.
    pub minidriver: MinidriverSettings,
    /// How many containers cards of this kind take. Cards do not tell; a provider knows it with the ATR. On a GIDS card
    /// it is only told: whether another container fits, the card itself says.
    pub max_containers: u8,
    /// Digits of the shortest and of the longest PIN that a minidriver of PIV cards presents.
    pub pin_lengths: RangeInclusive<u8>,
    /// What a minidriver draws for the card where it makes a management key of its own: the same each time.
    pub entropy: [u8; 32],
    /// What the provider of such cards asks by itself. It is only told.
    pub dialogs: ProviderDialogs,
}
