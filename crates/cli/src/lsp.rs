//! `autoenroll lsp`: a language server for editors, on standard input and output.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use autoenroll_lsp::{Ended, Surroundings, serve, stdio};
use autoenroll_scenario::{Loader, MAX_BYTES, Requirements};
use lsp_server::{Connection, Message};

use crate::arguments::Lsp;
use crate::catalogue::{self, Catalogue, Requirement};
use crate::explain::supported;
use crate::suite::Fixtures;
use crate::{Exit, Failure, file};

pub(crate) fn run(arguments: &Lsp) -> Result<Exit, Failure> {
    // Told now, when the editor shows what goes wrong at the start.
    Fixtures::below(arguments.fixtures.as_deref())?;
    let directory = arguments.fixtures.as_deref().map(|path| path.canonicalize().unwrap_or_else(|_| path.to_owned()));
    let (connection, Connection { sender, receiver }) = Connection::memory();
    let reader = thread::spawn(move || {
        let mut input = io::stdin().lock();
        while let Some(message) = stdio::read(&mut input)? {
            let is_last = matches!(&message, Message::Notification(notice) if notice.method == "exit");
            if sender.send(message).is_err() || is_last {
                break;
            }
        }
        Ok(())
    });
    let writer = thread::spawn(move || receiver.iter().try_for_each(|message| message.write(&mut io::stdout().lock())));
    let served = serve(&connection, &Program { directory });
    // What writes ends when nothing can be said any more, and what reads when there is nothing to read.
    drop(connection);
    let ended = served.map_err(Failure::Usage)?;
    joined(writer)?;
    match ended {
        Ended::Exit { announced: true } => joined(reader).map(|()| Exit::Ok),
        // As the protocol has it ("Exit Notification").
        Ended::Exit { announced: false } => joined(reader).map(|()| Exit::Failed),
        Ended::InputOver => joined(reader).map(|()| Exit::Ok),
        Ended::OutputGone => Err(Failure::Bench("the editor does not read what it is told".to_owned())),
    }
}

/// What became of reading or writing.
fn joined(thread: JoinHandle<io::Result<()>>) -> Result<(), Failure> {
    let done = thread.join().expect("reading and writing return their errors");
    done.map_err(|error| Failure::Bench(format!("the editor cannot be reached: {error}")))
}

/// What this program knows, and fixtures of the user.
struct Program {
    directory: Option<PathBuf>,
}

impl Surroundings for Program {
    fn loader(&self) -> Box<dyn Loader> {
        // A directory that is gone since the start has no fixtures any more.
        Box::new(Fixtures::below(self.directory.as_deref()).unwrap_or_default())
    }

    fn requirements(&self) -> &dyn Requirements {
        Catalogue::embedded()
    }

    fn titles(&self) -> Vec<(&str, &str)> {
        let all = Catalogue::embedded().requirements().iter();
        all.map(|requirement| (requirement.id, requirement.title)).collect()
    }

    fn article(&self, id: &str) -> Option<String> {
        let catalogue = Catalogue::embedded();
        match catalogue.requirement(id) {
            Some(requirement) => Some(article(requirement, catalogue)),
            // A check of the CA that has no entry of its own.
            None => {
                let rule = catalogue::rule(id)?;
                Some(format!("**{id}** {}\n\nsource: {}", rule.statement, rule.source))
            }
        }
    }

    fn fixture(&self, path: &str, near: Option<&Path>) -> Option<PathBuf> {
        let own = self.directory.as_ref().map(|directory| directory.join(path)).filter(|own| own.is_file());
        own.or_else(|| {
            let text = self.loader().load(path).ok()?;
            of_repository(path, &text, near?).or_else(|| copy(path, &text))
        })
    }

    fn fixture_path(&self, file: &Path) -> Option<String> {
        let directory = self.directory.as_ref()?;
        let path = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let below: Option<Vec<&str>> = path.strip_prefix(directory).ok()?.iter().map(|part| part.to_str()).collect();
        Some(below?.join("/"))
    }
}

/// A requirement in Markdown.
fn article(requirement: &Requirement, catalogue: &Catalogue) -> String {
    let Requirement { id, title, text, sources, evidence, settled_by, .. } = requirement;
    let mut markdown = format!("**{id}** {title}\n\n{}\n\nevidence: {}", text.trim(), supported(*evidence));
    for citation in *sources {
        let about = catalogue.source(citation).map_or("", |source| source.about);
        markdown += &format!("\n\nsource: {citation}; about {about}");
    }
    if let Some(settled_by) = settled_by {
        markdown += &format!("\n\nsettled by: {}", settled_by.trim());
    }
    markdown += &format!("\n\nprofiles: {}", requirement.profiles());
    markdown
}

/// The file with this text in the repository that a document is in: a checkout of this one.
fn of_repository(path: &str, text: &str, near: &Path) -> Option<PathBuf> {
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let candidates = near.ancestors().skip(1).map(|folder| folder.join("fixtures").join(path));
    candidates.filter(|file| file.is_file()).find(|file| file::read(file, most).is_ok_and(|it| it == text.as_bytes()))
}

/// A copy of a fixture inside this program, which the editor can only read: below the cache directory of the user.
fn copy(path: &str, text: &str) -> Option<PathBuf> {
    let named = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = named("XDG_CACHE_HOME").or_else(|| Some(named("HOME")?.join(".cache")))?;
    let copy = cache.join("autoenroll").join(env!("CARGO_PKG_VERSION")).join("fixtures").join(path);
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    if file::read(&copy, most).is_ok_and(|known| known == text.as_bytes()) {
        return Some(copy);
    }
    fs::create_dir_all(copy.parent()?).ok()?;
    file::put(&copy, text.as_bytes()).ok()?;
    let mut permissions = fs::metadata(&copy).ok()?.permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&copy, permissions).ok()?;
    Some(copy)
}
