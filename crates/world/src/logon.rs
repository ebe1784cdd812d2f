//! Logon with a smart card: what Winlogon and the provider do with the card before a domain controller judges.
//!
//! Source of the order: Microsoft Learn, "Certificate Requirements and Enumeration", smart card sign-in flow.

mod kdc;

use autoenroll_csp::Pin;
use autoenroll_keys::PublicKey;
use autoenroll_model::{
    CardDescription, CardOperation, CardSerial, ContainerView, Context, CoreFactory, Effect, EffectResult, Facts,
    HResult, HashAlgorithm, KeyAlgorithm, KeyPlace, LogonContainer, PinId, SignatureAlgorithm,
};
use autoenroll_trace::{Kind, RecordId};
use autoenroll_wire::{Certificate, oids};

use crate::attempt::{Candidate, CardLogon, Refusal, Signed, Stage};
use crate::error::{ActError, WorldError};
use crate::hosts::{CaHost, CardHost};
use crate::readers::{CardClient, CardTransaction, LogonId, Touch};
use crate::world::World;
use crate::{record, rules};
use kdc::is_current;

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// The attempt of a user to log on that is under way.
    pub(crate) fn logon_of(&self, user: &str) -> Option<&CardLogon> {
        self.logons.values().find(|logon| logon.user == user)
    }

    /// A user puts a card's PIN in to log on.
    pub(crate) fn card_logon(&mut self, user: &str, computer: &str, card: &str, pin: &Pin) -> Result<(), ActError> {
        self.may_log_on(user, computer)?;
        self.known_card(card)?;
        let facts = Facts::new().with("computer", computer).with("card", card);
        let record = self.record(user, Kind::CardLogon, facts.clone(), Vec::new());
        let place = self.readers.place_of(card).filter(|place| place.computer == computer).cloned();
        let there = self.decisions.decide(rules::LOGON_READER.rule(), card, place.is_some(), facts.clone()).holds;
        let reader = match place {
            Some(place) if there => self.card_provider(&place).map(|provider| (place, provider)),
            _ if self.readers.of(computer).next().is_none() => Err(HResult::SCARD_E_NO_READERS_AVAILABLE),
            _ => Err(HResult::SCARD_E_NO_SMARTCARD),
        };
        let (reader, provider) = match reader {
            Ok(found) => found,
            Err(code) => {
                self.refuse_logon(user, facts, Refusal::of_card(code), vec![record]);
                return Ok(());
            }
        };
        self.begun_logons += 1;
        let logon = CardLogon {
            user: user.to_owned(),
            computer: computer.to_owned(),
            card: card.to_owned(),
            reader,
            provider,
            pin: pin.clone(),
            record,
            stage: Stage::Describing,
            running: None,
        };
        let because = self.logon_decided(record);
        self.ask_card(LogonId(self.begun_logons), logon, CardOperation::Describe, because);
        Ok(())
    }

    /// The computer is gone, and with it those who were about to log on at it.
    pub(crate) fn abandon_logons(&mut self, computer: &str) {
        let gone: Vec<LogonId> =
            self.logons.iter().filter(|(_, logon)| logon.computer == computer).map(|(id, _)| *id).collect();
        for id in &gone {
            self.logons.remove(id);
        }
        self.abort_transactions(|client| matches!(client, CardClient::Logon(id) if gone.contains(&id)));
    }

    /// Puts an operation into the queue of the card's reader, as a core's would be.
    fn ask_card(&mut self, id: LogonId, mut logon: CardLogon, operation: CardOperation, because: Vec<RecordId>) {
        let with_pin = matches!(operation, CardOperation::VerifyPin | CardOperation::Sign { .. });
        let pin = with_pin.then_some(PinId(id.0));
        let serial = CardSerial(self.names.serial(&logon.card).unwrap_or_default().to_owned());
        let given = with_pin.then(|| logon.pin.clone());
        let place = KeyPlace { provider: logon.provider.clone(), container: String::new(), card: Some(serial.clone()) };
        let mut perform = self.performing(&logon.card, place, operation.clone(), given);
        let effect = Effect::Card { card: serial, pin, operation };
        let (kind, facts) = record::effect(&effect, &self.names);
        let record = self.record(&logon.user, kind, facts.clone(), because);
        self.minidriver_decides(&logon.card, &mut perform, record);
        let transaction = CardTransaction {
            client: CardClient::Logon(id),
            card: logon.card.clone(),
            operation: perform,
            pin,
            answers: Vec::new(),
            record,
            began: None,
            touch: Touch::NotAsked,
        };
        let reader = logon.reader.clone();
        logon.running = Some((effect, facts));
        self.logons.insert(id, logon);
        self.enqueue(&reader, transaction);
    }

    /// A card operation of a logon has ended.
    pub(crate) fn logon_card_done(
        &mut self,
        id: LogonId,
        began: RecordId,
        result: EffectResult,
    ) -> Result<(), WorldError> {
        let Some(mut logon) = self.logons.remove(&id) else { return Ok(()) };
        let Some((effect, facts)) = logon.running.take() else { return Ok(()) };
        let (kind, facts) = record::effect_done(&effect, &facts, &result, &self.names);
        let causes = std::iter::once(began).chain(self.blame(&logon.user, &effect, &result)).collect();
        let beyond = self.beyond_done(&logon.user, &effect, &result);
        let done = self.record_with(&logon.user, kind, facts, causes, &beyond);
        let stage = std::mem::replace(&mut logon.stage, Stage::Describing);
        match (stage, result) {
            (Stage::Describing, EffectResult::Card(description)) => match self.containers_that_count(&description) {
                Ok(left) => self.read_next(id, logon, left, Vec::new(), done),
                Err(code) => self.give_up(&logon, None, Refusal::of_card(code), done),
            },
            (Stage::Reading { mut left, mut found }, EffectResult::Certificate(der)) => {
                if let (Some(container), Ok(certificate)) = (left.pop(), Certificate::parse(&der)) {
                    found.push(Candidate { container: container.name, default: container.default, certificate });
                }
                self.read_next(id, logon, left, found, done);
            }
            (Stage::Verifying(chosen), EffectResult::Done) => {
                let signed = self.logon_request(&logon, &chosen);
                let operation = CardOperation::Sign {
                    container: chosen.container.clone(),
                    algorithm: signed.algorithm,
                    message: signed.message.clone(),
                };
                logon.stage = Stage::Signing(chosen, signed);
                self.ask_card(id, logon, operation, vec![done]);
            }
            (Stage::Signing(chosen, signed), EffectResult::Signature(signature)) => {
                let judged = self.judge_logon(&logon.user, &logon.computer, &chosen.certificate, &signed, &signature);
                match judged {
                    Ok(mapping) => return self.log_on_with_card(&logon, &chosen, mapping.as_str(), done),
                    Err(refusal) => self.give_up(&logon, Some(&chosen), refusal, done),
                }
            }
            // X6.2.0x8010006B
            (Stage::Verifying(chosen) | Stage::Signing(chosen, _), EffectResult::WrongPin { tries_left }) => {
                let refusal = Refusal { tries_left, ..Refusal::of_card(HResult::SCARD_W_WRONG_CHV) };
                self.give_up(&logon, Some(&chosen), refusal, done);
            }
            (stage, EffectResult::Failed(code)) => {
                let chosen = match &stage {
                    Stage::Verifying(chosen) | Stage::Signing(chosen, _) => Some(chosen),
                    Stage::Describing | Stage::Reading { .. } => None,
                };
                self.give_up(&logon, chosen, Refusal::of_card(code), done);
            }
            _ => self.give_up(&logon, None, Refusal::of_card(HResult::E_UNEXPECTED), done),
        }
        Ok(())
    }

    /// The containers whose certificates are looked at, the first one last.
    // P7.56
    fn containers_that_count(&mut self, card: &CardDescription) -> Result<Vec<ContainerView>, HResult> {
        let only_default = self.profile.logon_container == LogonContainer::Default;
        let rule = rules::LOGON_DEFAULT.rule();
        let only_default = self.decisions.decide(rule, "logon", only_default, Facts::new()).holds;
        // A provider is asked for its default container first, and a card without one is of no use for logon, whatever
        // else is on it.
        if !card.containers.iter().any(|container| container.default) {
            return Err(HResult::SCARD_E_NO_KEY_CONTAINER);
        }
        let counts = |container: &&ContainerView| !only_default || container.default;
        let mut counting = card.containers.iter().filter(counts).cloned().collect::<Vec<_>>();
        counting.retain(|container| container.has_key && container.has_certificate);
        counting.reverse();
        Ok(counting)
    }

    fn read_next(
        &mut self,
        id: LogonId,
        mut logon: CardLogon,
        left: Vec<ContainerView>,
        found: Vec<Candidate>,
        done: RecordId,
    ) {
        let because = self.logon_decided(done);
        if let Some(container) = left.last() {
            let operation = CardOperation::ReadCertificate { container: container.name.clone() };
            logon.stage = Stage::Reading { left, found };
            return self.ask_card(id, logon, operation, because);
        }
        match self.choose(&logon.user, found) {
            Some(chosen) => {
                let because = self.logon_decided(done);
                logon.stage = Stage::Verifying(chosen);
                self.ask_card(id, logon, CardOperation::VerifyPin, because);
            }
            None => self.give_up(&logon, None, Refusal::of_card(HResult::SCARD_E_NO_SUCH_CERTIFICATE), done),
        }
    }

    /// The certificate that is logged on with: of those that are offered one that names the user, the default
    /// container's before others, then the one that ends last.
    // L1.choice
    fn choose(&mut self, user: &str, found: Vec<Candidate>) -> Option<Candidate> {
        let mut offered: Vec<Candidate> = found.into_iter().filter(|it| self.is_offered(&it.certificate)).collect();
        let name = self.account_name(user);
        let rank = |it: &Candidate| (it.certificate.upn() == name, it.default, it.certificate.not_after);
        offered.sort_by_key(rank);
        offered.pop()
    }

    /// Whether a certificate is offered for logon before the PIN is asked for.
    fn is_offered(&mut self, certificate: &Certificate) -> bool {
        let subject = certificate.thumbprint().0;
        let purposes = certificate.extended_key_usage();
        let fits = purposes.iter().any(|purpose| purpose.as_str() == oids::SMARTCARD_LOGON);
        let purposes: Vec<String> = purposes.iter().map(ToString::to_string).collect();
        let facts = Facts::new().with("purposes", purposes);
        if !self.decisions.decide(rules::LOGON_PURPOSE.rule(), &subject, fits, facts).holds {
            return false;
        }
        // Where only the default container counts, nothing is offered, and the domain controller judges.
        if self.profile.logon_container == LogonContainer::Default {
            return true;
        }
        let facts = Facts::new().with("not-after", certificate.not_after.to_string());
        let current = is_current(certificate, self.wall());
        self.decisions.decide(rules::LOGON_OFFERED.rule(), &subject, current, facts).holds
    }

    /// What the key signs: who wants to log on, and when (PKAuthenticator, RFC 4556 3.2.1).
    fn logon_request(&self, logon: &CardLogon, chosen: &Candidate) -> Signed {
        let key = PublicKey::from_spki_der(&chosen.certificate.public_key).ok().and_then(|key| key.algorithm());
        let algorithm = SignatureAlgorithm::of(key.unwrap_or(KeyAlgorithm::Rsa2048), HashAlgorithm::Sha1);
        let name = self.account_name(&logon.user).unwrap_or_default();
        Signed { algorithm, message: format!("{name} {}", self.wall()).into_bytes() }
    }

    fn log_on_with_card(
        &mut self,
        logon: &CardLogon,
        chosen: &Candidate,
        mapping: &str,
        done: RecordId,
    ) -> Result<(), WorldError> {
        let because = self.logon_decided(done);
        let roaming = self.logon_facts(&logon.user, &logon.computer).get("roaming").cloned();
        let facts = self.chosen_facts(logon, Some(chosen)).with("mapping", mapping).with_some("roaming", roaming);
        let record = self.record(&logon.user, Kind::Logon, facts, because);
        let role = self.role_of_computer(&logon.computer);
        self.begin_session(&logon.user, &logon.computer, Context::User, role, record)
    }

    fn give_up(&mut self, logon: &CardLogon, chosen: Option<&Candidate>, refusal: Refusal, done: RecordId) {
        let facts = self.chosen_facts(logon, chosen);
        self.refuse_logon(&logon.user, facts, refusal, vec![logon.record, done]);
    }

    fn chosen_facts(&self, logon: &CardLogon, chosen: Option<&Candidate>) -> Facts {
        let certificate = |chosen: &Candidate| self.names.certificate(&chosen.certificate.thumbprint());
        Facts::new()
            .with("computer", logon.computer.as_str())
            .with("card", logon.card.as_str())
            .with_some("container", chosen.map(|chosen| self.names.container(&chosen.container)))
            .with_some("certificate", chosen.map(certificate))
    }

    fn refuse_logon(&mut self, user: &str, facts: Facts, refusal: Refusal, mut because: Vec<RecordId>) {
        because.extend(self.record_decisions(&because));
        let facts = facts
            .with("code", refusal.code.to_string())
            .with_some("kdc-error", refusal.kdc_error)
            .with_some("tries-left", refusal.tries_left);
        self.record(user, Kind::LogonFailed, facts, because);
    }

    /// Records what was decided; that, and the record it was decided after, are causes of what follows.
    fn logon_decided(&mut self, after: RecordId) -> Vec<RecordId> {
        let decided = self.record_decisions(&[after]);
        std::iter::once(after).chain(decided).collect()
    }
}
