//! Ports for readers, two by two: vpcd takes a port and the next one.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};

/// Two neighbouring TCP ports without a listener, kept from other processes of ours until this is dropped.
#[derive(Debug)]
pub(crate) struct PortPair {
    first: u16,
    /// Has a name that no other process can take. It is no file, and goes with the process, however that ends.
    _taken: UnixListener,
}

/// Where to look: below what Linux hands out by itself, above what services like to use.
const PORTS: std::ops::Range<u16> = 24_000..32_000;

impl PortPair {
    /// Takes a free pair; every process begins at another place.
    ///
    /// # Errors
    /// When no pair is free.
    pub(crate) fn take() -> io::Result<Self> {
        let pairs = PORTS.len() / 2;
        let begin = std::process::id() as usize * 31;
        for n in 0..pairs {
            let first = PORTS.start + u16::try_from((begin + n) % pairs * 2).unwrap_or_default();
            let name = SocketAddr::from_abstract_name(format!("autoenroll-ports-{first}"))?;
            match UnixListener::bind_addr(&name) {
                Ok(taken) if is_free(first) && is_free(first + 1) => return Ok(Self { first, _taken: taken }),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::new(io::ErrorKind::AddrInUse, format!("no two neighbouring ports of {PORTS:?} are free")))
    }

    /// Both ports.
    pub(crate) const fn ports(&self) -> [u16; 2] {
        [self.first, self.first + 1]
    }
}

/// The driver binds to all addresses.
fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_do_not_overlap_and_come_back() {
        let pairs: Vec<PortPair> = (0..20).map(|_| PortPair::take().unwrap()).collect();
        let mut ports: Vec<u16> = pairs.iter().flat_map(PortPair::ports).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 40);
        let first = pairs[0].first;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, first + 1)).unwrap();
        drop(pairs);
        assert!(!is_free(first + 1));
        drop(listener);
        assert!(is_free(first + 1));
    }
}
