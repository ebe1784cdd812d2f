//! A page of numbers: tables, charts and texts under headings. What a fleet and a search come to is told so.

use maud::{Markup, html};

use crate::shell;
use crate::text::cut;

/// Rows of a table, and points of a line.
const MOST_ROWS: usize = 2_000;
const MOST_POINTS: usize = 20_000;
/// Bytes of a text that is quoted whole.
const MOST_TEXT: usize = 100_000;
/// Units of a chart: its width and height, and the room at its left and below it for numbers.
const WIDTH: u64 = 1_000;
const HEIGHT: u64 = 220;
const LEFT: u64 = 64;
const BELOW: u64 = 40;
const ABOVE: u64 = 12;

/// A page of numbers.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// Its title.
    pub title: String,
    /// What it is about, in sentences.
    pub about: Vec<String>,
    /// Its sections, in order.
    pub sections: Vec<Section>,
}

/// A section with a heading.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// What is below it, in order.
    pub blocks: Vec<Block>,
}

/// A part of a section.
#[derive(Clone, Debug)]
pub enum Block {
    /// A sentence.
    Text(String),
    /// A table.
    Table(Table),
    /// A chart.
    Chart(Chart),
    /// A text that is opened on demand, such as a file.
    File {
        /// What it is called.
        name: String,
        /// The text.
        text: String,
    },
}

/// A table. The first cell of a row names it.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// The headings of its columns.
    pub head: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
}

/// One quantity over another.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// What it shows, in a sentence that says the most important of it: who does not see the chart reads this.
    pub caption: String,
    /// What the numbers below it count.
    pub across: String,
    /// What those at its left count.
    pub up: String,
    /// Where it ends; it begins at 0.
    pub end: u64,
    /// Its points, by the numbers across.
    pub points: Vec<(u64, u64)>,
    /// Whether each point is a bar of its own, and not part of a line.
    pub bars: bool,
}

/// The page. The same numbers are the same page to the byte.
#[must_use]
pub fn sheet(sheet: &Sheet) -> String {
    let ids: Vec<String> = (1..=sheet.sections.len()).map(|number| format!("s{number}")).collect();
    let sections: Vec<(&str, &str)> =
        ids.iter().zip(&sheet.sections).map(|(id, section)| (id.as_str(), section.title.as_str())).collect();
    let head = html! { @for line in &sheet.about { p { (cut(line)) } } };
    let body = html! { @for (id, section) in ids.iter().zip(&sheet.sections) {
        (shell::section(id, &section.title, &html! { @for block in &section.blocks { (block_of(block)) } }))
    } };
    shell::document(&sheet.title, &head, &sections, &body)
}

fn block_of(block: &Block) -> Markup {
    match block {
        Block::Text(text) => html! { p { (cut(text)) } },
        Block::Table(table) => table_of(table),
        Block::Chart(chart) => chart_of(chart),
        Block::File { name, text } => {
            let whole = text.char_indices().nth(MOST_TEXT).map_or(text.as_str(), |(end, _)| &text[..end]);
            html! { details { summary { (cut(name)) } pre { (whole) } } }
        }
    }
}

fn table_of(table: &Table) -> Markup {
    let more = table.rows.len().saturating_sub(MOST_ROWS);
    html! {
        div.scroll role="group" aria-label=(table.caption) tabindex="0" { table.plain.numbers {
            caption { (table.caption) }
            thead { tr { @for head in &table.head { th scope="col" { (head) } } } }
            tbody { @for row in table.rows.iter().take(MOST_ROWS) { tr {
                @for (at, cell) in row.iter().enumerate() {
                    @if at == 0 { th scope="row" { (cut(cell)) } } @else { td { (cut(cell)) } }
                }
            } } }
        } }
        @if more > 0 { p { (more) " more rows are left out." } }
    }
}

fn chart_of(chart: &Chart) -> Markup {
    let end = chart.end.max(1);
    let most = nice(chart.points.iter().map(|(_, value)| *value).max().unwrap_or(0));
    let x = |at: u64| LEFT + at.min(end).saturating_mul(WIDTH - LEFT) / end;
    let y = |value: u64| ABOVE + HEIGHT - value.min(most).saturating_mul(HEIGHT) / most;
    let points = chart.points.iter().take(MOST_POINTS);
    let line: String = points.clone().enumerate().fold(String::new(), |path, (at, (across, value))| {
        let sign = if at == 0 { 'M' } else { 'L' };
        format!("{path}{sign}{} {}", x(*across), y(*value))
    });
    let wide = ((WIDTH - LEFT) / end).clamp(2, 24);
    let bottom = ABOVE + HEIGHT;
    html! {
        figure {
            div.scroll role="group" aria-label=(chart.caption) tabindex="0" {
            svg.sheet role="img" aria-label=(chart.caption) viewBox={ "0 0 " (WIDTH + 16) " " (bottom + BELOW) } {
                @for part in 0..=4 {
                    @let value = most * part / 4;
                    @if part == 0 || value > most * (part - 1) / 4 {
                        line.grid x1=(LEFT) x2=(WIDTH) y1=(y(value)) y2=(y(value)) {}
                        text.left x=(LEFT - 8) y=(y(value) + 4) { (value) }
                    }
                }
                @for at in ticks(end) {
                    line.grid x1=(x(at)) x2=(x(at)) y1=(bottom) y2=(bottom + 4) {}
                    text.below x=(x(at)) y=(bottom + 18) { (at) }
                }
                text.below x=(usize::midpoint(LEFT as usize, WIDTH as usize)) y=(bottom + 34) { (cut(&chart.across)) }
                @if chart.bars {
                    @for (across, value) in points {
                        rect.bar x=(x(*across)) y=(y(*value)) width=(wide) height=(bottom - y(*value)) {}
                    }
                } @else {
                    path.line d=(line) {}
                }
            }
            }
            figcaption { (cut(&chart.caption)) span.quiet { " · " (cut(&chart.up)) } }
        }
    }
}

/// A number to end an axis at: not below the greatest value, and with few digits in each quarter of it.
fn nice(value: u64) -> u64 {
    let mut unit: u64 = 1;
    while unit.saturating_mul(40) < value {
        unit = unit.saturating_mul(10);
    }
    let steps = [4, 8, 12, 20, 40].map(|step| unit.saturating_mul(step));
    steps.into_iter().find(|step| *step >= value).unwrap_or(value)
}

/// Where numbers stand below a chart.
fn ticks(end: u64) -> impl Iterator<Item = u64> {
    let mut step: u64 = 1;
    for factor in [2, 3, 2, 2, 7, 2, 5, 2, 5, 2, 5, 2, 5, 2, 5, 2, 5, 2, 5] {
        if end / step <= 12 {
            break;
        }
        // 1, 2, 6, 12, 24 and 168: hours of days and weeks.
        step = step.saturating_mul(factor);
    }
    (0..=12).map(move |number| step.saturating_mul(number)).filter(move |at| *at <= end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_plain_number_that_is_not_below_the_greatest() {
        for (value, end) in [(0, 4), (3, 4), (5, 8), (12, 12), (13, 20), (28, 40), (41, 80), (350, 400), (999, 1_200)] {
            assert_eq!(nice(value), end, "{value}");
        }
        assert!(nice(u64::MAX) == u64::MAX);
    }

    #[test]
    fn there_are_few_numbers_below_a_chart_and_none_beyond_its_end() {
        for end in [1, 12, 24, 25, 168, 720, 8_760, u64::MAX] {
            let ticks: Vec<u64> = ticks(end).collect();
            assert!((2..=13).contains(&ticks.len()) && ticks.iter().all(|at| *at <= end), "{end}: {ticks:?}");
        }
    }
}
