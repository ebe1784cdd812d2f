//! What can be typed behind `serve`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Format;

pub(super) const SERVE_EXAMPLES: &str = "\
Examples:
  autoenroll serve contoso                        any free ports, on this machine alone; it says which
  autoenroll serve my/world.toml --ldap 3890 --https 8443 --control 8080
  autoenroll serve enrolling --pace frozen        time moves when you say so: type `advance 340d`
  autoenroll serve enrolling --pace 3600          an hour in each second
  autoenroll serve enrolling --password alice=Secret1 --password administrator=Secret2

  ldapsearch -x -H ldap://127.0.0.1:3890 -D alice@contoso.test -w autoenroll \\
    -b 'CN=Certificate Templates,CN=Public Key Services,CN=Services,CN=Configuration,DC=contoso,DC=test'
  curl -d 'step { logon = \"alice\" }' http://127.0.0.1:8080/do
  curl 'http://127.0.0.1:8080/trace?follow'       what happens, as it happens

Typed, or sent to the control port:
  advance 90m          move the clock on, through everything that is due
  pace frozen          how the clock moves: frozen, real, or so many times real time
  step { pulse = \"alice\" }   a step as a timeline has it
  approve CA#REQUEST   also deny; without names what is meant must be clear
  stop CA              also start
  insert CARD          also remove
  look store alice     also card, requests, ca, directory, desktop, trust
  status               the time, the pace, the prompts that wait
  quit

docs/serve.md tells the rest, docs/clients.md what programs of others meet.";

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// A world of the fixtures, a file with a world, or a scenario, whose world is meant: a file, or a name of the
    /// suite, with the variant in brackets where there are several.
    #[arg(value_name = "WORLD")]
    pub(crate) world: String,
    /// The variant, when the scenario has several and the name has none.
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
    /// The profile of the machines in the world; windows-10-22h2 unless said here or in the file.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// A directory with worlds, cards and templates of your own; they come before those inside the program.
    #[arg(long, value_name = "DIR")]
    pub(crate) fixtures: Option<PathBuf>,
    /// The address to listen at. One that other machines reach needs passwords of your own, and is at your risk: this
    /// is a bench, and it issues what its world says.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) listen: std::net::IpAddr,
    /// The port for LDAP and StartTLS; 0 is any that is free, here and below.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) ldap: u16,
    /// The port for LDAP over TLS.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) ldaps: u16,
    /// The port for policy, enrollment and web enrollment, over TLS.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) https: u16,
    /// The port for revocation lists and CA certificates.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) http: u16,
    /// The port at which the world is moved and looked at, on this machine alone whatever `--listen` says.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) control: u16,
    /// How the clock of the world moves: `frozen`, `real`, or so many seconds in each second.
    #[arg(long, value_name = "PACE", default_value = "real")]
    pub(crate) pace: autoenroll_net::Pace,
    /// When the world begins: `now`, so that programs of today find its certificates valid, or as its file says.
    #[arg(long, value_enum, default_value_t = Begin::Now)]
    pub(crate) start: Begin,
    /// A password: of one account, or without a name of everybody who has none of their own; may be given several
    /// times. Everybody's is `autoenroll` when nothing is said.
    #[arg(long, value_name = "[NAME=]PASSWORD")]
    pub(crate) password: Vec<String>,
    /// A name by which clients know this machine, for the certificates of the servers; may be given several times.
    #[arg(long, value_name = "DNS NAME")]
    pub(crate) name: Vec<String>,
    /// How the addresses are told.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// When a world that is served begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Begin {
    /// At the present time of this machine.
    Now,
    /// As the world says.
    World,
}
