//! Parts of a work that several processes share, here or on many machines: `--shard K/N`, or what the array of jobs
//! around this process says. `docs/scale` has whole set-ups.

use std::env;
use std::ffi::OsString;
use std::str::FromStr;

use crate::Failure;
use crate::console::one_line;

/// The `k`-th of `n` parts, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    k: usize,
    n: usize,
}

impl Shard {
    /// The part of that number, counted from 1; `None` when there is none.
    pub(crate) const fn of(k: usize, n: usize) -> Option<Self> {
        if 1 <= k && k <= n { Some(Self { k, n }) } else { None }
    }

    /// Its number, counted from 1, and of how many it is one.
    pub(crate) const fn parts(self) -> (u64, u64) {
        (self.k as u64, self.n as u64)
    }

    /// Whether the thing at that index belongs to this part. Neighbours go to different parts: they tend to take
    /// equally long.
    pub(crate) const fn has(self, index: usize) -> bool {
        index % self.n == self.k - 1
    }

    /// Keeps what belongs to this part.
    pub(crate) fn keep<T>(self, all: &mut Vec<T>) {
        let mut index = 0..;
        all.retain(|_| index.next().is_some_and(|index| self.has(index)));
    }
}

/// What `--shard` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A part that is named.
    Part(Shard),
    /// That of the array of jobs around this process.
    Array,
}

impl Asked {
    /// The part that is meant.
    ///
    /// # Errors
    /// When there is no array of jobs, or it does not tell which of its tasks this is.
    pub(crate) fn shard(self) -> Result<Shard, Failure> {
        let shard = match self {
            Self::Part(shard) => Some(shard),
            Self::Array => around()?,
        };
        let names: Vec<&str> = ARRAYS.iter().map(|array| array.index).collect();
        shard.ok_or_else(|| {
            let names = names.join(", ");
            Failure::Usage(format!(
                "--shard array: expected to run in an array of jobs, and none of {names} is set; name the part, \
                 --shard K/N"
            ))
        })
    }
}

impl FromStr for Asked {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "array" {
            return Ok(Self::Array);
        }
        let parts = text.split_once('/').and_then(|(k, n)| Shard::of(k.parse().ok()?, n.parse().ok()?));
        parts.map(Self::Part).ok_or_else(|| "expected a part of parts, such as 1/3, or `array`".to_owned())
    }
}

/// What tells a task of an array of jobs which one it is. Each is the name of an environment variable.
struct Array {
    index: &'static str,
    count: &'static str,
    /// The first index.
    first: usize,
    /// First index, last index and distance, where the array chooses them.
    range: Option<[&'static str; 3]>,
    /// What to do where they do not say it.
    remedy: &'static str,
}

/// <https://slurm.schedmd.com/job_array.html>,
/// <https://kubernetes.io/docs/tasks/job/indexed-parallel-processing-static/>,
/// <https://docs.gitlab.com/ci/variables/predefined_variables/>.
const ARRAYS: &[Array] = &[
    Array {
        index: "SLURM_ARRAY_TASK_ID",
        count: "SLURM_ARRAY_TASK_COUNT",
        first: 0,
        range: Some(["SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_STEP"]),
        remedy: "submit an array without gaps, such as --array=1-4",
    },
    Array {
        index: "JOB_COMPLETION_INDEX",
        count: "JOB_COMPLETIONS",
        first: 0,
        range: None,
        remedy: "have the manifest pass the Job's `completions` on as JOB_COMPLETIONS",
    },
    Array {
        index: "CI_NODE_INDEX",
        count: "CI_NODE_TOTAL",
        first: 1,
        range: None,
        remedy: "number the jobs from 1 to CI_NODE_TOTAL",
    },
];

/// The part of the array of jobs around this process; `None` when there is none.
///
/// # Errors
/// When it does not tell which of its tasks this is. To play everything there would be done once by each task.
pub(crate) fn around() -> Result<Option<Shard>, Failure> {
    told(|name| env::var_os(name))
}

/// A variable that is set counts, whatever is in it: what is no text is no number either.
fn told(variable: impl Fn(&str) -> Option<OsString>) -> Result<Option<Shard>, Failure> {
    for array in ARRAYS {
        if variable(array.index).is_some() {
            return array.part(&variable).map(Some).map_err(Failure::Usage);
        }
    }
    Ok(None)
}

impl Array {
    fn part(&self, variable: &impl Fn(&str) -> Option<OsString>) -> Result<Shard, String> {
        let number = |name: &str| variable(name).and_then(|text| text.to_str()?.parse::<usize>().ok());
        let [first, last, step] = match self.range {
            Some(names) => names.map(number),
            None => [None; 3],
        };
        let (first, step) = (first.unwrap_or(self.first), step.unwrap_or(1));
        // Slurm may say nothing of the range, but nothing wrong.
        let wrong = self.range.iter().flatten().any(|name| variable(name).is_some() && number(name).is_none());
        let told = number(self.index).zip(number(self.count)).filter(|_| !wrong);
        let part = told.and_then(|(index, count)| {
            let steps = index.checked_sub(first).filter(|behind| behind.checked_rem(step) == Some(0))?;
            // Slurm tells the distance of a range. Of a list it says 1, whatever the distances are.
            let expected = count.checked_sub(1)?.checked_mul(step)?.checked_add(first)?;
            if last.is_some_and(|last| last != expected) {
                return None;
            }
            Shard::of(steps / step + 1, count)
        });
        part.ok_or_else(|| {
            let names = [self.index, self.count].into_iter().chain(self.range.into_iter().flatten());
            let found: Vec<String> = names
                .map(|name| match variable(name) {
                    Some(value) => format!("{name}={}", one_line(&value.to_string_lossy())),
                    None => format!("no {name}"),
                })
                .collect();
            format!(
                "expected a task of an array of jobs that says which of how many it is, found {}; {}, or name the \
                 part, --shard K/N",
                found.join(", "),
                self.remedy
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_divide() {
        let all: Vec<Shard> = (1..=3).filter_map(|k| Shard::of(k, 3)).collect();
        for index in 0..20 {
            assert_eq!(all.iter().filter(|shard| shard.has(index)).count(), 1);
        }
        assert_eq!("2/3".parse(), Ok(Asked::Part(all[1])));
        assert_eq!("array".parse(), Ok(Asked::Array));
        for wrong in ["", "1", "0/3", "4/3", "1/0", "a/b", "Array"] {
            assert!(wrong.parse::<Asked>().is_err(), "{wrong}");
        }
    }

    /// What Slurm 22.05.8 sets for `--array`, as seen: index, count, first, last, distance.
    fn slurm(values: [&str; 5]) -> Vec<(&'static str, &str)> {
        let [first, last, step] = ["SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_STEP"];
        ["SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", first, last, step].into_iter().zip(values).collect()
    }

    #[test]
    fn the_part_is_that_of_the_array_of_jobs() {
        let check = |variables: &[(&str, &str)], expected: Result<Option<(u64, u64)>, &str>| {
            let of = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into());
            match (told(of), expected) {
                (Ok(shard), Ok(expected)) => assert_eq!(shard.map(Shard::parts), expected, "{variables:?}"),
                (Err(Failure::Usage(said)), Err(part)) => assert!(said.contains(part), "{variables:?}: {said}"),
                (came, expected) => panic!("{variables:?}: expected {expected:?}, came {came:?}"),
            }
        };
        check(&[], Ok(None));
        let gaps = Err("without gaps");
        // --array=0-3, 1-4, 1-7:2%1, 1-8:3
        check(&slurm(["3", "4", "0", "3", "1"]), Ok(Some((4, 4))));
        check(&slurm(["1", "4", "1", "4", "1"]), Ok(Some((1, 4))));
        check(&slurm(["5", "4", "1", "7", "2"]), Ok(Some((3, 4))));
        check(&slurm(["7", "3", "1", "7", "3"]), Ok(Some((3, 3))));
        // A task that is submitted once more, alone: it is the whole.
        check(&slurm(["3", "1", "3", "3", "1"]), Ok(Some((1, 1))));
        // --array=1,3,5,7 and 1,2,9 and 1-3,5-9:2 and 1,2,5-5:2
        check(&slurm(["1", "4", "1", "7", "1"]), gaps);
        check(&slurm(["2", "3", "1", "9", "1"]), gaps);
        check(&slurm(["9", "6", "1", "9", "2"]), gaps);
        check(&slurm(["2", "3", "1", "5", "2"]), gaps);
        check(&slurm(["4", "4", "0", "3", "1"]), gaps);
        check(&slurm(["x", "4", "0", "3", "1"]), Err("SLURM_ARRAY_TASK_ID=x, SLURM_ARRAY_TASK_COUNT=4"));
        check(&slurm(["1", "4", "x", "4", "1"]), Err("SLURM_ARRAY_TASK_MIN=x"));
        check(&slurm(["1", "0", "1", "1", "0"]), gaps);
        check(&[("SLURM_ARRAY_TASK_ID", "3"), ("SLURM_ARRAY_TASK_COUNT", "4")], Ok(Some((4, 4))));
        check(&[("JOB_COMPLETION_INDEX", "0"), ("JOB_COMPLETIONS", "2")], Ok(Some((1, 2))));
        check(&[("JOB_COMPLETION_INDEX", "2"), ("JOB_COMPLETIONS", "2")], Err("JOB_COMPLETIONS=2"));
        check(&[("JOB_COMPLETION_INDEX", "0")], Err("no JOB_COMPLETIONS; have the manifest"));
        // GitLab says how many even where there is one job.
        check(&[("CI_NODE_TOTAL", "1")], Ok(None));
        check(&[("CI_NODE_INDEX", "2"), ("CI_NODE_TOTAL", "2")], Ok(Some((2, 2))));
        check(&[("CI_NODE_INDEX", "0"), ("CI_NODE_TOTAL", "2")], Err("from 1 to CI_NODE_TOTAL"));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_text_is_refused() {
        use std::os::unix::ffi::OsStringExt as _;

        let no_text = || OsString::from_vec(vec![b'1', 0xff]);
        for array in ARRAYS {
            let names = [array.index, array.count].into_iter().chain(array.range.into_iter().flatten());
            for wrong in names {
                // Each has a part without it.
                let of = |name: &str| match name {
                    name if name == wrong => Some(no_text()),
                    name if name == array.index => Some(array.first.to_string().into()),
                    name if name == array.count => Some("1".into()),
                    _ => None,
                };
                let said = match told(of) {
                    Err(Failure::Usage(said)) => said,
                    came => panic!("{wrong}: {came:?}"),
                };
                assert!(said.contains(&format!("{wrong}=1\u{fffd}")) && said.contains(array.remedy), "{said}");
            }
        }
    }
}
