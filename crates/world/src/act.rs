//! Actions: what users, administrators and power switches do.

use std::sync::Arc;

use autoenroll_model::{
    Answer, CardSerial, Choice, Context, CoreFactory, DecisionPoint, Facts, Identity, Input, PolicyRefresh, Profile,
    Shared, Trigger, TriggerCause,
};
use autoenroll_trace::{Kind, RecordId};

use crate::action::{Action, CardFault, ClickTarget, UserAnswer};
use crate::desktop::Asker;
use crate::error::{ActError, Thing, Unknown, WorldError};
use crate::hosts::{CaHost, CardHost};
use crate::policy::Subject;
use crate::queue::Event;
use crate::readers::{CardClient, CardInReader};
use crate::session::{CoreSession, SessionId};
use crate::spec::{ComputerRole, ReaderName};
use crate::world::World;

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    pub(crate) fn do_action(&mut self, action: &Action) -> Result<(), ActError> {
        match action {
            Action::Boot { computer } => self.boot(computer),
            Action::Shutdown { computer } => self.shutdown(computer),
            Action::Crash { target } => self.crash(target),
            Action::EndCore { principal } => self.end_core(principal),
            Action::Logon { user, computer } => self.logon(user, computer),
            Action::CardLogon { user, computer, card, pin } => self.card_logon(user, computer, card, pin),
            Action::Logoff { user } => {
                let id = self.user_session(user)?;
                self.log_off(id, user).map_err(ActError::from)
            }
            Action::Lock { user } => {
                let id = self.unlocked_session(user)?;
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.desktop.locked = true;
                }
                self.record(user, Kind::Lock, Facts::new(), Vec::new());
                Ok(())
            }
            Action::Unlock { user } => {
                let id = self.user_session(user)?;
                let locked = self.sessions.get_mut(&id).map(|session| std::mem::take(&mut session.desktop.locked));
                if locked != Some(true) {
                    return Err(ActError::NotLocked { user: user.clone() });
                }
                let record = self.record(user, Kind::Unlock, Facts::new(), Vec::new());
                self.deliver(id, Input::Unlock, vec![record]).map_err(ActError::from)
            }
            Action::Pulse { principal } => {
                let id = self.running_session(principal)?;
                let record = self.record(principal, Kind::Pulse, Facts::new(), Vec::new());
                self.trigger(id, Trigger::of(TriggerCause::Manual), vec![record]).map_err(ActError::from)
            }
            Action::GpRefresh { principal, forced } => self.gp_refresh(principal, *forced),
            Action::Click { user, on } => self.click(user, *on),
            Action::Insert { card, computer, reader } => {
                let place = ReaderName { computer: computer.clone(), reader: reader.clone() };
                self.insert(card, &place)
            }
            Action::Remove { card } => self.remove(card),
            Action::Reply { user, point, answer } => self.reply(user, *point, answer),
            Action::Change(change) => self.change(change),
            Action::Ca { ca, op } => self.manage(ca, op),
        }
    }

    fn boot(&mut self, computer: &str) -> Result<(), ActError> {
        let role = self.computer_role(computer)?;
        if self.session_of(computer).is_some() {
            return Err(ActError::AlreadyRunning { computer: computer.to_owned() });
        }
        let record = self.record(computer, Kind::Boot, Facts::new(), Vec::new());
        self.begin_session(computer, computer, Context::Machine, role, record).map_err(ActError::from)
    }

    fn logon(&mut self, user: &str, computer: &str) -> Result<(), ActError> {
        let role = self.may_log_on(user, computer)?;
        let record = self.record(user, Kind::Logon, self.logon_facts(user, computer), Vec::new());
        self.begin_session(user, computer, Context::User, role, record).map_err(ActError::from)
    }

    /// What the computer is in the domain, when the user is not logged on and not about to be.
    pub(crate) fn may_log_on(&self, user: &str, computer: &str) -> Result<ComputerRole, ActError> {
        self.known_user(user)?;
        let role = self.computer_role(computer)?;
        let session = self.session_of(user).and_then(|id| self.sessions.get(&id)).map(|session| &*session.computer);
        match session.or_else(|| self.logon_of(user).map(|logon| logon.computer.as_str())) {
            Some(computer) => Err(ActError::AlreadyLoggedOn { user: user.to_owned(), computer: computer.to_owned() }),
            None => Ok(role),
        }
    }

    /// Where a user logs on, and whether stores and keys come along.
    pub(crate) fn logon_facts(&self, user: &str, computer: &str) -> Facts {
        let roaming = self.roaming.contains(user).then_some(true);
        Facts::new().with("computer", computer).with_some("roaming", roaming)
    }

    /// A user's certificates, requests and software keys are those of the profile on this computer; the settings are
    /// the user's. What the world has at the start is on the computer of the first logon.
    fn enter_profile(&mut self, user: &str, computer: &str) {
        let before = self.profiles.insert(user.to_owned(), computer.to_owned());
        let Some(before) = before.filter(|before| before != computer) else { return };
        // N9.roaming
        if self.roaming.contains(user) {
            return;
        }
        // N9.per-computer
        let mut there = self.set_aside.remove(&(user.to_owned(), computer.to_owned())).unwrap_or_default();
        let here = self.stores.entry(user.to_owned()).or_default();
        there.settings.clone_from(&here.settings);
        let left = std::mem::replace(here, there);
        self.set_aside.insert((user.to_owned(), before), left);
    }

    /// Starts a core and its background timer, and hands it the trigger of boot or logon.
    pub(crate) fn begin_session(
        &mut self,
        principal: &str,
        computer: &str,
        context: Context,
        role: ComputerRole,
        because: RecordId,
    ) -> Result<(), WorldError> {
        if context == Context::User {
            self.enter_profile(principal, computer);
        }
        let identity = self.identity(principal, computer, context, role);
        let core = self.factory.start(&identity);
        let core = core.map_err(|error| WorldError::Core { principal: principal.to_owned(), error })?;
        self.begun += 1;
        let id = SessionId(self.begun);
        let subject = Subject { principal, context, role, session: id.0 };
        let foreground = self.policy.foreground(&mut self.decisions, subject);
        let (refresh, first) = self.policy.start(&mut self.decisions, &self.seed, subject, self.clock.now());
        let groups = self.directory.token_groups(principal);
        let own = self.directory.object(principal).map(|object| object.sid.clone());
        let principal_name: Arc<str> = principal.into();
        let session = CoreSession {
            principal: principal_name.clone(),
            computer: computer.into(),
            context,
            token: Arc::new(own.into_iter().chain(groups.iter().cloned()).collect()),
            groups: groups.into(),
            core,
            desktop: Default::default(),
            refresh,
            applied: self.policy.applied(context),
            deadline: None,
            deadline_because: Vec::new(),
            effects: Default::default(),
            policies_seen: Default::default(),
            records: Default::default(),
        };
        self.sessions.insert(id, session);
        self.session_of.insert(principal_name, id);
        if let Some(first) = first {
            self.queue.put(first, Event::Refresh(id));
        }
        let mut because = vec![because];
        because.extend(self.record_decisions(&because));
        let cause = match context {
            Context::Machine => TriggerCause::Boot,
            Context::User => TriggerCause::Logon,
        };
        let refresh = foreground.then_some(PolicyRefresh::Foreground);
        self.trigger(id, Trigger { refresh, ..Trigger::of(cause) }, because)
    }

    fn log_off(&mut self, id: SessionId, user: &str) -> Result<(), WorldError> {
        let record = self.record(user, Kind::Logoff, Facts::new(), Vec::new());
        let outcome = self.deliver(id, Input::LogOff, vec![record]);
        self.end_session(id);
        outcome
    }

    fn shutdown(&mut self, computer: &str) -> Result<(), ActError> {
        self.computer_role(computer)?;
        let on_it = self.sessions_on(computer);
        if on_it.is_empty() {
            return Err(ActError::NotRunning { computer: computer.to_owned() });
        }
        self.abandon_logons(computer);
        for (id, principal, context) in &on_it {
            if *context == Context::User {
                self.log_off(*id, principal)?;
            }
        }
        self.record(computer, Kind::Shutdown, Facts::new(), Vec::new());
        for (id, ..) in on_it {
            self.end_session(id);
        }
        self.reset_readers(computer);
        Ok(())
    }

    fn crash(&mut self, target: &str) -> Result<(), ActError> {
        if !self.computers.contains_key(target) {
            let id = self.user_session(target)?;
            self.record(target, Kind::Crash, Facts::new(), Vec::new());
            self.end_session(id);
            return Ok(());
        }
        let on_it = self.sessions_on(target);
        if on_it.is_empty() {
            return Err(ActError::NotRunning { computer: target.to_owned() });
        }
        self.abandon_logons(target);
        let users: Vec<String> = on_it
            .iter()
            .filter(|(_, _, context)| *context == Context::User)
            .map(|(_, principal, _)| principal.clone())
            .collect();
        self.record(target, Kind::Crash, Facts::new().with("users", users), Vec::new());
        for (id, ..) in on_it {
            self.end_session(id);
        }
        self.reset_readers(target);
        Ok(())
    }

    /// Another core takes the place of one that ends; the session goes on. The new one knows nothing until something
    /// triggers it.
    fn end_core(&mut self, principal: &str) -> Result<(), ActError> {
        let id = self.running_session(principal)?;
        let Some(session) = self.sessions.get(&id) else { return Ok(()) };
        let (computer, context) = (session.computer.clone(), session.context);
        let identity = self.identity(principal, &computer, context, self.role_of(id));
        let core = self.factory.start(&identity);
        let core = core.map_err(|error| WorldError::Core { principal: principal.to_owned(), error })?;
        // The card is reset, so that it waits no more, and whoever sits there sees that.
        let touches = self.sessions.get(&id).map(|session| session.desktop.touches.keys().copied().collect::<Vec<_>>());
        for effect in touches.unwrap_or_default() {
            self.touch_withdrawn(id, effect, &[]);
        }
        self.record(principal, Kind::Crash, Facts::new().with("session", "goes on"), Vec::new());
        self.queue.forget_core(id);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.core = core;
            let locked = session.desktop.locked;
            session.desktop = Shared::default();
            session.desktop.locked = locked;
            session.deadline = None;
            session.deadline_because.clear();
            session.effects.clear();
            session.policies_seen.clear();
            session.records = Shared::default();
        }
        self.abort_transactions(|client| is_of(client, id));
        Ok(())
    }

    fn identity(&self, principal: &str, computer: &str, context: Context, role: ComputerRole) -> Identity {
        Identity {
            principal: principal.to_owned(),
            computer: computer.to_owned(),
            domain: self.domain.to_string(),
            context,
            domain_member: role != ComputerRole::Standalone,
            domain_controller: role == ComputerRole::DomainController,
            profile: Profile::clone(&self.profile),
        }
    }

    /// Drops a core with everything that is only in memory. Effects it has begun are never answered.
    fn end_session(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.remove(&id) {
            self.session_of.remove(&session.principal);
        }
        self.spending.end(id);
        self.queue.forget(id);
        self.abort_transactions(|client| is_of(client, id));
    }

    /// Readers lose power with their computer.
    fn reset_readers(&mut self, computer: &str) {
        let names: Vec<ReaderName> = self.readers.of(computer).map(|(name, _)| name.clone()).collect();
        for name in names {
            self.hosts.cards.reset(&name);
        }
    }

    fn sessions_on(&self, computer: &str) -> Vec<(SessionId, String, Context)> {
        let on_it = self.sessions.iter().filter(|(_, session)| *session.computer == *computer);
        on_it.map(|(id, session)| (*id, session.principal.to_string(), session.context)).collect()
    }

    fn gp_refresh(&mut self, principal: &str, forced: bool) -> Result<(), ActError> {
        let id = self.running_session(principal)?;
        let context = if self.computers.contains_key(principal) { Context::Machine } else { Context::User };
        let refresh = if forced { PolicyRefresh::Forced } else { PolicyRefresh::Background };
        self.refresh_policy(id, principal, context, refresh, Vec::new()).map_err(ActError::from)
    }

    fn click(&mut self, user: &str, on: ClickTarget) -> Result<(), ActError> {
        let id = self.unlocked_session(user)?;
        let Some(desktop) = self.sessions.get(&id).map(|session| &session.desktop) else { return Ok(()) };
        let input = match on {
            ClickTarget::Balloon => desktop.balloon.map(Input::BalloonClicked),
            ClickTarget::BalloonClose => desktop.balloon.map(Input::BalloonClosed),
            ClickTarget::Icon => desktop.icon.then_some(Input::IconClicked),
            ClickTarget::WizardClose => desktop.wizard.then_some(Input::WizardClosed),
        };
        let input = input.ok_or_else(|| ActError::NothingToClick { user: user.to_owned(), on })?;
        let record = self.record(user, Kind::Click, Facts::new().with("on", on.as_str()), Vec::new());
        self.deliver(id, input, vec![record]).map_err(ActError::from)
    }

    fn insert(&mut self, card: &str, place: &ReaderName) -> Result<(), ActError> {
        self.known_card(card)?;
        self.computer_role(&place.computer)?;
        let reader = self.readers.get(place)?;
        if let Some(held) = &reader.holds {
            return Err(ActError::ReaderOccupied { reader: place.clone(), card: held.card.clone() });
        }
        if let Some(reader) = self.readers.place_of(card) {
            return Err(ActError::CardInUse { card: card.to_owned(), reader: reader.clone() });
        }
        self.insert_card(card, place);
        let facts = Facts::new().with("card", card).with("reader", place.reader.as_str());
        let record = self.record(card, Kind::Insert, facts.with("computer", place.computer.as_str()), Vec::new());
        self.readers_changed(&place.computer, record).map_err(ActError::from)
    }

    /// Puts a card into an empty reader.
    pub(crate) fn insert_card(&mut self, card: &str, place: &ReaderName) {
        let atr = self.hosts.cards.insert(place, card);
        let mute = self.cards.get(card).is_some_and(|state| state.fault == CardFault::Mute);
        if let Some(reader) = self.readers.get_mut(place) {
            reader.insert(CardInReader { card: card.to_owned(), atr: atr.filter(|_| !mute) });
        }
    }

    fn remove(&mut self, card: &str) -> Result<(), ActError> {
        self.known_card(card)?;
        let place = self.readers.place_of(card).cloned();
        let place = place.ok_or_else(|| ActError::NotInserted { card: card.to_owned() })?;
        self.hosts.cards.remove(&place);
        if let Some(reader) = self.readers.get_mut(&place) {
            reader.holds = None;
        }
        if let Some(state) = self.cards.get_mut(card) {
            state.touched = None;
        }
        let facts = Facts::new().with("card", card).with("reader", place.reader.as_str());
        let record = self.record(card, Kind::Remove, facts.with("computer", place.computer.as_str()), Vec::new());
        self.no_touch_comes(&place, record);
        self.readers_changed(&place.computer, record).map_err(ActError::from)
    }

    /// Tells every core on a computer that something changed in a reader.
    fn readers_changed(&mut self, computer: &str, because: RecordId) -> Result<(), WorldError> {
        for (id, ..) in self.sessions_on(computer) {
            self.deliver(id, Input::ReadersChanged, vec![because])?;
        }
        Ok(())
    }

    fn reply(&mut self, user: &str, point: DecisionPoint, answer: &UserAnswer) -> Result<(), ActError> {
        let id = self.unlocked_session(user)?;
        let Some(desktop) = self.sessions.get_mut(&id).map(|session| &mut session.desktop) else { return Ok(()) };
        let Some((prompt, open)) = desktop.find(point) else {
            let open = desktop.prompts().map(|(_, prompt)| prompt.point).collect();
            return Err(ActError::NoPrompt { user: user.to_owned(), point, open });
        };
        let offers = open.offers.clone();
        let word = match answer {
            UserAnswer::Word(word) => *word,
            UserAnswer::Pin(_) => Choice::Pin,
            UserAnswer::Card(_) => Choice::Card,
        };
        let refused = ActError::NotOffered { point, answer: word, offers: offers.clone() };
        // What is no dialog cannot be closed.
        let closes = word == Choice::Close && point != DecisionPoint::CardTouch;
        if !closes && !offers.contains(&word) {
            return Err(refused);
        }
        let mut facts = Facts::new().with("prompt", point.as_str()).with("answer", word.as_str());
        let answer = match answer {
            UserAnswer::Word(word) => plain_answer(*word).ok_or(refused)?,
            UserAnswer::Card(card) => {
                let serial = self.names.serial(card).map(|serial| CardSerial(serial.to_owned()));
                facts.set("card", card.as_str());
                Answer::Card(serial.ok_or_else(|| self.unknown_card(card))?)
            }
            UserAnswer::Pin(pin) => {
                let desktop =
                    &mut self.sessions.get_mut(&id).ok_or(ActError::NotLoggedOn { user: user.to_owned() })?.desktop;
                Answer::Pin(desktop.keep_pin(pin.clone()))
            }
        };
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        let Some(closed) = session.desktop.close_of(prompt) else { return Ok(()) };
        if point == DecisionPoint::WizardStart && answer == Answer::Start {
            session.desktop.wizard = true;
        }
        let record = self.record(user, Kind::Answer, facts, vec![closed.record]);
        match prompt {
            Asker::Core(prompt) => self.deliver(id, Input::PromptAnswered { prompt, answer }, vec![record]),
            Asker::Provider(effect) => self.provider_answered(id, effect, &answer),
            Asker::Card(effect) => {
                self.touched(id, effect);
                Ok(())
            }
        }
        .map_err(ActError::from)
    }

    pub(crate) fn computer_role(&self, computer: &str) -> Result<ComputerRole, Unknown> {
        let known = || self.computers.keys().cloned().collect();
        let found = self.computers.get(computer).map(|computer| computer.role);
        found.ok_or_else(|| Unknown { what: Thing::Computer, name: computer.to_owned(), known: known() })
    }

    pub(crate) fn known_user(&self, user: &str) -> Result<(), Unknown> {
        if self.directory.is_user(user) {
            return Ok(());
        }
        Err(Unknown { what: Thing::User, name: user.to_owned(), known: self.users.to_vec() })
    }

    pub(crate) fn known_card(&self, card: &str) -> Result<(), Unknown> {
        if self.cards.contains_key(card) { Ok(()) } else { Err(self.unknown_card(card)) }
    }

    fn unknown_card(&self, card: &str) -> Unknown {
        Unknown { what: Thing::Card, name: card.to_owned(), known: self.cards.keys().cloned().collect() }
    }

    fn user_session(&self, user: &str) -> Result<SessionId, ActError> {
        self.known_user(user)?;
        self.session_of(user).ok_or_else(|| ActError::NotLoggedOn { user: user.to_owned() })
    }

    fn unlocked_session(&self, user: &str) -> Result<SessionId, ActError> {
        let id = self.user_session(user)?;
        match self.sessions.get(&id).is_some_and(|session| session.desktop.locked) {
            true => Err(ActError::Locked { user: user.to_owned() }),
            false => Ok(id),
        }
    }

    /// The session of a user or computer.
    fn running_session(&self, principal: &str) -> Result<SessionId, ActError> {
        if self.computers.contains_key(principal) {
            let computer = principal.to_owned();
            return self.session_of(principal).ok_or(ActError::NotRunning { computer });
        }
        if self.directory.is_user(principal) {
            return self.user_session(principal);
        }
        let known = self.users.iter().chain(self.computers.keys()).cloned().collect();
        Err(Unknown { what: Thing::Principal, name: principal.to_owned(), known }.into())
    }
}

/// The answer of a word that needs nothing more.
const fn plain_answer(word: Choice) -> Option<Answer> {
    Some(match word {
        Choice::Start => Answer::Start,
        Choice::Remind => Answer::Remind,
        Choice::Details => Answer::Details,
        Choice::Close => Answer::Close,
        Choice::Ok => Answer::Ok,
        Choice::Cancel => Answer::Cancel,
        Choice::Yes => Answer::Yes,
        Choice::No => Answer::No,
        // Who touches a card says nothing more.
        Choice::Touch => Answer::Ok,
        Choice::Card | Choice::Pin => return None,
    })
}

/// Whether a client of a reader works for a core, itself or its provider.
fn is_of(client: CardClient, id: SessionId) -> bool {
    matches!(client, CardClient::Core { session, .. } | CardClient::Provider { session, .. } if session == id)
}
