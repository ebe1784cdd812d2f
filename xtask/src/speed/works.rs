//! What is counted, and with which sizes.

use super::count::Command;
use super::programs::Programs;
use super::{MOST_GROWTH, TOLERANCE};

/// A work whose instructions are counted.
pub(super) struct Work {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    does: Does,
    /// The part of its instructions that it may take more.
    pub(super) tolerance: f64,
}

enum Does {
    /// The command with arguments, from start to end.
    Command(&'static [&'static str]),
    /// The command checks files.
    Check(&'static [&'static str]),
    /// A work of `benches/works` of a size.
    Work(&'static str, u64),
}

impl Work {
    /// What is run.
    ///
    /// # Errors
    /// When the files that it needs cannot be written.
    pub(super) fn command(&self, programs: &Programs) -> Result<Command, String> {
        match self.does {
            Does::Command(arguments) => Ok(programs.command(arguments)),
            Does::Check(stories) => programs.check(stories.len(), stories),
            Does::Work(name, size) => Ok(programs.work(name, size)),
        }
    }
}

const fn command(name: &'static str, what: &'static str, arguments: &'static [&'static str]) -> Work {
    Work { name, what, does: Does::Command(arguments), tolerance: TOLERANCE }
}

/// More than half of it is the dynamic linker at work; how much that is depends on the linker that made the program.
const fn start_up(name: &'static str, what: &'static str, arguments: &'static [&'static str]) -> Work {
    Work { tolerance: 0.25, ..command(name, what, arguments) }
}

const fn work(name: &'static str, what: &'static str, (work, size): (&'static str, u64)) -> Work {
    Work { name, what, does: Does::Work(work, size), tolerance: TOLERANCE }
}

/// Files from all over the suite, by name: which are checked must not depend on which others there are.
pub(super) const CHECKED: &[&str] = &[
    "acquisition/a-ca-without-a-host-is-no-ca",
    "acquisition/the-ca-of-the-own-site-first",
    "acquisition/where-sites-do-not-count",
    "ca/every-check-holds",
    "ca/over-when-it-arrives",
    "cards/a-card-that-is-held-by-another-process",
    "cards/agent-pin-not-given",
    "cards/key-longer-than-any",
    "cards/unused-key-on-another-card",
    "complaints/not-renewed",
    "events/expiry-warning",
    "events/what-stands-behind-a-failure",
    "failures/readers-that-cannot-be-listed",
    "founding/express",
    "founding/second-provider",
    "logon/a-controllers-own-ntauth-store",
    "logon/the-new-certificate-after-yes",
    "machines/automatic-requests-come-and-go",
    "permissions/trustees-that-speak-for-alice",
    "policy/value-of-the-own-hive",
    "regressions/the-ca-that-policy-chose",
    "requests/renewal-carries-the-old-certificate",
    "stores/a-higher-minor-version-changes-nothing",
    "stores/after-a-renewal-both-copies-are-published",
    "stores/nothing-goes-without-a-replacement",
    "switches/card-with-a-map-of-its-own",
    "switches/lower-major-higher-minor",
    "switches/template-without-providers",
    "templates/a-computer-without-a-dns-name",
    "templates/a-template-may-ask-for-a-newer-client",
    "templates/flags-that-leave-an-extension-out",
    "templates/the-old-key-is-kept-where-the-template-says-so",
    "triggers/another-interval-from-now-on",
    "triggers/logoff-while-the-directory-is-slow",
    "triggers/silent-items-take-longer-than-the-delay",
    "trust/one-container-cannot-be-read",
    "wizard/balloon-replaced-by-a-new-run",
    "wizard/closing-a-question-refuses-it",
    "wizard/later-windows-same-decisions",
    "wizard/pending-card-cancelled",
];

/// The works.
pub(super) const WORKS: &[Work] = &[
    start_up("version", "autoenroll --version", &["--version"]),
    start_up("list", "autoenroll list", &["list"]),
    start_up("explain", "autoenroll explain AE0102", &["explain", "AE0102"]),
    command("show", "autoenroll show founding/second-provider", &["show", "founding/second-provider"]),
    command("run", "a folder of the suite on one thread", &["run", "--jobs", "1", "founding"]),
    Work { name: "check", what: "autoenroll check of 40 files", does: Does::Check(CHECKED), tolerance: TOLERANCE },
    work("idle-pulse", "10 pulses of a user who needs nothing, with 65 templates", ("idle-pulse", 10)),
    work("enroll-rsa", "an enrollment with RSA-2048 keys", ("enroll-rsa", 1)),
    work("enroll-p256", "an enrollment with P-256 keys", ("enroll-p256", 1)),
    work("enroll-symbolic", "an enrollment with symbolic keys of RSA-2048", ("enroll-symbolic", 1)),
    work("sign-p256", "10 P-256 signatures", ("sign-p256", 10)),
    work("copy", "10 copies of a world with 10 records, each stepped once and dropped", ("copies-10", 10)),
    work("copy-6000", "the same with 6,000 records", ("copies-6000", 10)),
    work("copy-65", "the same with 65 templates and 10 records", ("copies-65-10", 10)),
    work("copy-65-6000", "the same with 65 templates and 6,000 records", ("copies-65-6000", 10)),
    work("trace-push", "10,000 records appended to a trace", ("trace-push", 10_000)),
    work("trace-digest", "the digest of a trace of 1,000 records", ("trace-digest", 1_000)),
    work("sweep", "an enrollment onto a card, and again with the card pulled at each command", ("sweep", 1)),
];

/// What must not grow faster than what it works on.
pub(super) struct Growth {
    pub(super) name: &'static str,
    /// What it grows with.
    pub(super) of: &'static str,
    /// The work of `benches/works`.
    pub(super) work: &'static str,
    /// A size at which next to nothing of the cost is due to it.
    fixed: u64,
    /// Where its growth is looked at: there, and at four times that.
    at: u64,
    /// The largest exponent.
    pub(super) most: f64,
    /// Why it may be more than usual.
    pub(super) reason: &'static str,
}

impl Growth {
    /// What is measured.
    pub(super) const fn sizes(&self) -> [u64; 3] {
        [self.fixed, self.at, 4 * self.at]
    }
}

const fn growth(name: &'static str, of: &'static str, fixed: u64, at: u64) -> Growth {
    Growth { name, of, work: name, fixed, at, most: MOST_GROWTH, reason: "" }
}

/// For what is put in order: of twice as many, each is compared once more.
const fn sorted(growth: Growth) -> Growth {
    Growth { most: 1.2, reason: "it is sorted", ..growth }
}

/// What is looked at for its growth. Its instructions at the largest size are compared as those of a work are.
pub(super) const GROWTH: &[Growth] = &[
    growth("users", "the users of a world", 0, 20),
    growth("days", "the simulated time", 0, 15),
    growth("templates", "the templates of a directory", 0, 250),
    growth("cas", "the CAs of a directory", 0, 10),
    sorted(growth("access", "the entries of an access control list and the groups of a user", 0, 1_000)),
    sorted(growth("nested-groups", "groups that are members of groups", 0, 1_000)),
    growth("steps", "the steps of a story", 0, 50),
];

/// The names of all, in their order.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    WORKS.iter().map(|work| work.name).chain(GROWTH.iter().map(|growth| growth.name))
}
