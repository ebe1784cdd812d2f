//! The best alignment of a part of one list with a part of another, as Smith and Waterman align sequences: what lies
//! before the first pair and behind the last one costs nothing.

/// What a member of the first list costs that has no partner between two pairs.
const FIRST_ALONE: i32 = 10;
/// The same of the second list, which may have much between two pairs.
const SECOND_ALONE: i32 = 1;

/// Pairs of indices, rising in both. `score` says how well two members go together; `None` when not at all.
pub(crate) fn align(first: usize, second: usize, score: impl Fn(usize, usize) -> Option<i32>) -> Vec<(usize, usize)> {
    let width = second + 1;
    let mut steps = vec![Step::Stop; (first + 1) * width];
    let mut above = vec![0; width];
    let mut best = (0, 0, 0);
    for i in 1..=first {
        let mut row = vec![0; width];
        for j in 1..width {
            let mut cell = (0, Step::Stop);
            let mut consider = |value: i32, step: Step| {
                if value > cell.0 {
                    cell = (value, step);
                }
            };
            if let Some(score) = score(i - 1, j - 1) {
                consider(above[j - 1] + score, Step::Pair);
            }
            consider(above[j] - FIRST_ALONE, Step::First);
            consider(row[j - 1] - SECOND_ALONE, Step::Second);
            row[j] = cell.0;
            steps[i * width + j] = cell.1;
            if cell.0 > best.0 {
                best = (cell.0, i, j);
            }
        }
        above = row;
    }
    let (_, mut i, mut j) = best;
    let mut pairs = Vec::new();
    loop {
        match steps[i * width + j] {
            Step::Stop => break,
            Step::Pair => {
                (i, j) = (i - 1, j - 1);
                pairs.push((i, j));
            }
            Step::First => i -= 1,
            Step::Second => j -= 1,
        }
    }
    pairs.reverse();
    pairs
}

/// How a cell of the matrix came about.
#[derive(Clone, Copy)]
enum Step {
    Stop,
    Pair,
    First,
    Second,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_together_is_paired_and_the_rest_is_left_out() {
        let check = |first: &str, second: &str, expected: &[(usize, usize)]| {
            let (one, other) = (first.as_bytes(), second.as_bytes());
            let score = |i: usize, j: usize| (one[i] == other[j]).then_some(100);
            assert_eq!(align(one.len(), other.len(), score), expected, "{first} {second}");
        };
        check("abc", "xxaxbxxxcx", &[(0, 2), (1, 4), (2, 8)]);
        check("abc", "bc", &[(1, 0), (2, 1)]);
        check("abc", "cba", &[(0, 2)]);
        check("abc", "", &[]);
        check("", "abc", &[]);
        check("abc", "xyz", &[]);
    }
}
