//! Phase C: the local stores of a machine mirror the trust containers of the directory.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use autoenroll_model::{Certificates, Context, DirectoryCache, Effect, Facts, HResult, TrustContainer, TrustStore};

use super::policy;
use super::state::{Acquisition, Bound, Mirroring, Next};
use crate::events;
use crate::frame::{Frame, code_fact};
use crate::halt::Halt;
use crate::rules;

/// Only a machine downloads, and only when the directory has changed or another controller answers.
pub(super) fn begin(frame: &mut Frame, bound: Bound) -> Result<Next, Halt> {
    let machine = frame.identity.context == Context::Machine;
    if !frame.decide(rules::TRUST_FOR_MACHINE, "trust", machine, Facts::new()).holds {
        return policy::begin(frame, bound);
    }
    let cache = bound.settings.directory_cache.as_ref();
    // R017
    let changed = cache.is_none_or(|cache| cache.dc != bound.root.dc || cache.usn != bound.root.usn);
    let facts = Facts::new().with("dc", bound.root.dc.as_str()).with("cached", cache.is_some());
    if frame.decide(rules::TRUST_CHANGED, "trust", changed, facts).holds {
        return Ok(Next::Ask(Effect::ReadTrust, Acquisition::Trust(bound)));
    }
    policy::begin(frame, bound)
}

/// Each container that could be read becomes the content of its store; one that could not is logged and left as it is.
pub(super) fn read(frame: &mut Frame, bound: Bound, containers: Vec<TrustContainer>) -> Result<Next, Halt> {
    let mut rest = VecDeque::new();
    let mut complete = true;
    for container in containers {
        let store = container.store.as_str();
        match container.content {
            Ok(certificates) => {
                frame.applies(rules::TRUST_MIRRORED, store, Facts::new().with("count", certificates.0.len()))?;
                rest.push_back((container.store, certificates));
            }
            Err(code) => {
                frame.applies(rules::STORE_DOWNLOAD_FAILED, store, code_fact(code))?;
                complete = false;
                events::store_download_failed(frame, store, &container.url, code);
            }
        }
    }
    next(frame, bound, rest, complete)
}

/// A store was written, or not: then the others still are, and the next run downloads again.
pub(super) fn written(frame: &mut Frame, mirroring: Mirroring, result: Result<(), HResult>) -> Result<Next, Halt> {
    let Mirroring { bound, store, rest, complete } = mirroring;
    if let Err(code) = result {
        frame.applies(rules::TRUST_NOT_WRITTEN, store.as_str(), code_fact(code))?;
    }
    next(frame, bound, rest, complete && result.is_ok())
}

/// The next store; after the last the cache entry, without which the next run downloads again.
fn next(
    frame: &mut Frame,
    bound: Bound,
    mut rest: VecDeque<(TrustStore, Certificates)>,
    complete: bool,
) -> Result<Next, Halt> {
    if let Some((store, certificates)) = rest.pop_front() {
        let effect = Effect::WriteTrust { store, certificates };
        return Ok(Next::Ask(effect, Acquisition::WriteTrust(Mirroring { bound, store, rest, complete })));
    }
    if complete {
        let cache = DirectoryCache { dc: bound.root.dc.clone(), usn: bound.root.usn };
        return Ok(Next::Ask(Effect::WriteDirectoryCache(cache), Acquisition::WriteCache(bound)));
    }
    policy::begin(frame, bound)
}

/// The cache entry is written, or not: then the next run downloads again, which costs time and nothing else.
pub(super) fn remembered(frame: &mut Frame, bound: Bound, result: Result<(), HResult>) -> Result<Next, Halt> {
    if let Err(code) = result {
        frame.applies(rules::DIRECTORY_CACHE_NOT_WRITTEN, "AEDirectoryCache", code_fact(code))?;
    }
    policy::begin(frame, bound)
}
