//! What invariants are told beside the records: cards as they are, and whether a certificate is where a core says it
//! is.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_card::{Card, ContainerState};
use autoenroll_invariants::{Beyond, CardView, DefaultContainer, KeyAt, Leftover};
use autoenroll_model::{
    CardOperation, CertificateCheck, CoreFactory, Effect, EffectResult, KeyPlace, Outcome, Report, RequestEntry,
    RequestStage, SoftwareOperation, Thumbprint,
};
use autoenroll_wire::Certificate;

use crate::hosts::{CaHost, CardHost};
use crate::readers::Reader;
use crate::session::SessionId;
use crate::world::World;

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// A card, by the names that records use.
    pub(crate) fn card_view(&self, card: &str) -> Option<CardView> {
        let state = self.hosts.cards.card(card, Card::look)?;
        let mut listed = state.containers.iter().filter(|container| container.listed);
        let first = listed.clone().next();
        let default = listed.find(|container| container.default).or(first);
        let default = default.map(|container| DefaultContainer {
            name: self.names.container(&container.name),
            key: public_key(container),
            certificate: container.certificate.is_some(),
        });
        Some(CardView { tries: state.pin.tries_left, unlocked: state.user, default })
    }

    /// Whether a card has taken a PIN and not dropped it.
    pub(crate) fn is_unlocked(&self, card: &str) -> bool {
        self.hosts.cards.card(card, Card::is_unlocked).unwrap_or(false)
    }

    /// What belongs to the record of an effect that begins.
    pub(crate) fn beyond_begun(&self, principal: &str, effect: &Effect) -> Beyond {
        let place = match effect {
            Effect::Card { card, operation: CardOperation::Generate { .. }, .. } => Some(card),
            Effect::Software { operation: SoftwareOperation::Generate { .. }, .. } => None,
            _ => return Beyond::Nothing,
        };
        let Some(stores) = self.stores.get(principal) else { return Beyond::Nothing };
        let left = stores.stores().requests.iter().filter(|entry| entry.stage == RequestStage::Prepared);
        let here = left.filter(|entry| entry.key.card.as_ref() == place);
        let leftover = |entry: &RequestEntry| Leftover {
            template: entry.template.clone(),
            container: self.names.container(&entry.key.container),
        };
        Beyond::Leftovers(here.map(leftover).collect())
    }

    /// What belongs to the record of an entry that is put into REQUEST.
    pub(crate) fn beyond_put(&self, principal: &str, entry: &RequestEntry) -> Beyond {
        if !entry.given_up {
            return Beyond::Nothing;
        }
        let my = self.stores.get(principal).map(|stores| stores.stores().my.as_slice()).unwrap_or_default();
        Beyond::GivenUp { certified: my.iter().any(|stored| stored.key.as_ref() == Some(&entry.key)) }
    }

    /// Those of the certificates that were looked at whose life is over.
    fn expired(&self, principal: &str, checks: &[CertificateCheck]) -> Vec<String> {
        let Some(stores) = self.stores.get(principal) else { return Vec::new() };
        let now = self.wall();
        let is_over = |of: &Thumbprint| {
            let view = stores.certificate(of).and_then(|stored| Certificate::parse(&stored.certificate).ok());
            view.is_some_and(|view| now >= view.not_after)
        };
        let over = checks.iter().filter(|check| is_over(&check.thumbprint));
        over.map(|check| self.names.certificate(&check.thumbprint)).collect()
    }

    /// What belongs to the record of an effect that has ended. A card that another transaction has begun to work with
    /// says nothing of this one.
    pub(crate) fn beyond_done(&self, principal: &str, effect: &Effect, result: &EffectResult) -> Beyond {
        if let EffectResult::Checks(checks) = result {
            return Beyond::Inspected { expired: self.expired(principal, checks) };
        }
        let Effect::Card { card, .. } = effect else { return Beyond::Nothing };
        let Some(name) = self.names.card(&card.0) else { return Beyond::Nothing };
        let reader = self.readers.place_of(name).and_then(|place| self.readers.get(place).ok());
        if reader.is_none_or(Reader::is_at_work) {
            return Beyond::Nothing;
        }
        Beyond::Done { unlocked: self.is_unlocked(name) }
    }

    /// What belongs to the record of a report.
    pub(crate) fn beyond_report(&self, principal: &str, report: &Report) -> Beyond {
        match report {
            Report::ItemEnded { outcome: Outcome::Enrolled { thumbprint, key }, .. } => {
                Beyond::Enrolled(self.is_enrolled(principal, thumbprint, key))
            }
            Report::RunEnded => {
                let awaited: BTreeSet<&KeyAt> = self.invariants.keys_awaited_of(principal).collect();
                if awaited.is_empty() {
                    Beyond::Nothing
                } else {
                    Beyond::Unclaimed(self.unclaimed(principal, &awaited))
                }
            }
            _ => Beyond::Nothing,
        }
    }

    /// What belongs to the record of a certificate that goes from a principal's MY, before it goes.
    pub(crate) fn beyond_retired(&self, id: SessionId, principal: &str, thumbprint: &Thumbprint) -> Beyond {
        let stored = self.stores.get(principal).and_then(|stores| stores.certificate(thumbprint));
        let view = stored.and_then(|stored| Certificate::parse(&stored.certificate).ok());
        let now = self.wall();
        let valid = view.is_some_and(|view| view.not_before <= now && now < view.not_after) && {
            let checks = self.inspect(id, principal, std::slice::from_ref(thumbprint));
            let key = stored.and_then(|stored| stored.key.as_ref());
            checks.first().is_some_and(|check| !check.revoked)
                && key.is_some_and(|key| self.is_enrolled(principal, thumbprint, key).is_ok())
        };
        Beyond::Retired { valid }
    }

    /// Of these containers of a principal, by the names that records use, those with a key that no entry of MY or
    /// REQUEST names. Most are known: only what is there is looked for in the stores.
    fn unclaimed(&self, principal: &str, awaited: &BTreeSet<&KeyAt>) -> Vec<KeyAt> {
        let mut there: BTreeMap<(Option<&str>, String), KeyAt> = BTreeMap::new();
        let place = |card: Option<&str>| card.unwrap_or_default().to_owned();
        let mut found = |card, container: &str| {
            let key = (place(card), self.names.container(container));
            if awaited.contains(&key) {
                there.insert((card, container.to_owned()), key);
            }
        };
        if let Some(stores) = self.stores.get(principal) {
            stores.keys.iter().for_each(|(_, container, _)| found(None, container));
        }
        for card in self.cards.keys() {
            let Some(state) = self.hosts.cards.card(card, Card::look) else { continue };
            let with_key = state.containers.iter().filter(|container| container.listed && container.key.is_some());
            with_key.for_each(|container| found(Some(card.as_str()), &container.name));
        }
        for stores in self.stores.values().chain(self.set_aside.values()).map(|stores| stores.stores()) {
            let certified = stores.my.iter().filter_map(|stored| stored.key.as_ref());
            for key in certified.chain(stores.requests.iter().map(|entry| &entry.key)) {
                let card = key.card.as_ref().and_then(|serial| self.names.card(&serial.0));
                there.remove(&(card, key.container.clone()));
            }
        }
        there.into_values().collect()
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
        let wanted = self.names.container(&key.container);
        let container = state.containers.iter().find(|container| self.names.container(&container.name) == wanted);
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
