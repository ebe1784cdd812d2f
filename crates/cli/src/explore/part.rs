//! Which part of a search this process plays.

use std::env;

use autoenroll_explore::drive::Part;

use crate::Failure;
use crate::arguments::Shard;
use crate::console::one_line;

/// The part that is asked for, or that of the array of jobs around this one.
pub(super) fn part(asked: Option<Shard>) -> Result<Part, Failure> {
    let shard = match asked {
        Some(shard) => Some(shard),
        None => around(|name| env::var(name).ok())?,
    };
    Ok(shard.map_or(Part::WHOLE, |shard| {
        let (number, of) = shard.parts();
        Part { number, of }
    }))
}

/// What names the number of a job, and from which number on they are counted; what names how many there are.
const ARRAYS: &[(&str, Option<&str>, usize, &str)] = &[
    ("SLURM_ARRAY_TASK_ID", Some("SLURM_ARRAY_TASK_MIN"), 0, "SLURM_ARRAY_TASK_COUNT"),
    ("JOB_COMPLETION_INDEX", None, 0, "JOB_COMPLETIONS"),
    ("CI_NODE_INDEX", None, 1, "CI_NODE_TOTAL"),
];

fn around(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Shard>, Failure> {
    for (id, least, otherwise, count) in ARRAYS {
        let (Some(at), Some(of)) = (variable(id), variable(count)) else { continue };
        let first = match least.and_then(&variable) {
            Some(first) => first.parse().ok(),
            None => Some(*otherwise),
        };
        let shard = match (at.parse::<usize>(), of.parse(), first) {
            (Ok(at), Ok(of), Some(first)) => at.checked_sub(first).and_then(|at| Shard::of(at + 1, of)),
            _ => None,
        };
        return match shard {
            Some(shard) => Ok(Some(shard)),
            None => Err(Failure::Usage(format!("{id}={} of {count}={} is no part", one_line(&at), one_line(&of)))),
        };
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_is_that_of_the_array_of_jobs() {
        let check = |variables: &[(&str, &str)], expected: Option<(u64, u64)>| {
            let of =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(around(of).ok().flatten().map(Shard::parts), expected, "{variables:?}");
        };
        check(&[], None);
        check(&[("SLURM_ARRAY_TASK_ID", "3"), ("SLURM_ARRAY_TASK_COUNT", "4")], Some((4, 4)));
        let from_one = ("SLURM_ARRAY_TASK_MIN", "1");
        check(&[("SLURM_ARRAY_TASK_ID", "1"), ("SLURM_ARRAY_TASK_COUNT", "4"), from_one], Some((1, 4)));
        check(&[("JOB_COMPLETION_INDEX", "0"), ("JOB_COMPLETIONS", "2")], Some((1, 2)));
        check(&[("JOB_COMPLETION_INDEX", "0")], None);
        check(&[("CI_NODE_INDEX", "2"), ("CI_NODE_TOTAL", "2")], Some((2, 2)));
        assert!(around(|_| Some("x".to_owned())).is_err());
    }
}
