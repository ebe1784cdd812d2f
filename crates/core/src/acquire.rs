//! Phases A, C and D of a run: may it act at all, what does the directory trust, which templates and CAs are there.

mod policy;
mod state;
mod trust;

use alloc::sync::Arc;

use autoenroll_model::{
    AePolicy, Context, Effect, EventTable, Facts, HResult, RootDse, RuleRow, Settings, Unconfigured,
};

pub(crate) use self::state::{Acquisition, Next};
use self::state::{Bound, Gate};
use crate::events;
use crate::frame::Frame;
use crate::halt::Halt;
use crate::known::PolicyFlags;
use crate::reported::Reported;
use crate::rules;

impl Acquisition {
    /// Takes the result of the effect that this state waits for, and says what comes next.
    pub(crate) fn step(self, frame: &mut Frame, reported: Reported) -> Result<Next, Halt> {
        match self {
            Self::Settings => match reported.settings()? {
                Ok(settings) => policy_gate(frame, settings),
                Err(code) => fails(frame, rules::SETTINGS_UNREADABLE, "settings", code),
            },
            Self::Bind(gate) => match reported.directory()? {
                Ok(root) => bound(frame, gate, root),
                Err(code) => fails(frame, rules::DIRECTORY_UNREACHABLE, "directory", code),
            },
            Self::Trust(bound) => match reported.trust()? {
                Ok(containers) => trust::read(frame, bound, containers),
                Err(code) => fails(frame, rules::DIRECTORY_UNREACHABLE, "directory", code),
            },
            Self::WriteTrust(mirroring) => trust::written(frame, mirroring, reported.done()?),
            Self::WriteCache(bound) => trust::remembered(frame, bound, reported.done()?),
            Self::GetPolicies(url, search) => policy::server_answered(frame, url, search, reported.policy()?),
            Self::Templates(search) => match reported.templates()? {
                Ok(templates) => Ok(policy::templates_read(search, templates)),
                Err(code) => policy::directory_failed(frame, search, code),
            },
            Self::Services(search) => match reported.enrollment_services()? {
                Ok(services) => policy::services_read(frame, search, services),
                Err(code) => policy::directory_failed(frame, search, code),
            },
            Self::Principal(bound, policy) => match reported.principal()? {
                Ok(principal) => Ok(Next::Complete(bound.with(policy, principal))),
                Err(code) => fails(frame, rules::DIRECTORY_UNREACHABLE, "directory", code),
            },
        }
    }
}

/// The policy gate ([MS-CAESO] 4.4.5.1): the value of Group Policy, otherwise the local one, otherwise what the profile
/// does without.
fn policy_gate(frame: &mut Frame, settings: Arc<Settings>) -> Result<Next, Halt> {
    frame.log_everything = match frame.profile().events {
        // E5.3.level, P7.17
        EventTable::Classic => settings.log_level == Some(0),
        // E5.3.level-modern
        EventTable::Modern => settings.log_level.is_some_and(|level| level >= 4),
    };
    events::run_started(frame);
    let facts = Facts::new().with("context", frame.identity.context.as_str()).with_some("value", settings.policy);
    let machine = frame.identity.context == Context::Machine;
    let own = machine && (frame.identity.domain_controller || !settings.automatic_requests.is_empty());
    let configured = frame.decide(rules::POLICY_OF_CONTEXT, "AEPolicy", settings.policy.is_some(), facts).holds;
    let mut value = settings.policy.filter(|_| configured);
    if value.is_none() {
        let facts = Facts::new().with_some("value", settings.local_policy);
        let local = frame.decide(rules::LOCAL_POLICY, "AEPolicy", settings.local_policy.is_some(), facts).holds;
        value = settings.local_policy.filter(|_| local);
    }
    let value = match value {
        Some(value) => value,
        None => {
            let trust = frame.profile().unconfigured == Unconfigured::TrustOnly;
            if !frame.decide(rules::UNCONFIGURED, "AEPolicy", trust, Facts::new()).holds && !own {
                return Ok(Next::Nothing);
            }
            0
        }
    };
    let bits = AePolicy::from_bits_retain(value);
    // MC2.disabled
    let disabled = bits.contains(AePolicy::DISABLED);
    if frame.decide(rules::POLICY_DISABLED, "AEPolicy", disabled, Facts::new().with("value", value)).holds {
        return Ok(Next::Nothing);
    }
    let mut flag = |name: &str, bit: AePolicy| {
        let facts = Facts::new().with("value", value).with("bit", bit.bits());
        frame.decide(rules::POLICY_BIT, name, bits.contains(bit), facts).holds
    };
    let flags = PolicyFlags {
        // P7.19
        enroll: flag("enroll", AePolicy::ENROLL),
        manage: flag("manage", AePolicy::MANAGE),
        retrieve: flag("retrieve", AePolicy::RETRIEVE),
        own,
    };
    Ok(Next::Ask(Effect::BindDirectory, Acquisition::Bind(Gate { settings, flags })))
}

/// A domain controller has answered. Windows Server 2003 refuses one that cannot sign LDAP.
fn bound(frame: &mut Frame, gate: Gate, root: RootDse) -> Result<Next, Halt> {
    let facts = Facts::new().with("dc", root.dc.as_str()).with("signs-ldap", root.signs_ldap);
    if frame.profile().events == EventTable::Classic
        && frame.decide(rules::LDAP_NOT_SIGNED, &root.dc, !root.signs_ldap, facts).holds
    {
        // X6.1.0x80094013
        let code = HResult::CERTSRV_E_DOWNLEVEL_DC_SSL_OR_UPGRADE;
        return fails(frame, rules::DIRECTORY_UNREACHABLE, "directory", code);
    }
    let Gate { settings, flags } = gate;
    trust::begin(frame, Bound { settings, flags, root })
}

/// The run is over: nothing is done that what could not be read might forbid.
fn fails(frame: &mut Frame, rule: RuleRow, subject: &str, code: HResult) -> Result<Next, Halt> {
    events::run_fails(frame, rule, subject, code)?;
    Ok(Next::Nothing)
}
