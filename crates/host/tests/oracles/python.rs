//! pyscard sees the card come and go.

use std::time::Duration;

use crate::desk::{Desk, run};
use crate::life::INITIALISE;

/// Waits for a card by pyscard's monitor, talks to it, asks for it to be pulled, and talks again.
const SCRIPT: &str = r#"
import threading
from smartcard.CardMonitoring import CardMonitor, CardObserver
from smartcard.Exceptions import CardConnectionException

came, went = threading.Event(), threading.Event()
cards = []

class Observer(CardObserver):
    def update(self, observable, actions):
        added, removed = actions
        if added:
            cards.extend(added)
            came.set()
        if removed:
            went.set()

monitor = CardMonitor()
observer = Observer()
monitor.addObserver(observer)
assert came.wait(10), "no card came"
connection = cards[0].createConnection()
connection.connect()
select = [0x00, 0xA4, 0x04, 0x00, 9, 0xA0, 0, 0, 3, 0x97, 0x42, 0x54, 0x46, 0x59, 0]
data, sw1, sw2 = connection.transmit(select)
print("selected %02X%02X, %d bytes" % (sw1, sw2, len(data)))
open("pull-it", "w").close()
assert went.wait(10), "no card went"
try:
    connection.transmit(select)
    print("the card still answers")
except CardConnectionException as error:
    print("gone:", error)
monitor.deleteObserver(observer)
"#;

#[test]
fn pyscard_is_told_of_insertion_and_removal() {
    let Some(desk) = Desk::blank() else { return };
    desk.check(&[INITIALISE]);
    desk.put("monitor.py", SCRIPT);
    std::thread::scope(|scope| {
        let script = scope.spawn(|| {
            desk.check(&[run("/usr/bin/python3 monitor.py").says(&["selected 9000, 20 bytes", "Card was removed."])]);
        });
        desk.wait_for_file("pull-it", Duration::from_secs(20));
        desk.pull();
        if let Err(panic) = script.join() {
            std::panic::resume_unwind(panic);
        }
    });
}
