//! What `autoenroll card` takes.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

pub(super) const CARD_EXAMPLES: &str = "\
A card that no scenario describes otherwise has the PIN 1234 with three tries, no PUK, and the admin key \
010203040506070801020304050607080102030405060708. A PIV card has the PIN 123456, the PUK 12345678, and that key \
for its management key. The first lines say which card it is; `state` says all of it. Three wrong PINs block it; \
`unblock` mends that, and so does `gids-tool --unblock` with the admin key, or `yubico-piv-tool -a unblock-pin` with \
the PUK.

Typed while it is served: insert, pull, state, unblock [PIN], fault 6F00|pull|none, help, quit.

Examples:
  autoenroll card gids                                    a fresh card, to vpcd at its usual address
  autoenroll card gids --blank --own-pcscd                as shipped, for gids-tool --initialize
  autoenroll card gids --persist my.card --own-pcscd      the same card the next time
  autoenroll card alice-card --of founding/second-provider --own-pcscd
  autoenroll card alice-card --after founding/second-provider --own-pcscd
  autoenroll card piv --own-pcscd                         PIN 123456, PUK 12345678 (docs/cards.md)
  autoenroll card gids --driver 127.0.0.1:35965 --out     pulled at the start";

#[derive(Debug, Args)]
pub(crate) struct Card {
    /// A kind of card (`autoenroll fixtures` lists them), or with --of and --after the name of a card.
    #[arg(value_name = "CARD")]
    pub(crate) card: String,
    /// The scenario whose card it is, as it is at the start of the story: a file, or a name of the suite; either with a
    /// variant in brackets.
    #[arg(long, value_name = "SCENARIO", group = "story")]
    pub(crate) of: Option<String>,
    /// The scenario whose card it is, as it is at the end of the story, which is played first; it must pass.
    #[arg(long, value_name = "SCENARIO", group = "story", conflicts_with = "of")]
    pub(crate) after: Option<String>,
    /// Write what trusts the certificate of such a card: the certificates and revocation lists of the story's CAs, in
    /// PEM, as they are when the card is.
    #[arg(long, value_name = "FILE", requires = "story")]
    pub(crate) trust: Option<PathBuf>,
    /// The card as it is shipped: a GIDS card without application, PIN and admin key, a PIV card without identity and
    /// keys.
    #[arg(long)]
    pub(crate) blank: bool,
    /// Keep the card in this file, and go on with the card that is in it when there is one.
    #[arg(long, value_name = "FILE")]
    pub(crate) persist: Option<PathBuf>,
    /// Where the reader driver vpcd listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:35963")]
    pub(crate) driver: SocketAddr,
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
