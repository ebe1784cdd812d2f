//! `autoenroll card`.

use clap::Args;

pub(super) const CARD_EXAMPLES: &str = "\
Examples:
  autoenroll card gids                                    a fresh card, to vpcd at its usual address
  autoenroll card alice-card --of founding/second-provider --own-pcscd
  autoenroll card piv --own-pcscd                         PIN 123456, PUK 12345678 (docs/cards.md)
  autoenroll card gids --driver 127.0.0.1:35965 --out     pulled at the start; type insert, pull, state, quit";

#[derive(Debug, Args)]
pub(crate) struct Card {
    /// A kind of card (`autoenroll fixtures` lists them), or with --of the name of a card.
    #[arg(value_name = "CARD")]
    pub(crate) card: String,
    /// The scenario whose card it is, as it is at the start of the story: a file, or a name of the suite.
    #[arg(long, value_name = "SCENARIO")]
    pub(crate) of: Option<String>,
    /// As it comes from its makers: a GIDS card to be initialised, a PIV card without identity.
    #[arg(long, conflicts_with = "of")]
    pub(crate) blank: bool,
    /// Where the reader driver vpcd listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:35963")]
    pub(crate) driver: std::net::SocketAddr,
    /// Start a pcscd for this card alone, and stop it with it; its first line says how programs find it.
    #[arg(long, conflicts_with = "driver")]
    pub(crate) own_pcscd: bool,
    /// The card is not in the reader at the start.
    #[arg(long)]
    pub(crate) out: bool,
    /// Do not show power, reset and commands.
    #[arg(long)]
    pub(crate) quiet: bool,
}
