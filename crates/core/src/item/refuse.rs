//! A request from which no certificate comes that may be installed: what remains of it.

use alloc::collections::VecDeque;
use alloc::string::String;

use autoenroll_model::{Effect, Facts, HResult, RequestEntry, RequestStage};

use super::key::clean_up;
use super::state::{Job, Leftovers, Next};
use crate::frame::{Frame, code_fact};
use crate::halt::Halt;
use crate::judge::Unfit;
use crate::known::Inventory;
use crate::rules;

/// The certificate that came is not good. Where it may become good, its entry stays, and the next run takes it up again
/// without a second request; otherwise entry and key go.
pub(super) fn refuse(
    job: &mut Job,
    frame: &mut Frame,
    held: &Inventory,
    entry: RequestEntry,
    unfit: Unfit,
) -> Result<Next, Halt> {
    let name = String::from(job.name());
    if !job.decide(frame, rules::REFUSED_FOR_GOOD, &name, unfit.lasting, code_fact(unfit.code)) {
        return Ok(Next::fail(unfit.code));
    }
    drop_request(job, frame, held, entry, unfit.code)
}

/// No certificate comes any more: the item fails with the code, and the request goes with its key, which stays where a
/// certificate has it. A key on a card is deleted only where the card has taken its PIN for this item; otherwise its
/// entry is kept for it, and the next request on that card removes both.
pub(super) fn drop_request(
    job: &mut Job,
    frame: &mut Frame,
    held: &Inventory,
    entry: RequestEntry,
    code: HResult,
) -> Result<Next, Halt> {
    let mut effects = VecDeque::new();
    let owned = !held.is_certified(&entry.key);
    let away = entry.key.card.as_ref().is_some_and(|card| !job.pins.contains_key(card));
    if owned && away {
        let facts = Facts::new().with("container", entry.key.container.as_str());
        let name = String::from(job.name());
        job.applies(frame, rules::KEY_WAITS_FOR_CARD, &name, facts)?;
        let given_up = RequestEntry { stage: RequestStage::Prepared, given_up: true, ..entry };
        effects.push_back(Effect::PutRequest(given_up));
    } else {
        if owned {
            effects.push_back(job.delete_container(&entry.key));
        }
        effects.push_back(Effect::RemoveRequest(entry.key_id));
    }
    Ok(clean_up(job, frame, Leftovers(effects), code))
}
