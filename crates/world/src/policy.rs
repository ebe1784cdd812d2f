//! Group Policy: its values, and the engine that applies it in the background.
//!
//! Foreground application at boot and logon is part of those triggers. The engine needs no directory: a refresh that
//! finds no domain controller still calls the autoenrollment extension, which finds out for itself.

use std::sync::Arc;

use autoenroll_keys::{Seed, draw};
use autoenroll_model::{Context, Decisions, Duration, Facts, Provider, Settings, SimTime};

use crate::rules;
use crate::spec::{ComputerRole, PolicySpec, SettingsSpec};

/// Group Policy as it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GroupPolicy {
    values: Arc<PolicySpec>,
    /// What users get of the values.
    user: AppliedPolicy,
    /// What computers get of them.
    machine: AppliedPolicy,
}

/// What the registry of a session holds of Group Policy: the values of its last application ([MS-GPOL] 3.2.5.1).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AppliedPolicy(Arc<PolicySpec>);

/// The background timer of one session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RefreshTimer {
    /// Drawn once per boot or logon.
    offset: Duration,
}

/// Whose policy is refreshed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) principal: &'a str,
    pub(crate) context: Context,
    pub(crate) role: ComputerRole,
    /// How many sessions this world has had before: each boot and logon draws its own offset.
    pub(crate) session: u32,
}

/// What an interval of zero means ([MS-GPOL] 3.2.1.14).
const LEAST_INTERVAL: Duration = Duration::seconds(7);
/// The interval when nothing is configured ([MS-GPOL] 3.2.1.17, 3.2.1.20).
const DEFAULT_INTERVAL: Duration = Duration::minutes(90);

impl GroupPolicy {
    pub(crate) fn new(values: PolicySpec) -> Self {
        let (mut user, mut machine) = (values.clone(), values.clone());
        user.machine_ae_policy = None;
        user.automatic_requests.clear();
        machine.ae_policy = None;
        let [user, machine] = [user, machine].map(|values| AppliedPolicy(Arc::new(values)));
        Self { values: Arc::new(values), user, machine }
    }

    /// Whether policy is applied in the foreground when this session begins.
    pub(crate) fn foreground(&self, decisions: &mut Decisions, subject: Subject<'_>) -> bool {
        subject.role != ComputerRole::Standalone
            && decisions.applies(rules::FOREGROUND.rule(), subject.principal, facts_of(subject)).is_ok()
    }

    /// The background timer of a session that begins now, and when it fires first; never for a computer that is in no
    /// domain.
    pub(crate) fn start(
        &self,
        decisions: &mut Decisions,
        seed: &Seed,
        subject: Subject<'_>,
        now: SimTime,
    ) -> (RefreshTimer, Option<SimTime>) {
        if subject.role == ComputerRole::Standalone {
            return (RefreshTimer::default(), None);
        }
        let starts = match subject.context {
            Context::Machine => {
                decisions.applies(rules::COMPUTER_START.rule(), subject.principal, Facts::new()).is_ok()
            }
            Context::User => true,
        };
        if !starts {
            return (RefreshTimer::default(), None);
        }
        let timer = RefreshTimer { offset: draw_offset(seed, subject, self.values.gp_offset) };
        let at = self.interval(decisions, timer.offset, subject).map(|interval| now + interval);
        (timer, at)
    }

    /// The timer has fired: whether policy is applied, and when it fires again.
    pub(crate) fn fire(
        &self,
        decisions: &mut Decisions,
        timer: RefreshTimer,
        subject: Subject<'_>,
        now: SimTime,
    ) -> (bool, Option<SimTime>) {
        let off =
            decisions.decide(rules::OFF.rule(), subject.principal, !self.values.gp_background, facts_of(subject)).holds;
        // The offset of the session's start stays in force, and none is drawn anew.
        let mut offset = timer.offset;
        if self.values.gp_offset > Duration::ZERO
            && let Err(_without) = decisions.applies(rules::OFFSET.rule(), subject.principal, facts_of(subject))
        {
            offset = Duration::ZERO;
        }
        let again = self.interval(decisions, offset, subject).map(|interval| now + interval);
        (!off, again)
    }

    /// Time from one background refresh to the next; `None` when there is none.
    fn interval(&self, decisions: &mut Decisions, offset: Duration, subject: Subject<'_>) -> Option<Duration> {
        let principal = subject.principal;
        if subject.context == Context::Machine {
            let controller = subject.role == ComputerRole::DomainController;
            let facts = Facts::new().with("interval", self.values.dc_interval);
            if decisions.decide(rules::BACKGROUND_CONTROLLER.rule(), principal, controller, facts).holds {
                return Some(at_least(self.values.dc_interval));
            }
        }
        let mut base = DEFAULT_INTERVAL;
        if self.values.gp_interval != base {
            let facts = Facts::new().with("interval", self.values.gp_interval);
            if decisions.applies(rules::CONFIGURABLE.rule(), principal, facts).is_ok() {
                base = at_least(self.values.gp_interval);
            }
        }
        let rule = match subject.context {
            Context::Machine => rules::BACKGROUND_COMPUTER,
            Context::User => rules::BACKGROUND_USER,
        };
        let facts = Facts::new().with("interval", base).with("offset", offset);
        decisions.applies(rule.rule(), principal, facts).ok()?;
        Some(Duration(base.0.saturating_add(offset.0)))
    }

    /// The values as a session of that context gets them when policy is applied now.
    pub(crate) fn applied(&self, context: Context) -> AppliedPolicy {
        match context {
            Context::User => self.user.clone(),
            Context::Machine => self.machine.clone(),
        }
    }

    /// Changes the values, which sessions get when policy is applied to them next.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut PolicySpec)) {
        let mut values = PolicySpec::clone(&self.values);
        change(&mut values);
        *self = Self::new(values);
    }
}

impl AppliedPolicy {
    /// What policy, registry and machine say to a principal.
    pub(crate) fn settings(&self, context: Context, own: &SettingsSpec, providers: &[Provider]) -> Settings {
        let values = &self.0;
        Settings {
            policy: match context {
                Context::User => values.ae_policy,
                Context::Machine => values.machine_ae_policy,
            },
            local_policy: own.local_policy,
            policy_servers: values.policy_servers.clone(),
            stored_credentials: own.stored_credentials.clone(),
            express: own.express,
            log_level: own.log_level,
            expiration_percent: values.expiration_percent,
            expiration_stores: values.expiration_stores.clone(),
            expiration_balloons: values.expiration_balloons,
            directory_cache: own.directory_cache.clone(),
            providers: providers.to_vec(),
            automatic_requests: values.automatic_requests.clone(),
        }
    }
}

/// No time between two refreshes means seven seconds.
const fn at_least(interval: Duration) -> Duration {
    if interval.0 == 0 { LEAST_INTERVAL } else { interval }
}

/// An offset below the bound, drawn once per boot or logon: whole seconds, unless the bound is shorter than two.
fn draw_offset(seed: &Seed, subject: Subject<'_>, bound: Duration) -> Duration {
    let unit = if bound >= Duration::seconds(2) { Duration::SECOND.0 } else { 1 };
    let choices = bound.0 / unit;
    if choices == 0 {
        return Duration::ZERO;
    }
    let n = u64::from(subject.session) << 32;
    let drawn = draw(seed, subject.principal, "group policy offset", subject.context.as_str(), n);
    let number = drawn[..8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    Duration(number % choices * unit)
}

fn facts_of(subject: Subject<'_>) -> Facts {
    Facts::new().with("context", subject.context.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::SettingValue;

    fn subject(context: Context, role: ComputerRole) -> Subject<'static> {
        Subject { principal: "WKS01", context, role, session: 0 }
    }

    /// First and second refresh, counted from a start at one minute.
    fn refreshes(values: PolicySpec, subject: Subject<'_>) -> Option<(Duration, Duration)> {
        let (seed, start) = (Seed::from(1), SimTime::START + Duration::MINUTE);
        let policy = GroupPolicy::new(values);
        let mut decisions = Decisions::new();
        let (timer, first) = policy.start(&mut decisions, &seed, subject, start);
        let first = first?;
        let (_, second) = policy.fire(&mut decisions, timer, subject, first);
        Some((first.since(start), second?.since(first)))
    }

    #[test]
    fn intervals_depend_on_who_refreshes_and_what_is_configured() {
        use ComputerRole::{DomainController, Member, Standalone};
        let check = |interval: Duration, context, role, expected: Option<Duration>| {
            let values = PolicySpec { gp_interval: interval, ..PolicySpec::default() };
            let found = refreshes(values, subject(context, role));
            assert_eq!(found, expected.map(|e| (e, e)), "{interval} {context} {role}");
        };
        let ninety = Duration::minutes(90);
        check(ninety, Context::User, Member, Some(ninety));
        check(ninety, Context::Machine, Member, Some(ninety));
        check(ninety, Context::Machine, DomainController, Some(Duration::minutes(5)));
        check(ninety, Context::User, DomainController, Some(ninety));
        check(ninety, Context::User, Standalone, None);
        check(ninety, Context::Machine, Standalone, None);
        check(Duration::hours(8), Context::User, Member, Some(Duration::hours(8)));
        check(Duration::hours(8), Context::Machine, DomainController, Some(Duration::minutes(5)));
        check(Duration::ZERO, Context::User, Member, Some(Duration::seconds(7)));
        check(Duration::seconds(3), Context::User, Member, Some(Duration::seconds(3)));
    }

    #[test]
    fn the_offset_is_drawn_once_and_stays_below_its_bound() {
        let values = PolicySpec { gp_offset: Duration::minutes(30), ..PolicySpec::default() };
        let mut seen = Vec::new();
        for session in 0..20 {
            let subject = Subject { session, ..subject(Context::User, ComputerRole::Member) };
            let (first, second) = refreshes(values.clone(), subject).unwrap();
            assert_eq!(first, second, "one draw for the whole session");
            assert!(
                first >= Duration::minutes(90) && first < Duration::minutes(120) && first.0 % Duration::SECOND.0 == 0
            );
            assert_eq!(refreshes(values.clone(), subject), Some((first, second)));
            seen.push(first);
        }
        seen.sort();
        seen.dedup();
        assert!(seen.len() > 15, "each session draws its own");
    }

    #[test]
    fn switched_off_the_timer_runs_on_without_applying_anything() {
        let (seed, subject) = (Seed::from(1), subject(Context::User, ComputerRole::Member));
        let mut policy = GroupPolicy::new(PolicySpec { gp_background: false, ..PolicySpec::default() });
        let mut decisions = Decisions::new();
        let (timer, first) = policy.start(&mut decisions, &seed, subject, SimTime::START);
        let first = first.unwrap();
        let (applied, second) = policy.fire(&mut decisions, timer, subject, first);
        assert!(!applied);
        policy.change(|values| values.gp_background = true);
        let (applied, _) = policy.fire(&mut decisions, timer, subject, second.unwrap());
        assert!(applied);
        let rules: Vec<_> = decisions.take().iter().map(|d| (d.rule.as_str().to_owned(), d.outcome)).collect();
        assert!(rules.contains(&("T2.1.off".to_owned(), true)) && rules.contains(&("T2.1.off".to_owned(), false)));
    }

    #[test]
    fn settings_come_from_policy_registry_and_machine() {
        let policy =
            GroupPolicy::new(PolicySpec { ae_policy: Some(7), machine_ae_policy: None, ..PolicySpec::default() });
        let own = SettingsSpec { local_policy: Some(1), express: true, ..SettingsSpec::default() };
        let user = policy.applied(Context::User).settings(Context::User, &own, &[]);
        assert_eq!((user.policy, user.local_policy, user.express), (Some(7), Some(1), true));
        assert_eq!(policy.applied(Context::Machine).settings(Context::Machine, &own, &[]).policy, None);
    }

    #[test]
    fn what_is_applied_differs_when_a_value_of_the_own_context_does() {
        use Context::{Machine, User};
        let check = |name: &str, value: SettingValue, changed: &[Context]| {
            let edit = PolicySpec::setting(name).unwrap().to(value).unwrap();
            let mut policy = GroupPolicy::new(PolicySpec { ae_policy: Some(7), ..PolicySpec::default() });
            let before = [User, Machine].map(|context| policy.applied(context));
            policy.change(|values| edit.apply(values));
            let differs = [User, Machine].into_iter().zip(before).filter(|(of, old)| policy.applied(*of) != *old);
            assert_eq!(differs.map(|(context, _)| context).collect::<Vec<_>>(), changed, "{edit:?}");
        };
        check("ae-policy", Some(0_u32).into(), &[User]);
        check("ae-policy", Some(7_u32).into(), &[]);
        check("machine-ae-policy", Some(0_u32).into(), &[Machine]);
        check("gp-offset", Duration::minutes(10).into(), &[User, Machine]);
    }
}
