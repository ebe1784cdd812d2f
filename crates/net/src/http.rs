//! Policy, enrollment, web enrollment and revocation lists over HTTP: what is asked, of what it is the answer.
//!
//! Everything here is a function of a question, the connection it came on and the world; sockets are in [`serve`].
//!
//! | path | what |
//! | --- | --- |
//! | `/ADPolicyProvider_CEP_<authentication>/service.svc/CEP` | the policy server ([MS-XCEP]) |
//! | `/<CA>_CES_<authentication>/service.svc/CES` | the enrollment web service of a CA ([MS-WSTEP]) |
//! | `/certsrv/` | web enrollment |
//! | `/ca.crl`, `/ca.crt`, `/CertEnroll/<CA>.crl`, `/CertEnroll/<CA>.crt` | revocation list and certificate of a CA |
//!
//! Authentication is `Anonymous`, `UsernamePassword` or `Certificate`. Services that the world describes itself are
//! served under the paths of their own addresses, and fail as the world wants it. Of several CAs `/certsrv/` and the
//! short paths mean the one whose host the client names.

mod ask;
mod authenticate;
mod certsrv;
pub(crate) mod desk;
mod paths;
mod policy;
mod published;
mod serve;
mod token;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use autoenroll_model::FileTime;

use crate::accounts::Accounts;
use crate::live::{Live, LiveError};
use crate::soap::Fault;

pub(crate) use ask::escape;
pub use ask::{Answer, Ask};
pub use authenticate::Connection;
pub(crate) use serve::listen;
pub use serve::{Port, serve};

/// What speaks HTTP for a world.
#[derive(Debug)]
pub struct Web {
    live: Arc<Live>,
    accounts: Accounts,
    state: Mutex<State>,
}

/// What the services themselves remember.
#[derive(Debug, Default)]
struct State {
    /// The last revocation list of each CA.
    lists: BTreeMap<String, published::List>,
    /// The last change of the directory that a policy server has seen, and when it saw it.
    changed: Option<(u64, FileTime)>,
}

impl Web {
    /// Speaks for a world to whoever knows a password of these accounts.
    #[must_use]
    pub fn new(live: Arc<Live>, accounts: Accounts) -> Self {
        Self { live, accounts, state: Mutex::default() }
    }

    /// The world behind it.
    #[must_use]
    pub const fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// Answers a question that came on a connection.
    pub fn answer(&self, connection: &mut Connection, ask: &Ask) -> Answer {
        let answer = self.route(connection, ask);
        let who = connection.told().unwrap_or_default();
        self.live.log("http", &connection.peer, who, &ask.line(), &answer.line());
        if ask.is_head() { answer.without_body() } else { answer }
    }

    fn route(&self, connection: &mut Connection, ask: &Ask) -> Answer {
        let found = self.live.with(|world| paths::Service::at(world, ask));
        let service = match found {
            Ok(Some(service)) => service,
            Ok(None) => return Answer::text(404, "there is nothing at this path\n"),
            Err(error) => return Self::world_failed(&error),
        };
        if let paths::Service::Published(document) = &service {
            return if ask.reads() { self.published(document) } else { Answer::not_allowed("GET, HEAD") };
        }
        if !ask.encrypted {
            return Answer::text(403, "this service speaks HTTPS only\n");
        }
        match service {
            paths::Service::Published(_) => Answer::text(404, ""),
            paths::Service::Web { ca } => self.certsrv(connection, ask, &ca),
            // A GET is neither answered nor challenged: clients that send a name and a password in the message take a
            // challenge for the end.
            _ if !ask.posts() => Answer::not_allowed("POST"),
            paths::Service::Unreachable => Answer::text(503, "the service is out of order\n"),
            paths::Service::Policy { authentication, service } => {
                Self::soap(self.policies(connection, ask, authentication, service.as_deref()))
            }
            paths::Service::Enrollment { ca, authentication, failure, renewal_only } => {
                let endpoint = token::Endpoint { ca, authentication, failure, renewal_only };
                Self::soap(self.token(connection, ask, &endpoint))
            }
        }
    }

    fn soap(outcome: Result<String, Fault>) -> Answer {
        match outcome {
            Ok(message) => Answer::soap(200, message),
            Err(fault) => Answer::soap(500, fault.to_message()),
        }
    }

    fn world_failed(error: &LiveError) -> Answer {
        Answer::text(500, &format!("the world cannot go on: {error}\n"))
    }

    fn state<R>(&self, use_it: impl FnOnce(&mut State) -> R) -> R {
        use_it(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The fault of a world that cannot go on.
fn broken(error: &LiveError) -> Fault {
    Fault::receiver(&format!("the world cannot go on: {error}"))
}

#[cfg(test)]
mod tests;
