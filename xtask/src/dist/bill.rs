//! What the program was built from, as CycloneDX 1.6 has it: each package with its version, licence, checksum, and
//! whether it is in the program or only built it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::{Value, json};

use super::said;

/// A package, by which it is told from all others of the lock file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    name: String,
    version: String,
}

/// What the bill says of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Package {
    licence: String,
    repository: String,
    /// What it needs itself.
    needs: BTreeSet<Id>,
    /// SHA-256 of the package in its registry; `None` of members of this workspace.
    checksum: Option<String>,
    /// Whether it is in the program; what only builds it, such as a derive macro, is not.
    is_linked: bool,
}

/// Everything that a program is built from.
#[derive(Clone, Debug)]
pub(super) struct Graph {
    program: Id,
    packages: BTreeMap<Id, Package>,
}

/// `Cargo.lock`.
#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

impl Graph {
    /// That of a package with these features, for this target, as Cargo resolves it.
    ///
    /// # Errors
    /// When Cargo cannot say it, or says a package that is not in `Cargo.lock`.
    pub(super) fn read(root: &Path, package: &str, features: &str, target: &str) -> Result<Self, String> {
        let tree = |edges: &str| {
            let mut cargo = Command::new("cargo");
            cargo.args(["tree", "--locked", "--package", package, "--features", features, "--target", target]);
            cargo.args(["--edges", edges, "--prefix", "depth", "--charset", "ascii", "--format", "{p}\t{l}\t{r}\t"]);
            said(cargo.current_dir(root))
        };
        let mut graph = Self::parse(&tree("normal,build")?)?;
        for id in Self::parse(&tree("normal,no-proc-macro")?)?.packages.into_keys() {
            graph.packages.entry(id).or_default().is_linked = true;
        }
        let lock = fs::read_to_string(root.join("Cargo.lock")).map_err(|error| format!("Cargo.lock: {error}"))?;
        let lock: Lock = toml::from_str(&lock).map_err(|error| format!("Cargo.lock: {error}"))?;
        let mut locked: BTreeMap<Id, Option<String>> = BTreeMap::new();
        for Locked { name, version, checksum } in lock.package {
            locked.insert(Id { name, version }, checksum);
        }
        for (id, package) in &mut graph.packages {
            let checksum = locked.remove(id).ok_or_else(|| format!("{} {} is not locked", id.name, id.version))?;
            package.checksum = checksum;
        }
        Ok(graph)
    }

    /// What `cargo tree` prints: depth and package of each line, and what the format adds. What a package needs is
    /// below its first line; others of it end with a mark.
    fn parse(text: &str) -> Result<Self, String> {
        let mut packages: BTreeMap<Id, Package> = BTreeMap::new();
        let mut above: Vec<Id> = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let unreadable = || format!("cargo tree prints `{line}`");
            let digits = line.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(unreadable)?;
            let (depth, rest) = line.split_at(digits);
            let depth: usize = depth.parse().map_err(|_| unreadable())?;
            let mut columns = rest.split('\t');
            let mut words = columns.next().unwrap_or_default().split(' ');
            let name = words.next().unwrap_or_default().to_owned();
            let version = words.next().and_then(|word| word.strip_prefix('v')).ok_or_else(unreadable)?.to_owned();
            let id = Id { name, version };
            above.truncate(depth);
            if above.len() != depth {
                return Err(unreadable());
            }
            let package = packages.entry(id.clone()).or_default();
            package.licence = columns.next().unwrap_or_default().to_owned();
            package.repository = columns.next().unwrap_or_default().to_owned();
            if let Some(parent) = above.last() {
                packages.entry(parent.clone()).or_default().needs.insert(id.clone());
            }
            above.push(id);
        }
        let program = above.into_iter().next().ok_or("cargo tree prints nothing")?;
        Ok(Self { program, packages })
    }

    /// The version of the program.
    pub(super) fn version(&self) -> &str {
        &self.program.version
    }

    /// The bill of materials; `time` as RFC 3339 has it.
    pub(super) fn bill(&self, time: &str, features: &str) -> Value {
        let others = self.packages.iter().filter(|(id, _)| **id != self.program);
        let components: Vec<Value> = others.map(|(id, package)| component(id, package)).collect();
        let mut program = self.packages.get(&self.program).map_or(Value::Null, |own| component(&self.program, own));
        program["type"] = "application".into();
        program["name"] = "autoenroll".into();
        program["properties"] = json!([{ "name": "cargo:features", "value": features }]);
        let references = |needs: &BTreeSet<Id>| needs.iter().map(|id| self.reference(id)).collect::<Vec<_>>();
        let dependencies: Vec<Value> = (self.packages.iter())
            .map(|(id, package)| json!({ "ref": self.reference(id), "dependsOn": references(&package.needs) }))
            .collect();
        json!({
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": { "timestamp": time, "component": program },
            "components": components,
            "dependencies": dependencies,
        })
    }

    fn reference(&self, id: &Id) -> String {
        reference(id, self.packages.get(id).is_some_and(|package| package.checksum.is_some()))
    }
}

fn component(id: &Id, package: &Package) -> Value {
    let is_of_registry = package.checksum.is_some();
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(id, is_of_registry),
        "name": id.name,
        "version": id.version,
        "scope": if package.is_linked { "required" } else { "excluded" },
    });
    if !package.licence.is_empty() {
        // As Cargo took it before it took SPDX expressions.
        let expression = package.licence.replace('/', " OR ");
        component["licenses"] = json!([{ "expression": expression }]);
    }
    if let Some(checksum) = &package.checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
        component["purl"] = reference(id, true).into();
    }
    if !package.repository.is_empty() {
        component["externalReferences"] = json!([{ "type": "vcs", "url": package.repository }]);
    }
    component
}

/// A package URL, or for members of this workspace, which are in no registry, name and version.
fn reference(id: &Id, is_of_registry: bool) -> String {
    let Id { name, version } = id;
    if !is_of_registry {
        return format!("{name}@{version}");
    }
    // Of what a version may have, only the plus of build metadata means something else in a URL.
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "0a v1.0.0 (/work)\tMIT\t\t\n1b v2.0.0\tMIT/Apache-2.0\thttps://b.test\t\n2c v3.0.0+x\tMIT\t\t\n\
                        1c v3.0.0+x\tMIT\t\t\n1d v4.0.0 (proc-macro)\tMIT\t\t (*)\n";

    #[test]
    fn a_tree_says_what_each_package_needs() {
        let graph = Graph::parse(TREE).unwrap();
        let needs = |name: &str| {
            let (_, package) = graph.packages.iter().find(|(id, _)| id.name == name).unwrap();
            package.needs.iter().map(|id| id.name.as_str()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            (graph.version(), needs("a"), needs("b"), needs("c")),
            ("1.0.0", "b c d".into(), "c".into(), "".into())
        );
        for wrong in ["", "a v1", "0a 1.0.0", "1a v1.0.0"] {
            assert!(Graph::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_bill_names_packages_as_others_do() {
        let mut graph = Graph::parse(TREE).unwrap();
        for (id, package) in &mut graph.packages {
            package.checksum = (id.name != "a").then(|| "00".repeat(32));
            package.is_linked = id.name != "d";
        }
        let bill = graph.bill("2026-03-02T08:00:00Z", "x");
        let check = |pointer: &str, expected: &str| assert_eq!(bill.pointer(pointer).unwrap(), expected, "{pointer}");
        check("/metadata/component/name", "autoenroll");
        check("/metadata/component/bom-ref", "a@1.0.0");
        check("/components/0/licenses/0/expression", "MIT OR Apache-2.0");
        check("/components/0/externalReferences/0/url", "https://b.test");
        check("/components/1/purl", "pkg:cargo/c@3.0.0%2Bx");
        check("/components/2/scope", "excluded");
        check("/dependencies/0/dependsOn/2", "pkg:cargo/d@4.0.0");
    }

    /// Against the lock file and what this build cannot do without: the second opinion on what Cargo says.
    #[test]
    fn the_bill_of_the_program_lists_what_is_locked() {
        let target = super::super::host().unwrap();
        let graph = Graph::read(&crate::root(), super::super::PACKAGE, super::super::FEATURES, &target).unwrap();
        let linked = |name: &str| graph.packages.iter().find(|(id, _)| id.name == name).map(|(_, own)| own.is_linked);
        for name in ["autoenroll-core", "autoenroll-net", "rustls", "evtx", "clap", "serde_core", "toml"] {
            assert_eq!(linked(name), Some(true), "{name}");
        }
        assert_eq!(linked("serde_derive"), Some(false));
        for name in ["insta", "proptest", "pcsc", "autoenroll-tests", "xtask"] {
            assert_eq!(linked(name), None, "{name}");
        }
        for (id, package) in &graph.packages {
            assert_eq!(package.checksum.is_none(), id.name.starts_with("autoenroll-"), "{id:?}");
            assert!(!package.licence.is_empty(), "{id:?}");
        }
    }
}
