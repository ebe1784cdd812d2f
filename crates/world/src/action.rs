//! What people and the world do: the steps of a scenario, as data.

use autoenroll_model::{
    Choice, DecisionPoint, Duration, Effect, FileTime, HResult, PolicyServer, SecurityDescriptor, Template, TrustStore,
};

use autoenroll_csp::Pin;

use crate::spec::{CaSpec, Edit, PolicySpec};

/// One thing that is done. It happens at once, at the time the world shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A computer starts: its machine core begins, Group Policy is applied in the foreground.
    Boot {
        /// The computer.
        computer: String,
    },
    /// A computer is shut down; its users are logged off first.
    Shutdown {
        /// The computer.
        computer: String,
    },
    /// The core of a user or computer ends without warning, and with it what it had on the desktop and everything it
    /// had asked for. The session goes on with another core, which knows nothing until something triggers it.
    EndCore {
        /// The user or computer.
        principal: String,
    },
    /// A computer loses power, or the session of a user ends with its core.
    Crash {
        /// A computer, with everybody on it; or a user, whose session ends: the user may log on again.
        target: String,
    },
    /// A user logs on interactively.
    Logon {
        /// The user.
        user: String,
        /// Where.
        computer: String,
    },
    /// A user logs on interactively with a smart card. Whether that succeeds is seen when the world has come to rest.
    CardLogon {
        /// The user.
        user: String,
        /// Where.
        computer: String,
        /// The card.
        card: String,
        /// The PIN that the user types.
        pin: Pin,
    },
    /// A user logs off.
    Logoff {
        /// The user.
        user: String,
    },
    /// A user locks the workstation.
    Lock {
        /// The user.
        user: String,
    },
    /// A user unlocks it.
    Unlock {
        /// The user.
        user: String,
    },
    /// A run is asked for by hand, in the snap-in or with a command.
    Pulse {
        /// The user, or the computer.
        principal: String,
    },
    /// `gpupdate` is run. The refresh timer is not touched.
    GpRefresh {
        /// The user, or the computer.
        principal: String,
        /// With `/force`.
        forced: bool,
    },
    /// A user clicks.
    Click {
        /// The user.
        user: String,
        /// On what.
        on: ClickTarget,
    },
    /// A card goes into a reader.
    Insert {
        /// The card.
        card: String,
        /// The computer.
        computer: String,
        /// Its reader.
        reader: String,
    },
    /// A card is pulled out of the reader it is in.
    Remove {
        /// The card.
        card: String,
    },
    /// A user answers the open prompt of that decision point.
    Reply {
        /// The user.
        user: String,
        /// Which prompt.
        point: DecisionPoint,
        /// The answer.
        answer: UserAnswer,
    },
    /// The world changes.
    Change(Change),
    /// A manager works at a CA.
    Ca {
        /// The CA.
        ca: String,
        /// What is done.
        op: CaAction,
    },
}

autoenroll_model::words! {
    /// What can be clicked.
    pub enum ClickTarget as "click target" {
        /// The balloon.
        Balloon = "balloon",
        /// The balloon's own close button.
        BalloonClose = "balloon-close",
        /// The icon in the notification area.
        Icon = "icon",
        /// The close button of the wizard while it works.
        WizardClose = "wizard-close",
    }
}

/// What a user answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserAnswer {
    /// One of the words offered, or `close`.
    Word(Choice),
    /// These digits. Only the world sees them; the core gets an id.
    Pin(Pin),
    /// The card of that name.
    Card(String),
}

/// A change of the world that is not made on a desktop.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// An attribute of a template in the directory, published or not.
    Template {
        /// Name of the template.
        template: String,
        /// The change.
        edit: TemplateEdit,
    },
    /// A new template appears in the directory.
    AddTemplate(Box<Template>),
    /// A template known to the world appears in the directory.
    Publish {
        /// Name of the template.
        template: String,
    },
    /// A template disappears from the directory.
    Unpublish {
        /// Name of the template.
        template: String,
    },
    /// A CA issues one template more.
    PublishTemplate {
        /// The CA.
        ca: String,
        /// Name of the template.
        template: String,
    },
    /// A CA no longer issues a template.
    Withdraw {
        /// The CA.
        ca: String,
        /// Name of the template.
        template: String,
    },
    /// Group Policy. It has effect on values read from now on; running refresh timers keep the instant they have.
    Policy(Edit<PolicySpec>),
    /// An effect fails for a principal's core from now on, or no longer.
    Effect {
        /// The principal.
        principal: String,
        /// The effect.
        effect: LocalEffect,
        /// With which code; `None` when it works again.
        fails: Option<HResult>,
    },
    /// The policy servers that policy names.
    PolicyServers(Vec<PolicyServer>),
    /// A setting of a CA.
    Ca {
        /// The CA.
        ca: String,
        /// The setting and its value.
        edit: Edit<CaSpec>,
    },
    /// Who may enroll at a CA.
    CaRights {
        /// The CA.
        ca: String,
        /// Its security descriptor.
        rights: SecurityDescriptor,
    },
    /// A CA replaces its older copies of templates by the directory's.
    ReplicateTemplates {
        /// The CA.
        ca: String,
    },
    /// Whether any domain controller can be reached.
    DirectoryReachable(bool),
    /// Duration of every directory access.
    DirectoryLatency(Duration),
    /// Whether one controller can be reached: another one is contacted when it cannot.
    ControllerReachable {
        /// The controller.
        controller: String,
        /// Whether it answers.
        reachable: bool,
    },
    /// Whether a policy server answers.
    PolicyServiceReachable {
        /// Its address.
        url: String,
        /// Whether it answers.
        reachable: bool,
    },
    /// With which code a policy server answers every question; `None`: with the policy.
    PolicyServiceFailure {
        /// Its address.
        url: String,
        /// The code.
        failure: Option<HResult>,
    },
    /// The wall clock of every machine is set.
    WallClock(FileTime),
    /// An attribute of a user or computer object.
    Principal {
        /// The user or computer.
        principal: String,
        /// The change.
        edit: PrincipalEdit,
    },
    /// Membership in a group. It counts when the principal logs on or boots next.
    Membership {
        /// The group.
        group: String,
        /// A user, computer or group.
        member: String,
        /// Whether it is one from now on.
        present: bool,
    },
    /// Settings of a principal beside Group Policy.
    Settings {
        /// The user or computer.
        principal: String,
        /// The change.
        edit: SettingsEdit,
    },
    /// A trust container of the directory.
    Trust {
        /// Which container.
        container: TrustStore,
        /// A CA or extra root.
        certificate: String,
        /// Whether it is in there from now on.
        present: bool,
    },
    /// A certificate is deleted from a machine's trust store, by hand.
    DeleteTrusted {
        /// The computer.
        computer: String,
        /// The store.
        store: TrustStore,
        /// A CA or extra root.
        certificate: String,
    },
    /// A certificate is deleted from MY, by hand.
    DeleteCertificate {
        /// The user or computer.
        principal: String,
        /// The certificate.
        certificate: String,
    },
    /// The entries of a template are deleted from REQUEST, by hand. Their keys stay.
    DeleteRequest {
        /// The user or computer.
        principal: String,
        /// The template.
        template: String,
    },
    /// How a card misbehaves from now on.
    CardFault {
        /// The card.
        card: String,
        /// The fault.
        fault: CardFault,
    },
    /// A card gets another PIN, set with the administrator key; its retry counter is restored.
    ResetPin {
        /// The card.
        card: String,
        /// The PIN.
        pin: Pin,
    },
    /// A card is unblocked with the administrator key: the PIN stays, its retry counter is restored.
    UnblockCard {
        /// The card.
        card: String,
    },
}

/// A change of one attribute of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum TemplateEdit {
    /// An attribute with one field.
    Attribute(Edit<Template>),
    /// `nTSecurityDescriptor`.
    Security(SecurityDescriptor),
}

/// A change of a user or computer object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrincipalEdit {
    /// Distinguished name.
    Dn(String),
    /// `userPrincipalName`.
    Upn(Option<String>),
    /// `mail`.
    Mail(Option<String>),
    /// `dNSHostName`.
    Dns(Option<String>),
}

/// A change of a principal's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsEdit {
    /// `AEExpress` exists.
    Express(bool),
    /// The locally configured `AEPolicy`.
    LocalPolicy(Option<u32>),
    /// `AEEventLogLevel`.
    LogLevel(Option<u32>),
    /// `AEDirectoryCache` and its subkeys are deleted.
    ForgetDirectoryCache,
}

autoenroll_model::words! {
    /// An effect on the machine itself that can be made to fail: the registry, the certificate stores, the resource
    /// manager of smart cards. The words are those of the core protocol.
    pub enum LocalEffect as "effect" {
        /// [`Effect::ReadSettings`](autoenroll_model::Effect::ReadSettings).
        ReadSettings = "read-settings",
        /// [`Effect::WriteDirectoryCache`](autoenroll_model::Effect::WriteDirectoryCache).
        WriteDirectoryCache = "write-directory-cache",
        /// [`Effect::WriteTrust`](autoenroll_model::Effect::WriteTrust).
        WriteTrust = "write-trust",
        /// [`Effect::ReadStores`](autoenroll_model::Effect::ReadStores).
        ReadStores = "read-stores",
        /// [`Effect::AddCertificate`](autoenroll_model::Effect::AddCertificate).
        AddCertificate = "add-certificate",
        /// [`Effect::ArchiveCertificate`](autoenroll_model::Effect::ArchiveCertificate).
        ArchiveCertificate = "archive-certificate",
        /// [`Effect::DeleteCertificate`](autoenroll_model::Effect::DeleteCertificate).
        DeleteCertificate = "delete-certificate",
        /// [`Effect::PutRequest`](autoenroll_model::Effect::PutRequest).
        PutRequest = "put-request",
        /// [`Effect::RemoveRequest`](autoenroll_model::Effect::RemoveRequest).
        RemoveRequest = "remove-request",
        /// [`Effect::Inspect`](autoenroll_model::Effect::Inspect).
        Inspect = "inspect",
        /// [`Effect::ReadReaders`](autoenroll_model::Effect::ReadReaders).
        ReadReaders = "read-readers",
    }
}

impl LocalEffect {
    /// What that effect is; `None` for one that other parties carry out.
    pub(crate) const fn of(effect: &Effect) -> Option<Self> {
        Some(match effect {
            Effect::ReadSettings => Self::ReadSettings,
            Effect::WriteDirectoryCache(_) => Self::WriteDirectoryCache,
            Effect::WriteTrust { .. } => Self::WriteTrust,
            Effect::ReadStores => Self::ReadStores,
            Effect::AddCertificate(_) => Self::AddCertificate,
            Effect::ArchiveCertificate(_) => Self::ArchiveCertificate,
            Effect::DeleteCertificate(_) => Self::DeleteCertificate,
            Effect::PutRequest(_) => Self::PutRequest,
            Effect::RemoveRequest(_) => Self::RemoveRequest,
            Effect::Inspect(_) => Self::Inspect,
            Effect::ReadReaders => Self::ReadReaders,
            _ => return None,
        })
    }
}

autoenroll_model::words! {
    /// How a card misbehaves.
    #[derive(Default)]
    pub enum CardFault as "card fault" {
        /// It no longer answers, not even to reset.
        Mute = "mute",
        /// Another process holds it.
        Busy = "busy",
        /// It does not answer in time.
        Slow = "slow",
        /// Its middleware fails.
        Failing = "failing",
        /// Nothing can be written to it.
        ReadOnly = "read-only",
        /// It is as good as new.
        #[default]
        None = "none",
    }
}

/// Work at a CA. Requests and certificates are named as facts name them (`ContosoUser#2`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaAction {
    /// The manager issues a pending request.
    Approve {
        /// The request; `None` when only one is pending.
        request: Option<String>,
    },
    /// The manager denies a pending request.
    Deny {
        /// The request; `None` when only one is pending.
        request: Option<String>,
    },
    /// A certificate is revoked.
    Revoke {
        /// The certificate.
        certificate: String,
    },
    /// The service stops, and answers nothing.
    Stop,
    /// It starts again.
    Start,
}
