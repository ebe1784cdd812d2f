//! Changes of the world that are not made on a desktop.

use autoenroll_invariants::Beyond;
use autoenroll_model::{CoreFactory, Facts, TrustStore};
use autoenroll_trace::Kind;

use crate::action::{Change, PrincipalEdit, SettingsEdit, TemplateEdit};
use crate::directory::Visibility;
use crate::error::{ActError, Thing, Unknown};
use crate::hosts::{CaHost, CardHost};
use crate::spec::{CaSpec, PolicyServiceSpec};
use crate::world::{CaState, World};

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// Makes a change and records it.
    pub(crate) fn change(&mut self, change: &Change) -> Result<(), ActError> {
        let facts = self.make(change)?;
        let altered = match change {
            Change::UnblockCard { card } | Change::ResetPin { card, .. } => self.card_view(card),
            _ => None,
        };
        self.record_with("world", Kind::Change, facts, Vec::new(), &altered.map_or(Beyond::Nothing, Beyond::Card));
        Ok(())
    }

    /// The enrollment service of a CA appears in the directory.
    pub(crate) fn publish_authority(&mut self, ca: &str) {
        self.directory.show_authority(ca);
        let facts = Facts::new().with("what", "publish-ca").with("ca", ca);
        self.record("world", Kind::Change, facts, Vec::new());
    }

    /// Makes a change; the facts that tell of it.
    fn make(&mut self, change: &Change) -> Result<Facts, ActError> {
        let what = |what: &str| Facts::new().with("what", what);
        Ok(match change {
            Change::Template { template, edit } => {
                self.directory.edit_template(template, edit)?;
                what("template").with("template", template.as_str()).with("attribute", template_attribute(edit))
            }
            Change::AddTemplate(template) => {
                if self.directory.template(&template.name).is_ok() {
                    return Err(ActError::Exists { what: Thing::Template, name: template.name.clone() });
                }
                self.directory.add_template(template.as_ref().clone(), Visibility::Published);
                what("publish").with("template", template.name.as_str())
            }
            Change::Publish { template } => {
                self.directory.show_template(template, Visibility::Published)?;
                what("publish").with("template", template.as_str())
            }
            Change::Unpublish { template } => {
                self.directory.show_template(template, Visibility::Hidden)?;
                what("unpublish").with("template", template.as_str())
            }
            Change::PublishTemplate { ca, template } => {
                self.directory.template(template)?;
                self.offer(ca, template, true)?;
                what("offer").with("ca", ca.as_str()).with("template", template.as_str())
            }
            Change::Withdraw { ca, template } => {
                self.offer(ca, template, false)?;
                what("withdraw").with("ca", ca.as_str()).with("template", template.as_str())
            }
            Change::Policy(edit) => {
                self.policy.change(|values| edit.apply(values));
                let (name, value) = edit.fact();
                what("policy").with(name, value)
            }
            Change::PolicyServers(servers) => {
                let urls: Vec<String> = servers.iter().map(|server| server.url.clone()).collect();
                self.policy.change(|values| values.policy_servers.clone_from(servers));
                what("policy").with("policy-servers", urls)
            }
            Change::Effect { principal, effect, fails } => {
                self.directory.object(principal)?;
                let failing = self.failing.entry(*effect).or_default();
                let _before = match fails {
                    Some(code) => failing.insert(principal.clone(), *code),
                    None => failing.remove(principal),
                };
                let facts = what("effect").with("principal", principal.as_str()).with("attribute", effect.as_str());
                facts.with("to", fails.map_or_else(|| "works".to_owned(), |code| code.to_string()))
            }
            Change::Ca { ca, edit } => {
                self.edit_ca(ca, |spec| edit.apply(spec))?;
                let (name, value) = edit.fact();
                what("ca").with("ca", ca.as_str()).with(name, value)
            }
            Change::CaRights { ca, rights } => {
                self.edit_ca(ca, |spec| spec.enroll = rights.clone())?;
                what("ca").with("ca", ca.as_str()).with("attribute", "enroll")
            }
            Change::ReplicateTemplates { ca } => {
                self.edit_ca(ca, |spec| spec.stale_templates.clear())?;
                what("ca").with("ca", ca.as_str()).with("replicated", true)
            }
            Change::DirectoryReachable(reachable) => {
                self.directory.reachable = *reachable;
                what("directory").with("reachable", *reachable)
            }
            Change::DirectoryLatency(latency) => {
                self.directory.latency = *latency;
                what("directory").with("latency", latency.to_string())
            }
            Change::ControllerReachable { controller, reachable } => {
                self.directory.set_controller(controller, *reachable)?;
                what("controller").with("controller", controller.as_str()).with("reachable", *reachable)
            }
            Change::PolicyServiceReachable { url, reachable } => {
                self.policy_service(url)?.reachable = *reachable;
                what("policy-server").with("url", url.as_str()).with("reachable", *reachable)
            }
            Change::PolicyServiceFailure { url, failure } => {
                self.policy_service(url)?.failure = *failure;
                let failure = failure.map_or_else(|| "none".to_owned(), |code| code.to_string());
                what("policy-server").with("url", url.as_str()).with("attribute", "failure").with("to", failure)
            }
            Change::WallClock(wall) => {
                self.clock.set_wall(*wall);
                what("wall-clock").with("to", wall.to_string())
            }
            Change::Principal { principal, edit } => {
                self.directory.edit_principal(principal, edit)?;
                principal_facts(edit, what("principal").with("principal", principal.as_str()))
            }
            Change::Membership { group, member, present } => {
                self.directory.set_member(group, member, *present)?;
                let facts = what("membership").with("group", group.as_str()).with("member", member.as_str());
                facts.with("present", *present)
            }
            Change::Settings { principal, edit } => {
                self.directory.object(principal)?;
                let stores = self.stores.entry(principal.clone()).or_default();
                let facts = what("settings").with("principal", principal.as_str());
                edit_settings(&mut stores.settings, edit, facts)
            }
            Change::Trust { container, certificate, present } => {
                let der = self.root(certificate)?;
                self.directory.set_trusted(*container, &der, *present);
                trust_facts(what("trust"), *container, certificate).with("present", *present)
            }
            Change::DeleteTrusted { computer, store, certificate } => {
                let der = self.root(certificate)?;
                self.computer_role(computer)?;
                if let Some(computer) = self.computers.get_mut(computer) {
                    computer.trust.delete(*store, &der);
                }
                trust_facts(what("delete-trusted"), *store, certificate).with("computer", computer.as_str())
            }
            Change::DeleteCertificate { principal, certificate } => {
                self.directory.object(principal)?;
                let held = self.names.find_certificate(certificate).map(|(thumbprint, _)| thumbprint);
                let deleted = held.and_then(|thumbprint| self.stores.get_mut(principal)?.delete(&thumbprint).ok());
                if deleted.is_none() {
                    let known = self.names_in_my(principal);
                    return Err(Unknown { what: Thing::Certificate, name: certificate.clone(), known }.into());
                }
                what("delete-certificate")
                    .with("principal", principal.as_str())
                    .with("certificate", certificate.as_str())
            }
            Change::DeleteRequest { principal, template } => {
                self.directory.object(principal)?;
                if let Some(stores) = self.stores.get_mut(principal) {
                    stores.forget_requests(template);
                }
                what("delete-request").with("principal", principal.as_str()).with("template", template.as_str())
            }
            Change::CardFault { card, fault } => {
                self.known_card(card)?;
                if let Some(state) = self.cards.get_mut(card) {
                    state.fault = *fault;
                }
                what("card-fault").with("card", card.as_str()).with("fault", fault.as_str())
            }
            Change::ResetPin { card, pin } => {
                self.known_card(card)?;
                self.can_be_unblocked(card)?;
                let set = self.hosts.cards.card_mut(card, |card| card.reset_pin(pin.reveal().as_bytes()));
                if let Some(Err(error)) = set {
                    return Err(ActError::Card { card: card.clone(), reason: error.to_string() });
                }
                what("reset-pin").with("card", card.as_str())
            }
            Change::UnblockCard { card } => {
                self.known_card(card)?;
                self.can_be_unblocked(card)?;
                self.hosts.cards.card_mut(card, |card| card.set_tries_left(card.profile().pin.tries()));
                what("unblock-card").with("card", card.as_str())
            }
        })
    }

    /// Without its PUK nobody sets the PIN of a PIV card.
    // K8.7.puk
    fn can_be_unblocked(&self, card: &str) -> Result<(), ActError> {
        let puk = self.hosts.cards.card(card, |card| card.look().puk).flatten();
        match puk {
            Some(puk) if puk.tries_left == 0 => {
                let reason = "its PUK is blocked, so that its PIN stays as it is".to_owned();
                Err(ActError::Card { card: card.to_owned(), reason })
            }
            _ => Ok(()),
        }
    }

    fn policy_service(&mut self, url: &str) -> Result<&mut PolicyServiceSpec, Unknown> {
        match self.policy_services.iter().position(|service| service.url == url) {
            Some(at) => Ok(&mut self.policy_services[at]),
            None => {
                let known = self.policy_services.iter().map(|service| service.url.clone()).collect();
                Err(Unknown { what: Thing::PolicyService, name: url.to_owned(), known })
            }
        }
    }

    fn offer(&mut self, ca: &str, template: &str, offered: bool) -> Result<(), ActError> {
        let templates = self.hosts.cas.ca_mut(ca, |ca| {
            let templates = &mut ca.config_mut().templates;
            templates.retain(|name| name != template);
            if offered {
                templates.push(template.to_owned());
            }
            templates.clone()
        });
        let templates = templates.ok_or_else(|| self.unknown_authority(ca))?;
        self.directory.set_authority_templates(ca, templates);
        Ok(())
    }

    fn edit_ca(&mut self, ca: &str, edit: impl FnOnce(&mut CaSpec)) -> Result<(), ActError> {
        if !self.authorities.contains_key(ca) {
            return Err(self.unknown_authority(ca).into());
        }
        let Some(CaState { spec, .. }) = self.authorities.get_mut(ca) else { return Ok(()) };
        edit(spec);
        self.hosts.cas.ca_mut(ca, |ca| spec.configure(ca));
        Ok(())
    }

    /// The CA certificate of a name.
    pub(crate) fn root(&self, name: &str) -> Result<Vec<u8>, Unknown> {
        let known = || self.roots.keys().cloned().collect();
        let found = self.roots.get(name).cloned();
        found.ok_or_else(|| Unknown { what: Thing::Root, name: name.to_owned(), known: known() })
    }

    pub(crate) fn names_in_my(&self, principal: &str) -> Vec<String> {
        let stores = self.stores.get(principal).map(|stores| stores.stores().my.iter());
        stores.into_iter().flatten().map(|stored| self.names.certificate(&stored.thumbprint)).collect()
    }
}

/// The attribute as the directory names it.
fn template_attribute(edit: &TemplateEdit) -> &'static str {
    match edit {
        TemplateEdit::Attribute(edit) => edit.attribute().expect("every row of a template is an attribute"),
        TemplateEdit::Security(_) => "nTSecurityDescriptor",
    }
}

fn principal_facts(edit: &PrincipalEdit, facts: Facts) -> Facts {
    let (attribute, value) = match edit {
        PrincipalEdit::Dn(value) => ("dn", Some(value)),
        PrincipalEdit::Upn(value) => ("upn", value.as_ref()),
        PrincipalEdit::Mail(value) => ("mail", value.as_ref()),
        PrincipalEdit::Dns(value) => ("dns", value.as_ref()),
    };
    facts.with("attribute", attribute).with_some("to", value)
}

fn edit_settings(settings: &mut crate::spec::SettingsSpec, edit: &SettingsEdit, facts: Facts) -> Facts {
    match edit {
        SettingsEdit::Express(value) => {
            settings.express = *value;
            facts.with("express", *value)
        }
        SettingsEdit::LocalPolicy(value) => {
            settings.local_policy = *value;
            facts.with("attribute", "local-policy").with_some("to", *value)
        }
        SettingsEdit::LogLevel(value) => {
            settings.log_level = *value;
            facts.with("attribute", "log-level").with_some("to", *value)
        }
        SettingsEdit::ForgetDirectoryCache => {
            settings.directory_cache = None;
            facts.with("attribute", "directory-cache")
        }
    }
}

fn trust_facts(facts: Facts, store: TrustStore, certificate: &str) -> Facts {
    facts.with("store", store.as_str()).with("certificate", certificate)
}
