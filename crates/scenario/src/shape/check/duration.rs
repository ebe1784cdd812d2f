//! What was meant by a length of time that is written in another way than the language does.

use autoenroll_model::Duration;

use crate::clock::ClockTime;

/// Other words for units, with the language's own unit and how many of it each is.
const UNITS: &[(&[&str], &str, u64)] = &[
    (&["y", "yr", "yrs", "year", "years", "a"], "d", 365),
    (&["mo", "mon", "month", "months"], "d", 30),
    (&["w", "wk", "week", "weeks"], "w", 1),
    (&["d", "day", "days"], "d", 1),
    (&["h", "hr", "hrs", "hour", "hours"], "h", 1),
    (&["m", "min", "mins", "minute", "minutes"], "m", 1),
    // A number alone has most often been counted in seconds.
    (&["s", "sec", "secs", "second", "seconds", ""], "s", 1),
    (&["ms", "msec", "millisecond", "milliseconds"], "ms", 1),
    (&["us", "\u{b5}s", "\u{3bc}s", "microsecond", "microseconds"], "us", 1),
    (&["ns", "nanosecond", "nanoseconds"], "ns", 1),
];

/// The span in the language's own form: of other words for units, blanks, fractions, units in another order, and of
/// times as the timeline shows them. `None` when there is no telling.
pub(super) fn meant(text: &str) -> Option<String> {
    let text = Some(text.trim().to_lowercase()).filter(|text| !text.is_empty())?;
    clock(&text).or_else(|| words(&text)).filter(|example_answer| example_answer.parse::<Duration>().is_ok())
}

/// What to write in place of a text with colons, where a moment is wanted: counted from the start, as timelines show
/// it, or on the wall clock.
pub(super) fn moments(text: &str) -> String {
    let on_clock = time_of_day(text).map(|time| format!("\"{time}\" for the time of the day, to the minute"));
    let elapsed = meant(text).map(|duration| format!("\"{duration}\" counted from the start"));
    format!("write {}", elapsed.into_iter().chain(on_clock).collect::<Vec<_>>().join(", or "))
}

/// The time of the day that may be meant by `8:00`, `08:00:30`, `1d 08:00`.
pub(super) fn time_of_day(text: &str) -> Option<ClockTime> {
    let text = text.trim().trim_start_matches('+');
    let (days, time) = text.split_once("d ").map_or((None, text), |(days, time)| (Some(days), time));
    let mut parts = time.trim().split(':');
    let (hours, minutes) = (parts.next()?, parts.next()?);
    let time = format!("{hours:0>2}:{minutes:0>2}");
    match days.map(|days| days.trim_start_matches('0')) {
        None | Some("") => time.parse().ok(),
        Some(days) => format!("+{days}d {time}").parse().ok(),
    }
}

/// `1d 08:00:30`, `8:00`.
fn clock(text: &str) -> Option<String> {
    let text = text.trim_start_matches('+');
    let (days, time) = match text.split_once("d ") {
        Some((days, time)) => (days.parse().ok()?, time),
        None => (0, text),
    };
    let parts: Vec<u64> = time.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let &[hours, minutes, ref seconds @ ..] = parts.as_slice() else { return None };
    let seconds = match seconds {
        [] => 0,
        [seconds] => *seconds,
        _ => return None,
    };
    Some(
        (Duration::days(days) + Duration::hours(hours) + Duration::minutes(minutes) + Duration::seconds(seconds))
            .to_string(),
    )
}

/// Numbers, each with a word.
fn words(text: &str) -> Option<String> {
    let (mut rest, mut total, mut example_answer) = (text, Duration::ZERO, Vec::new());
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, behind) = rest.split_at(end);
        let behind = behind.trim_start();
        let end = behind.find(|c: char| !c.is_alphabetic()).unwrap_or(behind.len());
        let (word, behind) = behind.split_at(end);
        let (_, unit, times) = UNITS.iter().find(|(words, ..)| words.contains(&word))?;
        let size: Duration = format!("{times}{unit}").parse().ok()?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let whole: u64 = whole.parse().ok()?;
        total = total + Duration(size.0.checked_mul(whole)?);
        if fraction.is_empty() {
            example_answer.push(format!("{}{unit}", whole.checked_mul(*times)?));
        } else {
            let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
            let part = u128::from(size.0).checked_mul(fraction.parse().ok()?)?;
            total =
                total + Duration(u64::try_from(part.checked_div(scale)?).ok().filter(|_| part.is_multiple_of(scale))?);
            example_answer.clear();
        }
        rest = behind.trim_start();
    }
    // One number keeps its unit: 60s, not 1m.
    match example_answer.as_slice() {
        [one] if !text.contains('.') => Some(one.clone()),
        _ => Some(total.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_said_in_the_form_of_the_language() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(meant(text).as_deref(), expected, "{text}");
        check("60", Some("60s"));
        check("1y", Some("365d"));
        check("1min", Some("1m"));
        check("8 hours", Some("8h"));
        check("8 H", Some("8h"));
        check("1.5h", Some("1h30m"));
        check("1h 30min", Some("1h30m"));
        check("30m1h", Some("1h30m"));
        check("0.5d", Some("12h"));
        check("00:01:15", Some("1m15s"));
        check("1d 00:00:00", Some("1d"));
        check("8:00", Some("8h"));
        for unclear in ["", "tomorrow", "-5s", "8 parsecs", "1.1234567890123s", "99999999999999y", "1:2:3:4", "."] {
            check(unclear, None);
        }
    }
}
