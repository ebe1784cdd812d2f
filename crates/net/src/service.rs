//! Everything at once: the ports of a world, what is typed, and the end.

use std::fmt;
use std::io::{self, BufRead as _, Read as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use autoenroll_world::WorldSpec;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::accounts::Accounts;
use crate::bounds;
use crate::control::{self, Control, Steps, Word};
use crate::cores::Cores;
use crate::http::{self, Port, Web};
use crate::ldap::{self, Directory, Tls};
use crate::live::{Live, LiveError, Pace};
use crate::tls::{self, TlsError};

/// What is to be served, and how.
pub struct Service {
    /// The world.
    pub spec: WorldSpec,
    /// How its clock moves.
    pub pace: Pace,
    /// Who may say that they are whom.
    pub accounts: Accounts,
    /// The address to listen at; the control port is at a loopback address in any case.
    pub listen: IpAddr,
    /// The ports; 0 is any that is free.
    pub ports: Ports<u16>,
    /// Names of this machine by which clients know it, besides those of the world.
    pub names: Vec<String>,
    /// The meaning of steps.
    pub steps: Box<dyn Steps>,
}

/// One thing for each port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ports<T> {
    /// LDAP, which becomes TLS on demand.
    pub ldap: T,
    /// LDAP over TLS.
    pub ldaps: T,
    /// Policy, enrollment and web enrollment.
    pub https: T,
    /// Revocation lists and CA certificates.
    pub http: T,
    /// Words, the trace, the log.
    pub control: T,
}

/// Why a world is not served.
#[derive(Debug)]
pub enum ServiceError {
    /// The world cannot be built, or cannot go on.
    Live(LiveError),
    /// Its servers have no certificate.
    Tls(TlsError),
    /// A port cannot be had.
    Port(SocketAddr, io::Error),
    /// The machine does not let us.
    Machine(io::Error),
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live(error) => error.fmt(f),
            Self::Tls(error) => error.fmt(f),
            Self::Port(at, error) => write!(f, "{at} cannot be listened at: {error}; port 0 is any that is free"),
            Self::Machine(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ServiceError {}

impl From<LiveError> for ServiceError {
    fn from(error: LiveError) -> Self {
        Self::Live(error)
    }
}

/// Where words that are typed come from, and what is told goes to.
pub struct Typed {
    /// Lines. It is read in a thread of its own, which ends with it, or with the process.
    pub from: Box<dyn io::BufRead + Send>,
    /// Takes what a word has come to.
    pub tell: Box<dyn FnMut(&str)>,
}

/// Serves until a word says `quit`, or `stop` is set. `ready` is told the addresses once all ports listen.
///
/// # Errors
/// When it cannot begin.
pub fn run(
    service: Service,
    ready: impl FnOnce(&Ports<SocketAddr>),
    typed: Typed,
    stop: &AtomicBool,
) -> Result<(), ServiceError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ServiceError::Machine)?;
    let ended = runtime.block_on(serve(service, ready, typed, stop));
    // Connections end with their tasks; nothing waits for clients.
    runtime.shutdown_background();
    ended
}

/// A world whose ports listen. They are served for as long as the runtime is driven in which they were opened.
#[derive(Debug)]
pub struct Opened {
    /// The world.
    pub live: Arc<Live>,
    /// The addresses. There is no control port: that of `control` is 0.
    pub at: Ports<SocketAddr>,
}

/// Opens the ports of a world, in the runtime that this is called in.
///
/// # Errors
/// When it cannot be built, or a port cannot be had.
pub async fn open(
    spec: WorldSpec,
    pace: Pace,
    cores: Cores,
    accounts: Accounts,
    wanted: Wanted,
) -> Result<Opened, ServiceError> {
    let Wanted { listen, ports, names } = wanted;
    let hosts = hosts(&spec, names);
    let live = Arc::new(Live::with_cores(spec, pace, cores)?);
    let acceptor = tls::acceptor(&live, &hosts).map_err(ServiceError::Tls)?;
    let (ldap, ldaps) = (bind(listen, ports.ldap).await?, bind(listen, ports.ldaps).await?);
    let (https, http) = (bind(listen, ports.https).await?, bind(listen, ports.http).await?);
    let control = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let at = Ports { ldap: ldap.1, ldaps: ldaps.1, https: https.1, http: http.1, control };
    let directory = Arc::new(Directory::new(live.clone(), accounts.clone())?);
    let web = Arc::new(Web::new(live.clone(), accounts));
    tokio::spawn(ldap::serve(ldap.0, directory.clone(), Tls::OnDemand(acceptor.clone())));
    tokio::spawn(ldap::serve(ldaps.0, directory, Tls::Always(acceptor.clone())));
    tokio::spawn(http::serve(web.clone(), Port { listener: https.0, tls: Some(acceptor) }));
    tokio::spawn(http::serve(web, Port { listener: http.0, tls: None }));
    Ok(Opened { live, at })
}

/// Where a world is to be served.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The address to listen at.
    pub listen: IpAddr,
    /// The ports; 0 is any that is free. That of `control` does not matter.
    pub ports: Ports<u16>,
    /// Names of this machine by which clients know it, besides those of the world.
    pub names: Vec<String>,
}

async fn bind(listen: IpAddr, port: u16) -> Result<(TcpListener, SocketAddr), ServiceError> {
    let at = SocketAddr::new(listen, port);
    let listener = TcpListener::bind(at).await.map_err(|error| ServiceError::Port(at, error))?;
    let at = listener.local_addr().map_err(|error| ServiceError::Port(at, error))?;
    Ok((listener, at))
}

async fn serve(
    service: Service,
    ready: impl FnOnce(&Ports<SocketAddr>),
    mut typed: Typed,
    stop: &AtomicBool,
) -> Result<(), ServiceError> {
    let Service { spec, pace, accounts, listen, ports, names, steps } = service;
    let control_port = ports.control;
    let Opened { live, at } = open(spec, pace, Cores::own(), accounts, Wanted { listen, ports, names }).await?;
    // Whoever reaches the control port does with the world as they like.
    let own = if listen.is_loopback() { listen } else { IpAddr::V4(Ipv4Addr::LOCALHOST) };
    let control_port = bind(own, control_port).await?;
    let at = Ports { control: control_port.1, ..at };
    let control = Arc::new(Control { live: live.clone(), steps });
    let (quit, mut quits) = mpsc::channel(1);
    let mut lines = typed_lines(typed.from);
    tokio::spawn(control::http::serve(control.clone(), control_port.0, quit));
    tokio::spawn(async move { live.live().await });
    ready(&at);
    let mut look = tokio::time::interval(LOOK);
    let mut reads = true;
    loop {
        tokio::select! {
            _ = look.tick() => {
                if stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
            }
            _ = quits.recv() => return Ok(()),
            line = lines.recv(), if reads => match line {
                // Standard input has ended; the world goes on.
                None => reads = false,
                Some(line) if line.trim().is_empty() => {}
                Some(line) => {
                    let word = Word::parse(&line);
                    if word == Ok(Word::Quit) {
                        return Ok(());
                    }
                    let told = match word.and_then(|word| control.act(&word)) {
                        Ok(answer) => answer.to_string(),
                        Err(error) => error.to_string(),
                    };
                    (typed.tell)(&told);
                }
            },
        }
    }
}

/// The lines that are typed, in a thread: reading them waits.
fn typed_lines(mut from: Box<dyn io::BufRead + Send>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        loop {
            let mut line = Vec::new();
            let most = u64::try_from(bounds::CONTROL_LINE).unwrap_or(u64::MAX);
            let read = from.by_ref().take(most).read_until(b'\n', &mut line);
            let over = !matches!(read, Ok(1..));
            if over || sender.blocking_send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// How often is looked whether somebody wants it to end.
const LOOK: Duration = Duration::from_millis(100);

/// The names and addresses that the server's certificate is for: this machine, and the servers of the world.
fn hosts(spec: &WorldSpec, own: Vec<String>) -> Vec<String> {
    let mut hosts = own;
    let dns = &spec.domain.dns;
    let controllers = spec.domain.controllers.iter().map(|it| format!("{}.{dns}", it.name.to_lowercase()));
    let authorities = spec.authorities.iter().filter_map(|ca| ca.host.clone());
    let addresses = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    for name in addresses.into_iter().chain(controllers).chain(authorities).chain([dns.clone()]) {
        if !hosts.contains(&name) {
            hosts.push(name);
        }
    }
    hosts
}
