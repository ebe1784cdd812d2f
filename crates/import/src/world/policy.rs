//! Group Policy.

use autoenroll_model::{Duration, PolicyServer};

use super::Writer;
use crate::finding::{Finding, Reason};
use crate::{HalfPolicy, Policy};

impl Writer<'_> {
    pub(super) fn policy(&mut self, policy: &Policy) {
        let (user, machine) = (policy.user.as_ref(), policy.machine.as_ref());
        let Some(main) = machine.or(user) else { return };
        self.toml.line("");
        self.toml.line("[world.policy]");
        for (half, key, name) in [(user, "ae-policy", "user"), (machine, "machine-ae-policy", "machine")] {
            match half.map(|half| half.ae_policy) {
                Some(Some(number @ 0..10)) => self.toml.number(key, number),
                Some(Some(number)) => self.toml.raw(key, &format!("{number:#x}")),
                Some(None) => self.toml.raw(key, "false"),
                None => {
                    let reason = Reason::Unsaid("this half was not imported; see `ae-policy` for what holds then");
                    self.find("Registry.pol", name, "", reason);
                }
            }
        }
        for (key, minutes) in [
            ("gp-interval", main.refresh),
            ("gp-offset", main.refresh_offset),
            ("dc-interval", main.refresh_controllers),
        ] {
            if let Some(minutes) = minutes {
                self.toml.text(key, &Duration::minutes(minutes.into()).to_string());
            }
        }
        if let Some(background) = main.background {
            self.toml.raw("gp-background", &background.to_string());
        }
        if let Some(percent) = main.expiration_percent {
            self.toml.number("expiration-percent", percent);
        }
        if let Some(stores) = &main.expiration_stores {
            self.toml.texts("expiration-stores", stores.iter().map(String::as_str));
        }
        let servers = if main.servers.is_empty() { user.map_or(&[][..], |user| &user.servers) } else { &main.servers };
        for server in servers {
            self.header("world.policy.policy-server");
            self.toml.text("key", &server.key);
            self.nonempty(&server.key, "URL", "url", &server.url);
            self.nonempty(&server.key, "PolicyID", "policy-id", &server.policy_id);
            self.toml.raw("flags", &format!("{:#x}", server.flags));
            self.toml.number("auth-flags", server.auth_flags);
            self.toml.number("cost", server.cost);
        }
        if let (Some(user), Some(_)) = (user, machine) {
            self.other_half(user, main, servers);
        }
    }

    /// A world has one policy apart from AEPolicy: where both halves were imported, the machine's counts.
    fn other_half(&mut self, user: &HalfPolicy, machine: &HalfPolicy, servers: &[PolicyServer]) {
        let mut differs = |value: &str, differs: bool| {
            if differs {
                let reason = Reason::NoWord("differs between the halves, and a world has one; the machine's counts");
                self.findings.push(Finding::new("Registry.pol", value, "", reason));
            }
        };
        let other = |user: Option<u32>, machine: Option<u32>| user.is_some() && user != machine;
        differs("OfflineExpirationPercent", other(user.expiration_percent, machine.expiration_percent));
        let stores = user.expiration_stores.is_some() && user.expiration_stores != machine.expiration_stores;
        differs("OfflineExpirationStoreNames", stores);
        differs("GroupPolicyRefreshTime", other(user.refresh, machine.refresh));
        differs("GroupPolicyRefreshTimeOffset", other(user.refresh_offset, machine.refresh_offset));
        differs("PolicyServers", !user.servers.is_empty() && user.servers != servers);
    }
}
