//! The messages of the scenario suite: every scenario is played, and what goes to its CAs and comes back is kept.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use autoenroll_ca::{Ca, GARBAGE};
use autoenroll_core::InProcess as Core;
use autoenroll_model::{CaReply, FileTime, HResult, PrincipalObject, Submission};
use autoenroll_scenario::{Bundle, ByPrefix, Library, check, run};
use autoenroll_wire::SignedMessage;
use autoenroll_world::{CaHost, Hosts, InProcessCards, InProcessCas};

/// Plays every scenario of the repository and fills the folder with what was said, each message once. How many
/// scenarios there were.
///
/// # Panics
/// When files cannot be read or written.
pub fn write(folder: &Path) -> usize {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let library = library();
    let said = Rc::new(RefCell::new(Messages::new()));
    let mut played = 0;
    for (path, content) in files(&root.join("scenarios")) {
        for scenario in check(&path, &content, &library, &ByPrefix).scenarios {
            let cas = Listening { inner: InProcessCas::default(), said: Rc::clone(&said) };
            let hosts = Hosts { cards: InProcessCards::default(), cas };
            // Whether it came as it should is what other tests ask.
            let _ = run(&scenario, Core::new(), hosts, &ByPrefix);
            played += 1;
        }
    }
    for (number, (kind, message)) in said.borrow().iter().enumerate() {
        let path = folder.join(format!("suite-{number:04}.{kind}.der"));
        std::fs::write(&path, message).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    played
}

/// The fixtures of the repository.
///
/// # Panics
/// When files cannot be read.
#[must_use]
pub fn library() -> Library {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let fixtures: Bundle = files(&root.join("fixtures"))
        .into_iter()
        .map(|(path, content)| (path, String::from_utf8(content).expect("TOML is UTF-8")))
        .collect();
    Library::read(&fixtures)
}

/// A number that changes with any scenario or fixture.
///
/// # Panics
/// When files cannot be read.
#[must_use]
pub fn fingerprint() -> u64 {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut hasher = DefaultHasher::new();
    (files(&root.join("fixtures")), files(&root.join("scenarios"))).hash(&mut hasher);
    hasher.finish()
}

/// Every TOML file below a folder, by its path from there.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(next) = folders.pop() {
        let entries = std::fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display()));
        for path in entries.map(|entry| entry.expect("the folder can be listed").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                let content = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let below: PathBuf = path.strip_prefix(folder).expect("it was found there").to_path_buf();
                found.push((below.to_string_lossy().into_owned(), content));
            }
        }
    }
    found.sort();
    found
}

/// Messages: kind of file and content, each once.
type Messages = BTreeSet<(&'static str, Vec<u8>)>;

/// CAs in this process, and what is said to them.
struct Listening {
    inner: InProcessCas,
    said: Rc<RefCell<Messages>>,
}

impl Listening {
    fn keep(&self, kind: &'static str, message: &[u8]) {
        // What a CA sends that misbehaves on purpose has nothing to be judged.
        if message != GARBAGE {
            self.said.borrow_mut().insert((kind, message.to_vec()));
        }
    }

    fn answered(&self, reply: &CaReply) {
        if let Some(certificate) = &reply.certificate {
            self.keep("cer", certificate);
        }
        if let Some(response) = &reply.response {
            self.keep("resp", response);
            for certificate in SignedMessage::parse(response).into_iter().flat_map(|message| message.certificates) {
                self.keep("cer", &certificate);
            }
        }
    }
}

impl CaHost for Listening {
    fn add_ca(&mut self, ca: Ca) {
        self.inner.add_ca(ca);
    }

    fn ca<R>(&self, name: &str, look: impl FnOnce(&Ca) -> R) -> Option<R> {
        self.inner.ca(name, look)
    }

    fn ca_mut<R>(&mut self, name: &str, change: impl FnOnce(&mut Ca) -> R) -> Option<R> {
        self.inner.ca_mut(name, change)
    }

    fn submit(
        &mut self,
        ca: &str,
        now: FileTime,
        caller: &PrincipalObject,
        submission: &Submission,
    ) -> Result<CaReply, HResult> {
        self.keep("req", &submission.request);
        let reply = self.inner.submit(ca, now, caller, submission)?;
        self.answered(&reply);
        Ok(reply)
    }

    fn retrieve(&mut self, ca: &str, caller: &str, request_id: u32) -> Result<CaReply, HResult> {
        let reply = self.inner.retrieve(ca, caller, request_id)?;
        self.answered(&reply);
        Ok(reply)
    }
}
