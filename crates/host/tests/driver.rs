//! The conversation with a reader driver, seen from a driver of the test's own: needs no other program.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use autoenroll_card::{Card, CardProfile, Personalisation};
use autoenroll_host::{Ended, Exchange, InsertedCard, ServeOptions, ServedIn, SharedCard, insert, serve, share};
use autoenroll_keys::Seed;

const LONG: Duration = Duration::from_secs(5);
const SELECT: &[u8] = b"\x00\xA4\x04\x00\x09\xA0\x00\x00\x03\x97\x42\x54\x46\x59\x00";
const VERIFY: &[u8] = b"\x00\x20\x00\x80\x0412AB";

/// The driver's half of vpcd, which sends length and body in two writes as the packaged one does.
struct Driver {
    listener: TcpListener,
}

impl Driver {
    fn new() -> Self {
        Self { listener: TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap() }
    }

    fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    fn accept(&self) -> Connection {
        let (socket, _) = self.listener.accept().unwrap();
        socket.set_read_timeout(Some(LONG)).unwrap();
        Connection { socket }
    }
}

struct Connection {
    socket: TcpStream,
}

impl Connection {
    fn send(&mut self, message: &[u8]) {
        let length = u16::try_from(message.len()).unwrap().to_be_bytes();
        self.socket.write_all(&length).unwrap();
        self.socket.write_all(message).unwrap();
    }

    fn receive(&mut self) -> Vec<u8> {
        let mut length = [0; 2];
        self.socket.read_exact(&mut length).unwrap();
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        self.socket.read_exact(&mut message).unwrap();
        message
    }

    fn ask(&mut self, message: &[u8]) -> Vec<u8> {
        self.send(message);
        self.receive()
    }

    /// Whether the card has closed its side without another byte.
    fn is_closed(&mut self) -> bool {
        matches!(self.socket.read(&mut [0; 1]), Ok(0))
    }
}

fn card(profile: CardProfile) -> SharedCard {
    let mut card = Card::new(profile, [7; 16], Seed::from(1));
    card.personalise(&Personalisation::new(b"12AB", [1; 24])).unwrap();
    share(card)
}

fn put_in(driver: &Driver, card: &SharedCard) -> (InsertedCard, Connection) {
    let inserted = insert(card.clone(), driver.address(), LONG, |_| {}).unwrap();
    (inserted, driver.accept())
}

#[test]
fn power_and_reset_are_not_answered_and_forget_the_pin() {
    let (driver, card) = (Driver::new(), card(CardProfile::gids()));
    let (inserted, mut connection) = put_in(&driver, &card);
    let atr = CardProfile::gids().atr;
    assert_eq!(connection.ask(&[4]), atr.as_bytes());
    for control in [&[0, 1][..], &[1], &[2]] {
        connection.send(&[1]);
        assert!(connection.ask(SELECT).ends_with(b"\x90\x00"));
        assert_eq!(connection.ask(VERIFY), b"\x90\x00");
        assert!(card.lock().unwrap().look().user);
        for code in control {
            connection.send(&[*code]);
        }
        // The only answer to come is the one to this.
        assert_eq!(connection.ask(&[4]), atr.as_bytes());
        assert!(!card.lock().unwrap().look().user, "{control:?}");
        assert_eq!(connection.ask(VERIFY), b"\x6D\x00", "the application is no longer selected");
    }
    assert!(inserted.is_in());
    assert_eq!(inserted.pull(), Ended::Pulled);
    assert!(connection.is_closed());
    assert!(!card.lock().unwrap().is_powered());
}

#[test]
fn whatever_a_host_sends_has_an_answer() {
    let (driver, card) = (Driver::new(), card(CardProfile::gids()));
    let (_inserted, mut connection) = put_in(&driver, &card);
    connection.send(&[1]);
    let longest = vec![0; 65_535];
    for (command, answer) in [(&[9][..], &b"\x67\x00"[..]), (&[0, 0], b"\x67\x00"), (&longest, b"\x67\x00")] {
        assert_eq!(connection.ask(command), answer, "{} bytes", command.len());
    }
    assert!(connection.ask(SELECT).ends_with(b"\x90\x00"));
}

#[test]
fn a_mute_card_leaves_the_reader() {
    let (driver, card) = (Driver::new(), share(Card::new(CardProfile::named("mute").unwrap(), [7; 16], Seed::from(1))));
    let (inserted, mut connection) = put_in(&driver, &card);
    connection.send(&[4]);
    assert!(connection.is_closed(), "an answer of length 0 would block vpcd for good");
    assert_eq!(inserted.wait(), Ended::Mute);
}

#[test]
fn a_card_that_driver_or_daemon_misunderstand_is_out_for_a_moment_and_comes_back() {
    let check = |messages: &[&[u8]], ended: Ended| {
        let (driver, card) = (Driver::new(), card(CardProfile::gids()));
        let (said, heard) = mpsc::channel();
        let observe = move |exchange: &Exchange| said.send(exchange.clone()).unwrap();
        let inserted = insert(card.clone(), driver.address(), LONG, observe).unwrap();
        let mut connection = driver.accept();
        for message in messages {
            connection.send(message);
        }
        let answers = messages.iter().filter(|message| message == &&[4]).count();
        for _ in 1..answers {
            connection.receive();
        }
        while !connection.is_closed() {}
        let closed = Instant::now();
        assert!(inserted.is_in());
        let mut again = driver.accept();
        assert!(closed.elapsed() > Duration::from_millis(900), "the daemon would not see that it was out");
        again.send(&[1]);
        again.ask(&[4]);
        assert!(inserted.wait_until_taken(LONG));
        assert!(again.ask(SELECT).ends_with(b"\x90\x00"));
        assert_eq!(inserted.pull(), Ended::Pulled);
        let out: Vec<Ended> = heard
            .iter()
            .filter_map(|exchange| if let Exchange::Out(ended) = exchange { Some(ended) } else { None })
            .collect();
        assert_eq!(out, [ended, Ended::Pulled]);
    };
    check(&[SELECT], Ended::NoPower);
    check(&[&[4], &[1], &[4], &[0], SELECT], Ended::NoPower);
    // It looks, and looks again, and does not power a card that it takes for the one before.
    check(&[&[4], &[4], &[4], &[4]], Ended::Mistaken);
    // As when a program has sent one byte, and the driver waits for its answer; or none, and the card has heard
    // nothing.
    for byte in [0, 1, 2] {
        check(&[&[4], &[1], &[4], &[byte]], Ended::Quiet);
    }
    check(&[&[4], &[1], &[4]], Ended::Quiet);
}

#[test]
fn a_card_can_be_pulled_while_it_is_out_for_a_moment() {
    let (driver, card) = (Driver::new(), card(CardProfile::gids()));
    let (inserted, mut connection) = put_in(&driver, &card);
    connection.send(SELECT);
    assert!(connection.is_closed());
    assert_eq!(inserted.pull(), Ended::Pulled);
    let (inserted, mut connection) = put_in(&driver, &card);
    connection.send(SELECT);
    assert!(connection.is_closed());
    drop(driver);
    assert!(matches!(inserted.wait(), Ended::Broken(_)), "no driver listens any more");
}

#[test]
fn a_driver_may_go_at_any_time() {
    let check = |bytes: &[u8], ended: Ended| {
        let (driver, card) = (Driver::new(), card(CardProfile::gids()));
        let (inserted, mut connection) = put_in(&driver, &card);
        connection.socket.write_all(bytes).unwrap();
        drop(connection);
        assert_eq!(inserted.wait(), ended, "after {bytes:?}");
    };
    check(&[], Ended::Closed);
    check(&[0, 1, 1], Ended::Closed);
    check(&[0, 5, 0], Ended::Broken(std::io::ErrorKind::UnexpectedEof));
}

#[test]
fn waiting_for_a_driver_ends_in_time() {
    let no_listener = Driver::new().address();
    let start = Instant::now();
    let error = insert(card(CardProfile::gids()), no_listener, Duration::from_millis(50), |_| {}).unwrap_err();
    assert_eq!(error.driver, no_listener);
    assert!(start.elapsed() < LONG);

    let (driver, card) = (Driver::new(), card(CardProfile::gids()));
    let (inserted, mut connection) = put_in(&driver, &card);
    assert!(!inserted.wait_until_taken(Duration::from_millis(20)), "no driver has powered it");
    connection.ask(&[4]);
    connection.send(&[1]);
    assert!(!inserted.wait_until_taken(Duration::from_millis(20)), "its answer to reset was not taken");
    connection.ask(&[4]);
    assert!(inserted.wait_until_taken(LONG));
    drop(connection);
    while inserted.is_in() {
        assert!(start.elapsed() < LONG);
        std::thread::yield_now();
    }
}

#[test]
fn commands_do_not_wait_for_a_delayed_acknowledgement() {
    let (driver, card) = (Driver::new(), card(CardProfile::gids()));
    let (_inserted, mut connection) = put_in(&driver, &card);
    connection.send(&[1]);
    let mut times: Vec<Duration> = (0..101)
        .map(|_| {
            let start = Instant::now();
            connection.ask(SELECT);
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    assert!(times[50] < Duration::from_millis(10), "without TCP_QUICKACK it is 40 ms; {:?}", times[50]);
}

#[test]
fn observers_hear_everything_but_secrets() {
    let (driver, card) = (Driver::new(), card(CardProfile::gids()));
    let (said, heard) = mpsc::channel();
    let observe = move |exchange: &Exchange| said.send(exchange.clone()).unwrap();
    let inserted = insert(card, driver.address(), LONG, observe).unwrap();
    let mut connection = driver.accept();
    connection.send(&[1]);
    connection.ask(VERIFY);
    connection.send(&[2]);
    connection.ask(&[4]);
    connection.send(&[0]);
    drop(connection);
    inserted.wait();
    let heard: Vec<Exchange> = heard.iter().collect();
    assert_eq!(
        heard,
        [
            Exchange::PowerOn,
            Exchange::Apdu {
                command: b"\x00\x20\x00\x80\x04\xFF\xFF\xFF\xFF".to_vec(),
                response: b"\x6D\x00".to_vec()
            },
            Exchange::Reset,
            Exchange::AnswerToReset(CardProfile::gids().atr.as_bytes().to_vec()),
            Exchange::PowerOff,
            Exchange::Out(Ended::Closed),
        ]
    );
}

/// What is written by two threads, for a test to read.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

const INTRODUCED: &str = "gids, serial 07070707070707070707070707070707, PIN \"12AB\", \
                          admin key 010101010101010101010101010101010101010101010101; type help";

#[test]
fn a_card_is_served_at_a_terminal() {
    let (driver, card) = (Driver::new(), card(CardProfile::gids()));
    let options = ServeOptions { reader: ServedIn::Driver(driver.address()), ..ServeOptions::default() };
    let (commands, paper) = (b"insert\nstate\npull\npull\neject\ninsert\n".as_slice(), Paper::default());
    std::thread::scope(|scope| {
        let so_far = paper.clone();
        // Whatever fails here, driver and connections go, and serving ends.
        scope.spawn(move || {
            let mut first = driver.accept();
            first.send(&[1]);
            first.ask(&[4]);
            while !first.is_closed() {}
            let pulled = Instant::now();
            let mut second = driver.accept();
            assert!(pulled.elapsed() > Duration::from_millis(900), "the daemon would not see that the card was out");
            second.send(&[1]);
            second.ask(&[4]);
            // The daemon looks again while it is said that the card is in.
            while !so_far.text().ends_with("inserted\n") {
                second.ask(&[4]);
            }
            assert!(second.ask(SELECT).ends_with(b"\x90\x00"));
        });
        serve(&card, &options, commands, paper.clone()).unwrap();
    });
    let free = card.lock().unwrap().look().free_bytes;
    let expected = format!(
        "\
{INTRODUCED}
- power on
- answer to reset 3B8880014155544F454E524C13
inserted
the card is in the reader already
gids, serial 07070707070707070707070707070707, card id 07070707070707070707070707070707, operational, in the reader, \
         with power
PIN \"12AB\": 3 of 3 tries left
no PUK; the admin key 010101010101010101010101010101010101010101010101 unblocks the PIN
{free} bytes and 16 containers free
pulled
the card is not in the reader
\"eject\" is none of: insert, pull, state, unblock, fault, help, quit
- power on
- answer to reset 3B8880014155544F454E524C13
inserted
> 00A4040009A0000003974254465900  SELECT GIDS
< 61124F0BA00000039742544659020173034001C09000
- out of the reader: the driver closed the connection
"
    );
    assert_eq!(paper.text(), expected);
}

#[test]
fn a_card_that_no_daemon_takes_is_not_called_inserted() {
    let (driver, card) = (Driver::new(), card(CardProfile::gids()));
    let options = ServeOptions { reader: ServedIn::Driver(driver.address()), ..ServeOptions::default() };
    let paper = Paper::default();
    assert_eq!(serve(&card, &options, b"quit\n".as_slice(), paper.clone()), Ok(()));
    let expected = format!(
        "{INTRODUCED}\nthe driver has the card, but no program sees it: the daemon has not taken its answer to reset\n"
    );
    assert_eq!(paper.text(), expected);

    let (mute, paper) =
        (share(Card::new(CardProfile::named("mute").unwrap(), [7; 16], Seed::from(1))), Paper::default());
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // The connection of the card before is still in the queue.
            driver.accept();
            driver.accept().send(&[4]);
        });
        assert_eq!(serve(&mute, &options, b"pull\n".as_slice(), paper.clone()), Ok(()));
    });
    let expected = "\
mute, serial 07070707070707070707070707070707, blank: `gids-tool --initialize` makes it ready; type help
- out of the reader: it gives no answer to reset, so that the daemon takes it for no card at all
the card is not in the reader
";
    assert_eq!(paper.text(), expected);
}

/// What goes wrong is typed, and so is what mends it; a file has the card before a program is answered.
#[test]
fn a_card_is_blocked_unblocked_disturbed_and_kept() {
    let (driver, card) = (Driver::new(), card(CardProfile::gids()));
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("my.card");
    let reader = ServedIn::Driver(driver.address());
    let options = ServeOptions { reader, trace: false, keep: Some(file.clone()), ..ServeOptions::default() };
    let (commands, mut typed) = std::io::pipe().unwrap();
    let paper = Paper::default();
    let so_far = paper.clone();
    let mut enter = move |line: &str, answer: &str| {
        let before = so_far.text().len();
        writeln!(typed, "{line}").unwrap();
        let start = Instant::now();
        while !so_far.text()[before..].contains(answer) {
            assert!(start.elapsed() < LONG, "{line}: {}", &so_far.text()[before..]);
            std::thread::sleep(Duration::from_millis(2));
        }
    };
    std::thread::scope(|scope| {
        let served = scope.spawn(|| serve(&card, &options, std::io::BufReader::new(commands), paper.clone()));
        let mut connection = driver.accept();
        connection.send(&[1]);
        connection.ask(&[4]);
        connection.ask(SELECT);
        for left in [2, 1, 0] {
            assert_eq!(connection.ask(b"\x00\x20\x00\x80\x040000"), [0x63, 0xC0 | left]);
            let kept = autoenroll_host::kept(&file).unwrap().unwrap();
            assert_eq!(kept.look().pin.tries_left, left, "written before the program is told");
        }
        assert_eq!(connection.ask(VERIFY), b"\x69\x83");
        enter("state", "0 of 3 tries left, blocked: type unblock, or use the admin key");
        enter("unblock", "unblocked");
        assert_eq!(connection.ask(VERIFY), b"\x90\x00");
        enter("unblock 123", "a PIN of 3 bytes; this card takes 4 to 16");
        enter("unblock 4321", "unblocked");
        assert_eq!(connection.ask(b"\x00\x20\x00\x80\x044321"), b"\x90\x00");
        assert_eq!(autoenroll_host::kept(&file).unwrap().unwrap().pin(), Some(&b"4321"[..]));

        enter("fault 12", "\"12\" is none of: a status word such as 6F00, pull, none");
        enter("fault 6F00", "the next command is not carried out, and answered so");
        assert_eq!(connection.ask(SELECT), b"\x6F\x00");
        assert!(connection.ask(SELECT).ends_with(b"\x90\x00"), "once");
        enter("fault 6F00", "answered so");
        enter("fault none", "the next command is carried out");
        assert!(connection.ask(SELECT).ends_with(b"\x90\x00"));
        enter("fault pull", "the next command pulls the card");
        connection.send(SELECT);
        assert!(connection.is_closed());
        enter("help", "fault pull     the next command");
        enter("state", "operational, out of the reader");
        enter("fault pull", "the card is not in the reader");
        enter("quit", "");
        assert_eq!(served.join().unwrap(), Ok(()));
    });
    assert!(paper.text().contains("- out of the reader: it was pulled in the middle of a command"));
    let nowhere = ServeOptions { keep: Some(folder.path().join("nowhere").join("my.card")), ..options };
    let refused = serve(&card, &nowhere, b"".as_slice(), Paper::default()).unwrap_err().to_string();
    assert!(refused.starts_with("the card cannot be kept in "), "{refused}");
}

/// Nobody has an admin key for the PIN of a PIV card: what is typed does as the PUK does.
#[test]
fn a_piv_card_is_kept_and_unblocked_unless_its_puk_is_blocked() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("my.card");
    let mut card = Card::new(CardProfile::piv(), [7; 16], Seed::from(1));
    card.set_tries_left(0);
    let card = share(card);
    let options = ServeOptions { inserted: false, keep: Some(file.clone()), ..ServeOptions::default() };
    let typed = |commands: &str| {
        let paper = Paper::default();
        serve(&card, &options, commands.as_bytes(), paper.clone()).unwrap();
        paper.text()
    };
    let kept = || autoenroll_host::kept(&file).unwrap().unwrap();

    let told = typed("unblock 12345\nunblock abcdef\nunblock 654321\n");
    let expected = "a PIN of 5 bytes; this card takes 6 to 8\na PIN of this card is digits\nunblocked\n";
    assert!(told.ends_with(expected), "{told}");
    assert_eq!((kept().pin(), kept().look().pin.tries_left), (Some(&b"654321"[..]), 3));

    // The wrong PUK and a new PIN, until it is blocked.
    let select = b"\x00\xA4\x04\x00\x05\xA0\x00\x00\x03\x08\x00";
    let wrong = b"\x00\x2C\x00\x80\x1000000000123456\xFF\xFF";
    let mut held = card.lock().unwrap();
    held.power_on();
    held.transmit(select);
    for left in [2, 1, 0] {
        assert_eq!(held.transmit(wrong), [0x63, 0xC0 | left]);
    }
    held.set_tries_left(0);
    drop(held);
    let told = typed("unblock\nstate\n");
    assert!(told.contains("PUK \"12345678\", blocked, management key 0102"), "{told}");
    assert!(told.contains("the PUK is blocked, which alone unblocks the PIN"), "{told}");
    assert!(told.contains("PUK \"12345678\": 0 of 3 tries left, blocked\n"), "{told}");
    assert_eq!(kept().look().puk.unwrap().tries_left, 0);
}
