//! `autoenroll explore --coverage`: which answers the suite gives, in which state of the card and at which stage of the
//! request, and a story for those that it does not.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;

use autoenroll_explore::coverage::{self, Edge};
use autoenroll_explore::file::{Bench, story_file};

use super::answers::{Coverage, Unvisited, Visited};
use super::{End, page};
use crate::arguments::{Explore, Format};
use crate::console::Console;
use crate::suite::{Story, suite};
use crate::{Exit, Failure, file, parallel};

/// Plays the suite, and searches for what it leaves out when files are to be written.
pub(super) fn run(
    arguments: &Explore,
    bench: Bench<'_>,
    end: &End,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let stories = suite().map_err(Failure::Bench)?;
    let visited = visited(&stories, arguments, bench, console)?;
    let all: BTreeSet<Edge> = coverage::edges().into_iter().chain(visited.keys().cloned()).collect();
    let missing: BTreeSet<Edge> = all.iter().filter(|edge| !visited.contains_key(*edge)).cloned().collect();
    let mut files = BTreeMap::new();
    if let Some(directory) = &arguments.write {
        let found = coverage::reach(&missing, arguments.states, bench.library, &mut |found| {
            console.progress_in(&format!("{found} of {} answers reached", missing.len()));
            !end.is_near()
        });
        for (edge, story) in found.map_err(|error| Failure::Bench(error.to_string()))? {
            let text = story_file(&story, &format!("Reached by explore: {edge}"), bench);
            files.insert(edge.clone(), put(directory, &edge, &text)?);
        }
    }
    console.clear_progress();
    let told = Coverage {
        edges: all.len(),
        visited: visited.into_iter().map(|(edge, story)| Visited { edge, story }).collect(),
        unvisited: missing.into_iter().map(|edge| Unvisited { file: files.get(&edge).cloned(), edge }).collect(),
    };
    if let Some(path) = &arguments.html {
        super::put_page(path, &page::of_coverage(&told))?;
    }
    match arguments.format {
        Format::Json => {
            let line = serde_json::to_string(&told).map_err(|error| Failure::Bench(error.to_string()))?;
            writeln!(console.out, "{line}")?;
        }
        Format::Text => tell(&told, console)?,
    }
    Ok(Exit::Ok)
}

/// The answers that stories give, each with the first of them.
fn visited(
    stories: &[Story],
    arguments: &Explore,
    bench: Bench<'_>,
    console: &mut Console<'_>,
) -> Result<BTreeMap<Edge, String>, Failure> {
    let mut visited = BTreeMap::new();
    let jobs = parallel::jobs(arguments.jobs);
    let work = |story: &Story| coverage::edges_of(&story.scenario, bench).map_err(|error| error.to_string());
    parallel::in_order(stories, jobs, work, |at, edges| {
        let edges = edges.and_then(|edges| edges).map_err(Failure::Bench)?;
        for edge in edges {
            visited.entry(edge).or_insert_with(|| stories[at].name.clone());
        }
        console.progress(at + 1, stories.len());
        Ok::<(), Failure>(())
    })?;
    Ok(visited)
}

/// Writes a story; one that is there stays.
fn put(directory: &Path, edge: &Edge, text: &str) -> Result<String, Failure> {
    let name: String = edge.to_string().replace([' ', '.'], "-").replace(',', "");
    let path = directory.join(format!("{name}.toml"));
    match file::create(&path, text.as_bytes()) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(Failure::Usage(format!("{}: {error}", path.display()))),
    }
    Ok(path.display().to_string())
}

fn tell(told: &Coverage, console: &mut Console<'_>) -> Result<(), Failure> {
    let Coverage { edges, visited, unvisited } = told;
    for Visited { edge, story } in visited {
        writeln!(console.out, "visited      {edge}: {story}")?;
    }
    for Unvisited { edge, file } in unvisited {
        let file = file.as_ref().map_or_else(String::new, |file| format!(": {file}"));
        writeln!(console.out, "not visited  {edge}{file}")?;
    }
    let reached = unvisited.iter().filter(|one| one.file.is_some()).count();
    writeln!(console.out, "{} of {edges} answers are given; {reached} of the others were reached", visited.len())?;
    Ok(())
}
