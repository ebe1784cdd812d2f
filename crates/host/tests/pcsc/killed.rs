//! A daemon that dies, and one whose process dies.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use autoenroll_host::pcsc::{PcscCards, Stack};
use autoenroll_model::HResult;
use autoenroll_world::spec::ReaderName;
use autoenroll_world::{CardGone, CardHost as _};
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

/// Not a test of its own: a process to be killed.
pub(crate) const SLEEPER: &str = "sleeper";

/// Says which process is its pcscd, and then does nothing.
pub(crate) fn tell_and_sleep(stack: &Arc<Stack>, _all: Part) {
    println!("{} {}", stack.pcscd_pid().unwrap(), std::process::id());
    std::thread::sleep(Duration::from_secs(60));
}

pub(crate) fn everything_ends_with_the_process_that_started_pcscd() {
    let mut first = Command::new(std::env::current_exe().unwrap())
        .args(["inside", SLEEPER, "0", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(first.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let pids: Vec<i32> = line.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    let [pcscd, second] = pids.as_slice() else {
        // Skipped: it has said why.
        assert!(first.wait().unwrap().success());
        return;
    };
    first.kill().unwrap();
    first.wait().unwrap();
    let start = Instant::now();
    for (name, pid) in [("pcscd", *pcscd), ("the process that talks to it", *second)] {
        while is_alive(pid) {
            assert!(start.elapsed() < Duration::from_secs(10), "{name} {pid} lives on");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A zombie, which has ended but has not been waited for, is not alive.
fn is_alive(pid: i32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    status.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}
