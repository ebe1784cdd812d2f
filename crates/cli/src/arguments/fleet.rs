//! What can be typed behind `fleet`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use autoenroll_fleet::{Enrolled, MOST_PER_SECOND};
use autoenroll_model::Duration;
use clap::Args;

use super::Format;
use crate::shard::Asked;

pub(super) const FLEET_EXAMPLES: &str = "\
Examples:
  autoenroll fleet enrolling --computers 1000 --users 1000 --days 1      a mass enrollment on a Monday morning
  autoenroll fleet enrolling --computers 1000 --enrolled-at same-day     renewals a certificate's life later
  autoenroll fleet enrolling --computers 1000 --enrolled-at same-day --validity-jitter 5
                                                                         the same, spread by shorter lives
  autoenroll fleet mine.toml --users 5000 --logon-window 2h --ca-per-second 5
                                                                         a slower CA, and people who come later
  autoenroll fleet mine.toml --computers 5000 --svg load.svg             also as a chart
  autoenroll fleet mine.toml --computers 5000 --html load.html           also as a page

All keys are symbolic: nothing is signed for real, and no certificate of a fleet is good for anything else.
Servers do not slow their clients down: who waits in a queue has got the answer already.";

fn per_second() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=MOST_PER_SECOND.into())
}

/// A world, and how many of its members for how long.
#[derive(Debug, Args)]
pub(crate) struct Fleet {
    /// A world of the fixtures, a file with a world, or a scenario, whose world is meant: a file, or a name of the
    /// suite, with the variant in brackets where there are several.
    #[arg(value_name = "WORLD")]
    pub(crate) world: String,
    /// The variant, when the scenario has several and the name has none.
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
    /// How many computers: copies of the world's computers in turn, which start on the first day and stay on.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) computers: u32,
    /// How many users: copies of the world's users in turn, who log on every working day and answer no prompt.
    #[arg(long, value_name = "M", default_value_t = 0)]
    pub(crate) users: u32,
    /// How many days from the start of the world.
    #[arg(long, value_name = "D", default_value_t = 30)]
    pub(crate) days: u32,
    /// What certificates they have at the start: never any, so that the first day is a mass enrollment; those of one
    /// day, the first of which are renewed on the second day; or those of days spread over a certificate's life.
    #[arg(long, value_name = "never|same-day|spread", default_value_t = Enrolled::Never)]
    pub(crate) enrolled_at: Enrolled,
    /// Bound of the random offset of Group Policy; Windows draws up to half an hour.
    #[arg(long, value_name = "TIME", default_value = "30m")]
    pub(crate) gp_offset: Duration,
    /// By how many hundredths at most a certificate lives shorter than its template says, drawn for each member.
    #[arg(long, value_name = "PERCENT", default_value_t = 0)]
    pub(crate) validity_jitter: u8,
    /// Starts and logons are spread over so long a time from the hour at which the world begins; 15 hours at
    /// most, so that users are off before the next day.
    #[arg(long, value_name = "TIME", default_value = "30m")]
    pub(crate) logon_window: Duration,
    /// How many requests the CAs answer in a second, together.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = per_second())]
    pub(crate) ca_per_second: u32,
    /// How many questions the directory answers in a second.
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = per_second())]
    pub(crate) directory_per_second: u32,
    /// How many questions the policy servers answer in a second, together.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = per_second())]
    pub(crate) policy_per_second: u32,
    /// How many processes play at once; as many as there are processors when absent. The result does not depend on it.
    #[arg(long, value_name = "K", conflicts_with = "shard")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Play only a part, such as 2/3 for the second of three, and write what came of it for `--merge`: JSON lines, the
    /// last of which has the arrivals. `array` is the part that the Slurm array, Indexed Job or CI matrix around this
    /// process says.
    #[arg(long, value_name = "K/N|array", conflicts_with_all = ["svg", "html", "format"])]
    pub(crate) shard: Option<Asked>,
    /// Play nothing, and add up the parts that `--shard` wrote into these files, here or on other machines, under the
    /// same arguments. All of them must be there.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["shard", "jobs"])]
    pub(crate) merge: Vec<PathBuf>,
    /// Also draw the arrivals into this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Also write a page to this file: arrivals and queues over time, first certificates and renewals by day.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Play as if the world were under this profile; unless said here or in the file, it is windows-10-22h2.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// A directory with worlds, cards and templates of your own; they come before those inside the program.
    #[arg(long, value_name = "DIR")]
    pub(crate) fixtures: Option<PathBuf>,
    /// Form of the report.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}
