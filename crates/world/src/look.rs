//! The state of the world as facts, for `state` steps.

use std::fmt;

use crate::session::CoreSession;
use autoenroll_ca::{Ca, RequestState};
use autoenroll_card::{Card, ContainerState};
use autoenroll_model::{Choice, CoreFactory, DecisionPoint, Facts, TrustStore};

use autoenroll_wire::thumbprint;

use crate::error::Unknown;
use crate::hosts::{CaHost, CardHost};
use crate::record;
use crate::world::World;

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// A card. Facts: `inserted-in` (reader or `nowhere`), `containers`, `certificates`, `default-container` and
    /// `default-certificate` where there is one, `free-containers`, `tries-left`, of a PIV card `puk-tries-left`,
    /// `unlocked` (the PIN was given in this
    /// session).
    Card(String),
    /// A principal's MY. Facts: `certificates` (not archived), `archived`, `keys` (certificates whose key is known),
    /// `containers` (of software providers).
    Store(String),
    /// A principal's REQUEST. Facts: `requests` (templates), `stages`; `given-up`: the containers of requests that are
    /// over, whose keys wait for their card.
    Requests(String),
    /// A CA. Facts: `issued`, `pending`, `denied`, `revoked`: names of certificates and requests.
    Ca(String),
    /// A principal's directory object. Facts: `certificates`, `groups` (names, identifiers of built-in ones), `dn`, and
    /// `upn`, `mail`, `dns` where there is one.
    Directory(String),
    /// A user's desktop. Facts: `logged-on`, `balloon`, `icon`, `locked` (flags), `prompts` (decision points).
    Desktop(String),
    /// A computer's trust stores. Facts: `root`, `ca`, `ntauth`.
    Trust(String),
}

/// Why there is nothing to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookError {
    /// Something is named that does not exist.
    Unknown(Unknown),
}

impl fmt::Display for LookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(unknown) => unknown.fmt(f),
        }
    }
}

impl std::error::Error for LookError {}

impl From<Unknown> for LookError {
    fn from(unknown: Unknown) -> Self {
        Self::Unknown(unknown)
    }
}

/// A prompt that waits for its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPrompt {
    /// Who is asked.
    pub user: String,
    /// What is asked.
    pub point: DecisionPoint,
    /// The facts, in the scenario's names.
    pub facts: Facts,
    /// The answers offered; every prompt can also be closed.
    pub offers: Vec<Choice>,
}

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// The prompts that are open, in the order of logons and of their opening.
    #[must_use]
    pub fn prompts(&self) -> Vec<OpenPrompt> {
        let of = |session: &CoreSession<F::Core>| -> Vec<OpenPrompt> {
            let open = session.desktop.prompts();
            open.map(|(_, prompt)| OpenPrompt {
                user: session.principal.to_string(),
                point: prompt.point,
                facts: self.names.translate(&prompt.facts),
                offers: prompt.offers.clone(),
            })
            .collect()
        };
        self.sessions.values().flat_map(of).collect()
    }

    /// Looks at something, without leaving a record.
    ///
    /// # Errors
    /// When it does not exist.
    pub fn look(&self, what: &Look) -> Result<Facts, LookError> {
        match what {
            Look::Card(card) => self.look_at_card(card),
            Look::Store(principal) => {
                self.directory.object(principal)?;
                let my = self.stores.get(principal).map_or(&[][..], |stores| &stores.stores().my);
                let names = |archived: bool| -> Vec<String> {
                    let kept = my.iter().filter(|stored| stored.archived == archived);
                    kept.map(|stored| self.names.certificate(&stored.thumbprint)).collect()
                };
                let with_key = my.iter().filter(|stored| stored.key.is_some());
                let keys: Vec<String> = with_key.map(|stored| self.names.certificate(&stored.thumbprint)).collect();
                let software = self.stores.get(principal).into_iter().flat_map(|stores| stores.keys.iter());
                let containers: Vec<String> = software.map(|(_, name, _)| self.names.container(name)).collect();
                let facts = Facts::new().with("certificates", names(false)).with("archived", names(true));
                Ok(facts.with("keys", keys).with("containers", containers))
            }
            Look::Requests(principal) => {
                self.directory.object(principal)?;
                let requests = self.stores.get(principal).map_or(&[][..], |stores| &stores.stores().requests);
                let (given_up, open): (Vec<_>, Vec<_>) = requests.iter().partition(|entry| entry.given_up);
                let templates: Vec<&str> = open.iter().map(|entry| entry.template.as_str()).collect();
                let stages: Vec<&str> = open.iter().map(|entry| record::stage(entry)).collect();
                let keys: Vec<String> =
                    given_up.iter().map(|entry| self.names.container(&entry.key.container)).collect();
                Ok(Facts::new().with("requests", templates).with("stages", stages).with("given-up", keys))
            }
            Look::Ca(name) => {
                let look = |ca: &Ca| self.look_at_authority(name, ca);
                let unknown = || LookError::Unknown(self.unknown_authority(name));
                self.hosts.cas.ca(name, look).ok_or_else(unknown)
            }
            Look::Directory(principal) => {
                let object = self.directory.object(principal)?;
                let certificates = object.certificates.iter().map(|der| self.names.certificate(&thumbprint(der)));
                let groups = self.directory.names_of(&self.directory.token_groups(principal));
                Ok(Facts::new()
                    .with("certificates", certificates.collect::<Vec<_>>())
                    .with("groups", groups)
                    .with("dn", object.dn.as_str())
                    .with_some("upn", object.upn.as_ref())
                    .with_some("mail", object.mail.as_ref())
                    .with_some("dns", object.dns.as_ref()))
            }
            Look::Desktop(user) => {
                self.known_user(user)?;
                let session = self.session_of(user).and_then(|id| self.sessions.get(&id));
                let desktop = session.map(|session| &session.desktop);
                let prompts = desktop.into_iter().flat_map(|desktop| desktop.prompts());
                let points: Vec<&str> = prompts.map(|(_, prompt)| prompt.point.as_str()).collect();
                Ok(Facts::new()
                    .with("logged-on", session.is_some())
                    .with("balloon", desktop.is_some_and(|desktop| desktop.balloon.is_some()))
                    .with("icon", desktop.is_some_and(|desktop| desktop.icon))
                    .with("locked", desktop.is_some_and(|desktop| desktop.locked))
                    .with("prompts", points))
            }
            Look::Trust(computer) => {
                self.computer_role(computer)?;
                let mut facts = Facts::new();
                if let Some(computer) = self.computers.get(computer) {
                    for store in TrustStore::ALL {
                        let names: Vec<String> =
                            computer.trust.get(*store).iter().map(|der| self.root_name(der)).collect();
                        facts.set(store.as_str(), names);
                    }
                }
                Ok(facts)
            }
        }
    }

    fn look_at_card(&self, card: &str) -> Result<Facts, LookError> {
        self.known_card(card)?;
        let Some(state) = self.hosts.cards.card(card, Card::look) else { return Ok(Facts::new()) };
        let place = self.readers.place_of(card);
        let named = |container: &ContainerState| self.names.container(&container.name);
        let certificate = |container: &ContainerState| {
            let der = container.certificate.as_ref().and_then(|certificate| certificate.der());
            der.map(|der| self.names.certificate(&thumbprint(der)))
        };
        let listed = || state.containers.iter().filter(|container| container.listed);
        let unlisted = u8::try_from(state.containers.len() - listed().count()).unwrap_or(u8::MAX);
        let default = listed().find(|container| container.default);
        Ok(Facts::new()
            .with("inserted-in", place.map_or("nowhere", |place| place.reader.as_str()))
            .with("containers", listed().map(named).collect::<Vec<_>>())
            .with("certificates", listed().filter_map(certificate).collect::<Vec<_>>())
            .with_some("default-container", default.map(named))
            .with_some("default-certificate", default.and_then(certificate))
            .with("free-containers", state.free_containers.saturating_add(unlisted))
            .with("tries-left", state.pin.tries_left)
            .with_some("puk-tries-left", state.puk.map(|puk| puk.tries_left))
            .with("unlocked", state.user))
    }

    fn look_at_authority(&self, name: &str, ca: &Ca) -> Facts {
        let names = |wanted: fn(&RequestState) -> bool| -> Vec<String> {
            let rows = ca.database().rows().filter(|row| wanted(&row.state));
            rows.map(|row| {
                let template = row.template.as_deref().unwrap_or("request");
                self.names.request_name(name, row.id).unwrap_or_else(|| format!("{template}#{}", row.id))
            })
            .collect()
        };
        Facts::new()
            .with("issued", names(|state| *state == RequestState::Issued))
            .with("pending", names(|state| *state == RequestState::Pending))
            .with("denied", names(|state| matches!(state, RequestState::Denied(_) | RequestState::Failed(_))))
            .with("revoked", names(|state| matches!(state, RequestState::Revoked { .. })))
    }
}
