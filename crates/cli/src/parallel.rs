//! Work on many things at once, with results in the order of the things.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Does `work` on each item with that many threads. `each` is called in the order of the items, as early as that order
/// allows; a panic in `work` becomes its message.
///
/// The first error of `each` ends the work early and is returned.
pub(crate) fn in_order<T: Sync, R: Send, E>(
    items: &[T],
    jobs: NonZeroUsize,
    work: impl Fn(&T) -> R + Sync,
    mut each: impl FnMut(usize, Result<R, String>) -> Result<(), E>,
) -> Result<(), E> {
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs.get().min(items.len()) {
            let (send, next, work) = (send.clone(), &next, &work);
            scope.spawn(move || {
                while let Some((at, item)) = take(next, items) {
                    let result = catch_unwind(AssertUnwindSafe(|| work(item))).map_err(|panic| message(&*panic));
                    if send.send((at, result)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let mut waiting = BTreeMap::new();
        let mut due = 0;
        for (at, result) in receive {
            waiting.insert(at, result);
            while let Some(result) = waiting.remove(&due) {
                if let Err(error) = each(due, result) {
                    next.store(items.len(), Ordering::Relaxed);
                    return Err(error);
                }
                due += 1;
            }
        }
        Ok(())
    })
}

/// How many threads, when the arguments do not say.
pub(crate) fn jobs(asked: Option<NonZeroUsize>) -> NonZeroUsize {
    asked.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

fn take<'a, T>(next: &AtomicUsize, items: &'a [T]) -> Option<(usize, &'a T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    items.get(at).map(|item| (at, item))
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_whatever_the_number_of_threads() {
        let items: Vec<u64> = (0..200).collect();
        for jobs in [1, 2, 8, 300] {
            let mut seen = Vec::new();
            let work = |item: &u64| {
                std::thread::yield_now();
                assert!(*item != 77, "unlucky");
                item * 2
            };
            let done: Result<(), ()> = in_order(&items, NonZeroUsize::new(jobs).unwrap(), work, |at, result| {
                seen.push((at, result));
                Ok(())
            });
            assert_eq!(done, Ok(()));
            assert_eq!(seen.len(), 200);
            for (at, (index, result)) in seen.into_iter().enumerate() {
                assert_eq!(index, at);
                assert_eq!(result, if at == 77 { Err("unlucky".to_owned()) } else { Ok(at as u64 * 2) });
            }
        }
    }

    #[test]
    fn the_first_error_ends_the_work() {
        let stopped =
            in_order(&[1, 2, 3], NonZeroUsize::MIN, |item| *item, |at, _| if at == 1 { Err(at) } else { Ok(()) });
        assert_eq!(stopped, Err(1));
    }
}
