//! What can be typed behind `submit`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::Format;

pub(super) const SUBMIT_EXAMPLES: &str = "\
Examples:
  autoenroll submit request.csr --world contoso --as alice           ask the CA of a world, and say by which rules
                                                                     it decides
  openssl req -new … | autoenroll submit --world mine.toml --as WKS01 --template Machine
  autoenroll submit request.csr --url https://ca.test/ADPolicyProvider_CEP_UsernamePassword/service.svc/CEP \\
      --user alice --password-file secret --trust ca.pem             ask a real CA, over XCEP and WSTEP

As a helper of certmonger (it says so by CERTMONGER_OPERATION), also in place of cepces-submit:
  getcert add-ca -c Corp -e '/usr/bin/autoenroll submit --server ca.test --auth UsernamePassword
      --user alice --password-file /etc/corp/secret --trust /etc/corp/ca.pem'
  getcert request -c Corp -T Machine -f /etc/corp/machine.crt -k /etc/corp/machine.key
It then ends with 0 issued, 2 rejected, 3 unreachable, 4 not configured, 5 waiting, 6 not supported.

Otherwise it ends with 1 when the request was not granted; a request that waits was.";

/// A request, and the CA that is asked.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which CA").required(true).args(["world", "url", "server"])))]
pub(crate) struct Submit {
    /// The request: PKCS #10, CMC, or a renewal signed with the old key; PEM, base64 or DER. `-` is standard input.
    #[arg(value_name = "FILE", default_value = super::STANDARD_INPUT)]
    pub(crate) request: PathBuf,
    /// Ask a CA of this world: one of the fixtures, a file with a world, or a scenario, whose world is meant.
    #[arg(long, value_name = "WORLD", requires = "account")]
    pub(crate) world: Option<String>,
    /// Who asks: a user or computer of the world.
    #[arg(long = "as", value_name = "NAME", requires = "world", id = "account")]
    pub(crate) account: Option<String>,
    /// A directory with worlds, cards and templates of your own; they come before those inside the program.
    #[arg(long, value_name = "DIR", requires = "world")]
    pub(crate) fixtures: Option<PathBuf>,
    /// Ask over the web: the address of a policy server, or of an enrollment web service, which ends with `/CES`.
    #[arg(long, visible_alias = "endpoint", value_name = "ADDRESS")]
    pub(crate) url: Option<String>,
    /// Ask over the web: the host of a policy server at its usual path.
    #[arg(long, value_name = "HOST")]
    pub(crate) server: Option<String>,
    /// The CA; the first one that issues the template when absent.
    #[arg(long, value_name = "NAME")]
    pub(crate) ca: Option<String>,
    /// The template, for a request that names none.
    #[arg(long, value_name = "NAME")]
    pub(crate) template: Option<String>,
    /// How the client proves who it is; what it is given says so when absent.
    #[arg(long, value_enum, value_name = "METHOD", ignore_case = true, conflicts_with = "world")]
    pub(crate) auth: Option<Authentication>,
    /// Name of the account over the web.
    #[arg(long, value_name = "NAME", requires = "password_file", conflicts_with = "world")]
    pub(crate) user: Option<String>,
    /// A file whose first line is the password.
    #[arg(long, value_name = "FILE", requires = "user")]
    pub(crate) password_file: Option<PathBuf>,
    /// The certificate of the client and those above it, PEM.
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with_all = ["world", "user"])]
    pub(crate) certificate: Option<PathBuf>,
    /// Its key, PKCS #8 in PEM.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub(crate) key: Option<PathBuf>,
    /// Certificates that may stand above that of the server, PEM; those that the system trusts when absent.
    #[arg(long, value_name = "FILE", conflicts_with = "world")]
    pub(crate) trust: Option<PathBuf>,
    /// As a helper: after how many seconds certmonger asks again for a request that waits.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub(crate) poll_interval: u32,
    /// Write the certificate to this file, PEM, and not to standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// How a client proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Authentication {
    /// Not at all; for renewals, which are signed with the old key.
    Anonymous,
    /// By a name and a password.
    #[value(name = "UsernamePassword", alias = "username-password")]
    UserName,
    /// By a certificate.
    Certificate,
    /// By Kerberos, which is not spoken here.
    #[value(hide = true)]
    Kerberos,
}
