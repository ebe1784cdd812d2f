//! What invariants are told beside the records: cards as they are, and whether a certificate is where a core says it
//! is.

use std::collections::BTreeSet;

use autoenroll_card::{Card, ContainerState};
use autoenroll_invariants::{Beyond, CardView, DefaultContainer};
use autoenroll_model::{CoreFactory, KeyPlace, Outcome, Report, Thumbprint};
use autoenroll_wire::Certificate;

use crate::hosts::{CaHost, CardHost};
use crate::session::SessionId;
use crate::world::World;

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// A card, by the names that records use.
    pub(crate) fn card_view(&self, card: &str) -> Option<CardView> {
        let state = self.hosts.cards.card(card, Card::look)?;
        let flagged = state.containers.iter().find(|container| container.default);
        let default = flagged.or_else(|| state.containers.first());
        let default = default.map(|container| DefaultContainer {
            name: self.names.container(&container.name),
            key: public_key(container),
            certificate: container.certificate.is_some(),
        });
        Some(CardView { tries: state.pin.tries_left, unlocked: state.user, default })
    }

    /// What belongs to the record of a report.
    pub(crate) fn beyond_report(&self, principal: &str, report: &Report) -> Beyond {
        match report {
            Report::ItemEnded { outcome: Outcome::Enrolled { thumbprint, key }, .. } => {
                Beyond::Enrolled(self.is_enrolled(principal, thumbprint, key))
            }
            Report::RunEnded if self.invariants.waits_for_keys_of(principal) => {
                Beyond::Unclaimed(self.unclaimed(principal))
            }
            _ => Beyond::Nothing,
        }
    }

    /// What belongs to the record of a certificate that goes from a principal's MY, before it goes.
    pub(crate) fn beyond_retired(&self, id: SessionId, principal: &str, thumbprint: &Thumbprint) -> Beyond {
        let stored = self.stores.get(principal).and_then(|stores| stores.certificate(thumbprint));
        let view = stored.and_then(|stored| Certificate::parse(&stored.certificate).ok());
        let checks = self.inspect(id, principal, std::slice::from_ref(thumbprint));
        let valid = view.zip(checks.first()).is_some_and(|(view, check)| {
            let now = self.wall();
            view.not_before <= now && now < view.not_after && !check.revoked && check.key_usable
        });
        Beyond::Retired { valid }
    }

    /// Containers with a key of a principal, and those of all cards, that no entry of MY or REQUEST names, by the names
    /// that records use.
    fn unclaimed(&self, principal: &str) -> Vec<String> {
        let everywhere = self.stores.values().chain(self.set_aside.values()).map(|stores| stores.stores());
        let keys = everywhere.flat_map(|stores| {
            let certified = stores.my.iter().filter_map(|stored| stored.key.as_ref());
            certified.chain(stores.requests.iter().map(|entry| &entry.key))
        });
        let place = |key: &'_ KeyPlace| {
            let card = key.card.as_ref().and_then(|serial| self.names.card(&serial.0));
            (card.map(str::to_owned), key.container.clone())
        };
        let places: BTreeSet<(Option<String>, String)> = keys.map(place).collect();
        let claimed =
            |card: Option<&str>, container: &str| places.contains(&(card.map(str::to_owned), container.to_owned()));
        let mut found = Vec::new();
        let software = self.stores.get(principal).into_iter().flat_map(|stores| stores.keys.iter());
        let software = software.filter(|(_, container, _)| !claimed(None, container));
        found.extend(software.map(|(_, container, _)| self.names.container(container)));
        for card in self.cards.keys() {
            let Some(state) = self.hosts.cards.card(card, Card::look) else { continue };
            let with_key = state.containers.iter().filter(|container| container.key.is_some());
            let left = with_key.filter(|container| !claimed(Some(card), &container.name));
            found.extend(left.map(|container| self.names.container(&container.name)));
        }
        found
    }

    /// Whether a certificate is where a core says it is.
    fn is_enrolled(&self, principal: &str, thumbprint: &Thumbprint, key: &KeyPlace) -> Result<(), String> {
        let stores = self.stores.get(principal);
        let stored = stores.and_then(|stores| stores.certificate(thumbprint)).ok_or("MY does not hold it")?;
        if stored.archived {
            return Err("MY holds it as archived".to_owned());
        }
        if stored.key.as_ref() != Some(key) {
            return Err("MY names another key".to_owned());
        }
        let certificate = Certificate::parse(&stored.certificate).map_err(|error| error.to_string())?;
        let Some(serial) = &key.card else {
            let kept = stores.and_then(|stores| stores.keys.get(&key.provider, &key.container));
            let public = kept.ok_or("its key does not exist")?.key.public().spki_der();
            return if public == certificate.public_key { Ok(()) } else { Err("its key is another one".to_owned()) };
        };
        let card = self.names.card(&serial.0).ok_or("its card does not exist")?;
        let state = self.hosts.cards.card(card, Card::look).ok_or("its card does not exist")?;
        let container = state.containers.iter().find(|container| container.name == key.container);
        let container = container.ok_or("its container does not exist")?;
        let public = public_key(container).ok_or("its container has no key")?;
        if public != certificate.public_key {
            return Err("the key on the card is another one".to_owned());
        }
        match container.certificate.as_ref().and_then(|certificate| certificate.der()) {
            Some(der) if der == stored.certificate => Ok(()),
            _ => Err("the card does not hold the certificate".to_owned()),
        }
    }
}

/// The public key in a container, as a DER SubjectPublicKeyInfo.
fn public_key(container: &ContainerState) -> Option<Vec<u8>> {
    container.key.as_ref()?.public.as_ref().map(|public| public.spki_der())
}
