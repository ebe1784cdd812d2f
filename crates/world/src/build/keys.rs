//! The keys of what was issued before the start.

use std::collections::BTreeMap;

use autoenroll_keys::{PrivateKey, Seed};
use autoenroll_model::{KeyAlgorithm, Template};

use super::Faults;
use crate::error::{Place, SpecFault, Thing, Unknown};
use crate::spec::{CardSpec, CertificateKey, WorldSpec};

/// The key of templates whose minimum is beyond any RSA key here.
const FALLBACK_KEY: KeyAlgorithm = KeyAlgorithm::Rsa4096;

/// The entropy of keys of which it does not matter which they are.
const ANY_KEY: [u8; 32] = [0x41; 32];

/// Which keys software providers have at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SoftwareKeys {
    /// Each certificate and request its own.
    Own,
    /// All the same P-256 key, which is made and signs in a tenth of the time. Nothing is refused for what a software
    /// key is: how long it would be is compared with the template before it is made.
    One,
    /// As [`SoftwareKeys::One`], and what has its key on a card is certified for that key, too: an RSA key would have
    /// to sign the request. The containers of cards have one key for each algorithm.
    OneAlsoForCards,
}

/// The keys of certificates and requests.
pub(super) struct Keys<'a> {
    seed: Seed,
    cards: &'a [CardSpec],
    /// Card and container of every certificate that stands in one, by name.
    held: BTreeMap<&'a str, (&'a str, &'a str)>,
    software: SoftwareKeys,
}

impl<'a> Keys<'a> {
    pub(super) fn new(spec: &'a WorldSpec, seed: Seed, software: SoftwareKeys) -> Self {
        let containers = |card: &'a CardSpec| card.containers.iter().map(move |container| (card, container));
        let held = spec.cards.iter().flat_map(containers).filter_map(|(card, container)| {
            let certificate = container.holds.as_ref()?.name.as_str();
            Some((certificate, (card.name.as_str(), container.name.as_str())))
        });
        Self { seed, cards: &spec.cards, held: held.collect(), software }
    }

    /// Card and container, when the key is on a card: as its description says, or the certificate's place.
    pub(super) fn place<'b>(&'b self, name: &str, key: &'b CertificateKey) -> Option<(&'b str, &'b str)> {
        match key {
            CertificateKey::Card { card, container } => Some((card, container)),
            CertificateKey::Software | CertificateKey::Missing => self.held.get(name).copied(),
        }
    }

    /// The key of a certificate or request: on a card that of its container, otherwise its own.
    pub(super) fn find(
        &self,
        of: Place,
        key: &CertificateKey,
        template: &Template,
        faults: &mut Faults,
    ) -> Option<PrivateKey> {
        let on_card = self.place(&of.name, key);
        let (algorithm, said) = match on_card {
            None => {
                let said = Place::of(Thing::Template, &template.name).key("minimal-key-size");
                (KeyAlgorithm::rsa_at_least(template.minimal_key_size).unwrap_or(FALLBACK_KEY), said)
            }
            Some((card, container)) => {
                let algorithm = self.algorithm(&of, card, container, faults)?;
                (algorithm, Place::container(card, container).key("key"))
            }
        };
        // As CAs look at it, for templates of version 2 and later.
        let (bits, minimum) = (algorithm.bits(), template.minimal_key_size);
        if template.schema_version() >= 2 && bits < minimum {
            faults.push(said, SpecFault::KeyTooShort { bits, minimum });
            return None;
        }
        Some(match on_card {
            Some((card, container)) if self.software != SoftwareKeys::OneAlsoForCards => {
                self.on_card(card, container, algorithm)
            }
            Some(_) | None => self.in_software(&of.name, algorithm),
        })
    }

    /// The kind of key in a container.
    fn algorithm(&self, of: &Place, card: &str, container: &str, faults: &mut Faults) -> Option<KeyAlgorithm> {
        let found = self.cards.iter().find(|known| known.name == card);
        let known = || self.cards.iter().map(|card| card.name.clone()).collect();
        let found = found.ok_or_else(|| Unknown { what: Thing::Card, name: card.to_owned(), known: known() });
        let found = faults.take(of.clone().key("card"), found)?;
        let known = || found.containers.iter().map(|container| container.name.clone()).collect();
        let described = found.containers.iter().find(|known| known.name == container);
        let described =
            described.ok_or_else(|| Unknown { what: Thing::Container, name: container.to_owned(), known: known() });
        Some(faults.take(of.clone().key("container"), described)?.key.unwrap_or(KeyAlgorithm::Rsa2048))
    }

    /// The key in a container.
    pub(super) fn on_card(&self, card: &str, container: &str, algorithm: KeyAlgorithm) -> PrivateKey {
        match self.software {
            SoftwareKeys::OneAlsoForCards => self.any(algorithm),
            SoftwareKeys::Own | SoftwareKeys::One => {
                let seed = self.seed.below("world", "card key", &format!("{card}/{container}"), 0);
                PrivateKey::from_seed(algorithm, &seed)
            }
        }
    }

    /// The one key of its kind of a world whose certificates share it.
    fn any(&self, algorithm: KeyAlgorithm) -> PrivateKey {
        PrivateKey::from_seed(algorithm, &Seed::from(ANY_KEY).with_keys(self.seed.keys()))
    }

    fn in_software(&self, name: &str, algorithm: KeyAlgorithm) -> PrivateKey {
        match self.software {
            SoftwareKeys::Own => {
                PrivateKey::from_seed(algorithm, &self.seed.below("world", "certificate key", name, 0))
            }
            SoftwareKeys::One | SoftwareKeys::OneAlsoForCards => self.any(KeyAlgorithm::P256),
        }
    }
}
