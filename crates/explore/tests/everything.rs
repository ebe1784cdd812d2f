//! The base world, and what its states are told apart by.
#![expect(clippy::unwrap_used, reason = "this is test code outside of test functions")]

use std::collections::BTreeMap;
use autoenroll_explore::breadth::Space;
use autoenroll_explore::everything::{Everything, State};
use autoenroll_scenario::Library;

mod fixtures;

#[test]
#[ignore]
fn dump() {
    let library = Library::read(&fixtures::Fixtures);
    let space = Everything::base(&library).unwrap();
    let depth: usize = std::env::var("DEPTH").ok().and_then(|d| d.parse().ok()).unwrap_or(3);
    let mut seen = BTreeMap::new();
    let start = space.start();
    seen.insert(space.key(&start), ());
    let mut parts: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    let mut frontier: Vec<(String, State)> = vec![("start".into(), start)];
    let show = |way: &str, state: &State| {
        println!("==== {way}");
        for part in state.parts() { println!("  {}: {}", part.name, part.text); }
    };
    show("start", &frontier[0].1);
    let verbose = std::env::var("VERBOSE").is_ok();
    for level in 0..depth {
        let t = std::time::Instant::now();
        let mut further = Vec::new();
        let mut edges = 0;
        for (way, state) in &frontier {
            space.successors(state, &mut |step, led| {
                edges += 1;
                let Ok(led) = led.map_err(|e| println!("BROKEN {way}; {step}: {e:?}")) else { return };
                if seen.insert(space.key(&led), ()).is_none() {
                    let way = format!("{way}; {step}");
                    for (i, part) in led.parts().into_iter().enumerate() {
                        *parts.entry(format!("{i:02} {}", part.name)).or_default().entry(part.text).or_default() += 1;
                    }
                    if verbose { println!("-- {way}"); }
                    further.push((way, led));
                }
            });
        }
        println!("level {level}: {} states in, {edges} edges, {} new, {:?}", frontier.len(), further.len(), t.elapsed());
        for (part, texts) in &parts { println!("    {part}: {}", texts.len()); }
        frontier = further;
    }
    if let Some((way, state)) = frontier.last() { show(way, state); }
    if let Ok(name) = std::env::var("PART") {
        for (part, texts) in &parts { if part.ends_with(&name) { for t in texts.keys().take(40) { println!("{part}: {t}"); } } }
    }
}
