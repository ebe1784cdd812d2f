//! A world from its description.

use crate::action::Change;
use std::collections::{BTreeMap, BTreeSet};

use autoenroll_apdu::gids::{ContainerName, KeyKind};
use autoenroll_ca::{Ca, CaConfig, CaDescription, CaIdentity};
use autoenroll_card::{Card, ContainerSpec, KeySource, Personalisation};
use autoenroll_csp::{SoftwareContainer, container_name};
use autoenroll_invariants::Checkers;
use autoenroll_keys::{PrivateKey, Seed, draw};
use autoenroll_model::{
    CardSerial, Certificates, CoreFactory, Decisions, Duration, EnrollmentService, FileTime, KeyAlgorithm, KeyPlace,
    KeySpec, PrincipalObject, RequestEntry, RequestStage, SimTime, StoredCertificate, Template, TrustStore, hex,
};
use autoenroll_trace::Trace;
use autoenroll_wire::{Certificate, thumbprint};

use crate::clock::Clock;
use crate::directory::{Directory, Visibility};
use crate::error::{SpecError, Thing, Unknown};
use crate::hosts::{CaHost, CardHost, Hosts};
use crate::issue::{Order, instant, issue, permissive, submit, template_then};
use crate::names::Names;
use crate::policy::GroupPolicy;
use crate::queue::{Event, Queue};
use crate::readers::Readers;
use crate::spec::{
    CaSpec, CardSpec, CertificateKey, CertificateSpec, Chain, ComputerSpec, ReaderName, RequestDecision, RequestSpec,
    WorldSpec,
};
use crate::spending::Spending;
use crate::stores::{PrincipalStores, TrustStores};
use crate::world::{CaState, CardState, Computer, World};

/// The number of a request that a CA has forgotten: none here ever gets so far.
const FORGOTTEN: u32 = 999_999;

/// CA certificates began so long before the start.
const CA_AGE: Duration = Duration::days(3650);

/// The key of templates whose minimum is beyond any RSA key here.
const FALLBACK_KEY: KeyAlgorithm = KeyAlgorithm::Rsa4096;

/// The provider of software keys whose template lists none.
const SOFTWARE_PROVIDER: &str = "Microsoft Enhanced Cryptographic Provider v1.0";

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// Builds a world; no user is logged on and no computer runs.
    ///
    /// # Errors
    /// When the description names what does not exist, or something in it cannot be made.
    pub fn new(spec: WorldSpec, factory: F, hosts: Hosts<C, A>) -> Result<Self, SpecError> {
        no_name_twice(&spec)?;
        let mut world = World {
            factory,
            hosts,
            seed: Seed::from(spec.seed),
            profile: spec.profile.clone(),
            domain: spec.domain.netbios.clone(),
            clock: Clock::new(spec.start),
            trace: Trace::new(),
            budget: spec.budget,
            spending: Spending::default(),
            queue: Queue::default(),
            decisions: decisions(&spec),
            names: Names::default(),
            directory: Directory::new(&spec.domain, &spec.groups),
            policy: GroupPolicy::new(spec.policy.clone()),
            computers: BTreeMap::new(),
            users: spec.users.iter().map(|user| user.name.clone()).collect(),
            stores: BTreeMap::new(),
            readers: Readers::default(),
            cards: BTreeMap::new(),
            authorities: BTreeMap::new(),
            policy_services: spec.policy_services.clone(),
            failing: BTreeMap::new(),
            roots: BTreeMap::new(),
            untrusted_cas: Vec::new(),
            sessions: BTreeMap::new(),
            logons: BTreeMap::new(),
            begun_logons: 0,
            begun: 0,
            containers: BTreeMap::new(),
            profiles: BTreeMap::new(),
            set_aside: BTreeMap::new(),
            roaming: BTreeSet::new(),
            changes: Vec::new(),
            invariants: Checkers::new(Some(spec.profile.cancelled)),
        };
        world.build_directory(&spec);
        world.build_authorities(&spec)?;
        world.build_trust(&spec)?;
        let certificates = world.build_certificates(&spec)?;
        world.build_cards(&spec, &certificates)?;
        world.build_stores(&spec, &certificates)?;
        world.build_schedule(&spec);
        #[cfg(feature = "planted-bugs")]
        world.flip_authorities(&spec);
        Ok(world)
    }
}

/// A certificate that was issued before the start.
struct Old {
    certificate: Certificate,
    key: PrivateKey,
    template: String,
    foreign: bool,
}

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    fn build_directory(&mut self, spec: &WorldSpec) {
        for user in &spec.users {
            self.directory.add_user(user, user.created.map(|created| instant(created, spec.start)));
            self.stores.insert(user.name.clone(), PrincipalStores::new(user.settings.clone()));
            if user.roaming {
                self.roaming.insert(user.name.clone());
            }
        }
        for computer in &spec.computers {
            self.directory.add_computer(computer);
            self.stores.insert(computer.name.clone(), PrincipalStores::new(computer.settings.clone()));
            for reader in &computer.readers {
                self.readers.add(ReaderName { computer: computer.name.clone(), reader: reader.clone() });
            }
            let built = Computer {
                role: computer.role,
                providers: computer.providers.clone(),
                card_database: computer.card_database.clone(),
                site: computer.site.clone(),
                trust: TrustStores::default(),
            };
            self.computers.insert(computer.name.clone(), built);
        }
        for template in &spec.templates {
            let visibility = visible(template.published);
            self.directory.add_template(template.template.clone(), visibility);
        }
    }

    fn build_authorities(&mut self, spec: &WorldSpec) -> Result<(), SpecError> {
        for authority in &spec.authorities {
            for template in &authority.templates {
                self.directory.template(template)?;
            }
            let identity = self.identity_of(spec.start, authority)?;
            let mut ca = Ca::new(self.seed, identity.clone(), config_of(authority), Vec::new());
            authority.configure(&mut ca);
            self.roots.insert(authority.name.clone(), identity.certificate().to_vec());
            let published =
                EnrollmentService { host: authority.host.clone(), site: authority.site.clone(), ..ca.authority() };
            self.directory.add_authority(published, visible(authority.published));
            self.hosts.cas.add_ca(ca);
            let state = CaState { spec: authority.clone(), stopped: false };
            self.authorities.insert(authority.name.clone(), state);
        }
        // The CAs of one enterprise believe each other's certificates when these sign a request.
        for authority in &spec.authorities {
            for other in spec.authorities.iter().filter(|other| other.name != authority.name) {
                let identity = self.identity_of(spec.start, other)?;
                self.hosts.cas.ca_mut(&authority.name, |ca| ca.trust(&identity));
            }
        }
        for root in &spec.domain.trust.extra_roots {
            let identity = root_identity(&self.seed, root, KeyAlgorithm::P256, spec.start, CA_AGE)?;
            self.roots.insert(root.clone(), identity.certificate().to_vec());
        }
        Ok(())
    }

    fn identity_of(&self, start: FileTime, authority: &CaSpec) -> Result<CaIdentity, SpecError> {
        root_identity(&self.seed, &authority.name, authority.key, start, authority.remaining)
    }

    /// CAs invert a rule only from now on: what is older than the story was issued by the rules.
    #[cfg(feature = "planted-bugs")]
    fn flip_authorities(&mut self, spec: &WorldSpec) {
        for authority in spec.authorities.iter().filter(|_| spec.flip.is_some()) {
            self.hosts.cas.ca_mut(&authority.name, |ca| *ca = ca.clone().flipping(spec.flip.clone()));
        }
    }

    /// Machines begin with the directory's trust containers of the start, as if they had been downloaded long ago; what
    /// they do not have is the memory of it (`AEDirectoryCache`).
    fn build_trust(&mut self, spec: &WorldSpec) -> Result<(), SpecError> {
        let trust = &spec.domain.trust;
        for (store, names) in
            [(TrustStore::Root, &trust.roots), (TrustStore::Ca, &trust.ca), (TrustStore::NtAuth, &trust.ntauth)]
        {
            for name in names {
                let der = self.root(name)?;
                self.directory.set_trusted(store, &der, true);
            }
            let content = Certificates(self.directory.trusted(store).to_vec());
            for computer in self.computers.values_mut() {
                computer.trust.set(store, &content);
            }
        }
        Ok(())
    }

    /// Issues every certificate that is described anywhere, once for each name.
    fn build_certificates(&mut self, spec: &WorldSpec) -> Result<BTreeMap<String, Old>, SpecError> {
        let in_stores = spec.stores.iter().flat_map(|store| store.certificates.iter().map(|c| (c, store.of.as_str())));
        let of_users = spec.users.iter().flat_map(|user| user.published.iter().map(|c| (c, user.name.as_str())));
        let of_computers = spec.computers.iter().flat_map(|pc| pc.published.iter().map(|c| (c, pc.name.as_str())));
        let first = spec.users.first().map_or("", |user| user.name.as_str());
        let on_cards = spec.cards.iter().flat_map(|card| &card.containers);
        let on_cards = on_cards.filter_map(|container| container.holds.as_ref()).map(|c| (c, first));
        let all = in_stores.chain(of_users).chain(of_computers).chain(on_cards);

        let places = places_on_cards(spec);
        let mut issued = BTreeMap::new();
        let mut untrusted_cas = BTreeMap::new();
        for (certificate, holder) in all {
            if !issued.contains_key(&certificate.name) {
                let owner = certificate.owner.as_deref().unwrap_or(holder);
                let old = self.build_certificate(spec, certificate, owner, &places, &mut untrusted_cas)?;
                issued.insert(certificate.name.clone(), old);
            }
        }
        self.untrusted_cas = untrusted_cas.values().map(|ca: &Ca| ca.identity().certificate().to_vec()).collect();
        for (name, certificates) in spec
            .users
            .iter()
            .map(|user| (&user.name, &user.published))
            .chain(spec.computers.iter().map(|computer| (&computer.name, &computer.published)))
        {
            for certificate in certificates {
                if let Some(old) = issued.get(&certificate.name) {
                    self.directory.publish_certificate(name, &old.certificate.raw);
                }
            }
        }
        Ok(issued)
    }

    fn build_certificate(
        &mut self,
        spec: &WorldSpec,
        certificate: &CertificateSpec,
        owner: &str,
        places: &BTreeMap<String, (String, String)>,
        untrusted_cas: &mut BTreeMap<String, Ca>,
    ) -> Result<Old, SpecError> {
        let current = self.directory.template(&certificate.template)?.clone();
        let owner = self.directory.object(owner)?.clone();
        let key = self.key_for(spec, &certificate.name, &certificate.key, &current, places)?;
        let order = Order {
            template: template_then(&current, certificate),
            owner: &owner,
            key: &key,
            at: instant(certificate.issued, spec.start),
            names_template: !certificate.foreign,
            pends: false,
        };
        let revoked = certificate.revoked.then_some(order.at);
        let outcome = match certificate.chain {
            Chain::Ok => self.hosts.cas.ca_mut(&certificate.ca, |ca| issue(ca, &order, revoked)),
            Chain::Untrusted => {
                let ca = self.untrusted_ca(spec, &certificate.ca, untrusted_cas)?;
                Some(issue(ca, &order, revoked))
            }
        };
        let outcome = outcome.ok_or_else(|| self.unknown_authority(&certificate.ca))?;
        let unbuildable = |reason| unbuildable(Thing::Certificate, &certificate.name, reason);
        let (request, issued) = outcome.map_err(unbuildable)?;
        if certificate.chain == Chain::Ok {
            self.names.add_request(&certificate.ca, request, &certificate.name);
        }
        let template = Some(certificate.template.as_str()).filter(|_| !certificate.foreign);
        self.names.add_certificate(&issued.thumbprint(), &certificate.name, template, &issued.raw);
        Ok(Old { certificate: issued, key, template: certificate.template.clone(), foreign: certificate.foreign })
    }

    /// A CA of the same name with another key, which is not trusted.
    fn untrusted_ca<'a>(
        &self,
        spec: &WorldSpec,
        name: &str,
        untrusted_cas: &'a mut BTreeMap<String, Ca>,
    ) -> Result<&'a mut Ca, SpecError> {
        // Another word here is another key, and another digest of each trace that shows it.
        let seed = Seed(draw(&self.seed, "world", "impostor", name, 0));
        let identity = root_identity(&seed, name, KeyAlgorithm::P256, spec.start, CA_AGE)?;
        let config = CaConfig::new("impostor.invalid", &[]);
        Ok(untrusted_cas.entry(name.to_owned()).or_insert_with(|| Ca::new(seed, identity, config, Vec::new())))
    }

    /// The key of a certificate or request: on a card that of its container, otherwise its own.
    fn key_for(
        &self,
        spec: &WorldSpec,
        name: &str,
        place: &CertificateKey,
        template: &Template,
        places: &BTreeMap<String, (String, String)>,
    ) -> Result<PrivateKey, SpecError> {
        let on_card = match (place, places.get(name)) {
            (CertificateKey::Card { card, container }, _) => Some((card, container)),
            (_, Some((card, container))) => Some((card, container)),
            _ => None,
        };
        let Some((card, container)) = on_card else {
            let algorithm = KeyAlgorithm::rsa_at_least(template.minimal_key_size).unwrap_or(FALLBACK_KEY);
            return Ok(PrivateKey::from_pool(algorithm, &draw(&self.seed, "world", "certificate key", name, 0)));
        };
        let found = spec.cards.iter().find(|known| known.name == *card);
        let known = || spec.cards.iter().map(|card| card.name.clone()).collect();
        let found = found.ok_or_else(|| Unknown { what: Thing::Card, name: card.clone(), known: known() })?;
        let known = || found.containers.iter().map(|container| container.name.clone()).collect();
        let described = found.containers.iter().find(|known| known.name == *container);
        let described =
            described.ok_or_else(|| Unknown { what: Thing::Container, name: container.clone(), known: known() })?;
        Ok(self.card_key(card, container, described.key.unwrap_or(KeyAlgorithm::Rsa2048)))
    }

    fn card_key(&self, card: &str, container: &str, algorithm: KeyAlgorithm) -> PrivateKey {
        PrivateKey::from_pool(algorithm, &draw(&self.seed, "world", "card key", &format!("{card}/{container}"), 0))
    }

    fn build_cards(&mut self, spec: &WorldSpec, issued: &BTreeMap<String, Old>) -> Result<(), SpecError> {
        for described in &spec.cards {
            let unbuildable = |reason: String| unbuildable(Thing::Card, &described.name, reason);
            let serial = described.serial.unwrap_or_else(|| self.drawn_serial(&described.name));
            let mut card = Card::new(described.profile.clone(), serial, self.seed);
            let mut admin_key = [0; 24];
            admin_key.copy_from_slice(&draw(&self.seed, "world", "admin key", &described.name, 0)[..24]);
            let mut layout = Personalisation::new(described.pin.reveal().as_bytes(), admin_key);
            for container in &described.containers {
                let name = ContainerName::new(&container.name);
                let name = name.map_err(|error| unbuildable(error.to_string()))?;
                let algorithm = container.key.unwrap_or(KeyAlgorithm::Rsa2048);
                let certificate = container.holds.as_ref().and_then(|holds| issued.get(&holds.name));
                layout = layout.with_container(ContainerSpec {
                    name,
                    kind: KeyKind::Exchange,
                    key: KeySource::Import(self.card_key(&described.name, &container.name, algorithm)),
                    certificate: certificate.map(|old| old.certificate.raw.clone()),
                    default: container.default,
                });
            }
            card.personalise(&layout).map_err(|error| unbuildable(error.to_string()))?;
            card.set_tries_left(described.tries);
            self.names.add_card(&hex::encode(&serial), &described.name);
            self.cards.insert(described.name.clone(), CardState::default());
            self.hosts.cards.add_card(&described.name, card);
            if let Some(view) = self.card_view(&described.name) {
                self.invariants.card(&described.name, &view);
            }
        }
        for described in &spec.cards {
            let Some(place) = &described.in_reader else { continue };
            self.readers.get(place)?;
            self.insert_card(&described.name, place);
        }
        Ok(())
    }

    fn drawn_serial(&self, card: &str) -> [u8; 16] {
        let mut serial = [0; 16];
        serial.copy_from_slice(&draw(&self.seed, "world", "card id", card, 0)[..16]);
        serial
    }

    fn build_stores(&mut self, spec: &WorldSpec, issued: &BTreeMap<String, Old>) -> Result<(), SpecError> {
        let places = places_on_cards(spec);
        for store in &spec.stores {
            self.directory.object(&store.of)?;
            for certificate in &store.certificates {
                let Some(old) = issued.get(&certificate.name) else { continue };
                let kept = (&old.key, old.template.as_str());
                let place = self.place_key(spec, &store.of, &certificate.name, &certificate.key, kept, &places)?;
                let stored = StoredCertificate {
                    certificate: old.certificate.raw.clone(),
                    thumbprint: thumbprint(&old.certificate.raw),
                    key: place,
                    archived: certificate.archived,
                    auto_enroll: Some(old.template.clone()).filter(|_| !old.foreign),
                };
                self.stores.entry(store.of.clone()).or_default().add(stored);
            }
            for request in &store.requests {
                self.build_request(spec, &store.of, request, issued, &places)?;
            }
        }
        Ok(())
    }

    /// Where the store says the key is; a software key is put there.
    fn place_key(
        &mut self,
        spec: &WorldSpec,
        principal: &str,
        name: &str,
        key: &CertificateKey,
        (private, template): (&PrivateKey, &str),
        places: &BTreeMap<String, (String, String)>,
    ) -> Result<Option<KeyPlace>, SpecError> {
        let on_card = match (key, places.get(name)) {
            (CertificateKey::Missing, _) => return Ok(None),
            (CertificateKey::Card { card, container }, _) => Some((card, container)),
            (CertificateKey::Software, Some((card, container))) => Some((card, container)),
            (CertificateKey::Software, None) => None,
        };
        if let Some((card, container)) = on_card {
            return Ok(self.place_on_card(spec, card, container));
        }
        let template = self.directory.template(template)?;
        let first = template.providers.iter().min_by_key(|provider| provider.order);
        let provider = first.map_or(SOFTWARE_PROVIDER, |provider| provider.name.as_str()).to_owned();
        let container = container_name(&draw(&self.seed, principal, "old container", name, 0));
        self.names.add_container(&container, principal);
        let kept = SoftwareContainer {
            key: private.clone(),
            key_spec: KeySpec::Exchange,
            exportable: false,
            protected: false,
        };
        self.stores.entry(principal.to_owned()).or_default().keys.insert(&provider, &container, kept);
        Ok(Some(KeyPlace { provider, container, card: None }))
    }

    /// A key on a card belongs to the provider under which any computer knows the card.
    fn place_on_card(&self, spec: &WorldSpec, card: &str, container: &str) -> Option<KeyPlace> {
        let described = spec.cards.iter().find(|known| known.name == card)?;
        let atr = described.profile.atr.as_bytes();
        let provider =
            spec.computers.iter().find_map(|computer: &ComputerSpec| computer.card_database.provider_for(atr));
        Some(KeyPlace {
            provider: provider?.to_owned(),
            container: container.to_owned(),
            card: Some(CardSerial(self.names.serial(card)?.to_owned())),
        })
    }

    fn build_request(
        &mut self,
        spec: &WorldSpec,
        principal: &str,
        request: &RequestSpec,
        issued: &BTreeMap<String, Old>,
        places: &BTreeMap<String, (String, String)>,
    ) -> Result<(), SpecError> {
        let current = self.directory.template(&request.template)?.clone();
        let owner: PrincipalObject = self.directory.object(principal)?.clone();
        let key = self.key_for(spec, &request.name, &request.key, &current, places)?;
        let at = instant(request.created, spec.start);
        let order =
            Order { template: permissive(&current), owner: &owner, key: &key, at, names_template: true, pends: true };
        let unbuildable = |reason: String| unbuildable(Thing::Request, &request.name, reason);
        let stage = if request.decided == RequestDecision::Unsent {
            RequestStage::Prepared
        } else if request.decided == RequestDecision::Forgotten {
            let host = self.hosts.cas.ca(&request.ca, |ca| ca.config().host.clone()).unwrap_or_default();
            RequestStage::Pending { ca: request.ca.clone(), host, request_id: FORGOTTEN }
        } else {
            let reply = self.hosts.cas.ca_mut(&request.ca, |ca| submit(ca, &order));
            let reply = reply.ok_or_else(|| self.unknown_authority(&request.ca))?.map_err(unbuildable)?;
            let id = reply.request_id;
            self.names.add_request(&request.ca, id, &request.name);
            let host = self.hosts.cas.ca(&request.ca, |ca| ca.config().host.clone()).unwrap_or_default();
            self.decide_request(spec, request, id, &order).map_err(unbuildable)?;
            if request.decided == RequestDecision::Pending {
                self.invariants.pending(&request.ca, id, principal, &request.template);
            }
            RequestStage::Pending { ca: request.ca.clone(), host, request_id: id }
        };
        let kept = (&key, request.template.as_str());
        let place = self.place_key(spec, principal, &request.name, &request.key, kept, places)?;
        let place = place.ok_or_else(|| unbuildable("a request needs a key".to_owned()))?;
        let replaced = request.replaces.as_ref().map(|name| {
            let known = || issued.keys().cloned().collect();
            let found = issued.get(name).map(|old| old.certificate.thumbprint());
            found.ok_or_else(|| Unknown { what: Thing::Certificate, name: name.clone(), known: known() })
        });
        let entry = RequestEntry {
            key_id: hex::encode(&key.public().key_identifier()),
            template: request.template.clone(),
            key: place,
            algorithm: key.algorithm(),
            created: at,
            stage,
            replaces: replaced.transpose()?,
            renewal: request.renewal,
            also_replaces: Vec::new(),
            given_up: false,
        };
        self.stores.entry(principal.to_owned()).or_default().put_request(entry);
        Ok(())
    }

    /// What the manager made of a request before the start.
    fn decide_request(
        &mut self,
        spec: &WorldSpec,
        request: &RequestSpec,
        id: u32,
        order: &Order<'_>,
    ) -> Result<(), String> {
        let outcome = self.hosts.cas.ca_mut(&request.ca, |ca| match request.decided {
            RequestDecision::Pending | RequestDecision::Unsent | RequestDecision::Forgotten => Ok(()),
            RequestDecision::Denied => ca.deny(spec.start, "manager", id).map_err(|error| error.to_string()),
            RequestDecision::Approved => {
                let (configured, templates) = (ca.config().clone(), ca.templates().to_vec());
                ca.config_mut().templates = vec![order.template.name.clone()];
                ca.set_templates(vec![order.template.clone()]);
                let approved = ca.approve(spec.start, "manager", id).map_err(|error| error.to_string());
                *ca.config_mut() = configured;
                ca.set_templates(templates);
                ca.take_decisions();
                approved.map(drop)
            }
        });
        outcome.unwrap_or(Ok(()))?;
        let approved = self.hosts.cas.ca(&request.ca, |ca| ca.database().row(id)?.certificate.clone()).flatten();
        if let Some(der) = approved {
            self.names.add_certificate(&thumbprint(&der), &request.name, Some(&request.template), &der);
        }
        Ok(())
    }

    fn build_schedule(&mut self, spec: &WorldSpec) {
        for template in &spec.templates {
            if let Some(after) = template.published {
                let change = Change::Publish { template: template.template.name.clone() };
                self.queue.put(SimTime::START + after, Event::Change(change));
            }
        }
        for authority in &spec.authorities {
            if let Some(after) = authority.published {
                self.queue.put(SimTime::START + after, Event::PublishAuthority(authority.name.clone()));
            }
        }
        for scheduled in &spec.changes {
            self.queue.put(SimTime::START + scheduled.at, Event::Change(scheduled.change.clone()));
        }
    }
}

fn decisions(spec: &WorldSpec) -> Decisions {
    #[cfg(feature = "planted-bugs")]
    return Decisions::flipping(spec.flip.clone());
    #[cfg(not(feature = "planted-bugs"))]
    {
        let _ = spec;
        Decisions::new()
    }
}

const fn visible(published: Option<Duration>) -> Visibility {
    match published {
        None => Visibility::Published,
        Some(_) => Visibility::Hidden,
    }
}

fn root_identity(
    seed: &Seed,
    name: &str,
    algorithm: KeyAlgorithm,
    start: FileTime,
    remaining: Duration,
) -> Result<CaIdentity, SpecError> {
    let description = CaDescription {
        algorithm,
        validity: Duration(CA_AGE.0.saturating_add(remaining.0)),
        ..CaDescription::new(name, start - CA_AGE)
    };
    CaIdentity::root(seed, description).map_err(|error| unbuildable(Thing::Authority, name, error.to_string()))
}

fn config_of(authority: &CaSpec) -> CaConfig {
    let templates: Vec<&str> = authority.templates.iter().map(String::as_str).collect();
    CaConfig::new(authority.host.as_deref().unwrap_or_default(), &templates)
}

/// Card and container of every certificate that stands in one, by name.
fn places_on_cards(spec: &WorldSpec) -> BTreeMap<String, (String, String)> {
    let containers = |card: &CardSpec| -> Vec<_> {
        let held = card.containers.iter().filter_map(|container| Some((container.holds.as_ref()?, &container.name)));
        held.map(|(holds, container)| (holds.name.clone(), (card.name.clone(), container.clone()))).collect()
    };
    spec.cards.iter().flat_map(containers).collect()
}

fn unbuildable(what: Thing, name: &str, reason: String) -> SpecError {
    SpecError::Unbuildable { what, name: name.to_owned(), reason }
}

fn no_name_twice(spec: &WorldSpec) -> Result<(), SpecError> {
    let check = |what: Thing, names: Vec<&str>| {
        let mut seen = BTreeSet::new();
        match names.into_iter().find(|name| !seen.insert(*name)) {
            Some(name) => Err(SpecError::Twice { what, name: name.to_owned() }),
            None => Ok(()),
        }
    };
    let users = spec.users.iter().map(|user| user.name.as_str());
    let computers = spec.computers.iter().map(|computer| computer.name.as_str());
    let groups = spec.groups.iter().map(|group| group.name.as_str());
    check(Thing::Member, users.chain(computers).chain(groups).collect())?;
    check(Thing::Card, spec.cards.iter().map(|card| card.name.as_str()).collect())?;
    let authorities = spec.authorities.iter().map(|authority| authority.name.as_str());
    let roots = spec.domain.trust.extra_roots.iter().map(String::as_str);
    check(Thing::Root, authorities.chain(roots).collect())?;
    check(Thing::Template, spec.templates.iter().map(|template| template.template.name.as_str()).collect())?;
    for computer in &spec.computers {
        check(Thing::Reader, computer.readers.iter().map(String::as_str).collect())?;
    }
    Ok(())
}
