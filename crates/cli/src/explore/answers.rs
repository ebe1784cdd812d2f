//! Which answers the suite gives, as it is told.

use autoenroll_explore::coverage::Edge;
use serde::Serialize;

/// What is told: in JSON one object.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Coverage {
    /// How many answers there are in all states and stages; not all of them can be given.
    pub(super) edges: usize,
    /// Those that the suite gives, each with the first story that does.
    pub(super) visited: Vec<Visited>,
    /// Those that it does not.
    pub(super) unvisited: Vec<Unvisited>,
}

#[derive(Debug, Serialize)]
pub(super) struct Visited {
    #[serde(flatten)]
    pub(super) edge: Edge,
    pub(super) story: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Unvisited {
    #[serde(flatten)]
    pub(super) edge: Edge,
    /// The file with the shortest story that gives it, when one was looked for and found.
    pub(super) file: Option<String>,
}
