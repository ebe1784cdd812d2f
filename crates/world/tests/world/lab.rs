//! A small domain to try worlds in.

use autoenroll_apdu::Atr;
use autoenroll_card::CardProfile;
use autoenroll_csp::{CardDatabase, CardType};
use autoenroll_model::{
    CoreFactory, Duration, EnrollmentFlags, NameFlags, Profile, Provider, ProviderKind, ProviderPreference,
    SecurityDescriptor, SimTime, Template,
};
use autoenroll_trace::{Detail, Kind, Record, TimelineOptions, render};
use autoenroll_world::spec::{
    CaSpec, CardSpec, ComputerSpec, ReaderName, TemplateSpec, TrustSpec, UserSpec, WorldSpec,
};
use autoenroll_world::{CaHost, CardHost, InProcessCards, InProcessCas, Stepped, World};

pub(crate) const BASE: &str = "Microsoft Base Smart Card Crypto Provider";
pub(crate) const VENDOR: &str = "Vendor Card CSP";
pub(crate) const SOFTWARE: &str = "Microsoft Enhanced Cryptographic Provider v1.0";
pub(crate) const READER: &str = "Reader 0";

/// A world with cards and CAs in this process.
pub(crate) type Lab<F> = World<F, InProcessCards, InProcessCas>;

/// CONTOSO with one CA, `alice` and `bob`, and `WKS01` with one reader and three providers.
pub(crate) fn contoso() -> WorldSpec {
    let mut spec = WorldSpec::contoso(Profile::server_2003_sp1());
    let domain = spec.domain.clone();
    spec.domain.trust = TrustSpec {
        unreadable: Vec::new(),
        roots: vec!["Contoso CA".to_owned()],
        ntauth: vec!["Contoso CA".to_owned()],
        ..TrustSpec::default()
    };
    spec.users = vec![UserSpec::named("alice", 1104, &domain), UserSpec::named("bob", 1105, &domain)];
    let card_type = |name: &str, atr: &Atr, provider| CardType::exact(name, atr.as_bytes(), provider).unwrap();
    let provider = |name: &str, kind| Provider { name: name.to_owned(), kind };
    spec.computers = vec![ComputerSpec {
        readers: vec![READER.to_owned()],
        providers: vec![
            provider(SOFTWARE, ProviderKind::Software),
            provider(VENDOR, ProviderKind::Card),
            provider(BASE, ProviderKind::Card),
        ],
        card_database: CardDatabase::new(vec![
            card_type("Vendor", &Atr::t1(b"VENDOR"), VENDOR),
            card_type("GIDS", &CardProfile::gids().atr, BASE),
        ])
        .unwrap(),
        ..ComputerSpec::named("WKS01", 1201, &domain)
    }];
    spec.authorities = vec![CaSpec::named("Contoso CA", "ca01.contoso.com", &[])];
    spec
}

/// A version 2 template that alice may autoenroll, with a software provider.
pub(crate) fn template(name: &str) -> Template {
    let alice = autoenroll_world::spec::DomainSpec::contoso().account(1104);
    let client_authentication = vec!["1.3.6.1.5.5.7.3.2".parse().unwrap()];
    Template {
        name_flags: NameFlags::SUBJECT_REQUIRE_COMMON_NAME.union(NameFlags::SUBJECT_ALT_REQUIRE_UPN),
        minimal_key_size: 2048,
        providers: vec![ProviderPreference { order: 1, name: SOFTWARE.to_owned() }],
        eku: client_authentication.clone(),
        application_policies: client_authentication,
        critical_extensions: Vec::new(),
        security: SecurityDescriptor::full_control(&alice),
        ..Template::permissive(name)
    }
}

/// A smart card logon template that lists the vendor's provider first.
pub(crate) fn card_template(name: &str) -> Template {
    let flags = EnrollmentFlags::AUTO_ENROLLMENT.union(EnrollmentFlags::USER_INTERACTION_REQUIRED);
    let preference = |order, name: &str| ProviderPreference { order, name: name.to_owned() };
    Template {
        enrollment_flags: Some(flags),
        providers: vec![preference(1, VENDOR), preference(2, BASE)],
        ..template(name)
    }
}

/// Adds a template to the directory and to what the CA issues.
pub(crate) fn offer(spec: &mut WorldSpec, template: Template, published: Option<Duration>) {
    for authority in &mut spec.authorities {
        authority.templates.push(template.name.clone());
    }
    spec.templates.push(TemplateSpec { template, published });
}

/// `alice-card` with the PIN 1234, in no reader.
pub(crate) fn alice_card() -> CardSpec {
    CardSpec::named("alice-card", CardProfile::gids(), "1234")
}

pub(crate) fn reader() -> ReaderName {
    ReaderName { computer: "WKS01".to_owned(), reader: READER.to_owned() }
}

/// Runs until nothing is due at or before that time, and moves the clock there.
pub(crate) fn run<F: CoreFactory, C: CardHost, A: CaHost>(world: &mut World<F, C, A>, until: Duration) {
    let until = SimTime::START + until;
    while world.step(until).unwrap() == Stepped::Handled {}
    world.advance(until);
}

/// The records of a kind.
pub(crate) fn records<F: CoreFactory>(world: &Lab<F>, kind: Kind) -> Vec<Record> {
    world.trace().of(kind).map(|record| record.unpack()).collect()
}

/// The whole story, for a message.
pub(crate) fn story<F: CoreFactory>(world: &Lab<F>) -> String {
    render(world.trace(), TimelineOptions { detail: Detail::Work, colour: false })
}

/// Cards whose retry counter is restored whenever a PIN was wrong.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meddler(InProcessCards);

impl CardHost for Meddler {
    fn add_card(&mut self, name: &str, card: autoenroll_card::Card) {
        self.0.add_card(name, card);
    }
    fn card<R>(&self, name: &str, look: impl FnOnce(&autoenroll_card::Card) -> R) -> Option<R> {
        self.0.card(name, look)
    }
    fn card_mut<R>(&mut self, name: &str, change: impl FnOnce(&mut autoenroll_card::Card) -> R) -> Option<R> {
        self.0.card_mut(name, change)
    }
    fn insert(&mut self, reader: &ReaderName, card: &str) -> Option<Vec<u8>> {
        self.0.insert(reader, card)
    }
    fn remove(&mut self, reader: &ReaderName) {
        self.0.remove(reader);
    }
    fn reset(&mut self, reader: &ReaderName) {
        self.0.reset(reader);
    }
    fn transmit(&mut self, reader: &ReaderName, apdu: &[u8]) -> Result<Vec<u8>, autoenroll_world::CardGone> {
        let response = self.0.transmit(reader, apdu)?;
        if response.starts_with(&[0x63]) {
            self.0.card_mut("alice-card", |card| card.set_tries_left(3));
        }
        Ok(response)
    }
}
