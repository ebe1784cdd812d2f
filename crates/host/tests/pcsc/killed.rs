//! A daemon that dies.

use std::sync::Arc;
use std::time::{Duration, Instant};

use autoenroll_host::pcsc::{PcscCards, Stack};
use autoenroll_model::HResult;
use autoenroll_world::spec::ReaderName;
use autoenroll_world::{CardGone, Parts};
use rustix::process::{Pid, Signal, kill_process};

use crate::Part;
use crate::scenarios::{of_suite, run_behind_pcscd};

/// A card is no longer answered for, and a run ends, with faults, within seconds.
pub(crate) fn killing_pcscd_fails_the_run(stack: &Arc<Stack>, _all: Part) {
    let reader = ReaderName { computer: "WKS01".to_owned(), reader: "Reader 0".to_owned() };
    let mut cards = PcscCards::new(Arc::clone(stack));
    let card = crate::reader::card().lock().unwrap().clone();
    cards.add_card("card", card);
    assert!(cards.insert(&reader, "card").is_some());
    let select = b"\x00\xA4\x04\x00\x09\xA0\x00\x00\x03\x97\x42\x54\x46\x59\x00";
    assert!(cards.transmit(&reader, select).is_ok());

    let pid = i32::try_from(stack.pcscd_pid().unwrap()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    let start = Instant::now();
    assert_eq!(cards.transmit(&reader, select), Err(CardGone(HResult::SCARD_E_NO_SERVICE)));
    cards.remove(&reader);
    let faults = cards.ledger().faults();
    assert_eq!(
        faults.first().map(|fault| (fault.attempt, fault.code)),
        Some(("send a command", HResult::SCARD_E_NO_SERVICE))
    );
    drop(cards);

    let (_, ledger) = run_behind_pcscd(&of_suite("founding/second-provider.toml"), stack);
    assert_eq!(ledger.faults().first().map(|fault| fault.attempt), Some("insert a card"));
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}
