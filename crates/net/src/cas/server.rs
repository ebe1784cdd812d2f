//! The server that all worlds of a process share, in a thread of its own.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::client::{Client, ClientError, Credentials};
use crate::http::desk::{Desk, Desks, lock};
use crate::http::{Port, listen};
use crate::tls::{self, TlsError};

/// CAs and policy servers of worlds behind HTTPS. Its certificate is the bench's own, of no world.
#[derive(Debug)]
pub struct CaServer {
    desks: Arc<Desks>,
    at: SocketAddr,
    client: Client,
    next: AtomicU64,
    /// Ends the thread when it is dropped.
    _stop: oneshot::Sender<()>,
}

/// Why there is no server.
#[derive(Debug)]
pub enum CaServerError {
    /// No certificate.
    Tls(TlsError),
    /// No client for it.
    Client(ClientError),
    /// No port, or no thread.
    Machine(io::Error),
}

impl fmt::Display for CaServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tls(error) => error.fmt(f),
            Self::Client(error) => error.fmt(f),
            Self::Machine(error) => write!(f, "a server at the loopback address cannot be had: {error}"),
        }
    }
}

impl std::error::Error for CaServerError {}

impl CaServer {
    /// Listens at a free port of the loopback address, until it is dropped.
    ///
    /// # Errors
    /// [`CaServerError`].
    pub fn start() -> Result<Arc<Self>, CaServerError> {
        let (acceptor, certificate) = tls::own(&Ipv4Addr::LOCALHOST.to_string()).map_err(CaServerError::Tls)?;
        let client = Client::new(Credentials::Anonymous, &[certificate]).map_err(CaServerError::Client)?.keeping();
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(CaServerError::Machine)?;
        listener.set_nonblocking(true).map_err(CaServerError::Machine)?;
        let at = listener.local_addr().map_err(CaServerError::Machine)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(CaServerError::Machine)?;
        let desks = Arc::new(Desks::default());
        let (stop, stopped) = oneshot::channel::<()>();
        let served = desks.clone();
        let thread = std::thread::Builder::new().name("cas".to_owned()).spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                tokio::select! {
                    () = listen(served, Port { listener, tls: Some(acceptor) }) => {}
                    _dropped = stopped => {}
                }
            });
            runtime.shutdown_background();
        });
        thread.map_err(CaServerError::Machine)?;
        Ok(Arc::new(Self { desks, at, client, next: AtomicU64::new(0), _stop: stop }))
    }

    /// Takes a world in; the number of its addresses.
    pub(super) fn open(&self, desk: &Arc<Mutex<Desk>>) -> u64 {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.desks.0).insert(number, desk.clone());
        number
    }

    pub(super) fn close(&self, number: u64) {
        lock(&self.desks.0).remove(&number);
    }

    /// A client that trusts it.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// The address of something that a world has there.
    pub(super) fn address(&self, number: u64, path: &str) -> String {
        format!("https://{}/{number}{}", self.at, crate::http::escape(path))
    }
}
