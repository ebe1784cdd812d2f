//! `cargo xtask speed --table`: the table of docs/performance.md, from one run on one machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::programs::Programs;
use super::{count, f64_of, time};

const DOCUMENT: &str = "docs/performance.md";
const BEGIN: &str = "<!-- cargo xtask speed --table --write: from here -->";
const END: &str = "<!-- to here -->";
/// How often what takes less than a second is run; the median counts.
const RUNS: usize = 5;

/// A row of the table.
struct Row {
    what: &'static str,
    how: How,
    unit: Unit,
    target: Target,
}

enum How {
    /// Processor time of the command with arguments.
    Command(&'static [&'static str]),
    /// Processor time of the command that checks that many files.
    Check(usize),
    /// Processor time of a work, divided by its size.
    Each(&'static str, u64),
    /// Processor time of a work of a size; for commits that cannot do so much, of a smaller one, multiplied.
    Time(Sizes),
    /// Largest resident size of it.
    Peak(Sizes),
    /// Bytes that each record of its trace needs.
    Record(&'static str, u64),
    /// How often a second it can be done.
    Rate(&'static str, u64),
    /// The time of one work as a part of another's, both of the size.
    Part(&'static str, &'static str, u64),
    /// The exponent of growth between a fourth of the size and the size.
    Growth(&'static str, u64),
    /// Policy refreshes a second, as a part of the bare timers a second on tokio's paused clock.
    OfTokio(&'static str, u64),
    /// The time of one signature, as a multiple of OpenSSL's.
    OfOpenSsl(&'static str, u64),
    /// Processor time of a fleet of so many computers for 30 days, all its processes together; times a number.
    Fleet(u64, u64),
}

/// A work and its size here; and for other commits.
struct Sizes {
    work: &'static str,
    now: u64,
    base: u64,
}

#[derive(Clone, Copy)]
enum Unit {
    Seconds,
    Milliseconds,
    Microseconds,
    Mebibytes,
    Bytes,
    EachSecond,
    Number,
}

#[derive(Clone, Copy)]
enum Target {
    /// That many times less than the last base.
    Less(f64),
    AtMost(f64),
    AtLeast(f64),
    /// Only told.
    Told,
}

const fn row(what: &'static str, how: How, unit: Unit, target: Target) -> Row {
    Row { what, how, unit, target }
}

const USERS: Sizes = Sizes { work: "users-30-days", now: 1_000, base: 50 };
const MACHINES: Sizes = Sizes { work: "machines-year", now: 1_000, base: 10 };

const ROWS: &[Row] = &[
    row("the whole suite, one thread", How::Command(&["run", "--jobs", "1"]), Unit::Seconds, Target::Less(4.0)),
    row("one story", How::Command(&["show", "founding/second-provider"]), Unit::Milliseconds, Target::Less(2.5)),
    row("1,000 files checked", How::Check(1_000), Unit::Milliseconds, Target::Less(3.0)),
    row("start-up", How::Command(&["--version"]), Unit::Milliseconds, Target::Less(2.0)),
    row("the list of scenarios", How::Command(&["list"]), Unit::Milliseconds, Target::Less(2.0)),
    row("a code explained", How::Command(&["explain", "AE0102"]), Unit::Milliseconds, Target::Less(2.0)),
    row("an idle pulse, 65 templates", How::Each("idle-pulse", 200), Unit::Microseconds, Target::AtMost(80.0)),
    row("one record of a trace kept", How::Record("idle-pulse", 2_000), Unit::Bytes, Target::AtMost(100.0)),
    row("1,000 users, 30 idle days: memory", How::Peak(USERS), Unit::Mebibytes, Target::AtMost(512.0)),
    row("1,000 users, 30 idle days: time", How::Time(USERS), Unit::Seconds, Target::Less(3.0)),
    row("1,000 machines, a year: memory", How::Peak(MACHINES), Unit::Mebibytes, Target::AtMost(1_024.0)),
    row("1,000 machines, a year: time", How::Time(MACHINES), Unit::Seconds, Target::AtMost(60.0)),
    row("10,000 computers of a fleet, 30 days", How::Fleet(500, 20), Unit::Seconds, Target::AtMost(120.0)),
    row("refreshes, to bare timers of tokio", How::OfTokio("machines-day", 500), Unit::Number, Target::Told),
    row("copy, step, drop: 10 records", How::Rate("copies-10", 5_000), Unit::EachSecond, Target::AtLeast(50_000.0)),
    row("the same, 6,000 records", How::Rate("copies-6000", 500), Unit::EachSecond, Target::AtLeast(50_000.0)),
    row("the same, 65 templates", How::Rate("copies-65-10", 1_000), Unit::EachSecond, Target::AtLeast(20_000.0)),
    row("the same, 6,000 records", How::Rate("copies-65-6000", 300), Unit::EachSecond, Target::AtLeast(20_000.0)),
    row("an enrollment with RSA-2048", How::Each("enroll-rsa", 20), Unit::Milliseconds, Target::Told),
    row("an enrollment with P-256", How::Each("enroll-p256", 50), Unit::Milliseconds, Target::Told),
    row("the same, symbolic keys of RSA-2048", How::Each("enroll-symbolic", 50), Unit::Milliseconds, Target::Told),
    row("a P-256 signature, to OpenSSL's", How::OfOpenSsl("sign-p256", 5_000), Unit::Number, Target::AtMost(4.5)),
    row("a sweep of 69 moments, to one run", How::Part("sweep", "sweep-plain", 3), Unit::Number, Target::AtMost(8.0)),
    row("100 CAs", How::Time(Sizes::same("cas", 100)), Unit::Seconds, Target::AtMost(0.3)),
    row("their growth", How::Growth("cas", 100), Unit::Number, Target::AtMost(1.1)),
    row("3,000 entries and 3,000 groups", How::Time(Sizes::same("access", 3_000)), Unit::Seconds, Target::AtMost(0.3)),
    row("their growth", How::Growth("access", 3_000), Unit::Number, Target::AtMost(1.1)),
    row("10,000 templates", How::Time(Sizes::same("templates", 10_000)), Unit::Seconds, Target::AtMost(0.3)),
    row("their growth", How::Growth("templates", 10_000), Unit::Number, Target::AtMost(1.1)),
    row("10,000 nested groups", How::Time(Sizes::same("nested-groups", 10_000)), Unit::Seconds, Target::AtMost(0.3)),
    row("their growth", How::Growth("nested-groups", 10_000), Unit::Number, Target::AtMost(1.1)),
    row(
        "events a second through the runner, to the world's",
        How::Part("days", "story-days", 100),
        Unit::Number,
        Target::AtLeast(0.7),
    ),
];

/// Measures, prints, and writes.
///
/// # Errors
/// When something cannot be measured, or the document cannot be written.
pub(super) fn run(programs: &Programs, bases: &[String], write: bool) -> Result<(), String> {
    let mut columns = Vec::new();
    for base in bases {
        let (name, directory) = base.split_once('=').ok_or_else(|| format!("`{base}` is not COLUMN=DIRECTORY"))?;
        columns.push(Column::new(name, Programs::of(Path::new(directory))?, false));
    }
    columns.push(Column::new("now", programs.clone(), true));
    let peers = Peers::measure()?;
    let names: Vec<String> = columns.iter().map(|column| format!(" {} |", column.name)).collect();
    let mut text = format!("| work | how |{} target | reached |\n| --- | --- |", names.concat());
    text += &format!("{} --- | --- |\n", " --: |".repeat(columns.len()));
    print!("{text}");
    for row in ROWS {
        let values = columns.iter_mut().map(|column| match row.how.measure(column, &peers) {
            // An older commit need not know all that the files of this one say.
            Err(error) if !column.is_now => {
                eprintln!("{}: {error}", column.name);
                Ok(None)
            }
            other => other,
        });
        let line = row.print(&values.collect::<Result<Vec<_>, _>>()?);
        print!("{line}");
        text += &line;
    }
    let of = format!("\n{}; {}.\n", machine(), peers.told());
    println!("{of}");
    text += &of;
    if write { into_document(&text) } else { Ok(()) }
}

impl Row {
    fn print(&self, values: &[Option<f64>]) -> String {
        let cell = |value: &Option<f64>| value.map_or_else(|| "-".to_owned(), |value| self.unit.print(value));
        let cells: Vec<String> = values.iter().map(|value| format!(" {} |", cell(value))).collect();
        let now = values.last().copied().flatten();
        let base = values.len().checked_sub(2).and_then(|at| values[at]);
        let (target, reached) = match self.target {
            Target::Less(times) => (format!("base / {times}"), base.zip(now).map(|(base, now)| now * times <= base)),
            Target::AtMost(most) => {
                let most = self.unit.value(most);
                (format!("at most {}", self.unit.print(most)), now.map(|now| now <= most))
            }
            Target::AtLeast(least) => {
                let least = self.unit.value(least);
                (format!("at least {}", self.unit.print(least)), now.map(|now| now >= least))
            }
            Target::Told => ("-".to_owned(), None),
        };
        let reached = reached.map_or("-", |reached| if reached { "yes" } else { "**no**" });
        let ratio = match (self.target, base.zip(now)) {
            (Target::Less(_), Some((base, now))) => format!(": base / {:.1}", base / now),
            _ => String::new(),
        };
        format!("| {} | {} |{} {target} | {reached}{ratio} |\n", self.what, self.how.print(), cells.concat())
    }
}

impl How {
    /// The value in seconds, bytes, or as it is; `None` where the programs cannot do it.
    fn measure(&self, column: &mut Column, peers: &Peers) -> Result<Option<f64>, String> {
        let needed = match self {
            Self::Command(_) | Self::Check(_) => &[][..],
            Self::Fleet(..) if !column.is_now => return Ok(None),
            Self::Fleet(..) => &[][..],
            Self::Time(sizes) | Self::Peak(sizes) => &[sizes.work],
            Self::Part(name, whole, _) => &[*name, *whole],
            Self::Each(name, _) | Self::Record(name, _) | Self::Rate(name, _) | Self::Growth(name, _) => &[*name],
            Self::OfTokio(name, _) | Self::OfOpenSsl(name, _) => &[*name],
        };
        if !needed.iter().all(|name| column.programs.have(name)) {
            return Ok(None);
        }
        let is_now = column.is_now;
        let value = match self {
            Self::Command(arguments) => column.seconds(&column.programs.command(arguments))?,
            Self::Check(files) => column.seconds(&column.programs.check_suite(*files)?)?,
            Self::Fleet(computers, times) => {
                let computers = computers.to_string();
                let fleet = column.programs.command(&["fleet", "enrolling", "--computers", &computers, "--days", "30"]);
                column.seconds(&fleet)? * f64_of(*times)
            }
            Self::Each(name, size) => column.work(name, *size)?.seconds / f64_of(*size),
            Self::Time(sizes) => column.work(sizes.work, sizes.of(is_now))?.seconds * sizes.times(is_now),
            Self::Peak(sizes) => column.work(sizes.work, sizes.of(is_now))?.peak * sizes.times(is_now),
            Self::Record(name, size) => {
                let (few, many) = (column.work(name, 1)?, column.work(name, *size)?);
                // What the trace says itself; where it cannot, what the process has more of for them.
                match many.bytes {
                    Some(bytes) => bytes / many.records,
                    None => (many.peak - few.peak) / (many.records - few.records),
                }
            }
            Self::Rate(name, size) => f64_of(*size) / column.work(name, *size)?.seconds,
            Self::Part(name, whole, size) => column.work(name, *size)?.seconds / column.work(whole, *size)?.seconds,
            Self::Growth(name, size) => {
                let fixed = column.work(name, 0)?.seconds;
                let (once, four_times) = (column.work(name, size / 4)?.seconds, column.work(name, *size)?.seconds);
                ((four_times - fixed) / (once - fixed)).ln() / 4_f64.ln()
            }
            Self::OfTokio(name, machines) => {
                let Some(tokio) = peers.tokio else { return Ok(None) };
                f64_of(machines * REFRESHES_A_DAY) / column.work(name, *machines)?.seconds / tokio
            }
            Self::OfOpenSsl(name, size) => column.work(name, *size)?.seconds / f64_of(*size) / peers.openssl,
        };
        Ok(Some(value))
    }

    /// What is run.
    fn print(&self) -> String {
        match self {
            Self::Command(arguments) => format!("`autoenroll {}`", arguments.join(" ")),
            Self::Check(files) => format!("`autoenroll check .`, {files} files"),
            Self::Each(name, size) | Self::Record(name, size) | Self::Rate(name, size) => {
                format!("work `{name} {size}`")
            }
            Self::Time(sizes) | Self::Peak(sizes) if sizes.now == sizes.base => {
                format!("work `{} {}`", sizes.work, sizes.now)
            }
            Self::Time(sizes) | Self::Peak(sizes) => {
                let times = sizes.now / sizes.base;
                format!("work `{} {}`; base `{}`, times {times}", sizes.work, sizes.now, sizes.base)
            }
            Self::Part(name, whole, size) => format!("works `{name} {size}`, `{whole} {size}`"),
            Self::Growth(name, size) => format!("works `{name} {}`, `{name} {size}`", size / 4),
            Self::OfTokio(name, size) => format!("work `{name} {size}`; `peers-timers tokio`"),
            Self::OfOpenSsl(name, size) => format!("work `{name} {size}`; `openssl speed`"),
            Self::Fleet(computers, times) => {
                format!("`autoenroll fleet enrolling --computers {computers} --days 30`, times {times}")
            }
        }
    }
}

/// Every 90 minutes.
const REFRESHES_A_DAY: u64 = 16;

impl Sizes {
    /// One that other commits can do as well.
    const fn same(work: &'static str, size: u64) -> Self {
        Self { work, now: size, base: size }
    }

    const fn of(&self, is_now: bool) -> u64 {
        if is_now { self.now } else { self.base }
    }

    /// What the value of that size is multiplied with: nothing of it is fixed to speak of.
    fn times(&self, is_now: bool) -> f64 {
        f64_of(self.now) / f64_of(self.of(is_now))
    }
}

/// A column: what was built from one commit, and what its works used up. A work of a size is measured once.
struct Column {
    name: String,
    programs: Programs,
    /// Built from what is here.
    is_now: bool,
    works: BTreeMap<(&'static str, u64), Work>,
}

/// What a work used up.
#[derive(Clone, Copy)]
struct Work {
    seconds: f64,
    peak: f64,
    records: f64,
    /// Of its trace, where the program says so.
    bytes: Option<f64>,
}

impl Column {
    fn new(name: &str, programs: Programs, is_now: bool) -> Self {
        Self { name: name.to_owned(), programs, is_now, works: BTreeMap::new() }
    }

    /// Processor time from start to end.
    fn seconds(&self, command: &count::Command) -> Result<f64, String> {
        Ok(several(command)?.processor.as_secs_f64())
    }

    fn work(&mut self, name: &'static str, size: u64) -> Result<Work, String> {
        if let Some(work) = self.works.get(&(name, size)) {
            return Ok(*work);
        }
        let used = several(&self.programs.work(name, size))?;
        let told: Vec<u64> = used.printed.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        let (nanoseconds, records, bytes) = match told[..] {
            [nanoseconds, records] => (nanoseconds, records, None),
            [nanoseconds, records, bytes] => (nanoseconds, records, Some(f64_of(bytes))),
            _ => return Err(format!("`{name} {size}` says {:?}", used.printed)),
        };
        let seconds = f64_of(nanoseconds) / 1e9;
        let work = Work { seconds, peak: f64_of(used.peak), records: f64_of(records), bytes };
        self.works.insert((name, size), work);
        Ok(work)
    }
}

/// The median of several runs; what takes long is run once.
fn several(command: &count::Command) -> Result<time::Used, String> {
    let used = time::once(command)?;
    if used.processor.as_secs() < 1 { time::median(command, RUNS) } else { Ok(used) }
}

impl Unit {
    fn print(self, value: f64) -> String {
        match self {
            Self::Seconds => format!("{value:.2} s"),
            Self::Milliseconds => format!("{:.1} ms", value * 1e3),
            Self::Microseconds => format!("{:.0} µs", value * 1e6),
            Self::Mebibytes => format!("{:.0} MiB", value / f64_of(1 << 20)),
            Self::Bytes => format!("{value:.0} B"),
            Self::EachSecond => format!("{value:.0}/s"),
            Self::Number => format!("{value:.2}"),
        }
    }

    /// A target in the table's unit, as a value.
    const fn value(self, told: f64) -> f64 {
        match self {
            Self::Seconds | Self::Bytes | Self::EachSecond | Self::Number => told,
            Self::Milliseconds => told / 1e3,
            Self::Microseconds => told / 1e6,
            Self::Mebibytes => told * 1_048_576.0,
        }
    }
}

/// What programs of others take for the same, in the same run.
struct Peers {
    /// Bare timers of tokio's paused clock that fire in a second; `None` where `benches/peers` is not built.
    tokio: Option<f64>,
    /// Seconds of one of OpenSSL's P-256 signatures.
    openssl: f64,
}

impl Peers {
    fn measure() -> Result<Self, String> {
        let timers = crate::root().join("target/release/peers-timers");
        let tokio = if timers.exists() {
            let told = output(Command::new(timers).args(["tokio", "1000", "30"]))?;
            let numbers: Vec<u64> = told.split_whitespace().filter_map(|number| number.parse().ok()).collect();
            let [fired, nanoseconds] = numbers[..] else { return Err(format!("peers-timers says {told:?}")) };
            Some(f64_of(fired) * 1e9 / f64_of(nanoseconds))
        } else {
            None
        };
        let signatures = output(Command::new("openssl").args(["speed", "-mr", "-seconds", "2", "ecdsap256"]))?;
        // `+F4:NUMBER:BITS:SECONDS OF A SIGNATURE:SECONDS OF A VERIFICATION`, in later versions signatures a second.
        let told =
            signatures.lines().find_map(|line| line.strip_prefix("+F4:")?.split(':').nth(2)?.parse::<f64>().ok());
        let told = told.ok_or_else(|| format!("openssl speed says {signatures:?}"))?;
        let openssl = if told > 1.0 { 1.0 / told } else { told };
        Ok(Self { tokio, openssl })
    }

    fn told(&self) -> String {
        let Self { tokio, openssl } = self;
        let tokio = match tokio {
            Some(tokio) => format!("tokio's paused clock: {tokio:.0} bare timers a second"),
            None => "tokio's paused clock: not measured, `benches/peers/run timers` builds it".to_owned(),
        };
        format!("{tokio}; OpenSSL: {:.1} µs a signature", openssl * 1e6)
    }
}

fn output(command: &mut Command) -> Result<String, String> {
    let text = format!("{command:?}");
    let output = command.current_dir(crate::root()).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("`{text}` cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{text}` failed ({})", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Processor and compiler.
fn machine() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let compiler = output(Command::new("rustc").arg("--version")).unwrap_or_default();
    format!("{}, {}", model.map_or("unknown processor", |(_, model)| model), compiler.trim())
}

fn into_document(table: &str) -> Result<(), String> {
    let path = crate::root().join(DOCUMENT);
    let text = crate::tidy::read(&crate::root(), DOCUMENT)?;
    let parts = text.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = parts.ok_or_else(|| format!("{DOCUMENT} has no place for the table"))?;
    let text = format!("{before}{BEGIN}\n\n{table}\n{END}{after}");
    fs::write(path, text).map_err(|error| format!("{DOCUMENT}: {error}"))
}
