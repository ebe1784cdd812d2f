//! What can be typed.

mod card;
#[cfg(feature = "serve")]
mod client;
mod fleet;
mod install;
mod lsp;
mod play;
#[cfg(feature = "serve")]
mod serve;
#[cfg(feature = "serve")]
mod submit;

use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use autoenroll_explore::everything::MOST_RUNS;
use autoenroll_foreign::Command as CoreCommand;
use autoenroll_trace::Detail;
use autoenroll_world::spec::{Budget, Quantity};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use self::card::CARD_EXAMPLES;
pub(crate) use self::card::Card;
#[cfg(feature = "serve")]
pub(crate) use self::client::Client;
use self::fleet::FLEET_EXAMPLES;
pub(crate) use self::fleet::Fleet;
use self::install::{COMPLETIONS_EXAMPLES, MANUAL_EXAMPLES};
pub(crate) use self::install::{Completions, Manual};
use self::lsp::LSP_EXAMPLES;
pub(crate) use self::lsp::Lsp;
use self::play::PLAY_EXAMPLES;
pub(crate) use self::play::Play;
#[cfg(feature = "serve")]
use self::serve::SERVE_EXAMPLES;
#[cfg(feature = "serve")]
pub(crate) use self::serve::{Begin, Serve};
#[cfg(feature = "serve")]
use self::submit::SUBMIT_EXAMPLES;
#[cfg(feature = "serve")]
pub(crate) use self::submit::{Authentication, Submit};
use crate::console::Form;
use crate::shard::Asked;
use crate::snapshots::Layer;

/// Test bench for Windows certificate autoenrollment.
///
/// Scenario files describe a domain and what happens in it; the bench replays them against an enrollment core under a
/// clock that is only a number, and says whether everything came exactly when and as it should. All scenarios and
/// fixtures are inside this program.
#[derive(Debug, Parser)]
#[command(name = "autoenroll", bin_name = "autoenroll", version, after_help = AFTER)]
#[command(max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER: &str = "\
Exit codes:
  0  everything asked for was done, and every scenario passed
  1  a scenario, trace or core-check failed, runs differ, a bug survived, or a file is unformatted
  2  the arguments, or a file that they name, cannot be used; nothing was run
  3  the bench itself failed: a foreign core, the machine, or a fault of this program";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run scenarios and say which pass.
    #[command(after_help = RUN_EXAMPLES)]
    Run(Run),
    /// Accept or reject what differs from snapshots, one by one.
    #[command(after_help = REVIEW_EXAMPLES)]
    Review(Review),
    /// Say everything that is wrong with scenario files and worlds, without running them.
    #[command(after_help = CHECK_EXAMPLES)]
    Check(Check),
    /// Format scenarios and fixtures; comments, order and spellings stay.
    #[command(after_help = FMT_EXAMPLES)]
    Fmt(Fmt),
    /// List scenarios.
    List(List),
    /// Run one scenario and show its timeline: time, actor, what happened.
    #[command(after_help = SHOW_EXAMPLES)]
    Show(Show),
    /// Play a story by hand, in the terminal or in a browser, and write what was done as a scenario that runs.
    #[command(after_help = PLAY_EXAMPLES)]
    Play(Play),
    /// Say which invariants hold in a trace, also in one that another bench made.
    #[command(after_help = CHECK_TRACE_EXAMPLES)]
    CheckTrace(CheckTrace),
    /// Make up stories, see whether what must always hold does, and write what breaks as a scenario.
    #[command(after_help = EXPLORE_EXAMPLES)]
    Explore(Box<Explore>),
    /// Play a story under two circumstances, or take two traces, and say where they part and by which rule.
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(Diff),
    /// Write a scenario file that runs, to begin with.
    New(New),
    /// Explain why something in a scenario came, or nothing came; or what a code, a requirement or an HRESULT is.
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Say what becomes of each template for each user and computer of a world, and why.
    #[command(after_help = PLAN_EXAMPLES)]
    Plan(Plan),
    /// Play many computers and users of a world for days, and say what its servers get to do.
    #[command(after_help = FLEET_EXAMPLES)]
    Fleet(Fleet),
    /// Print a JSON Schema: of scenario files, for editors, or of the core protocol.
    Schema(Schema),
    /// List profiles, and the switches in which they differ.
    Profiles(Profiles),
    /// List worlds, cards and templates that a scenario can name, or print one of them.
    #[command(after_help = FIXTURES_EXAMPLES)]
    Fixtures(Fixtures),
    /// Write a directory's own templates, CAs and policies as a world that scenarios extend.
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(Import),
    /// Read event logs of a real machine, tell them as a story, and compare them with what a scenario predicts.
    #[command(after_help = OBSERVE_EXAMPLES)]
    Observe(Observe),
    /// Give a request to a CA, of a world or a real one, and say what it decides and why; also a helper of certmonger.
    #[cfg(feature = "serve")]
    #[command(after_help = SUBMIT_EXAMPLES)]
    Submit(Box<Submit>),
    /// Put a card into a reader of the PC/SC stack, for programs to use; insert and pull it by typing.
    #[command(after_help = CARD_EXAMPLES)]
    Card(Card),
    /// Put a world on the wire: LDAP, XCEP, WSTEP, web enrollment and CRLs of it, for programs of others.
    #[cfg(feature = "serve")]
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(Box<Serve>),
    /// Show which scenario shows which requirement, under which profile.
    Matrix(Matrix),
    /// Plant bugs and invert rules, one at a time, and show which scenario notices.
    #[cfg(feature = "planted-bugs")]
    Mutants(Mutants),
    /// Be an enrollment core for a bench in another process: the core protocol on standard input and output.
    Core(Core),
    /// Check a program against the core protocol, before any scenario.
    #[command(after_help = CORE_CHECK_EXAMPLES)]
    CoreCheck(CoreCheck),
    /// Be a language server for editors, on standard input and output.
    #[command(after_help = LSP_EXAMPLES)]
    Lsp(Lsp),
    /// Print completions for a shell, which then asks this program what can be typed.
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(Completions),
    /// Print the page of a command for `man`, or write those of all commands.
    #[command(after_help = MANUAL_EXAMPLES)]
    Manual(Manual),
}

impl Command {
    /// Whether the exit code is a verdict, which must not depend on who reads the output.
    pub(crate) const fn judges(&self) -> bool {
        match self {
            Self::Run(run) => !run.watch,
            Self::Review(_) | Self::Diff(_) | Self::Explore(_) => true,
            Self::Check(_) | Self::Fmt(_) | Self::CheckTrace(_) | Self::Matrix(_) | Self::CoreCheck(_) => true,
            Self::Observe(observe) => observe.against.is_some(),
            #[cfg(feature = "serve")]
            Self::Submit(_) => true,
            #[cfg(feature = "planted-bugs")]
            Self::Mutants(_) => true,
            Self::List(_)
            | Self::Show(_)
            | Self::Play(_)
            | Self::New(_)
            | Self::Explain(_)
            | Self::Plan(_)
            | Self::Fleet(_)
            | Self::Schema(_)
            | Self::Profiles(_)
            | Self::Fixtures(_)
            | Self::Import(_)
            | Self::Card(_)
            | Self::Core(_)
            | Self::Lsp(_)
            | Self::Completions(_)
            | Self::Manual(_) => false,
            #[cfg(feature = "serve")]
            Self::Serve(_) => false,
        }
    }

    /// Whether the same keys and signatures are asked for again and again. What is served to programs of others never
    /// sees a request twice, and lives long.
    pub(crate) const fn repeats_itself(&self) -> bool {
        match self {
            #[cfg(feature = "serve")]
            Self::Serve(_) => false,
            _ => true,
        }
    }

    /// Who reads the results.
    pub(crate) fn form(&self, colour: bool) -> Form {
        let is_json = match self {
            Self::Run(run) => run.format == RunFormat::Json,
            Self::Show(show) => show.json || show.format == Format::Json,
            Self::Check(Check { format, .. })
            | Self::CheckTrace(CheckTrace { format, .. })
            | Self::Diff(Diff { format, .. })
            | Self::List(List { format, .. })
            | Self::Profiles(Profiles { format, .. })
            | Self::Fixtures(Fixtures { format, .. })
            | Self::Matrix(Matrix { format, .. })
            | Self::Plan(Plan { format, .. })
            | Self::Fleet(Fleet { format, shard: None, .. })
            | Self::Observe(Observe { format, .. })
            | Self::CoreCheck(CoreCheck { format, .. }) => *format == Format::Json,
            Self::Explore(explore) => explore.format == Format::Json,
            #[cfg(feature = "serve")]
            Self::Submit(submit) => submit.format == Format::Json,
            #[cfg(feature = "planted-bugs")]
            Self::Mutants(mutants) => mutants.format == Format::Json,
            Self::Import(_) | Self::Schema(_) | Self::Fleet(_) => true,
            #[cfg(feature = "serve")]
            Self::Serve(serve) => serve.format == Format::Json,
            Self::Fmt(fmt) if fmt.is_document() => return Form::Document,
            Self::Fmt(_)
            | Self::New(_)
            | Self::Play(_)
            | Self::Explain(_)
            | Self::Review(_)
            | Self::Card(_)
            | Self::Core(_)
            | Self::Lsp(_)
            | Self::Completions(_) => false,
            Self::Manual(_) => return Form::Document,
        };
        if is_json { Form::Program } else { Form::People { colour } }
    }
}

impl Fmt {
    /// Whether the formatted document itself goes to standard output.
    pub(crate) fn is_document(&self) -> bool {
        !self.check && self.paths == [STANDARD_INPUT]
    }
}

/// The argument that means standard input.
pub(crate) const STANDARD_INPUT: &str = "-";

const RUN_EXAMPLES: &str = "\
Examples:
  autoenroll run                              all scenarios of the suite
  autoenroll run founding                     those whose names begin so
  autoenroll run my/scenario.toml my/suite    files, and all files below a directory
  autoenroll run --filter pin --timeline      those with `pin` in their names, with timelines
  autoenroll run --twice --jobs 1             each one twice; the traces must be equal
  autoenroll run --core './my-core --stdio'   against your own core
  autoenroll run --junit report.xml           with a report for CI
  autoenroll run --report pages               with a page for each story, and an index
  autoenroll run --snapshots snaps my/suite   also compared with what was accepted before
  autoenroll run --client clients/shell       a program of others as the client, in a build with `serve`
  autoenroll run --client mine --report mine.md scenarios/mine
                                              the same, over stories of your own, with a report";

#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) how: How,
    #[cfg(feature = "serve")]
    #[command(flatten)]
    pub(crate) client: Client,
    /// Run each scenario twice and compare the traces; the first difference is shown.
    #[arg(long)]
    pub(crate) twice: bool,
    /// Form of the results.
    #[arg(long, value_enum, default_value_t = RunFormat::Text)]
    pub(crate) format: RunFormat,
    /// Also write a JUnit report to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write a page for each story into this directory, and an index of them, `index.html`. With --client a file
    /// instead, what the client shows as a document in Markdown.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["twice", "watch", "bless"])]
    pub(crate) report: Option<PathBuf>,
    /// A list of scenarios that are known to fail, each with reason, issue and last day. An entry that passes, is too
    /// old or names nothing fails the run.
    #[arg(long, value_name = "FILE")]
    pub(crate) known_failures: Option<PathBuf>,
    /// Run again whenever a file changes that the run reads, until interrupted: scenarios, also new ones in a
    /// directory, --fixtures and --known-failures.
    #[arg(long, conflicts_with_all = ["junit", "bless"])]
    pub(crate) watch: bool,
    /// Show the story of every scenario, as `autoenroll show` tells it.
    #[arg(long)]
    pub(crate) timeline: bool,
    /// Say of each certificate that somebody did not get in a scenario that fails after which step nothing that people
    /// can do would have led to it, also in the JSON lines, the JUnit report and, as a mark, on the pages of --report.
    /// It may take some seconds for each.
    #[arg(long, conflicts_with_all = ["bless", "watch"])]
    pub(crate) could_have: bool,
    /// Run only the K-th of N parts of the selection; with `array`, the part that the Slurm array, Indexed Job or CI
    /// matrix around this process says.
    #[arg(long, value_name = "K/N|array")]
    pub(crate) shard: Option<Asked>,
    /// Compare each story with its snapshot in this directory, a readable timeline and a digest. What is new or differs
    /// fails the story and waits there for `autoenroll review`; where `CI` is set nothing is written.
    #[arg(long, value_name = "DIR")]
    pub(crate) snapshots: Option<PathBuf>,
    /// How much of a story its snapshot keeps. `people` does not see what is in a certificate: `work` does.
    #[arg(long, value_enum, value_name = "LAYER", default_value_t = Layer::People, requires = "snapshots")]
    pub(crate) snapshot_layer: Layer,
    /// What to do with snapshots whose story is gone, or whose name no story has. They are looked for unless --filter,
    /// --shard or a variant leaves out a part.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = UnreferencedWhat::Warn, requires = "snapshots")]
    pub(crate) unreferenced: UnreferencedWhat,
    /// Write what came into the scenario files, in place of the expected values that differ; `--bless=steps` also adds
    /// steps for what no step names.
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "values",
        conflicts_with_all = ["twice", "core", "junit", "format", "timeline", "snapshots"]
    )]
    pub(crate) bless: Option<BlessWhat>,
}

/// Which scenarios; the whole suite by default.
#[derive(Debug, Default, Args)]
pub(crate) struct Selection {
    /// Files, directories, or names of scenarios of the suite or beginnings of such names; the whole suite when absent.
    /// A file or full name may have a variant in brackets.
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenarios: Vec<String>,
    /// Only those whose names contain this text; may be given several times.
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Vec<String>,
    /// A directory with worlds, cards and templates of your own; they come before those inside the program.
    #[arg(long, value_name = "DIR")]
    pub(crate) fixtures: Option<PathBuf>,
}

impl Selection {
    /// Whether files and scenarios are meant with all their variants, and none is left out for its name.
    pub(crate) fn is_unfiltered(&self) -> bool {
        let has_variant = |argument: &String| argument.ends_with(']') && !std::path::Path::new(argument).exists();
        self.filter.is_empty() && !self.scenarios.iter().any(has_variant)
    }

    /// Whether it is the whole suite.
    pub(crate) const fn is_whole(&self) -> bool {
        self.scenarios.is_empty() && self.filter.is_empty()
    }
}

/// Under which circumstances.
#[derive(Debug, Args)]
pub(crate) struct How {
    /// How many scenarios run at once; the number of processors when absent. It does not change any output.
    #[arg(long, short, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Run as if scenario and variants named this profile.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// How much each scenario may use up: events=N, records=N, bytes=N; may be given several times.
    #[arg(long, value_name = "QUANTITY=N", value_parser = budget_part)]
    pub(crate) budget: Vec<(Quantity, u64)>,
    /// Drive this program as the core instead of the own one: words separated by blanks.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) core: Option<CoreCommand>,
    /// Invert this rule: its condition comes out the other way, or what it asks for is left out.
    #[cfg(feature = "planted-bugs")]
    #[arg(long, value_name = "ID", conflicts_with = "core")]
    pub(crate) flip: Option<String>,
    /// Where the cards are. Simulated time stays simulated, and the traces are the same.
    #[cfg(feature = "pcsc")]
    #[arg(long, value_enum, value_name = "WHERE", default_value_t = CardPlace::Process)]
    pub(crate) card: CardPlace,
    /// Where the CAs and policy servers are. Behind HTTPS each story is played here as well, and the records have to
    /// be the same.
    #[cfg(feature = "serve")]
    #[arg(long, value_enum, value_name = "WHERE", default_value_t = CaPlace::Process)]
    #[cfg_attr(feature = "pcsc", arg(conflicts_with = "card"))]
    #[cfg_attr(feature = "planted-bugs", arg(conflicts_with = "flip"))]
    pub(crate) ca: CaPlace,
}

impl How {
    /// The default budget, with the parts that are given in place of its own.
    pub(crate) fn budget(&self) -> Budget {
        budget(&self.budget)
    }
}

/// The default budget, with these parts in place of its own.
pub(crate) fn budget(parts: &[(Quantity, u64)]) -> Budget {
    let mut budget = Budget::default();
    for (quantity, limit) in parts {
        match quantity {
            Quantity::Events => budget.events = *limit,
            Quantity::Records => budget.records = *limit,
            Quantity::Bytes => budget.bytes = *limit,
        }
    }
    budget
}

fn budget_part(text: &str) -> Result<(Quantity, u64), String> {
    let Budget { events, records, bytes } = Budget::default();
    let wanted =
        || format!("a budget is written events=N, records=N or bytes=N; they are {events}, {records} and {bytes}");
    let (name, limit) = text.split_once('=').ok_or_else(wanted)?;
    let quantity = match name {
        "events" => Quantity::Events,
        "records" => Quantity::Records,
        "bytes" => Quantity::Bytes,
        _ => return Err(wanted()),
    };
    Ok((quantity, limit.parse().map_err(|_not_a_number| wanted())?))
}

/// Where the cards of a scenario are.
#[cfg(feature = "pcsc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CardPlace {
    /// In this process.
    Process,
    /// Behind a pcscd that is started for this run.
    Pcsc,
}

/// Where the CAs and policy servers of a scenario are.
#[cfg(feature = "serve")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CaPlace {
    /// In this process.
    Process,
    /// Behind MS-WSTEP and MS-XCEP over TLS, at a port of this machine.
    Https,
}

const REVIEW_EXAMPLES: &str = "\
Examples:
  autoenroll review snaps             each in turn: its difference, and a, r, s or q
  autoenroll review --accept snaps    all of them, but for stories that fail
  autoenroll review --reject snaps
  autoenroll review snaps < /dev/null which ones there are

What waits was written by `autoenroll run --snapshots`. It ends with 1 when something is left waiting.";

#[derive(Debug, Args)]
pub(crate) struct Review {
    /// A directory of snapshots, or one below which they are.
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) directory: PathBuf,
    /// Accept all of them; those of stories that fail are left, to be accepted one by one.
    #[arg(long)]
    pub(crate) accept: bool,
    /// Reject all of them.
    #[arg(long, conflicts_with = "accept")]
    pub(crate) reject: bool,
    /// Ask also when standard input is no terminal, from which answers are read, one a line. Without this they are only
    /// listed then.
    #[arg(long, conflicts_with_all = ["accept", "reject"])]
    pub(crate) interactive: bool,
}

const CHECK_EXAMPLES: &str = "\
Examples:
  autoenroll check my/scenario.toml
  autoenroll check --format json my/suite     problems as JSON lines, for editors";

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Form of the results.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

const FMT_EXAMPLES: &str = "\
Examples:
  autoenroll fmt my/scenario.toml my/suite    files, and what is below a directory
  autoenroll fmt --check my/suite             for CI: what would change; 1 if anything would
  autoenroll fmt - < my/scenario.toml         for editors: the result on standard output

A file that cannot be read as TOML or JSON is reported and stays as it is; the others are formatted.";

#[derive(Debug, Args)]
pub(crate) struct Fmt {
    /// Files, and directories, of which scenarios, worlds, cards and templates are taken; or `-` for standard input.
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<String>,
    /// Write nothing; show what would change.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Form of the list.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

const SHOW_EXAMPLES: &str = "\
Examples:
  autoenroll show founding/second-provider
  autoenroll show 'founding/balloon-clicked[on-icon]'
  autoenroll show --detail everything my/scenario.toml
  autoenroll show my/scenario.toml --html story.html
  autoenroll show --format json founding/second-provider | jq .kind
  autoenroll show --format json --detail work founding/second-provider | jq .kind";

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// A file, or the name of a scenario of the suite; either with a variant in brackets.
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: String,
    /// The variant, when the scenario has several and the name has none.
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
    /// How much is told: `story` in sentences, the others record by record with the words and facts that steps name.
    /// Without it, text is the story and JSON everything.
    #[arg(long, value_enum)]
    pub(crate) detail: Option<ShownDetail>,
    /// Mark the step after which nothing that people can do would have led to a certificate that somebody did not get,
    /// in the timeline, on the page of --html or in the diagram of --mermaid. It may take some seconds.
    #[arg(long, conflicts_with = "format")]
    pub(crate) could_have: bool,
    /// Write the story to this file as a page instead: lanes over time, causes, decisions, the text of the scenario.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["detail", "format", "json"])]
    pub(crate) html: Option<PathBuf>,
    /// Print the story as a sequence diagram of Mermaid instead, for a document whose reader draws it.
    #[arg(long, conflicts_with_all = ["detail", "format", "json", "html"])]
    pub(crate) mermaid: bool,
    /// Form of the timeline. As JSON it is the trace in canonical lines, a record a line: the whole trace, or what
    /// `--detail` tells.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// The older name of `--format json`.
    #[arg(long, hide = true, conflicts_with_all = ["detail", "format"])]
    pub(crate) json: bool,
    /// A directory with worlds, cards and templates of your own; they come before those inside the program.
    #[arg(long, value_name = "DIR")]
    pub(crate) fixtures: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) how: How,
}

const CHECK_TRACE_EXAMPLES: &str = "\
Examples:
  autoenroll show --format json founding/second-provider > trace.jsonl
  autoenroll check-trace trace.jsonl
  autoenroll show --format json my/scenario.toml | autoenroll check-trace -
  autoenroll check-trace --format json trace.jsonl | jq 'select(.verdict == \"broken\")'

The trace is judged by its records alone: what invariants need beside them is said with each. Records of \
kind `violation`, by which a
bench states what it has seen itself, count as well.";

#[derive(Debug, Args)]
pub(crate) struct CheckTrace {
    /// A trace in canonical JSON lines, a record a line, as `autoenroll show --format json` prints it; `-` for standard
    /// input.
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    /// Form of the results.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

const EXPLORE_EXAMPLES: &str = "\
Examples:
  autoenroll explore --seeds 2000                      two thousand stories that are drawn
  autoenroll explore --time 10m --seed 40000           for ten minutes; the last line names the last seed done
  autoenroll explore --grow --time 10m                 from moments of the suite, and on from what is new
  autoenroll explore --pairs --write scenarios/found   every two things in one story
  autoenroll explore --from founding/second-provider   the neighbourhood of a story
  autoenroll explore --closed --jobs 2                 everything that can happen in a small world
  autoenroll explore --coverage                        which answers the suite gives, and which it does not
  autoenroll explore --pairs --shard 1/4 --format json > 1.json
  autoenroll explore --merge 1.json 2.json 3.json 4.json

The same seeds find the same, for any number of jobs and parts. It ends with 1 when something was found, also after \
Ctrl-C, and with 2 when nothing was found and --merge has not all that belongs to the search. Without --shard the part \
is that of the array of jobs around it, where there is one: SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT, \
JOB_COMPLETION_INDEX and JOB_COMPLETIONS, CI_NODE_INDEX and CI_NODE_TOTAL; --shard 1/1 plays all of it.";

/// The largest number of a story that can be asked for.
const MOST_SEED: u64 = 1 << 62;

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("driver").args(["seeds", "pairs", "from", "depth", "closed", "coverage", "merge"])))]
#[command(group(ArgGroup::new("exhaustive").args(["depth", "closed", "coverage"])))]
pub(crate) struct Explore {
    /// Draw so many stories; 1,000 unless another search is asked for.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_SEED))]
    pub(crate) seeds: Option<u64>,
    /// Let stories grow in groups, each from a moment of one before that came to something new; the first of a group in
    /// a world that is drawn, or from a moment of a story of the suite. A number is that of a group.
    #[arg(long, conflicts_with_all = ["pairs", "from", "exhaustive", "merge"])]
    pub(crate) grow: bool,
    /// The number of the first story.
    #[arg(
        long,
        value_name = "S",
        default_value_t = 0,
        value_parser = clap::value_parser!(u64).range(..=MOST_SEED),
        conflicts_with_all = ["pairs", "from", "exhaustive", "merge"]
    )]
    pub(crate) seed: u64,
    /// End after so long; without another search, draw stories for so long.
    #[arg(long, value_name = "DURATION", conflicts_with = "merge")]
    pub(crate) time: Option<autoenroll_model::Duration>,
    /// Tell stories until every two things meet in one: what people do and answer, what goes wrong, switches, worlds.
    #[arg(long)]
    pub(crate) pairs: bool,
    /// Tell this story with one thing left out, changed, moved or put in, or with a fault at each of its moments; in
    /// one of its variants where it has several.
    #[arg(long, value_name = "SCENARIO")]
    pub(crate) from: Option<String>,
    /// Try everything in a small world, so many things one after the other.
    #[arg(long, value_name = "N")]
    pub(crate) depth: Option<usize>,
    /// Try everything in a small world, until there is nothing else.
    #[arg(long)]
    pub(crate) closed: bool,
    /// Say which answers the suite gives, at which decision point, with the card in which state, at which stage of a
    /// request. With --write, the shortest story of each answer that it does not give, where one is found.
    #[arg(long, conflicts_with = "known")]
    pub(crate) coverage: bool,
    /// The most states that --depth, --closed and --coverage look at, the latter in each of its worlds.
    #[arg(long, value_name = "N", default_value_t = 200_000, requires = "exhaustive")]
    pub(crate) states: u64,
    /// The most runs of a story of --depth and --closed; it ends where another one would begin.
    #[arg(long, value_name = "N", default_value_t = MOST_RUNS, requires = "exhaustive")]
    #[arg(value_parser = clap::value_parser!(u8).range(..=i64::from(MOST_RUNS)))]
    pub(crate) runs: u8,
    /// The most times that something goes wrong in a story of --depth and --closed: a card is pulled in the middle of
    /// something, or a core ends.
    #[arg(long, value_name = "N", default_value_t = u8::MAX, hide_default_value = true, requires = "exhaustive")]
    pub(crate) faults: u8,
    /// Put the reports of the parts of one search together.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) merge: Vec<PathBuf>,
    /// How many stories are told at once; the number of processors when absent. It does not change what is found.
    #[arg(long, short, value_name = "N", conflicts_with = "merge")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Only a part: K of N parts of about equal size. Unless said it is that of the array of jobs around this process,
    /// where there is one; `array` insists on one.
    #[arg(long, value_name = "K/N|array", conflicts_with_all = ["exhaustive", "merge"])]
    pub(crate) shard: Option<Asked>,
    /// Keep the report in this file while the search goes on; when it is there, go on from where it ended.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["exhaustive", "merge"])]
    pub(crate) resume: Option<PathBuf>,
    /// Leave out what this report has found already: law and reason are the same but for names and numbers.
    #[arg(long, value_name = "FILE", conflicts_with = "merge")]
    pub(crate) known: Option<PathBuf>,
    /// End with the first finding.
    #[arg(long, conflicts_with_all = ["exhaustive", "merge"])]
    pub(crate) one: bool,
    /// Write a scenario file for each finding into this directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) write: Option<PathBuf>,
    /// Also write a page to this file: numbers and findings with their files, or with --coverage the answers by
    /// decision point.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Form of the results; as JSON the report is one object.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

const DIFF_EXAMPLES: &str = "\
Examples:
  autoenroll diff my.toml --profile server-2025        as the file says, and under Server 2025
  autoenroll diff my.toml --profile server-2019 --profile server-2025
  autoenroll diff my.toml --world before --world after --fixtures fixtures
  autoenroll diff my.toml --fixtures before --fixtures after
  autoenroll diff my.toml --core './my-core --stdio'   the own core, and yours
  autoenroll diff old.toml new.toml
  autoenroll diff old.jsonl new.jsonl                  traces of `autoenroll show --format json`

Of an option that is given once, the second side has the value and the first what the file says; --fixtures \
given once is for both. It ends with 0 when nothing differs, and with 1 when something does.";

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// One or two scenarios: files, or names of the suite, either with a variant in brackets. Or two traces in
    /// canonical JSON lines.
    #[arg(value_name = "SCENARIO|TRACE", required = true, num_args = 1..=2)]
    pub(crate) sides: Vec<String>,
    /// Play as if scenario and variants named this profile; may be given twice, for each side one.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Vec<String>,
    /// Play as if the scenario extended this world; may be given twice.
    #[arg(long, value_name = "WORLD")]
    pub(crate) world: Vec<String>,
    /// Drive this program as the core instead of the own one: words separated by blanks; may be given twice.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) core: Vec<CoreCommand>,
    /// A directory with worlds, cards and templates of your own; may be given twice.
    #[arg(long, value_name = "DIR")]
    pub(crate) fixtures: Vec<PathBuf>,
    /// Form of the results.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct New {
    /// The file; it must not be there yet. A name without ending gets `.toml`.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// What the story shows, in one line.
    #[arg(long, value_name = "TEXT", default_value = "What this story shows, in one line")]
    pub(crate) title: String,
    /// The story to begin with.
    #[arg(long, value_enum, default_value_t = StoryKind::Silent)]
    pub(crate) story: StoryKind,
    /// The profile that the file names.
    #[arg(long, value_name = "NAME", default_value = "windows-10-22h2")]
    pub(crate) profile: String,
}

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  autoenroll explain my.toml                     for each run and template, what became of it and by which rule
  autoenroll explain my.toml --template MyUser   every decision about one template
  autoenroll explain founding/second-provider:10     why the tenth step's prompt appeared
  autoenroll explain my.toml:L26                 the same for the step on line 26; my.toml:26:3 is as good
  autoenroll explain 'founding/balloon-clicked[on-icon]:3'
  autoenroll explain --could-have my.toml        until when somebody could have had it
  autoenroll explain AE0503                      what a code means
  autoenroll explain R036                        a requirement: source, lines of code, scenarios
  autoenroll explain 0x8010006C                  an HRESULT, also by name
  autoenroll explain 'event 64'                  an event, by its number
  autoenroll explain gp-triggers                 a switch: what each profile sets it to
  autoenroll explain expect                      a word of the scenario language: verb, key, record, fact";

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// A code, the id of a requirement, an HRESULT, the number of an event, a switch, a word of the scenario language;
    /// or a scenario, with or without a step: its number, counted from 1, or a line of the file. All codes are listed
    /// when absent.
    #[arg(value_name = "WHAT|SCENARIO[:STEP|:Lline]", allow_negative_numbers = true)]
    pub(crate) what: Option<String>,
    /// The variant, when the scenario has several and the name has none.
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
    /// Only this template, with every decision about it.
    #[arg(long, value_name = "NAME")]
    pub(crate) template: Option<String>,
    /// For each certificate that somebody did not get, the step after which nothing that people can do would have led
    /// to it, and what they could have done before.
    #[arg(long, conflicts_with_all = ["template", "detail"], requires = "what")]
    pub(crate) could_have: bool,
    /// How much is told of what led to a step; the decisions that mattered always are.
    #[arg(long, value_enum, default_value_t = ShownDetail::Story)]
    pub(crate) detail: ShownDetail,
    /// A directory with worlds, cards and templates of your own; they come before those inside the program.
    #[arg(long, value_name = "DIR")]
    pub(crate) fixtures: Option<PathBuf>,
}

const PLAN_EXAMPLES: &str = "\
Examples:
  autoenroll import --extends contoso pki.ldif > fixtures/worlds/mine.toml
  autoenroll plan fixtures/worlds/mine.toml              users and computers that fare alike are told once
  autoenroll plan --fixtures fixtures mine               the same world by its name
  autoenroll plan mine --fixtures fixtures --why alice CorpUser     every decision, and what to change
  autoenroll plan --profile server-2025 my/scenario.toml            the world in which a story begins
  autoenroll plan --format json enrolling | jq 'select(.verdict == \"skipped\") | .rule'

Each principal logs on, or boots, in the world as it is at its start, with the real core and the real CAs. \
Prompts are answered as somebody would who wants the certificate; when a card is needed, the first one of the \
world that suits is inserted.

It ends with 1 when the run of a principal does not come to its end, as when its budget is used up.";

#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// A world of the fixtures, a file with a world, or a scenario, whose world is meant: a file, or a name of the
    /// suite, with the variant in brackets where there are several.
    #[arg(value_name = "WORLD")]
    pub(crate) world: String,
    /// The variant, when the scenario has several and the name has none.
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
    /// Why a template fares as it does for a user or computer: every decision, the entries that grant or deny and
    /// through which groups, and what to change.
    #[arg(long, num_args = 2, value_names = ["PRINCIPAL", "TEMPLATE"], conflicts_with = "format")]
    pub(crate) why: Option<Vec<String>>,
    /// The computer where users log on; the first member of the domain when absent.
    #[arg(long, value_name = "COMPUTER")]
    pub(crate) at: Option<String>,
    /// Plan as if the world were played under this profile; unless said here or in the file, a world is played under
    /// windows-10-22h2, and that of a scenario under the scenario's.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// A directory with worlds, cards and templates of your own; they come before those inside the program.
    #[arg(long, value_name = "DIR")]
    pub(crate) fixtures: Option<PathBuf>,
    /// How much the run of each principal may use up: events=N, records=N, bytes=N; may be given several times.
    #[arg(long, value_name = "QUANTITY=N", value_parser = budget_part)]
    pub(crate) budget: Vec<(Quantity, u64)>,
    /// Form of the plan.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Profiles {
    /// Only what differs between the profiles, as a table with a column for each.
    #[arg(long)]
    pub(crate) differences: bool,
    /// How well each value is supported, as a table with a column for each profile.
    #[arg(long, conflicts_with = "differences")]
    pub(crate) evidence: bool,
    /// Form of the list.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

const FIXTURES_EXAMPLES: &str = "\
Examples:
  autoenroll fixtures                     all of them
  autoenroll fixtures contoso             what is in that world
  autoenroll fixtures User                the default template, in both generations
  autoenroll fixtures 'Smartcard Logon'   by its display name";

#[derive(Debug, Args)]
pub(crate) struct Fixtures {
    /// A world, a card, or a template, whose display name will do too; all are listed when absent.
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

const IMPORT_EXAMPLES: &str = "\
Examples:
  autoenroll import --extends contoso pki.ldif > fixtures/worlds/mine.toml
  autoenroll import --extends contoso certtemplates.json enterprisecas.json
  autoenroll import Baseline/Machine/Registry.pol Workstations/Machine/Registry.pol
  autoenroll import sysvol/contoso.test/Policies/{31B2F340-016D-11D2-945F-00C04FB984F9} gpo-backup
  autoenroll plan fixtures/worlds/mine.toml                what becomes of each template, for whom
  autoenroll run --fixtures fixtures my/scenario.toml      where my/scenario.toml has `extends = \"mine\"`

What could not be taken over is said on standard error, with the reason. A CA issues what its own object lists, and \
those of the world that is extended what they issue there. It ends with 2, and prints no world, when a file has \
nothing that can be taken over; then it says what the file looks like.";

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// LDIF of the directory's Public Key Services; JSON of Export-ADCSTemplate, of `certipy find` and `template`, or
    /// of BloodHound CE; what `certutil -v -dsTemplate` or `-template` prints; the answer of a policy server (XCEP); a
    /// Registry.pol or a report of Group Policy in XML: told apart by their content. A folder: Group Policy objects, as
    /// SYSVOL or a backup has them. Policies apply in the order in which they are named, so that of two which set a
    /// value the last one counts.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// What is written.
    #[arg(long, value_enum, default_value_t = ImportedAs::World)]
    pub(crate) to: ImportedAs,
    /// The world that the new one extends itself, for users, computers and cards.
    #[arg(long, value_name = "WORLD")]
    pub(crate) extends: Option<String>,
    /// A directory with worlds of your own; they come before those inside the program.
    #[arg(long, value_name = "DIR")]
    pub(crate) fixtures: Option<PathBuf>,
    /// The half of a policy that a Registry.pol belongs to, where it lies in no folder named Machine or User; the file
    /// itself does not say, and counts for users then.
    #[arg(long, value_enum)]
    pub(crate) half: Option<PolicyHalf>,
}

/// What an import is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportedAs {
    /// A world, for `extends`.
    World,
    /// A file of templates, for `based-on`.
    Templates,
}

impl fmt::Display for ImportedAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::World => "world",
            Self::Templates => "file of templates",
        })
    }
}

/// A half of a Group Policy object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyHalf {
    /// `MACHINE\Registry.pol`.
    Machine,
    /// `USER\Registry.pol`.
    User,
}

const OBSERVE_EXAMPLES: &str = "\
Examples:
  wevtutil qe Application /f:xml > application.xml        on the machine
  autoenroll observe application.xml system.xml
  autoenroll observe --against my/scenario.toml application.xml
  autoenroll observe --against events/run-failed --profile server-2025 application.xml
  autoenroll observe --format json application.xml | autoenroll check-trace -

What a log lacks is unknown, not wrong: by default Windows logs warnings and errors only, and logs wrap \
around. Message texts are not looked at. It ends with 1 when log and story differ, and with 2 when nothing \
of autoenrollment is in the log. Files in .evtx are read by a build with `--features evtx`.";

#[derive(Debug, Args)]
pub(crate) struct Observe {
    /// Event logs of one machine, in any order: .evtx, or XML as `wevtutil qe /f:xml` prints it and Event Viewer saves
    /// it. Application, System, and those of CertificateServicesClient count.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Play this scenario, a file or a name of the suite, and compare the log with its events.
    #[arg(long, value_name = "SCENARIO")]
    pub(crate) against: Option<String>,
    /// The variant, when the scenario has several and the name has none.
    #[arg(long, value_name = "NAME", requires = "against")]
    pub(crate) variant: Option<String>,
    /// Play it as if scenario and variants named this profile.
    #[arg(long, value_name = "NAME", requires = "against")]
    pub(crate) profile: Option<String>,
    /// Form of the results. As JSON a timeline is a trace, with the place of each event.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// A directory with worlds, cards and templates of your own; they come before those inside the program.
    #[arg(long, value_name = "DIR", requires = "against")]
    pub(crate) fixtures: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Matrix {
    /// Form of the matrix.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Only requirements that no scenario shows and no exception excuses; ends with 1 when there are any.
    #[arg(long)]
    pub(crate) uncovered: bool,
    /// How well each requirement is supported, in place of the scenarios: its sources with the versions of Windows
    /// that they speak of, and what would settle what is not supported.
    #[arg(long)]
    pub(crate) evidence: bool,
    /// Only how many requirements are supported how well, for each profile and subject.
    #[arg(long, conflicts_with_all = ["uncovered", "evidence"])]
    pub(crate) sums: bool,
}

#[cfg(feature = "planted-bugs")]
#[derive(Debug, Args)]
pub(crate) struct Mutants {
    /// Only these: names of planted bugs, ids of rules to invert; all when absent.
    #[arg(value_name = "MUTANT")]
    pub(crate) mutants: Vec<autoenroll_mutants::Mutant>,
    /// How many are tried at once; the number of processors when absent.
    #[arg(long, short, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Form of the table.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Core {
    /// Speak on standard input and output, the only way there is.
    #[arg(long, required = true)]
    pub(crate) stdio: bool,
}

const CORE_CHECK_EXAMPLES: &str = "\
Examples:
  autoenroll core-check './my-core --stdio'
  autoenroll core-check 'autoenroll core --stdio'                      the own core passes
  autoenroll core-check --format json ./my-core | jq 'select(.verdict == \"failed\")'";

#[derive(Debug, Args)]
pub(crate) struct CoreCheck {
    /// The program, started anew for each check: words separated by blanks.
    #[arg(value_name = "COMMAND")]
    pub(crate) command: CoreCommand,
    /// Form of the results.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// What is described.
    #[arg(value_enum, default_value_t = SchemaOf::Scenario)]
    pub(crate) of: SchemaOf,
}

/// What a JSON Schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// Scenario files.
    Scenario,
    /// Every message of the core protocol.
    CoreProtocol,
}

/// Form of the results of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RunFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
    /// For people, with an annotation for each problem as GitHub's CI reads it.
    Github,
}

/// What is done with snapshots that no story refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum UnreferencedWhat {
    /// Tell them.
    Warn,
    /// Tell them, and fail the run.
    Reject,
    /// Delete them.
    Delete,
}

/// What blessing writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BlessWhat {
    /// Values of facts that differ.
    Values,
    /// Also steps for what no step names.
    Steps,
}

/// The story that a new file tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoryKind {
    /// A certificate at logon, without the user.
    Silent,
    /// A certificate on a smart card, with balloon, wizard and PIN.
    SmartCard,
    /// A certificate of a computer, at boot.
    Machine,
}

/// Form of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How much a timeline tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShownDetail {
    /// What people see and do, what is requested, issued, stored and logged.
    Story,
    /// Also effects, card operations and store accesses.
    Work,
    /// Also decisions and APDUs.
    Everything,
}

impl From<ShownDetail> for Detail {
    fn from(detail: ShownDetail) -> Self {
        match detail {
            ShownDetail::Story => Self::Story,
            ShownDetail::Work => Self::Work,
            ShownDetail::Everything => Self::Everything,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::Exit;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn help_names_every_exit_code() {
        let listed: String = Exit::ALL.iter().map(|exit| format!("\n  {}  {}", exit.code(), exit.meaning())).collect();
        assert_eq!(AFTER, format!("Exit codes:{listed}"));
    }
}
