//! The arrivals as a chart: for each server the busiest minute of every hour.

use std::collections::BTreeMap;
use std::fmt::Display;

use autoenroll_fleet::{Arrivals, Server};
use plotters::prelude::*;

use crate::Failure;

const WIDTH: u32 = 1_000;
const HEIGHT_OF_ONE: u32 = 260;

/// A chart for each server that was asked anything, under each other.
///
/// # Errors
/// When the library cannot draw it.
pub(super) fn svg(title: &str, arrivals: &Arrivals, days: u32) -> Result<String, Failure> {
    let mut text = String::new();
    let servers: Vec<Server> = Server::ALL.into_iter().filter(|server| arrivals.total(*server) > 0).collect();
    let count = servers.len().max(1);
    {
        let size = (WIDTH, HEIGHT_OF_ONE * u32::try_from(count).unwrap_or(1));
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        area.fill(&WHITE).map_err(failed)?;
        for (part, server) in area.split_evenly((count, 1)).iter().zip(&servers) {
            let hours = busiest_of_hours(arrivals, *server);
            let most = hours.values().copied().max().unwrap_or(1).max(1);
            let mut chart = ChartBuilder::on(part)
                .caption(format!("{title} - {}", server.as_str()), ("sans-serif", 15))
                .margin(10)
                .x_label_area_size(30)
                .y_label_area_size(60)
                .build_cartesian_2d(0..u64::from(days) * 24, 0..most)
                .map_err(failed)?;
            let mesh = &mut chart.configure_mesh();
            mesh.x_desc("hours since the start").y_desc("per minute").disable_mesh().draw().map_err(failed)?;
            let all = 0..u64::from(days) * 24;
            let points = all.map(|hour| (hour, hours.get(&hour).copied().unwrap_or_default()));
            chart.draw_series(LineSeries::new(points, &BLUE)).map_err(failed)?;
        }
        area.present().map_err(failed)?;
    }
    Ok(text)
}

fn busiest_of_hours(arrivals: &Arrivals, server: Server) -> BTreeMap<u64, u64> {
    let mut hours: BTreeMap<u64, u64> = BTreeMap::new();
    for (minute, count) in arrivals.by_minute(server) {
        let most = hours.entry(u64::from(minute / 60)).or_default();
        *most = count.max(*most);
    }
    hours
}

fn failed(error: impl Display) -> Failure {
    Failure::Bench(format!("the chart cannot be drawn: {error}"))
}
