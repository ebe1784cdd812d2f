//! The story on a straight line of time: where the chart gives every sentence the same room, here an hour is as long as
//! any other.

use autoenroll_model::{Duration, SimTime};
use maud::{Markup, html};

use crate::desktop::Thing;
use crate::lane::Lane;
use crate::lost;
use crate::rows::Rows;
use crate::run::Run;
use crate::shell;

/// Units of the drawing: its width, the room for names of lanes, and the height of a lane.
const WIDTH: u64 = 1_000;
const LEFT: u64 = 96;
const LANE: u64 = 26;
const BELOW: u64 = 26;
/// The most times that are named below.
const MOST_TICKS: u64 = 8;

/// How far the named times may be apart.
const STEPS: &[Duration] = &[
    Duration::seconds(1),
    Duration::seconds(5),
    Duration::seconds(15),
    Duration::minutes(1),
    Duration::minutes(5),
    Duration::minutes(15),
    Duration::hours(1),
    Duration::hours(3),
    Duration::hours(6),
    Duration::hours(12),
    Duration::days(1),
    Duration::days(2),
    Duration::days(7),
    Duration::days(14),
    Duration::days(30),
    Duration::days(90),
    Duration::days(365),
    Duration::days(3_650),
];

/// The drawing; nothing of a story that is one instant.
pub(crate) fn scale(run: &Run<'_>, rows: &Rows) -> Option<Markup> {
    let last = rows.list.last().map_or(SimTime::START, |row| row.record.at);
    let end = run.end.max(last);
    let whole = end.0;
    if rows.list.is_empty() || whole == 0 {
        return None;
    }
    let lanes: Vec<Lane> = Lane::ALL.into_iter().filter(|lane| rows.list.iter().any(|row| row.lane == *lane)).collect();
    let x = |at: SimTime| {
        LEFT + u64::try_from(u128::from(at.0) * u128::from(WIDTH - LEFT) / u128::from(whole)).unwrap_or(0)
    };
    let y = |lane: Lane| {
        let at = lanes.iter().position(|it| *it == lane).unwrap_or(0);
        LANE * at as u64 + LANE / 2
    };
    let at = |row: usize| rows.list.get(row).map_or(SimTime::START, |row| row.record.at);
    let bottom = LANE * lanes.len() as u64;
    let step = STEPS.iter().find(|step| whole / step.0 < MOST_TICKS).copied();
    let ticks =
        step.into_iter().flat_map(|step| (0..MOST_TICKS).map(move |number| SimTime(step.0.saturating_mul(number))));
    let lost: Vec<SimTime> = lost::times(run).map(|time| time.min(end)).collect();
    let mut about = format!("{} sentences between 00:00:00 and {end}, by lane", rows.list.len());
    if !lost.is_empty() {
        let times: Vec<String> = lost.iter().map(SimTime::to_string).collect();
        about += &format!("; points of no return: {}", times.join(", "));
    }
    Some(shell::section(
        "scale",
        "Time to scale",
        &html! {
            p.hint { "Every hour is as long as any other. A stroke is a sentence of that lane, a bar on the desktop a dialog for as long "
                "as it stood." @if !lost.is_empty() { " A ⚑ is a point of no return." } }
            div.scroll role="group" aria-label="Drawing; it may scroll sideways" tabindex="0" {
                svg.scale role="img" aria-label=(about) viewBox={ "0 0 " (WIDTH + 40) " " (bottom + BELOW) } {
                    @for lane in &lanes {
                        line.lane x1=(LEFT) x2=(WIDTH) y1=(y(*lane)) y2=(y(*lane)) {}
                        text x="4" y=(y(*lane) + 4) { (lane.title()) }
                    }
                    @for tick in ticks.filter(|tick| *tick <= end) {
                        line.grid x1=(x(tick)) x2=(x(tick)) y1="0" y2=(bottom + 4) {}
                        text.below x=(x(tick)) y=(bottom + 18) { (tick) }
                    }
                    @for stands in rows.stands.iter().filter(|stands| stands.what == Thing::Dialog) {
                        @let (from, to) = (x(at(stands.from)), x(at(stands.to)));
                        rect.dialog x=(from) width=((to - from).max(2)) y=(y(Lane::Desktop) - 9) height="18" {}
                    }
                    @for row in &rows.list {
                        line.(row.lane.class()).stroke.fails[row.fails] x1=(x(row.record.at)) x2=(x(row.record.at))
                            y1=(y(row.lane) - 8) y2=(y(row.lane) + 8) {}
                    }
                    @for at in &lost {
                        line.lost x1=(x(*at)) x2=(x(*at)) y1="0" y2=(bottom + 4) {}
                        text.lost x=(x(*at) + 3) y="11" { "⚑" }
                    }
                }
            }
        },
    ))
}
