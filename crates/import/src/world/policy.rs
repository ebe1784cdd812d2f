//! Group Policy.

use autoenroll_model::{Duration, PolicyServer};

use super::Writer;
use crate::finding::Reason;
use crate::policy::resultant;
use crate::{Half, HalfPolicy, Policy};

impl Writer<'_> {
    pub(super) fn policy(&mut self, policy: &Policy) {
        let (machine, user) = (resultant(policy, Half::Machine), resultant(policy, Half::User));
        self.findings.extend(machine.findings);
        self.findings.extend(user.findings);
        let (machine, user) = (machine.policy, user.policy);
        if machine.is_none() && user.is_none() {
            return;
        }
        self.toml.line("");
        self.toml.line("[world.policy]");
        for (half, key, name) in [(&user, "ae-policy", "user"), (&machine, "machine-ae-policy", "machine")] {
            match half.as_ref().map(|half| half.ae_policy) {
                Some(Some(number @ 0..10)) => self.toml.number(key, number),
                Some(Some(number)) => self.toml.raw(key, &format!("{number:#x}")),
                Some(None) => self.toml.raw(key, "false"),
                None => {
                    let reason = Reason::Unsaid("this half was not imported; see `ae-policy` for what holds then");
                    self.find("Registry.pol", name, "", reason);
                }
            }
        }
        let both = match (machine, user) {
            (Some(machine), Some(user)) => self.one_for_both(machine, user),
            (machine, user) => machine.or(user).unwrap_or_default(),
        };
        self.one(&both);
    }

    /// A world has one policy apart from AEPolicy: value by value what a half sets, and the half for computers where
    /// the two differ.
    fn one_for_both(&mut self, machine: HalfPolicy, user: HalfPolicy) -> HalfPolicy {
        let servers = |half: Vec<PolicyServer>| (!half.is_empty()).then_some(half);
        HalfPolicy {
            ae_policy: None,
            expiration_percent: self.either(
                "OfflineExpirationPercent",
                machine.expiration_percent,
                user.expiration_percent,
            ),
            expiration_stores: self.either(
                "OfflineExpirationStoreNames",
                machine.expiration_stores,
                user.expiration_stores,
            ),
            expiration_balloons: self.either(
                "EnableBalloonNotifications",
                machine.expiration_balloons,
                user.expiration_balloons,
            ),
            refresh: self.either("GroupPolicyRefreshTime", machine.refresh, user.refresh),
            refresh_offset: self.either("GroupPolicyRefreshTimeOffset", machine.refresh_offset, user.refresh_offset),
            refresh_controllers: machine.refresh_controllers,
            background: machine.background,
            servers: self.either("PolicyServers", servers(machine.servers), servers(user.servers)).unwrap_or_default(),
        }
    }

    fn either<T: PartialEq>(&mut self, value: &str, machine: Option<T>, user: Option<T>) -> Option<T> {
        let why = match (&machine, &user) {
            (Some(machine), Some(user)) if machine != user => {
                "differs between the halves, and a world has one; the machine's counts"
            }
            (Some(_), None) => "is set for computers only, and a world has one: users have it as well",
            (None, Some(_)) => "is set for users only, and a world has one: computers have it as well",
            _ => return machine,
        };
        self.find("Registry.pol", value, "", Reason::NoWord(why));
        machine.or(user)
    }

    /// What a world has once.
    fn one(&mut self, policy: &HalfPolicy) {
        for (key, minutes) in [
            ("gp-interval", policy.refresh),
            ("gp-offset", policy.refresh_offset),
            ("dc-interval", policy.refresh_controllers),
        ] {
            if let Some(minutes) = minutes {
                self.toml.text(key, &Duration::minutes(minutes.into()).to_string());
            }
        }
        if let Some(background) = policy.background {
            self.toml.raw("gp-background", &background.to_string());
        }
        if let Some(percent) = policy.expiration_percent {
            self.toml.number("expiration-percent", percent);
        }
        if let Some(stores) = &policy.expiration_stores {
            self.toml.texts("expiration-stores", stores.iter().map(String::as_str));
        }
        if let Some(balloons) = policy.expiration_balloons {
            self.toml.raw("expiration-balloons", &balloons.to_string());
        }
        for server in &policy.servers {
            self.header("world.policy.policy-server");
            self.toml.text("key", &server.key);
            self.toml.text("url", &server.url);
            self.toml.text("policy-id", &server.policy_id);
            self.toml.raw("flags", &format!("{:#x}", server.flags));
            self.toml.number("auth-flags", server.auth_flags);
            self.toml.number("cost", server.cost);
        }
    }
}
