//! What decides what can still happen in a world, without what only names it.

use std::fmt::{self, Debug, Write as _};
use std::sync::Arc;

use autoenroll_ca::{RequestState, Row};
use autoenroll_card::CertificateState;
use autoenroll_keys::sha256;
use autoenroll_model::CoreFactory;

use crate::hosts::{CaHost, CardHost};
use crate::session::CoreSession;
use crate::world::World;

mod canon;

use canon::{Canon, Rest};

/// A card with so many octets left takes any certificate.
const ROOM: u32 = 16_384;

/// Two worlds of one key can do the same and will do the same, as far as keys, names and dates tell.
///
/// Left out are the ids of records, decisions, effects, prompts and sessions, the names of containers and the octets
/// of keys, serial numbers and messages: of these only is kept which are the same. Times are kept as what is left
/// until then: deadlines of cores, ends of certificates, faults that are scheduled. What is over is over; what is more
/// than thirty days away is far, and what is longer ago than a day is long ago, so that a key is good for stories that
/// are shorter. Of a CA's database only is kept what is pending or whose certificate is somewhere.
///
/// A key does not know the digits of a card's PIN, nor what a card does in the middle of an operation beyond what it
/// has answered: worlds in which a PIN was set anew may have one key and do not do the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateKey(pub [u8; 16]);

impl fmt::Display for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// What of times counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// How much is left.
    Left,
    /// What comes before what. It is coarser: two worlds of one key do the same, but not always at the same times, and
    /// where something has to be fast enough, one of them may be late.
    Order,
}

/// A part of a world, and what its key is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatePart {
    /// Which part.
    pub name: &'static str,
    /// All of it, in a form without ids and dates.
    pub text: String,
}

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A>
where
    F::Core: Debug,
{
    /// The key of this state. It costs about as much as writing all of the world down.
    #[must_use]
    pub fn state_key(&self) -> StateKey {
        key_of(&self.parts(None, Times::Left))
    }

    /// The key of this state among those that `start` leads to: what it still shares with that state is not looked at.
    /// It is another one than [`World::state_key`] gives.
    #[must_use]
    pub fn state_key_since(&self, start: &Self, times: Times) -> StateKey {
        key_of(&self.parts(Some(start), times))
    }
    /// What the key is made of, part by part: to see in which of them two states differ. Names that stand for each
    /// other are counted through all parts.
    #[must_use]
    pub fn state_parts(&self) -> Vec<StatePart> {
        self.parts(None, Times::Left)
    }

    fn parts(&self, start: Option<&Self>, times: Times) -> Vec<StatePart> {
        // A new field of the world has to be looked at here.
        let Self {
            factory: _,
            hosts,
            seed: _,
            profile: _,
            domain: _,
            clock: _,
            trace: _,
            budget: _,
            spending: _,
            queue,
            decisions: _,
            // What is called how: cores never see it, and laws see only that.
            names,
            directory,
            policy,
            computers,
            users: _,
            stores,
            readers,
            cards,
            authorities,
            policy_services,
            failing,
            roots: _,
            untrusted_cas: _,
            sessions,
            session_of,
            logons,
            begun_logons: _,
            begun: _,
            profiles,
            set_aside,
            roaming,
            containers: _,
            changes: _,
            invariants,
        } = self;
        let mut all = Parts { canon: Canon::new(self.clock.both(), times), parts: Vec::new() };
        all.canon.pins(sessions.values().map(|session| &*session.desktop));
        let fields: [(&'static str, &dyn Debug); 8] = [
            ("queue", queue),
            ("sessions", sessions),
            ("session-of", session_of),
            ("logons", logons),
            ("stores", stores),
            ("set-aside", set_aside),
            ("readers", readers),
            ("cards", cards),
        ];
        fields.into_iter().for_each(|(name, what)| all.put(name, what));
        for name in cards.keys() {
            hosts.cards.card(name, |card| {
                let look = card.look();
                let files = look.containers.iter().map(|container| container.certificate.as_ref());
                let files = files.map(|file| file.and_then(CertificateState::der));
                // How well a certificate compresses is nobody's business while there is room.
                let room = (look.free_bytes < ROOM).then_some(look.free_bytes);
                all.put("card", &(card, room, files.collect::<Vec<_>>()));
            });
        }
        // A value that both worlds share is the same; one that was changed and changed back only counts as another.
        fn shares<T>(start: Option<&T>, own: &T) -> bool {
            start.is_some_and(|start| std::ptr::eq(start, own))
        }
        if !shares(start.map(|world| &*world.authorities), authorities) {
            all.put("authorities", authorities);
        }
        if !shares(start.map(|world| &*world.directory), directory) {
            all.put("directory", directory);
        }
        if !shares(start.map(|world| &*world.computers), computers) {
            all.put("computers", computers);
        }
        if start.is_none_or(|start| start.policy != *policy) {
            all.put("policy", policy);
        }
        let fields: [(&'static str, &dyn Debug); 4] =
            [("policy-services", policy_services), ("failing", failing), ("profiles", profiles), ("roaming", roaming)];
        fields.into_iter().for_each(|(name, what)| all.put(name, what));
        let idle = |session: &CoreSession<F::Core>| !session.records.in_run() && session.effects.is_empty();
        let rest = Rest {
            no_run: sessions.values().all(idle) && readers.are_idle(),
            no_request: stores.values().all(|stores| stores.stores().requests.is_empty()),
            no_logon: logons.is_empty(),
        };
        all.canon.begin_laws(rest, names.containers());
        all.put("invariants", invariants);
        for name in authorities.keys() {
            hosts.cas.ca(name, |ca| {
                all.put("ca", ca);
                // Of what is settled only matters what still exists anywhere.
                let rows = ca.database().rows();
                let alive = rows.filter(|row| match &row.certificate {
                    Some(certificate) => all.canon.is_known(certificate),
                    None => row.state == RequestState::Pending,
                });
                let alive: Vec<Arc<Row>> = alive.collect();
                all.put("ca-rows", &alive);
            });
        }
        all.parts
    }
}

fn key_of(parts: &[StatePart]) -> StateKey {
    let text: String = parts.iter().flat_map(|part| [part.name, ":", &part.text, "\n"]).collect();
    let text = canon::in_order(&text);
    let mut key = [0; 16];
    key.copy_from_slice(&sha256(text.as_bytes())[..16]);
    StateKey(key)
}

/// The parts of a key in the making.
struct Parts {
    canon: Canon,
    parts: Vec<StatePart>,
}

impl Parts {
    fn put(&mut self, name: &'static str, what: &dyn Debug) {
        // Texts are taken in without errors.
        let _never = write!(self.canon, "{what:?}");
        self.parts.push(StatePart { name, text: self.canon.take() });
    }
}
