//! A world on the wire whose clock stands still, and the surroundings in which a client's commands run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use autoenroll_model::{AePolicy, SimTime};
use autoenroll_net::live::machine_time;
use autoenroll_net::service::{self, Opened, ServiceError, Wanted};
use autoenroll_net::{Accounts, Cores, LiveError, LiveWorld, Pace, Passwords};
use autoenroll_world::{Action, WorldSpec};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::adapter::Adapter;
use crate::process::{self, Ended, Group, Job};
use crate::store;

/// The password of everybody. It proves nothing: whoever can connect is on this machine.
const PASSWORD: &str = "autoenroll";
/// The names of the files that a client is told of.
const ROOTS: &str = "roots.pem";
const CAS: &str = "cas.txt";
const STORE: &str = "store";

/// A world, its ports, and the folders of its clients.
pub(crate) struct Stage<'a> {
    runtime: Runtime,
    opened: Opened,
    adapter: &'a Adapter,
    /// The program itself, for clients that call it.
    command: &'a Path,
    /// Set when somebody wants this program to end.
    stop: &'a AtomicBool,
    base: String,
    folder: TempDir,
}

/// Why there is no stage any more.
#[derive(Debug)]
pub(crate) enum StageError {
    Live(LiveError),
    Service(ServiceError),
    Machine(io::Error),
    Account(String),
    Interrupted,
}

impl std::fmt::Display for StageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Live(error) => error.fmt(f),
            Self::Service(error) => error.fmt(f),
            Self::Machine(error) => error.fmt(f),
            Self::Interrupted => f.write_str("it was interrupted"),
            Self::Account(name) => write!(f, "the world has no account {name}"),
        }
    }
}

impl From<LiveError> for StageError {
    fn from(error: LiveError) -> Self {
        Self::Live(error)
    }
}

impl From<io::Error> for StageError {
    fn from(error: io::Error) -> Self {
        Self::Machine(error)
    }
}

impl<'a> Stage<'a> {
    /// Serves a world at ports of this machine.
    pub(crate) fn open(
        spec: &WorldSpec,
        adapter: &'a Adapter,
        command: &'a Path,
        stop: &'a AtomicBool,
    ) -> Result<Self, StageError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let passwords = Passwords { common: Some(PASSWORD.to_owned()), own: BTreeMap::new() };
        let wanted =
            Wanted { listen: IpAddr::V4(Ipv4Addr::LOCALHOST), ports: service::Ports::default(), names: Vec::new() };
        let base = spec.domain.dn();
        let opening = service::open(spec.clone(), Pace::Frozen, Cores::Idle, Accounts { passwords }, wanted);
        let opened = runtime.block_on(opening).map_err(StageError::Service)?;
        let folder = tempfile::Builder::new().prefix("ae-client-").tempdir()?;
        Ok(Self { runtime, opened, adapter, command, stop, base, folder })
    }

    /// Moves the clock on to a time, through everything that is due until then.
    pub(crate) fn advance(&self, to: SimTime) -> Result<(), LiveError> {
        let now = self.opened.live.with(|world| world.now())?;
        if to >= now {
            self.opened.live.advance(to.since(now))?;
        }
        Ok(())
    }

    /// Does what the story does.
    pub(crate) fn act(&self, action: &Action) -> Result<(), LiveError> {
        self.opened.live.act(action)
    }

    /// Uses the world.
    pub(crate) fn with<R>(&self, use_it: impl FnOnce(&mut LiveWorld) -> R) -> Result<R, LiveError> {
        self.opened.live.with(use_it)
    }

    /// The folder of a principal, which is made when it is not there.
    pub(crate) fn state(&self, principal: &str) -> io::Result<PathBuf> {
        // Paths of sockets are short.
        let name: String = principal.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
        let folder = self.folder.path().join(name);
        fs::create_dir_all(folder.join(STORE))?;
        Ok(folder)
    }

    /// The store of a principal.
    pub(crate) fn store(&self, principal: &str) -> io::Result<PathBuf> {
        Ok(self.state(principal)?.join(STORE))
    }

    /// Runs a command of the client, while the clock stands still and the world is served.
    pub(crate) fn run(
        &self,
        command: &[String],
        principal: &str,
        trigger: &str,
        leaves: bool,
    ) -> Result<(Ended, Group), StageError> {
        let folder = self.state(principal)?;
        let environment = self.environment(principal, trigger, &folder)?;
        let command = self.adapter.resolved(command);
        let (environment, limit, stop) = (&environment, self.adapter.limit, self.stop);
        let job = Job { command: &command, environment, folder: &folder, limit, stop, leaves };
        let ran = self.runtime.block_on(process::run(job)).map_err(|error| {
            let program = command.first().map(String::as_str).unwrap_or_default();
            StageError::Machine(io::Error::new(error.kind(), format!("{program} cannot be run: {error}")))
        })?;
        if ran.0 == Ended::Interrupted { Err(StageError::Interrupted) } else { Ok(ran) }
    }

    /// The last that the last command of a principal has said on its standard error, or else on its output.
    pub(crate) fn complaint(&self, principal: &str) -> String {
        let Ok(folder) = self.state(principal) else { return String::new() };
        let said = ["stderr", "stdout"].map(|name| fs::read(folder.join(name)).unwrap_or_default());
        let said = said.into_iter().find(|said| !said.trim_ascii().is_empty()).unwrap_or_default();
        let text = String::from_utf8_lossy(&said);
        let last: Vec<&str> = text.lines().rev().filter(|line| !line.trim().is_empty()).take(3).collect();
        last.into_iter().rev().map(|line| format!("\n    {}", line.chars().take(200).collect::<String>())).collect()
    }

    /// What a command finds in its environment, and in the files that this names.
    fn environment(
        &self,
        principal: &str,
        trigger: &str,
        folder: &Path,
    ) -> Result<BTreeMap<String, String>, StageError> {
        let at = &self.opened.at;
        let https = format!("https://{}", at.https);
        let told = self.opened.live.with(|world| {
            let published = world.published();
            let account = published.principals().find(|account| account.name == principal)?;
            let user = match account.is_user {
                true => account.object.upn.clone().unwrap_or_else(|| format!("{principal}@{}", published.dns())),
                false => format!("{principal}$"),
            };
            let cas: Vec<String> = published.authorities().map(|ca| ca.name.clone()).collect();
            let chains: Vec<Vec<u8>> =
                cas.iter().flat_map(|ca| world.authority_chain(ca).unwrap_or_default()).collect();
            let policy = world.settings_outside(principal).and_then(|it| it.policy.or(it.local_policy));
            let scope = if account.is_user { "user" } else { "machine" };
            let domain = (published.dns().to_owned(), published.netbios().to_owned());
            Some((user, scope, domain, cas, chains, policy, world.wall()))
        })?;
        let Some((user, scope, (dns, netbios), cas, mut chains, policy, wall)) = told else {
            return Err(StageError::Account(principal.to_owned()));
        };
        chains.sort();
        chains.dedup();
        let (mut addresses, mut roots) = (String::new(), String::new());
        for ca in &cas {
            let _infallible = writeln!(
                addresses,
                "{ca}\t{https}/{}_CES_UsernamePassword/service.svc/CES\t{https}/certsrv/",
                escaped(ca)
            );
        }
        chains.iter().for_each(|der| roots.push_str(&store::pem("CERTIFICATE", der)));
        fs::write(folder.join(CAS), addresses)?;
        fs::write(folder.join(ROOTS), roots)?;
        let offset = wall.unix_seconds() - machine_time().unix_seconds();
        let policy_word = match policy {
            None => "unset",
            Some(value) if AePolicy::from_bits_retain(value).contains(AePolicy::DISABLED) || value == 0 => "off",
            Some(_) => "on",
        };
        let path = |name: &str| folder.join(name).display().to_string();
        let own = [
            ("TRIGGER", trigger.to_owned()),
            ("SCOPE", scope.to_owned()),
            ("PRINCIPAL", principal.to_owned()),
            ("USER", user),
            ("PASSWORD", PASSWORD.to_owned()),
            ("DOMAIN", dns),
            ("NETBIOS", netbios),
            ("BASE_DN", self.base.clone()),
            ("CONFIGURATION_DN", format!("CN=Configuration,{}", self.base)),
            ("LDAP", format!("ldap://{}", at.ldap)),
            ("LDAPS", format!("ldaps://{}", at.ldaps)),
            ("XCEP", format!("{https}/ADPolicyProvider_CEP_UsernamePassword/service.svc/CEP")),
            ("HTTPS", https),
            ("HTTP", format!("http://{}", at.http)),
            ("CAS", cas.join(" ")),
            ("ROOTS", path(ROOTS)),
            ("STATE", folder.display().to_string()),
            ("STORE", path(STORE)),
            ("NOW", wall.to_string()),
            ("OFFSET", offset.to_string()),
            ("FAKETIME", format!("{offset:+}s")),
            ("POLICY", policy_word.to_owned()),
            ("COMMAND", self.command.display().to_string()),
        ];
        let mut all = self.adapter.environment.clone();
        all.extend(own.into_iter().map(|(name, value)| (format!("AUTOENROLL_{name}"), value)));
        all.extend(policy.map(|value| ("AUTOENROLL_AEPOLICY".to_owned(), value.to_string())));
        let search = std::env::var_os("PATH").unwrap_or_default().to_string_lossy().into_owned();
        let common = [("PATH", search), ("HOME", path("")), ("LANG", "C.UTF-8".to_owned()), ("TZ", "UTC".to_owned())];
        all.extend(common.map(|(name, value)| (name.to_owned(), value)));
        Ok(all)
    }
}

/// A part of a path with what may not stand in an address escaped.
fn escaped(name: &str) -> String {
    let mut text = String::new();
    for octet in name.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            text.push(char::from(octet));
        } else {
            let _infallible = write!(text, "%{octet:02X}");
        }
    }
    text
}
