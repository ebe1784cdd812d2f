//! A world from its description.

mod keys;

use crate::action::Change;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use autoenroll_apdu::gids::{ContainerName, KeyKind};
use autoenroll_apdu::piv::{Slot, nameless_container};
use autoenroll_ca::{Ca, CaConfig, CaDescription, CaIdentity};
use autoenroll_card::{Applet, Card, ContainerSpec, KeySource, Personalisation, PersonaliseError};
use autoenroll_csp::{Minidriver, SoftwareContainer, container_name};
use autoenroll_invariants::Checkers;
use autoenroll_keys::{KeyMode, PrivateKey, Seed, draw};
use autoenroll_model::{
    CardSerial, CoreFactory, Decisions, Disposition, Duration, EnrollmentService, Facts, FileTime, KeyAlgorithm,
    KeyPlace, KeySpec, PrincipalObject, RequestEntry, RequestStage, Shared, SimTime, StoredCertificate, Template,
    TrustStore, hex,
};
use autoenroll_trace::{Kind, Trace};
use autoenroll_wire::{Certificate, thumbprint};

use crate::changes::Changes;
use crate::clock::Clock;
use crate::directory::{Directory, Visibility};
use keys::Keys;

use crate::error::{Place, SpecError, SpecErrors, SpecFault, Thing, Unknown};
use crate::hosts::{CaHost, CardHost, Hosts};
use crate::issue::{Order, instant, issue, permissive, submit, template_then};
use crate::policy::GroupPolicy;
use crate::queue::{Event, Queue};
use crate::spec::{
    ADMIN_KEY, CaSpec, CertificateKey, CertificateSpec, Chain, ComputerSpec, ReaderName, RequestDecision, RequestSpec,
    WorldSpec,
};
use crate::spending::Spending;
use crate::stores::{PrincipalStores, TrustStores};
use crate::world::{CaState, CardState, Computer, World};

/// The number of a request that a CA has forgotten: none here ever gets so far.
const FORGOTTEN: u32 = 999_999;

/// CA certificates began so long before the start.
const CA_AGE: Duration = Duration::days(3650);

/// The provider of software keys whose template lists none.
const SOFTWARE_PROVIDER: &str = "Microsoft Enhanced Cryptographic Provider v1.0";

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// Builds a world; no user is logged on and no computer runs.
    ///
    /// # Errors
    /// Everything in the description that names what does not exist, or cannot be made. The same description is always
    /// refused for the same reasons, with any core and any hosts.
    pub fn new(spec: WorldSpec, factory: F, hosts: Hosts<C, A>) -> Result<Self, SpecErrors> {
        let mut faults = Faults::default();
        no_name_twice(&spec, &mut faults);
        if !faults.0.is_empty() {
            return Err(SpecErrors(faults.0));
        }
        let mut world = World {
            factory,
            hosts,
            seed: Seed::from(spec.seed).with_keys(spec.keys),
            profile: Arc::new(spec.profile.clone()),
            domain: spec.domain.netbios.as_str().into(),
            clock: Clock::new(spec.start),
            trace: Trace::new(),
            budget: spec.budget,
            spending: Spending::default(),
            queue: Queue::default(),
            decisions: decisions(&spec),
            names: Shared::default(),
            directory: Directory::new(&spec.domain, &spec.groups).into(),
            policy: GroupPolicy::new(spec.policy.clone()),
            computers: Shared::default(),
            users: spec.users.iter().map(|user| user.name.clone()).collect(),
            stores: Shared::default(),
            readers: Shared::default(),
            cards: Shared::default(),
            authorities: Shared::default(),
            policy_services: spec.policy_services.clone().into(),
            failing: Shared::default(),
            roots: Shared::default(),
            untrusted_cas: Shared::default(),
            sessions: BTreeMap::new(),
            session_of: Shared::default(),
            logons: BTreeMap::new(),
            begun_logons: 0,
            begun: 0,
            containers: Shared::default(),
            profiles: Shared::default(),
            set_aside: Shared::default(),
            roaming: Shared::default(),
            changes: Default::default(),
            invariants: Checkers::of(&spec.profile).into(),
        };
        world.say_which_keys(spec.keys);
        // That is no change in the sense of what may come of changes later.
        world.changes = Changes::default();
        let keys = Keys::new(&spec, world.seed);
        world.build_directory(&spec);
        world.build_authorities(&spec, &mut faults);
        world.build_trust(&spec, &mut faults);
        let certificates = world.build_certificates(&spec, &keys, &mut faults);
        world.build_cards(&spec, &certificates, &keys, &mut faults);
        world.build_stores(&spec, &certificates, &keys, &mut faults);
        world.build_schedule(&spec);
        #[cfg(feature = "planted-bugs")]
        world.flip_authorities(&spec);
        if faults.0.is_empty() { Ok(world) } else { Err(SpecErrors(faults.0)) }
    }
}

/// What the minidriver that Windows brings along calls a container of a PIV card; `None` for a GIDS card.
fn nameless(card: &Card, container: u8) -> Option<String> {
    let slot = Slot::all().nth(usize::from(container)).filter(|_| card.profile().applet != Applet::Gids)?;
    Some(nameless_container(&card.serial(), slot))
}

/// What is wrong with a description. Building goes on without what cannot be made, so that everything is told at once.
#[derive(Default)]
struct Faults(Vec<SpecError>);

impl Faults {
    fn push(&mut self, place: Place, fault: impl Into<SpecFault>) {
        self.0.push(SpecError { place, fault: fault.into() });
    }

    /// What was made; when it could not be, the reason is kept.
    fn take<T>(&mut self, place: Place, made: Result<T, impl Into<SpecFault>>) -> Option<T> {
        made.map_err(|fault| self.push(place, fault)).ok()
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
    /// Symbolic keys are the first thing that a trace tells, so that it is not taken for one of real keys.
    fn say_which_keys(&mut self, keys: KeyMode) {
        if keys == KeyMode::Symbolic {
            self.record("world", Kind::Change, Facts::new().with("what", "keys").with("to", keys.as_str()), Vec::new());
        }
    }

    fn build_directory(&mut self, spec: &WorldSpec) {
        for user in &spec.users {
            self.directory.add_user(user, user.created.map(|created| instant(created, spec.start)));
            self.stores.insert(user.name.clone(), PrincipalStores::new(user.settings.clone()).into());
            if user.roaming {
                self.roaming.insert(user.name.clone());
            }
        }
        for computer in &spec.computers {
            self.directory.add_computer(computer);
            self.stores.insert(computer.name.clone(), PrincipalStores::new(computer.settings.clone()).into());
            for reader in &computer.readers {
                self.readers.add(ReaderName { computer: computer.name.clone(), reader: reader.clone() });
            }
            let built = Computer {
                role: computer.role,
                providers: computer.installed(spec.profile.version()),
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

    fn build_authorities(&mut self, spec: &WorldSpec, faults: &mut Faults) {
        let mut identities = Vec::new();
        for authority in &spec.authorities {
            let place = || Place::of(Thing::Authority, &authority.name);
            for template in &authority.templates {
                faults.take(place().key("templates"), self.directory.template(template).map(drop));
            }
            let identity = root_identity(&self.seed, &authority.name, authority.key, spec.start, authority.remaining);
            let Some(identity) = faults.take(place(), identity) else { continue };
            let mut ca = Ca::new(self.seed, identity.clone(), config_of(authority), Vec::new());
            authority.configure(&mut ca);
            self.roots.insert(authority.name.clone(), identity.certificate().to_vec());
            let published =
                EnrollmentService { host: authority.host.clone(), site: authority.site.clone(), ..ca.authority() };
            self.directory.add_authority(published, visible(authority.published));
            self.hosts.cas.add_ca(ca);
            let state = CaState { spec: authority.clone(), stopped: false };
            self.authorities.insert(authority.name.clone(), state);
            identities.push(identity);
        }
        // The CAs of one enterprise believe each other's certificates when these sign a request.
        for identity in &identities {
            for other in identities.iter().filter(|other| other.name() != identity.name()) {
                self.hosts.cas.ca_mut(identity.name(), |ca| ca.trust(other));
            }
        }
        for root in &spec.domain.trust.extra_roots {
            let identity = root_identity(&self.seed, root, KeyAlgorithm::P256, spec.start, CA_AGE);
            if let Some(identity) = faults.take(Place::of(Thing::Root, root), identity) {
                self.roots.insert(root.clone(), identity.certificate().to_vec());
            }
        }
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
    fn build_trust(&mut self, spec: &WorldSpec, faults: &mut Faults) {
        let trust = &spec.domain.trust;
        let mut held = BTreeMap::new();
        for (store, names) in
            [(TrustStore::Root, &trust.roots), (TrustStore::Ca, &trust.ca), (TrustStore::NtAuth, &trust.ntauth)]
        {
            for name in names {
                if let Some(der) = faults.take(Place::of(Thing::Root, name), self.root(name)) {
                    self.directory.set_trusted(store, &der, true);
                }
            }
            held.insert(store, Shared::from(self.directory.trusted(store).to_vec()));
        }
        let held = TrustStores::holding(held);
        for computer in self.computers.values_mut() {
            computer.trust = held.clone();
        }
    }

    /// Issues every certificate that is described anywhere, once for each name.
    fn build_certificates(&mut self, spec: &WorldSpec, keys: &Keys<'_>, faults: &mut Faults) -> BTreeMap<String, Old> {
        let in_stores =
            spec.stores.iter().flat_map(|store| store.certificates.iter().map(|c| (c, Some(store.of.as_str()))));
        let of_users = spec.users.iter().flat_map(|user| user.published.iter().map(|c| (c, Some(user.name.as_str()))));
        let of_computers =
            spec.computers.iter().flat_map(|pc| pc.published.iter().map(|c| (c, Some(pc.name.as_str()))));
        let first = spec.users.first().map(|user| user.name.as_str());
        let on_cards = spec.cards.iter().flat_map(|card| &card.containers);
        let on_cards = on_cards.filter_map(|container| container.holds.as_ref()).map(|c| (c, first));
        let all = in_stores.chain(of_users).chain(of_computers).chain(on_cards);

        let mut tried = BTreeSet::new();
        let mut issued = BTreeMap::new();
        let mut untrusted_cas = BTreeMap::new();
        for (certificate, holder) in all {
            if !tried.insert(&certificate.name) {
                continue;
            }
            let Some(owner) = certificate.owner.as_deref().or(holder) else {
                faults.push(Place::of(Thing::Certificate, &certificate.name), SpecFault::NoOwner);
                continue;
            };
            if let Some(old) = self.build_certificate(spec, certificate, owner, keys, &mut untrusted_cas, faults) {
                issued.insert(certificate.name.clone(), old);
            }
        }
        let untrusted = untrusted_cas.values().map(|ca: &Ca| ca.identity().certificate().to_vec());
        self.untrusted_cas = untrusted.collect::<Vec<_>>().into();
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
        issued
    }

    fn build_certificate(
        &mut self,
        spec: &WorldSpec,
        certificate: &CertificateSpec,
        owner: &str,
        keys: &Keys<'_>,
        untrusted_cas: &mut BTreeMap<String, Ca>,
        faults: &mut Faults,
    ) -> Option<Old> {
        let place = || Place::of(Thing::Certificate, &certificate.name);
        let current = faults.take(place().key("template"), self.directory.template(&certificate.template).cloned())?;
        let owner = faults.take(place().key("of"), self.directory.object(owner).cloned())?;
        if !self.authorities.contains_key(&certificate.ca) {
            faults.push(place().key("ca"), self.unknown_authority(&certificate.ca));
            return None;
        }
        let key = keys.find(place(), &certificate.key, &current, faults)?;
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
            Chain::Ok => self.hosts.cas.ca_mut(&certificate.ca, |ca| issue(ca, &order, revoked))?,
            Chain::Untrusted => {
                let ca = self.untrusted_ca(spec, &certificate.ca, untrusted_cas);
                issue(faults.take(place().key("ca"), ca)?, &order, revoked)
            }
        };
        let outcome = outcome.map_err(|reason| SpecFault::Refused { ca: certificate.ca.clone(), reason });
        let (request, issued) = faults.take(place(), outcome)?;
        if certificate.chain == Chain::Ok {
            self.names.add_request(&certificate.ca, request, &certificate.name);
        }
        let template = Some(certificate.template.as_str()).filter(|_| !certificate.foreign);
        self.names.add_certificate(&issued.thumbprint(), &certificate.name, template, &issued.serial);
        Some(Old { certificate: issued, key, template: certificate.template.clone(), foreign: certificate.foreign })
    }

    /// A CA of the same name with another key, which is not trusted.
    fn untrusted_ca<'a>(
        &self,
        spec: &WorldSpec,
        name: &str,
        untrusted_cas: &'a mut BTreeMap<String, Ca>,
    ) -> Result<&'a mut Ca, SpecFault> {
        // Another word here is another key, and another digest of each trace that shows it.
        let seed = self.seed.below("world", "impostor", name, 0);
        let identity = root_identity(&seed, name, KeyAlgorithm::P256, spec.start, CA_AGE)?;
        let config = CaConfig::new("impostor.invalid", &[]);
        Ok(untrusted_cas.entry(name.to_owned()).or_insert_with(|| Ca::new(seed, identity, config, Vec::new())))
    }

    fn build_cards(&mut self, spec: &WorldSpec, issued: &BTreeMap<String, Old>, keys: &Keys<'_>, faults: &mut Faults) {
        for described in &spec.cards {
            let serial = described.serial.unwrap_or_else(|| self.drawn_serial(&described.name));
            let mut card = Card::new(described.profile.clone(), serial, self.seed);
            // Container by container, so that the one is known that does not fit.
            let blank = Personalisation::new(described.pin.reveal().as_bytes(), ADMIN_KEY);
            let laid_out = card.personalise(&blank);
            let of_pin = matches!(laid_out, Err(PersonaliseError::PinLength { .. } | PersonaliseError::PinDigits));
            let key = if of_pin { "pin" } else { "capacity" };
            faults.take(Place::of(Thing::Card, &described.name).key(key), laid_out.map_err(unfit));
            for container in &described.containers {
                let place = Place::container(&described.name, &container.name);
                let name = ContainerName::new(&container.name);
                let name = name.map_err(|error| SpecFault::ContainerName { reason: error.to_string() });
                let Some(name) = faults.take(place.clone(), name) else { continue };
                let algorithm = container.key.unwrap_or(KeyAlgorithm::Rsa2048);
                let certificate = container.holds.as_ref().and_then(|holds| issued.get(&holds.name));
                let added = card.add_container(&ContainerSpec {
                    name,
                    kind: KeyKind::Exchange,
                    key: KeySource::Import(keys.on_card(&described.name, &container.name, algorithm)),
                    certificate: certificate.map(|old| old.certificate.raw.clone()),
                    default: container.default,
                });
                let Some((index, _)) = faults.take(place.clone(), added.map_err(unfit)) else { continue };
                let touch = card.set_touch_rule(index, container.touch);
                faults.take(place, touch.map_err(unfit));
                if let Some(nameless) = nameless(&card, index) {
                    self.names.alias_container(&nameless, &container.name);
                }
            }
            card.set_tries_left(described.tries);
            if let Some((puk, tries)) = &described.puk {
                let set = card.set_puk(puk.reveal().as_bytes(), *tries);
                faults.take(Place::of(Thing::Card, &described.name).key("puk"), set.map_err(unfit));
            }
            self.names.add_card(&hex::encode(&serial), &described.name);
            self.cards.insert(described.name.clone(), CardState::default());
            self.hosts.cards.add_card(&described.name, card);
            if let Some(view) = self.card_view(&described.name) {
                self.invariants.card(&described.name, &view);
            }
        }
        for described in &spec.cards {
            let Some(place) = &described.in_reader else { continue };
            let of = Place::of(Thing::Card, &described.name).key("reader");
            if faults.take(of, self.readers.get(place).map(drop)).is_some() {
                self.insert_card(&described.name, place);
            }
        }
    }

    fn drawn_serial(&self, card: &str) -> [u8; 16] {
        let mut serial = [0; 16];
        serial.copy_from_slice(&draw(&self.seed, "world", "card id", card, 0)[..16]);
        serial
    }

    fn build_stores(&mut self, spec: &WorldSpec, issued: &BTreeMap<String, Old>, keys: &Keys<'_>, faults: &mut Faults) {
        for store in &spec.stores {
            if faults.take(Place::of(Thing::Principal, &store.of), self.directory.object(&store.of).map(drop)).is_none()
            {
                continue;
            }
            for certificate in &store.certificates {
                let Some(old) = issued.get(&certificate.name) else { continue };
                let Ok(template) = self.directory.template(&old.template).cloned() else { continue };
                let kept = (&old.key, &template);
                let stored = StoredCertificate {
                    certificate: old.certificate.raw.clone(),
                    thumbprint: thumbprint(&old.certificate.raw),
                    key: self.place_key(spec, &store.of, &certificate.name, &certificate.key, kept, keys),
                    archived: certificate.archived,
                    auto_enroll: Some(old.template.clone()).filter(|_| !old.foreign),
                };
                self.stores.entry(store.of.clone()).or_default().add(stored);
            }
            for request in &store.requests {
                self.build_request(spec, &store.of, request, issued, keys, faults);
            }
        }
    }

    /// Where the store says the key is; a software key is put there.
    fn place_key(
        &mut self,
        spec: &WorldSpec,
        principal: &str,
        name: &str,
        key: &CertificateKey,
        (private, template): (&PrivateKey, &Template),
        keys: &Keys<'_>,
    ) -> Option<KeyPlace> {
        if *key == CertificateKey::Missing {
            return None;
        }
        if let Some((card, container)) = keys.place(name, key) {
            return self.place_on_card(spec, card, container);
        }
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
        Some(KeyPlace { provider, container, card: None })
    }

    /// A key on a card belongs to the provider under which any computer knows the card.
    fn place_on_card(&self, spec: &WorldSpec, card: &str, container: &str) -> Option<KeyPlace> {
        let described = spec.cards.iter().find(|known| known.name == card)?;
        let atr = described.profile.atr.as_bytes();
        let known = spec.computers.iter().find_map(|computer: &ComputerSpec| computer.card_database.find(atr))?;
        let named = self.hosts.cards.card(card, |card| {
            let found = card.look().containers.into_iter().find(|held| held.name == container);
            found.and_then(|held| nameless(card, held.index))
        });
        let named = named.flatten().filter(|_| known.minidriver().driver == Minidriver::PivInbox);
        Some(KeyPlace {
            provider: known.provider().to_owned(),
            container: named.unwrap_or_else(|| container.to_owned()),
            card: Some(CardSerial(self.names.serial(card)?.to_owned())),
        })
    }

    fn build_request(
        &mut self,
        spec: &WorldSpec,
        principal: &str,
        request: &RequestSpec,
        issued: &BTreeMap<String, Old>,
        keys: &Keys<'_>,
        faults: &mut Faults,
    ) -> Option<()> {
        let place = || Place::of(Thing::Request, &request.name);
        let current = faults.take(place().key("template"), self.directory.template(&request.template).cloned())?;
        let owner: PrincipalObject = faults.take(place().key("of"), self.directory.object(principal).cloned())?;
        if !self.authorities.contains_key(&request.ca) {
            faults.push(place().key("ca"), self.unknown_authority(&request.ca));
            return None;
        }
        let key = keys.find(place(), &request.key, &current, faults)?;
        let at = instant(request.created, spec.start);
        let order =
            Order { template: permissive(&current), owner: &owner, key: &key, at, names_template: true, pends: true };
        let host = self.hosts.cas.ca(&request.ca, |ca| ca.config().host.clone()).unwrap_or_default();
        let stage = match request.decided {
            RequestDecision::Unsent => RequestStage::Prepared,
            RequestDecision::Forgotten => RequestStage::Pending { ca: request.ca.clone(), host, request_id: FORGOTTEN },
            RequestDecision::Pending | RequestDecision::Approved | RequestDecision::Denied => {
                let sent = self.send_request(spec, principal, request, &order);
                let sent = sent.map_err(|reason| SpecFault::Refused { ca: request.ca.clone(), reason });
                RequestStage::Pending { ca: request.ca.clone(), host, request_id: faults.take(place(), sent)? }
            }
        };
        let kept = (&key, &current);
        let Some(placed) = self.place_key(spec, principal, &request.name, &request.key, kept, keys) else {
            match &request.key {
                CertificateKey::Card { card, .. } => {
                    faults.push(place().key("card"), SpecFault::NoProvider { card: card.clone() });
                }
                CertificateKey::Missing | CertificateKey::Software => {
                    faults.push(place().key("key"), SpecFault::NoKey);
                }
            }
            return None;
        };
        let replaced = request.replaces.as_ref().map(|name| {
            let known = || issued.keys().cloned().collect();
            let found = issued.get(name).map(|old| old.certificate.thumbprint());
            found.ok_or_else(|| Unknown { what: Thing::Certificate, name: name.clone(), known: known() })
        });
        let entry = RequestEntry {
            key_id: hex::encode(&key.public().key_identifier()),
            template: request.template.clone(),
            key: placed,
            algorithm: key.algorithm(),
            created: at,
            stage,
            replaces: faults.take(place().key("replaces"), replaced.transpose())?,
            renewal: request.renewal,
            also_replaces: Vec::new(),
            given_up: false,
        };
        self.stores.entry(principal.to_owned()).or_default().put_request(entry);
        Some(())
    }

    /// Sends a request to its CA, and has its manager decide as was described; the number of the request.
    ///
    /// # Errors
    /// When the CA would not have taken it, or not have issued it, with its message.
    fn send_request(
        &mut self,
        spec: &WorldSpec,
        principal: &str,
        request: &RequestSpec,
        order: &Order<'_>,
    ) -> Result<u32, String> {
        let gone = || "it is gone".to_owned();
        let reply = self.hosts.cas.ca_mut(&request.ca, |ca| submit(ca, order)).unwrap_or_else(|| Err(gone()))?;
        if reply.disposition != Disposition::Pending {
            return Err(reply.message);
        }
        let id = reply.request_id;
        self.names.add_request(&request.ca, id, &request.name);
        let decided = self.hosts.cas.ca_mut(&request.ca, |ca| decide(ca, request.decided, spec.start, id, order));
        let issued = decided.unwrap_or_else(|| Err(gone()))?.and_then(|der| Certificate::parse(&der).ok());
        if let Some(issued) = issued {
            let (thumbprint, serial) = (issued.thumbprint(), &issued.serial);
            self.names.add_certificate(&thumbprint, &request.name, Some(&request.template), serial);
        }
        if request.decided == RequestDecision::Pending {
            self.invariants.pending(&request.ca, id, principal, &request.template);
        }
        Ok(id)
    }

    fn build_schedule(&mut self, spec: &WorldSpec) {
        for template in &spec.templates {
            if let Some(after) = template.published {
                let change = Change::Publish { template: template.template.name.clone() };
                self.queue.put(SimTime::START + after, Event::Change(Box::new(change), None));
            }
        }
        for authority in &spec.authorities {
            if let Some(after) = authority.published {
                self.queue.put(SimTime::START + after, Event::PublishAuthority(authority.name.clone()));
            }
        }
        for (number, scheduled) in spec.changes.iter().enumerate() {
            let event = Event::Change(Box::new(scheduled.change.clone()), Some(number));
            self.queue.put(SimTime::START + scheduled.at, event);
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

/// How many CA certificates a thread remembers. Most worlds have the same one or two.
const REMEMBERED: usize = 16;

thread_local! {
    /// CA certificates that were made here: a certificate of one seed and description is always the same.
    static MADE: RefCell<VecDeque<(Seed, CaIdentity)>> = const { RefCell::new(VecDeque::new()) };
}

fn root_identity(
    seed: &Seed,
    name: &str,
    algorithm: KeyAlgorithm,
    start: FileTime,
    remaining: Duration,
) -> Result<CaIdentity, SpecFault> {
    let description = CaDescription {
        algorithm,
        validity: Duration(CA_AGE.0.saturating_add(remaining.0)),
        ..CaDescription::new(name, start - CA_AGE)
    };
    MADE.with_borrow_mut(|made| {
        let is_it = |(of, identity): &&(Seed, CaIdentity)| of == seed && *identity.description() == description;
        if let Some((_, identity)) = made.iter().find(is_it) {
            return Ok(identity.clone());
        }
        let identity = CaIdentity::root(seed, description.clone());
        let identity = identity.map_err(|error| SpecFault::Authority { reason: error.to_string() })?;
        made.truncate(REMEMBERED - 1);
        made.push_front((*seed, identity.clone()));
        Ok(identity)
    })
}

fn config_of(authority: &CaSpec) -> CaConfig {
    let templates: Vec<&str> = authority.templates.iter().map(String::as_str).collect();
    CaConfig::new(authority.host.as_deref().unwrap_or_default(), &templates)
}

/// What the manager made of a request before the start; the certificate when it was issued.
fn decide(
    ca: &mut Ca,
    decided: RequestDecision,
    at: FileTime,
    id: u32,
    order: &Order<'_>,
) -> Result<Option<Vec<u8>>, String> {
    match decided {
        RequestDecision::Pending | RequestDecision::Unsent | RequestDecision::Forgotten => Ok(None),
        RequestDecision::Denied => ca.deny(at, "manager", id).map(|()| None).map_err(|error| error.to_string()),
        RequestDecision::Approved => {
            let (configured, templates) = (ca.config().clone(), ca.templates().to_vec());
            ca.config_mut().templates = vec![order.template.name.clone()];
            ca.set_templates(vec![order.template.clone()]);
            let approved = ca.approve(at, "manager", id).map_err(|error| error.to_string());
            *ca.config_mut() = configured;
            ca.set_templates(templates);
            ca.take_decisions();
            approved?;
            let row = ca.database().row(id).ok_or("it is gone")?;
            row.certificate.clone().map(Some).ok_or_else(|| row.message.clone())
        }
    }
}

fn unfit(error: PersonaliseError) -> SpecFault {
    SpecFault::Card { reason: error.to_string() }
}

fn no_name_twice(spec: &WorldSpec, faults: &mut Faults) {
    let mut check = |of: Thing, names: Vec<&str>| {
        let mut seen = BTreeSet::new();
        for name in names.into_iter().filter(|name| !seen.insert(*name)) {
            faults.push(Place::of(of, name), SpecFault::Twice);
        }
    };
    let users = spec.users.iter().map(|user| user.name.as_str());
    let computers = spec.computers.iter().map(|computer| computer.name.as_str());
    let groups = spec.groups.iter().map(|group| group.name.as_str());
    check(Thing::Member, users.chain(computers).chain(groups).collect());
    check(Thing::Card, spec.cards.iter().map(|card| card.name.as_str()).collect());
    let authorities = spec.authorities.iter().map(|authority| authority.name.as_str());
    let roots = spec.domain.trust.extra_roots.iter().map(String::as_str);
    check(Thing::Root, authorities.chain(roots).collect());
    check(Thing::Template, spec.templates.iter().map(|template| template.template.name.as_str()).collect());
    for computer in &spec.computers {
        check(Thing::Reader, computer.readers.iter().map(String::as_str).collect());
    }
}
