//! What can be typed behind `run` for a client outside.

use std::path::PathBuf;

use clap::Args;

/// A client outside, in place of a core.
#[derive(Debug, Args)]
pub(crate) struct Client {
    /// Play the stories for a client outside, which meets their worlds over LDAP and HTTPS. The directory has its
    /// `client.toml`, and may have `known-failures.txt`, behaviours that it is known not to show.
    #[arg(
        long = "client",
        value_name = "DIR",
        conflicts_with_all = ["core", "ca", "twice", "known_failures", "watch", "timeline", "snapshots", "bless"]
    )]
    pub(crate) folder: Option<PathBuf>,
    /// Write what the client does not show into its `known-failures.txt`.
    #[arg(long, requires = "folder")]
    pub(crate) update_known: bool,
}
