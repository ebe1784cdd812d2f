//! Who may say that they are whom: the world has no passwords, so whoever serves it says them.

use std::collections::BTreeMap;

use crate::live::LiveWorld;

/// The passwords of the accounts of a world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passwords {
    /// Of everybody who has none of their own.
    pub common: Option<String>,
    /// Of single accounts, by their names in lower case.
    pub own: BTreeMap<String, String>,
}

impl Passwords {
    /// The password of an account; without one nobody can speak for it.
    #[must_use]
    pub fn of(&self, account: &str) -> Option<&str> {
        self.own.get(&account.to_lowercase()).or(self.common.as_ref()).map(String::as_str)
    }
}

/// Finds accounts by what clients call them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Their passwords.
    pub passwords: Passwords,
}

impl Accounts {
    /// The account that a client means: `alice`, `alice@contoso.test`, `CONTOSO\alice`, `WKS01$`,
    /// `WKS01$@contoso.test`, or a distinguished name. Case does not count.
    #[must_use]
    pub fn find(world: &LiveWorld, said: &str) -> Option<String> {
        let published = world.published();
        let wanted = match said.split_once('\\') {
            Some((domain, name)) => {
                let known = [published.netbios(), published.dns()];
                known.iter().any(|it| it.eq_ignore_ascii_case(domain)).then_some(name)?
            }
            None => said,
        };
        // Accounts without a name of that form have that of their domain ([MS-ADTS] 5.1.1.1.1).
        let own = wanted.split_once('@').filter(|(_, domain)| domain.eq_ignore_ascii_case(published.dns()));
        let account = own.map_or(wanted, |(name, _)| name);
        let bare = account.strip_suffix('$').unwrap_or(account);
        let found = published.principals().find(|it| {
            let name_is = |name: &str| name.to_lowercase() == it.name.to_lowercase();
            let same = |known: &str| known.to_lowercase() == wanted.to_lowercase();
            name_is(if it.is_user { account } else { bare })
                || it.object.upn.as_deref().is_some_and(same)
                || same(&it.object.dn)
        });
        found.map(|it| it.name.to_owned())
    }

    /// The account that a client means, when the password is the account's; an empty password never is.
    #[must_use]
    pub fn check(&self, world: &LiveWorld, said: &str, password: &[u8]) -> Option<String> {
        let account = Self::find(world, said)?;
        let known = self.passwords.of(&account)?;
        (!password.is_empty() && known.as_bytes() == password).then_some(account)
    }
}
