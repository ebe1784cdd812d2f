//! The lanes over time: a table with a column for each lane and a row for each record, and behind it the arrows from
//! causes to what they led to and the frames of what stands on a desktop.
//!
//! Rows and columns have fixed sizes, so that the drawing fits the table without a script.

use maud::{Markup, html};

use crate::desktop::{Stands, Thing};
use crate::lane::Lane;
use crate::lost;
use crate::rows::{Row, Rows};
use crate::run::Run;
use crate::shell;
use crate::text::broken;

/// Pixels of the column of times, of a lane, of the free space at either side of a lane, of the heads.
const TIME: usize = 104;
const LANE: usize = 162;
const SIDE: usize = 10;
const HEAD: usize = 34;
/// Pixels of a line of text, and of a row without its lines.
const LINE: usize = 16;
const AROUND: usize = 16;
/// Characters of a line of a lane, about.
const CHARACTERS: usize = 18;
/// Lines of a row; the rest of its text is in the list.
const MOST_LINES: usize = 12;
/// Causes of a row that get an arrow.
const MOST_ARROWS: usize = 3;

/// The chart.
pub(crate) fn chart(run: &Run<'_>, rows: &Rows) -> Markup {
    let lanes: Vec<Lane> = Lane::ALL.into_iter().filter(|lane| rows.list.iter().any(|row| row.lane == *lane)).collect();
    let places = Places::of(run, rows, &lanes);
    let style = format!("width:{}px", places.width());
    shell::section(
        "lanes",
        "Lanes over time",
        &html! {
            p.hint { "Time goes down; an instant begins at each line across. Arrows lead from a cause to what followed, dashed ones "
                "from further causes. A frame on the desktop is a dialog for as long as it stood, a bar a balloon or an icon. Each box "
                "leads to its line below, with its reasons." }
            div.scroll role="group" aria-label="Chart; it may scroll sideways" tabindex="0" {
                div.chart style=(style) {
                    (drawing(rows, &places))
                    table {
                        caption { "What happened, by time and lane" }
                        thead { tr { th scope="col" { "Time" } @for lane in &lanes { th scope="col" { (lane.title()) } } } }
                        tbody { @for (at, row) in rows.list.iter().enumerate() {
                            @if let Some((_, count)) = rows.left_out.filter(|(before, _)| *before == at) {
                                tr.n1 { th scope="row" {} td colspan=(lanes.len()) { (count) " more are left out here" } }
                            }
                            (lost(run, rows, at, &lanes))
                            (line(rows, at, row, &lanes))
                        }
                        (lost(run, rows, rows.list.len(), &lanes)) }
                    }
                }
            }
        },
    )
}

/// Points of no return behind so many rows, across all lanes.
fn lost(run: &Run<'_>, rows: &Rows, count: usize, lanes: &[Lane]) -> Markup {
    html! { @for (number, loss) in lost::behind(run, rows, count) {
        tr.n1.lost { th scope="row" {} td colspan=(lanes.len()) { (lost::mark(number, loss)) } }
    } }
}

fn line(rows: &Rows, at: usize, row: &Row, lanes: &[Lane]) -> Markup {
    let before = at.checked_sub(1).and_then(|before| rows.list.get(before));
    let new = before.is_none_or(|before| before.record.at != row.record.at);
    let same_day = is_same_day(before, row);
    let wall = if same_day { row.wall.get(11..).unwrap_or(&row.wall) } else { &row.wall };
    html! {
        tr.(format!("n{}", lines(rows, at, row))).instant[new] {
            th scope="row" {
                @if new { div { (row.record.at) span.quiet { (wall) } } } @else { span.unseen { (row.record.at) } }
            }
            @for lane in lanes { td { @if *lane == row.lane {
                a.box.(lane.class()).fails[row.fails] href={ "#r" (row.record.id.0) } {
                    @if row.fails { span aria-hidden="true" { "✗ " } }
                    (row.sentence)
                    @if let Some(card) = &row.card { (card.shown()) }
                }
            } } }
        }
    }
}

/// Lines of text that a row has room for.
fn lines(rows: &Rows, at: usize, row: &Row) -> usize {
    let card = row.card.as_ref().map_or(0, |card| card.lines(CHARACTERS));
    let text = broken(&row.sentence, CHARACTERS - if row.fails { 1 } else { 0 });
    let before = at.checked_sub(1).and_then(|before| rows.list.get(before));
    let time = match before {
        Some(before) if before.record.at == row.record.at => 1,
        _ if is_same_day(before, row) => 2,
        _ => 3,
    };
    (text + card).clamp(time, MOST_LINES)
}

/// Whether the wall clock shows the date of the row before.
fn is_same_day(before: Option<&Row>, row: &Row) -> bool {
    before.is_some_and(|before| row.wall.get(..10) == before.wall.get(..10))
}

/// Where everything is, in pixels.
struct Places<'a> {
    lanes: &'a [Lane],
    /// The upper and the lower edge of each row.
    edges: Vec<(usize, usize)>,
    height: usize,
}

impl<'a> Places<'a> {
    fn of(run: &Run<'_>, rows: &Rows, lanes: &'a [Lane]) -> Self {
        let mut edges = Vec::with_capacity(rows.list.len());
        let mut y = HEAD;
        let marks = |count: usize| (AROUND + LINE) * lost::behind(run, rows, count).count();
        for (at, row) in rows.list.iter().enumerate() {
            if rows.left_out.is_some_and(|(before, _)| before == at) {
                y += AROUND + LINE;
            }
            y += marks(at);
            let top = y;
            y += AROUND + LINE * lines(rows, at, row);
            edges.push((top, y));
        }
        Self { lanes, edges, height: y + marks(rows.list.len()) }
    }

    fn width(&self) -> usize {
        TIME + LANE * self.lanes.len()
    }

    const fn height(&self) -> usize {
        self.height
    }

    /// The left edge of a lane.
    fn x(&self, lane: Lane) -> usize {
        TIME + LANE * self.lanes.iter().position(|it| *it == lane).unwrap_or(0)
    }

    /// The upper edge of a row, and the lower one.
    fn edges(&self, row: usize) -> (usize, usize) {
        self.edges.get(row).copied().unwrap_or((self.height, self.height))
    }

    /// The middle of a row.
    fn middle(&self, row: usize) -> usize {
        let (top, bottom) = self.edges(row);
        usize::midpoint(top, bottom)
    }

    /// From the side of a box to the side of another; within a lane around its left side.
    fn arrow(&self, rows: &Rows, from: usize, to: usize) -> String {
        let lane = |at: usize| rows.list.get(at).map_or(Lane::Core, |row| row.lane);
        let (one, other) = (self.x(lane(from)), self.x(lane(to)));
        let (y1, y2) = (self.middle(from) + 4, self.middle(to));
        let (right, left) = (LANE - SIDE, SIDE);
        if one == other {
            let (x, out) = (one + left, one.saturating_sub(SIDE));
            return format!("M{x} {y1}C{out} {y1} {out} {y2} {x} {y2}");
        }
        let (x1, x2) = if one < other { (one + right, other + left) } else { (one + left, other + right) };
        let (c1, c2) = if one < other { (x1 + 40, x2.saturating_sub(40)) } else { (x1.saturating_sub(40), x2 + 40) };
        format!("M{x1} {y1}C{c1} {y1} {c2} {y2} {x2} {y2}")
    }
}

/// What lies behind the table. It says nothing that the list does not say in words.
fn drawing(rows: &Rows, places: &Places<'_>) -> Markup {
    let (width, height) = (places.width(), places.height());
    html! {
        svg aria-hidden="true" width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } {
            defs { marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto" {
                path d="M0 0L8 4L0 8z" {}
            } }
            @for lane in places.lanes {
                line.lane x1=(places.x(*lane) + LANE / 2) x2=(places.x(*lane) + LANE / 2) y1=(HEAD) y2=(height) {}
            }
            @for stands in &rows.stands { (frame(places, stands)) }
            @for (to, row) in rows.list.iter().enumerate() {
                @for (at, from) in row.because.iter().take(MOST_ARROWS).enumerate() {
                    path.arrow.further[at > 0] d=(places.arrow(rows, *from, to)) marker-end="url(#tip)" {}
                }
            }
        }
    }
}

fn frame(places: &Places<'_>, stands: &Stands) -> Markup {
    let x = places.x(Lane::Desktop);
    let bar = |class: &str, x: usize| {
        let (y1, y2) = (places.middle(stands.from), places.middle(stands.to));
        html! { line class=(class) x1=(x) x2=(x) y1=(y1) y2=(y2) {} }
    };
    match stands.what {
        Thing::Dialog => {
            let (top, bottom) = (places.edges(stands.from).0 + 2, places.edges(stands.to).1 - 2);
            html! { rect.dialog x=(x + 4) y=(top) width=(LANE - 8) height=(bottom.saturating_sub(top)) rx="8" {} }
        }
        Thing::Balloon => bar("balloon", x + LANE - 4),
        Thing::Icon => bar("icon", x + LANE),
    }
}
