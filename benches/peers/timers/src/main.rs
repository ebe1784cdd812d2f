//! `peers-timers ENGINE TIMERS DAYS`: that many timers, each due every 90 minutes, for that many simulated days; prints
//! how often one fired, and the nanoseconds of processor time.
//!
//! Timer `n` begins `n` times 5.4 s after the start, so that a thousand of them are spread over the 90 minutes.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(90 * 60);
const APART: Duration = Duration::from_millis(5_400);

/// What our queue is written against.
mod action {
    pub(crate) use autoenroll_world::action::Change;
}
mod spec {
    pub(crate) use autoenroll_world::spec::ReaderName;
}
/// Our queue itself; `world` shows it to nobody.
#[expect(dead_code, reason = "the world uses more of it")]
#[path = "../../../../crates/world/src/queue.rs"]
mod queue;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<u32>().ok());
    let (Some(timers), Some(days)) = (number(1), number(2)) else { usage() };
    let until = Duration::from_secs(u64::from(days) * 86_400);
    let before = processor_time();
    let fired = match arguments.first().map(String::as_str) {
        Some("queue") => in_our_queue(timers, until),
        Some("tokio") => on_tokio(timers, until),
        Some("turmoil") => in_turmoil(timers, until),
        _ => usage(),
    };
    println!("{fired} {}", processor_time() - before);
}

fn usage() -> ! {
    eprintln!("usage: peers-timers queue|tokio|turmoil TIMERS DAYS");
    std::process::exit(2)
}

fn in_our_queue(timers: u32, until: Duration) -> u64 {
    use autoenroll_model::SimTime;
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).expect("some days");
    let mut queue = queue::Queue::default();
    for timer in 0..timers {
        queue.put(SimTime(nanoseconds(APART * timer)), queue::Event::Refresh(queue::SessionId(timer)));
    }
    let mut fired = 0;
    while let Some((at, event)) = queue.take(SimTime(nanoseconds(until))) {
        fired += 1;
        queue.put(SimTime(at.0 + nanoseconds(EVERY)), event);
    }
    fired
}

fn on_tokio(timers: u32, until: Duration) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let fired = Rc::new(Cell::new(0));
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime.expect("a runtime"), timers_of_tokio(timers, until, Rc::clone(&fired)));
    fired.get()
}

fn in_turmoil(timers: u32, until: Duration) -> u64 {
    // It goes ahead by one tick at a time, a millisecond unless told otherwise: a month would be 2.6 billion of them.
    let mut simulation =
        turmoil::Builder::new().tick_duration(Duration::from_secs(1)).simulation_duration(until + EVERY).build();
    let fired = Rc::new(Cell::new(0));
    let counts = Rc::clone(&fired);
    simulation.client("client", async move {
        timers_of_tokio(timers, until, counts).await;
        Ok(())
    });
    simulation.run().expect("the simulation ends");
    fired.get()
}

/// Both run their tasks in a `LocalSet` of tokio.
async fn timers_of_tokio(timers: u32, until: Duration, fired: Rc<Cell<u64>>) {
    let start = tokio::time::Instant::now();
    for timer in 0..timers {
        let fired = Rc::clone(&fired);
        tokio::task::spawn_local(async move {
            let mut due = start + APART * timer;
            loop {
                tokio::time::sleep_until(due).await;
                fired.set(fired.get() + 1);
                due += EVERY;
            }
        });
    }
    // What is due at the end still comes.
    tokio::time::sleep_until(start + until + Duration::from_millis(1)).await;
}

/// Nanoseconds that this thread has had a processor.
fn processor_time() -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("a Linux system tells it");
    told.split_whitespace().next().and_then(|first| first.parse().ok()).expect("it begins with nanoseconds")
}
