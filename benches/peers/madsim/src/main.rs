//! `peers-madsim TIMERS DAYS`: as `peers-timers`, in madsim, which simulates only where it is compiled with
//! `--cfg madsim`.

fn main() {
    #[cfg(madsim)]
    simulated::main();
    #[cfg(not(madsim))]
    {
        eprintln!("compile this with RUSTFLAGS='--cfg madsim'");
        std::process::exit(2);
    }
}

#[cfg(madsim)]
mod simulated {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    const EVERY: Duration = Duration::from_secs(90 * 60);
    const APART: Duration = Duration::from_millis(5_400);

    pub(crate) fn main() {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<u32>().ok());
        let (Some(timers), Some(days)) = (number(0), number(1)) else {
            eprintln!("usage: peers-madsim TIMERS DAYS");
            std::process::exit(2);
        };
        let until = Duration::from_secs(u64::from(days) * 86_400);
        let before = processor_time();
        let fired = Arc::new(AtomicU64::new(0));
        madsim::runtime::Runtime::new().block_on(timers_of_madsim(timers, until, Arc::clone(&fired)));
        println!("{} {}", fired.load(Ordering::Relaxed), processor_time() - before);
    }

    async fn timers_of_madsim(timers: u32, until: Duration, fired: Arc<AtomicU64>) {
        let start = madsim::time::Instant::now();
        for timer in 0..timers {
            let fired = Arc::clone(&fired);
            madsim::task::spawn(async move {
                let mut due = start + APART * timer;
                loop {
                    madsim::time::sleep_until(due).await;
                    fired.fetch_add(1, Ordering::Relaxed);
                    due += EVERY;
                }
            });
        }
        // What is due at the end still comes.
        madsim::time::sleep_until(start + until + Duration::from_millis(1)).await;
    }

    /// Nanoseconds that this process has had a processor: madsim starts a thread of its own.
    fn processor_time() -> u64 {
        let mut nanoseconds = 0;
        for task in std::fs::read_dir("/proc/self/task").expect("a Linux system tells it").flatten() {
            let told = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            nanoseconds += told.split_whitespace().next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0);
        }
        nanoseconds
    }
}
