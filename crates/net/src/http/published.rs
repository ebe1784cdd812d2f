//! Revocation lists and CA certificates, where certificates say that they are.

use autoenroll_model::{Duration, FileTime};

use super::Web;
use super::ask::Answer;
use super::paths::Document;
use autoenroll_world::CaHost as _;

/// A revocation list that is served until it is out of date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct List {
    made: FileTime,
    /// How many certificates were revoked then.
    revoked: usize,
    der: Vec<u8>,
}

impl Web {
    pub(super) fn published(&self, document: &Document) -> Answer {
        match document {
            Document::Certificate { ca } => match self.live.with(|world| world.authority_chain(ca)) {
                Ok(Ok(chain)) => Answer::octets("application/pkix-cert", chain.into_iter().next().unwrap_or_default()),
                Ok(Err(unknown)) => Answer::text(404, &format!("{unknown}\n")),
                Err(error) => Self::world_failed(&error),
            },
            Document::RevocationList { ca } => match self.revocation_list(ca) {
                Ok(der) => Answer::octets("application/pkix-crl", der),
                Err(answer) => answer,
            },
        }
    }

    /// The list of a CA: a new one when another certificate was revoked since the last, or half of its life is over.
    pub(super) fn revocation_list(&self, ca: &str) -> Result<Vec<u8>, Answer> {
        let known = self.state(|state| state.lists.get(ca).cloned());
        let made = self.live.with(|world| {
            let (now, revoked) = (world.wall(), world.revoked_count(ca));
            let period = world.hosts().cas.ca(ca, |ca| ca.config().crl_period).unwrap_or(Duration::ZERO);
            let good =
                |list: &List| list.revoked == revoked && list.made <= now && now < list.made + Duration(period.0 / 2);
            match known.filter(good) {
                Some(list) => Ok(list),
                None => world.revocation_list(ca).map(|der| List { made: now, revoked, der }),
            }
        });
        let list = made.map_err(|error| Self::world_failed(&error))?;
        let list = list.map_err(|unknown| Answer::text(404, &format!("{unknown}\n")))?;
        self.state(|state| state.lists.insert(ca.to_owned(), list.clone()));
        Ok(list.der)
    }
}
