//! The directory as programs outside read it: every object, and who may see it.

use std::collections::BTreeMap;
use std::sync::Arc;

use autoenroll_model::{
    CoreFactory, EnrollmentService, FileTime, Guid, HResult, PrincipalObject, Shared, Sid, Template, Token, TrustStore,
};

use crate::directory::{Directory, PrincipalKind, Visibility};
use crate::error::Unknown;
use crate::hosts::{CaHost, CardHost};
use crate::spec::{CaSpec, GroupSpec};
use crate::world::{CaState, World};

/// The directory of a world at one moment. A copy costs next to nothing, and stays as it is when the world goes on.
#[derive(Clone, Debug)]
pub struct Published {
    directory: Shared<Directory>,
    authorities: Shared<BTreeMap<String, CaState>>,
    netbios: Arc<str>,
}

/// A user or computer of the directory.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// Its name, as the scenario says it.
    pub name: &'a str,
    /// Its object; `groups` are empty here, [`Published::token_groups`] has them.
    pub object: &'a PrincipalObject,
    /// A user, not a computer.
    pub is_user: bool,
    /// A domain controller.
    pub is_controller: bool,
}

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// The directory as it is now.
    #[must_use]
    pub fn published(&self) -> Published {
        Published {
            directory: self.directory.clone(),
            authorities: self.authorities.clone(),
            netbios: self.domain.clone(),
        }
    }

    /// What a CA is, with the changes since the start.
    #[must_use]
    pub fn authority(&self, name: &str) -> Option<&CaSpec> {
        self.authorities.get(name).map(|ca| &ca.spec)
    }

    /// Writes `userCertificate` of a user or computer, as a client does that may; the values that are there then.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn write_user_certificates(&mut self, account: &str, values: Vec<Vec<u8>>) -> Result<(), Unknown> {
        self.directory.set_certificates(account, values)
    }
}

impl Published {
    /// Whether nothing has changed between the two: they are copies of the same moment.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        core::ptr::eq::<Directory>(&*self.directory, &*other.directory)
            && core::ptr::eq::<BTreeMap<_, _>>(&*self.authorities, &*other.authorities)
    }

    /// The DNS name of the domain.
    #[must_use]
    pub fn dns(&self) -> &str {
        self.directory.dns()
    }

    /// The NetBIOS name of the domain.
    #[must_use]
    pub fn netbios(&self) -> &str {
        &self.netbios
    }

    /// The identifier of the domain.
    #[must_use]
    pub fn sid(&self) -> &Sid {
        self.directory.sid()
    }

    /// `objectGUID` of the forest root domain.
    #[must_use]
    pub fn forest(&self) -> Guid {
        self.directory.forest()
    }

    /// The name of the controller that answers.
    ///
    /// # Errors
    /// When none is found, or none answers.
    pub fn controller(&self) -> Result<&str, HResult> {
        self.directory.controller().map(|controller| controller.name.as_str())
    }

    /// Counts changes of the public key objects.
    #[must_use]
    pub fn usn(&self) -> u64 {
        self.directory.usn()
    }

    /// The templates that are there, in the order of their creation; each says itself who may read it.
    pub fn templates(&self) -> impl Iterator<Item = &Arc<Template>> {
        self.directory.published_templates()
    }

    /// The enrollment services that are there, in the order of their creation.
    pub fn authorities(&self) -> impl Iterator<Item = &EnrollmentService> {
        self.directory.services().filter(|(_, visibility)| *visibility == Visibility::Published).map(|(it, _)| it)
    }

    /// What a CA is, with the changes since the start.
    #[must_use]
    pub fn authority(&self, name: &str) -> Option<&CaSpec> {
        self.authorities.get(name).map(|ca| &ca.spec)
    }

    /// What a trust container holds; `None` when nobody can read it.
    #[must_use]
    pub fn trusted(&self, store: TrustStore) -> Option<&[Vec<u8>]> {
        self.directory.is_readable(store).then(|| self.directory.trusted(store))
    }

    /// All users and computers, by name.
    pub fn principals(&self) -> impl Iterator<Item = Account<'_>> {
        self.directory.accounts().map(|(name, object, kind)| Account {
            name,
            object,
            is_user: kind == PrincipalKind::User,
            is_controller: kind == PrincipalKind::Controller,
        })
    }

    /// When a user was created, where the world says it.
    #[must_use]
    pub fn created(&self, account: &str) -> Option<FileTime> {
        self.directory.created(account)
    }

    /// All groups, in the order of their creation.
    #[must_use]
    pub fn groups(&self) -> &[GroupSpec] {
        self.directory.groups()
    }

    /// The groups that have a user, computer or group in their lists of members.
    pub fn groups_with(&self, member: &str) -> impl Iterator<Item = &GroupSpec> {
        self.directory.groups_with(member)
    }

    /// Every group of an account: its own, those that these are in, and the built-in ones.
    #[must_use]
    pub fn token_groups(&self, account: &str) -> Vec<Sid> {
        self.directory.token_groups(account)
    }

    /// What speaks for an account in access checks; `None` when there is no such account.
    #[must_use]
    pub fn token(&self, account: &str) -> Option<Token> {
        let own = self.directory.object(account).ok()?.sid.clone();
        Some(self.token_groups(account).into_iter().chain([own]).collect())
    }
}
