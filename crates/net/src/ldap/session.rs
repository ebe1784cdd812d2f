//! One LDAP connection: who speaks, and how far its searches in pages are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use autoenroll_model::{FileTime, Token};
use autoenroll_world::published::Published;

use super::tree::Tree;
use crate::accounts::Accounts;
use crate::bounds;
use crate::live::{Live, LiveError};

/// What all connections share.
#[derive(Debug)]
pub struct Directory {
    /// The world.
    pub live: Arc<Live>,
    /// Who may bind.
    pub accounts: Accounts,
    born: FileTime,
    /// The objects, and of what they were made.
    made: Mutex<Option<(Published, Arc<Tree>)>>,
}

impl Directory {
    /// The directory of a world, in which everything has existed since now.
    ///
    /// # Errors
    /// When the world cannot go on.
    pub fn new(live: Arc<Live>, accounts: Accounts) -> Result<Self, LiveError> {
        let born = live.with(|world| world.wall())?;
        Ok(Self { live, accounts, born, made: Mutex::new(None) })
    }

    /// The directory as it is now: what is published, and the objects that show it.
    ///
    /// # Errors
    /// When the world cannot go on.
    pub(super) fn now(&self) -> Result<(Published, Arc<Tree>), LiveError> {
        let published = self.live.with(|world| world.published())?;
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, tree)) = made.as_ref().filter(|(of, _)| of.is_same(&published)) {
            return Ok((of.clone(), tree.clone()));
        }
        let tree = Arc::new(Tree::of(&published, self.born));
        *made = Some((published.clone(), tree.clone()));
        Ok((published, tree))
    }
}

/// The state of a connection.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// The account that is bound; `None` is nobody in particular.
    pub(super) bound: Option<String>,
    /// Its messages are encrypted.
    pub(super) encrypted: bool,
    /// The challenge of NTLM that was sent and not answered yet.
    pub(super) challenge: Option<[u8; 8]>,
    /// Searches whose next page may be asked for, by cookie.
    pub(super) pages: BTreeMap<u64, Pages>,
    cookies: u64,
}

/// The rest of a search in pages.
#[derive(Debug)]
pub(super) struct Pages {
    /// What was asked: the next page is asked for with the same words.
    pub(super) asked: Vec<u8>,
    /// The objects as they were when the search began.
    pub(super) tree: Arc<Tree>,
    /// Places of those that are still to come.
    pub(super) rest: Vec<usize>,
}

impl Session {
    /// A connection that is encrypted already.
    pub(super) fn encrypted() -> Self {
        Self { encrypted: true, ..Self::default() }
    }

    /// Who speaks, for the log.
    pub(super) fn who(&self) -> &str {
        self.bound.as_deref().unwrap_or_default()
    }

    /// What speaks for the account in access checks; `None` for nobody.
    pub(super) fn token(&self, published: &Published) -> Option<Token> {
        published.token(self.bound.as_deref()?)
    }

    /// Keeps the rest of a search; the oldest is forgotten when there are too many.
    pub(super) fn keep(&mut self, pages: Pages) -> Vec<u8> {
        if self.pages.len() >= bounds::PAGED_SEARCHES {
            self.pages.pop_first();
        }
        self.cookies += 1;
        self.pages.insert(self.cookies, pages);
        self.cookies.to_be_bytes().to_vec()
    }

    /// The rest of a search, once; `None` when no search has that cookie.
    pub(super) fn take(&mut self, cookie: &[u8]) -> Option<Pages> {
        let cookie = u64::from_be_bytes(cookie.try_into().ok()?);
        self.pages.remove(&cookie)
    }
}
