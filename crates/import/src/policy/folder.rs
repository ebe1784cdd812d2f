//! Folders of Group Policy objects: copies of SYSVOL, backups of `Backup-GPO` and of `samba-tool gpo backup`.
//!
//! An object is recognised by its files, whatever is above them: `Machine/Registry.pol` and `User/Registry.pol`, with
//! GPT.INI beside the two folders, or below `DomainSysvol/GPO` with Backup.xml and bkupInfo.xml above that. Names count
//! without regard to case: copies of SYSVOL have both.

use std::collections::BTreeMap;

use super::backup::{self, About};
use super::order;
use super::registry::{of_bytes, settings};
use super::{report, xml};
use crate::finding::{Finding, Reason};
use crate::{Half, Import, Policy, PolicyGroup, PolicyObject};

/// The names of files that are read, in lower case; all others can be left out of a listing.
pub const WANTED: [&str; 6] = ["registry.pol", "gpt.ini", "bkupinfo.xml", "backup.xml", "gpreport.xml", "manifest.xml"];
/// What `samba-tool gpo backup` appends to the name of a file that it keeps as it was.
const SAMBA: &str = ".sambabackup";

/// Reads a folder with one or several Group Policy objects. `files` are the paths of the files below it, with slashes;
/// `read` gives the content of one of them.
///
/// # Errors
/// Those of `read`.
pub fn folder<E>(
    path: &str,
    files: &[String],
    half: Option<Half>,
    mut read: impl FnMut(&str) -> Result<Vec<u8>, E>,
) -> Result<Import, E> {
    let mut import = Import::default();
    let Listing { roots, manifests, loose } = list(path, files, &mut import.findings);
    let mut listed = BTreeMap::new();
    for file in manifests {
        match backup::manifest(&read(&file)?) {
            Ok(backups) => {
                let known = listed.len();
                listed.extend((known..).zip(backups).map(|(at, one)| (one.id.to_ascii_lowercase(), (at, one.about))));
            }
            Err(why) => malformed(&mut import.findings, &below(path, &file), &why),
        }
    }
    let mut found = Vec::new();
    for (at, root) in roots {
        let mut one = root.read(path, &at, &mut read, &mut import.findings)?;
        let known = listed.get(&last(&at).to_ascii_lowercase());
        if let Some((_, about)) = known {
            one.about.complete(about.clone());
        }
        one.name(path, &at);
        found.push((known.map_or(usize::MAX, |(place, _)| *place), one));
    }
    // Stable: the rest stays in the order of the names.
    found.sort_by_key(|(place, _)| *place);
    let found = without_older(found.into_iter().map(|(_, one)| one).collect(), &mut import.findings);
    let mut objects: Vec<PolicyObject> =
        found.into_iter().map(|one| one.about.applied(one.object, &one.folder, &mut import.findings)).collect();
    for file in loose {
        let bytes = read(&file)?;
        let whole = below(path, &file);
        let half = half.unwrap_or_else(|| {
            let why = "is taken for users: no folder named Machine or User says; say `--half`".to_owned();
            import.findings.push(Finding::new(&whole, "half", "", Reason::Kept(why)));
            Half::User
        });
        let Import { policy, findings, .. } = of_bytes(&whole, &bytes, half);
        import.findings.extend(findings);
        objects.extend(policy.groups.into_iter().flat_map(|group| group.objects));
    }
    if !objects.is_empty() {
        let how = if listed.is_empty() { "by the names of their folders" } else { "in the order of manifest.xml" };
        order::say(path, &objects, how, &mut import.findings);
        import.policy = Policy { groups: vec![PolicyGroup { source: path.to_owned(), objects }] };
    }
    Ok(import)
}

/// What a listing has: objects by the path of their folder, and other files.
#[derive(Default)]
struct Listing {
    roots: BTreeMap<String, Root>,
    manifests: Vec<String>,
    /// Registry.pol of which nothing says whose half it is.
    loose: Vec<String>,
}

/// The files of one object.
#[derive(Default)]
struct Root {
    machine: Option<String>,
    user: Option<String>,
    /// A folder `Machine` or `User` was named by itself, so that nothing is known of the other half.
    one_half: bool,
    gpt_ini: Option<String>,
    information: Option<String>,
    backup: Option<String>,
    report: Option<String>,
}

fn list(path: &str, files: &[String], findings: &mut Vec<Finding>) -> Listing {
    let mut listing = Listing::default();
    let mut sorted: Vec<&String> = files.iter().collect();
    sorted.sort();
    for file in sorted {
        let (folder, base) = file.rsplit_once('/').unwrap_or(("", file));
        let base = base.to_ascii_lowercase();
        let base = base.strip_suffix(SAMBA).unwrap_or(&base);
        let place = match base {
            "manifest.xml" => {
                listing.manifests.push(file.clone());
                continue;
            }
            "registry.pol" => {
                let whole = if folder.is_empty() { path } else { folder };
                let Some(half) = Half::of_folder(last(whole)) else {
                    listing.loose.push(file.clone());
                    continue;
                };
                let root = listing.roots.entry(top(parent(folder)).to_owned()).or_default();
                root.one_half |= folder.is_empty();
                match half {
                    Half::Machine => &mut root.machine,
                    Half::User => &mut root.user,
                }
            }
            "gpt.ini" => &mut listing.roots.entry(top(folder).to_owned()).or_default().gpt_ini,
            "bkupinfo.xml" => &mut listing.roots.entry(folder.to_owned()).or_default().information,
            "backup.xml" => &mut listing.roots.entry(folder.to_owned()).or_default().backup,
            "gpreport.xml" => &mut listing.roots.entry(folder.to_owned()).or_default().report,
            _ => continue,
        };
        if let Some(first) = place {
            let why = "there is one of that name but for capitals already, and the first one counts";
            findings.push(Finding::new(&below(path, file), "file", first.as_str(), Reason::Conflict(why)));
        } else {
            *place = Some(file.clone());
        }
    }
    listing
}

/// A Group Policy object as its folder has it.
struct Found {
    about: About,
    object: PolicyObject,
    /// Its folder, for people.
    folder: String,
}

impl Root {
    fn read<E>(
        self,
        path: &str,
        at: &str,
        read: &mut impl FnMut(&str) -> Result<Vec<u8>, E>,
        findings: &mut Vec<Finding>,
    ) -> Result<Found, E> {
        let mut about = About::default();
        if let Some(file) = &self.gpt_ini {
            about.complete(backup::gpt_ini(&read(file)?));
        }
        for (file, parse) in [
            (&self.information, backup::information as fn(&[u8]) -> Result<About, String>),
            (&self.backup, backup::core_settings),
        ] {
            let Some(file) = file else { continue };
            match parse(&read(file)?) {
                Ok(said) => about.complete(said),
                Err(why) => malformed(findings, &below(path, file), &why),
            }
        }
        let mut object = PolicyObject::default();
        let mut whole = !self.one_half;
        let nothing_else = self.machine.is_none() && self.user.is_none();
        if nothing_else && let Some(file) = &self.report {
            let name = below(path, file);
            let text = read(file)?;
            let text = xml::text(&text);
            let said = text.ok_or_else(|| "UTF-8 or UTF-16".to_owned());
            match said.and_then(|text| report::objects(&name, &text, findings)) {
                Ok(reported) => {
                    if let Some((said, reported)) = reported.into_iter().next() {
                        about.complete(said);
                        object = reported;
                    }
                }
                Err(why) => {
                    malformed(findings, &name, &why);
                    whole = false;
                }
            }
        }
        for (half, file) in [(Half::Machine, &self.machine), (Half::User, &self.user)] {
            let Some(file) = file else { continue };
            *object.half_mut(half) = settings(&below(path, file), &read(file)?, findings);
            whole &= object.half(half).is_some();
        }
        // Of a whole folder, a half without a file sets nothing.
        for half in [Half::Machine, Half::User].into_iter().filter(|_| whole) {
            object.half_mut(half).get_or_insert_default();
        }
        Ok(Found { about, object, folder: below(path, at) })
    }
}

impl Found {
    /// Names the object: as the directory shows it, where that is known.
    fn name(&mut self, path: &str, at: &str) {
        let own = if at.is_empty() { last(path) } else { last(at) };
        let guid = self.about.guid.as_deref().unwrap_or(own);
        let known = backup::well_known(guid).map(str::to_owned);
        self.object.name = self.about.name.clone().or(known).unwrap_or_else(|| self.folder.clone());
    }
}

/// Of several backups of one object the newest.
fn without_older(found: Vec<Found>, findings: &mut Vec<Finding>) -> Vec<Found> {
    let mut newest: BTreeMap<String, String> = BTreeMap::new();
    let identity = |one: &Found| Some((one.about.guid.as_ref()?.to_ascii_lowercase(), one.about.time.clone()?));
    for (guid, time) in found.iter().filter_map(identity) {
        let known = newest.entry(guid).or_default();
        if *known < time {
            *known = time;
        }
    }
    let mut kept = Vec::new();
    for one in found {
        match identity(&one).and_then(|(guid, time)| newest.get(&guid).filter(|newest| **newest != time)) {
            Some(newest) => {
                let why = format!("is a backup of `{}` before that of {newest}, which counts", one.object.name);
                let time = one.about.time.clone().unwrap_or_default();
                findings.push(Finding::new(&one.folder, "BackupTime", time, Reason::NotApplied(why)));
            }
            None => kept.push(one),
        }
    }
    kept
}

fn malformed(findings: &mut Vec<Finding>, file: &str, expected: &str) {
    findings.push(Finding::new(file, "file", "", Reason::Malformed(expected.to_owned())));
}

/// The folder of an object, above the one that backups put its files into.
fn top(folder: &str) -> &str {
    const INSIDE: &str = "domainsysvol/gpo";
    let Some(at) = folder.len().checked_sub(INSIDE.len()) else { return folder };
    match (folder.get(..at), folder.get(at..)) {
        (Some(above), Some(inside)) if inside.eq_ignore_ascii_case(INSIDE) => match above.strip_suffix('/') {
            Some(above) => above,
            None if above.is_empty() => above,
            None => folder,
        },
        _ => folder,
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn last(path: &str) -> &str {
    path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or(path)
}

fn below(path: &str, file: &str) -> String {
    let path = path.trim_end_matches('/');
    if file.is_empty() { path.to_owned() } else { format!("{path}/{file}") }
}
