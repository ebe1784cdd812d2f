//! What a client has and how it is run: `client.toml` in a folder of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration as Real;

use autoenroll_model::Duration;
use serde::Deserialize;

/// The octets of a `client.toml`.
const MOST_BYTES: u64 = 64 << 10;
/// How long one run of the command may take when nothing is said.
const LIMIT: Real = Real::from_secs(60);
/// The longest time that one run of a command may be given.
const LONGEST_LIMIT: Real = Real::from_secs(600);

autoenroll_model::words! {
    /// What a client has. What it does not have is not judged.
    pub enum Capability as "capability of a client" {
        /// It runs for computers.
        Machine = "machine",
        /// It runs for users.
        User = "user",
        /// It sends requests to CAs.
        Requests = "requests",
        /// It finds out by itself which templates are meant for it: by their flags, rights and CAs.
        Templates = "templates",
        /// It heeds the autoenrollment policy.
        Policy = "policy",
        /// Its certificates are in `AUTOENROLL_STORE`.
        Stores = "stores",
        /// It takes over certificates and keys that are in `AUTOENROLL_STORE` before its first run.
        Seeded = "seeded",
        /// It renews certificates near their end.
        Renewal = "renewal",
        /// It keeps the key of the old certificate, or makes a new one, as the template wants it.
        Keys = "keys",
        /// It signs renewals with the certificate that they renew.
        SignedRenewal = "signed-renewal",
        /// It asks about requests that wait for a manager.
        Pending = "pending",
        /// After a denial it asks again when Windows does.
        Denial = "denial",
        /// It asks again at its next run when a CA did not answer.
        Outage = "outage",
        /// It replaces certificates that are revoked or cannot be used.
        Revocation = "revocation",
        /// It enrolls anew when the major version of a template is above that of its certificate.
        Versions = "versions",
        /// It enrolls for a template in place of those that it supersedes.
        Superseding = "superseding",
        /// What it has replaced leaves its store.
        Archive = "archive",
        /// It asks the CAs of a template in the order of Windows.
        Cas = "cas",
        /// Its requests have the form and the contents of those of Windows: names and versions, archived keys.
        Form = "form",
        /// It gives up on a CA that does not answer when Windows does.
        Timeouts = "timeouts",
        /// It makes keys where the template wants them, and asks for nothing where it cannot.
        Providers = "providers",
        /// It signs requests that want the signature of a registration authority.
        Agent = "agent",
        /// It heeds the certificates of its own object in the directory.
        Published = "published",
        /// It enrolls for what domain controllers and the Automatic Certificate Request Settings want.
        Automatic = "automatic",
        /// It behaves as the version of Windows that a story is about, where versions differ.
        Profile = "profile",
        /// It reads templates and CAs from the directory, over LDAP, and stops where that fails.
        Ldap = "ldap",
        /// It reads templates and CAs from the policy servers that policy names.
        PolicyServers = "policy-servers",
    }
}

/// A client: what it has, and how it is run.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// Its name.
    pub name: String,
    /// The command whose first line says its version.
    pub version: Vec<String>,
    /// The command that is run at each trigger.
    pub command: Vec<String>,
    /// Before the first trigger of a principal.
    pub start: Option<Vec<String>>,
    /// After the last.
    pub stop: Option<Vec<String>>,
    /// What it has.
    pub has: Vec<Capability>,
    /// How long one run of a command may take, in real time.
    pub limit: Real,
    /// Variables of its own.
    pub environment: BTreeMap<String, String>,
    /// It renews by a rule of its own: when so much is left of a certificate's life.
    pub renews: Option<Duration>,
    /// Triggers at which nothing happens in Windows are left out where the last one is no longer ago than this.
    pub every: Option<Duration>,
    /// Where `client.toml` is.
    pub folder: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    name: String,
    version: Vec<String>,
    command: Vec<String>,
    start: Option<Vec<String>>,
    stop: Option<Vec<String>>,
    has: Vec<Capability>,
    limit: Option<Duration>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    renews: Option<Duration>,
    every: Option<Duration>,
}

/// A client cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterError {
    /// The file or folder at fault.
    pub path: PathBuf,
    /// What is wrong with it, and what is expected.
    pub reason: String,
}

impl fmt::Display for AdapterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.reason.trim_end())
    }
}

impl std::error::Error for AdapterError {}

impl Adapter {
    /// Reads the `client.toml` of a folder.
    ///
    /// # Errors
    /// When there is none, it does not have its form, or asks for what there is not.
    pub fn read(folder: &Path) -> Result<Self, AdapterError> {
        let path = folder.join("client.toml");
        let wrong = |reason: String| AdapterError { path: path.clone(), reason };
        let size = fs::metadata(&path).map_err(|error| wrong(error.to_string()))?.len();
        if size > MOST_BYTES {
            return Err(wrong(format!("it has {size} octets, and at most {MOST_BYTES} are read")));
        }
        let text = fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
        // Commands run elsewhere, so the folder must be found from everywhere.
        let folder = fs::canonicalize(folder).map_err(|error| wrong(error.to_string()))?;
        Self::parse(&text, folder).map_err(wrong)
    }

    fn parse(text: &str, folder: PathBuf) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        if file.name.is_empty() || !file.name.chars().all(|it| it.is_ascii_alphanumeric() || "-_.".contains(it)) {
            return Err("`name` takes letters, digits, `-`, `_` and `.`".to_owned());
        }
        let commands = [Some(&file.version), Some(&file.command), file.start.as_ref(), file.stop.as_ref()];
        if commands.into_iter().flatten().any(Vec::is_empty) {
            return Err("a command is a list of a program and its arguments, such as [\"./run\"]".to_owned());
        }
        if let Some(own) = file.environment.keys().find(|name| name.starts_with("AUTOENROLL_")) {
            return Err(format!("`{own}` is set by the engine; choose a name that does not begin with AUTOENROLL_"));
        }
        let scopes = [Capability::Machine, Capability::User];
        if !scopes.iter().any(|scope| file.has.contains(scope)) {
            return Err("`has` must name `machine`, `user` or both: for whom the client runs".to_owned());
        }
        let limit = file.limit.map_or(LIMIT, |limit| Real::from_nanos(limit.0));
        if limit.is_zero() || limit > LONGEST_LIMIT {
            return Err("`limit` is the time of one run, above zero and at most 10m".to_owned());
        }
        let File { name, version, command, start, stop, mut has, environment, renews, every, .. } = file;
        has.sort();
        has.dedup();
        Ok(Self { name, version, command, start, stop, has, limit, environment, renews, every, folder })
    }

    /// Whether it has all of these; otherwise the first that it lacks.
    ///
    /// # Errors
    /// What it lacks.
    pub fn has_all(&self, needed: &[Capability]) -> Result<(), Capability> {
        needed.iter().find(|one| !self.has.contains(one)).map_or(Ok(()), |lacks| Err(*lacks))
    }

    /// A command with its program where it is: relative to the folder when it has a slash, otherwise on the path.
    #[must_use]
    pub fn resolved(&self, command: &[String]) -> Vec<String> {
        let mut command = command.to_vec();
        if let Some(program) = command.first_mut().filter(|program| program.contains('/')) {
            *program = self.folder.join(&*program).display().to_string();
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_read_or_refused_with_the_reason() {
        let check = |text: &str, expected: Result<(), &str>| {
            let read = Adapter::parse(text, PathBuf::from("/c"));
            match (read, expected) {
                (Ok(_), Ok(())) => {}
                (Err(reason), Err(part)) => assert!(reason.contains(part), "{reason}"),
                (read, _) => panic!("{text}: {read:?}"),
            }
        };
        let base = "name = \"x\"\nversion = [\"x\"]\ncommand = [\"./x\"]\n";
        check(&format!("{base}has = [\"user\", \"requests\"]\nlimit = \"5s\"\nrenews = \"28d\"\n"), Ok(()));
        check(&format!("{base}has = [\"requests\"]\n"), Err("must name `machine`"));
        check(&format!("{base}has = [\"user\", \"magic\"]\n"), Err("`magic` is not a capability of a client"));
        check(&format!("{base}has = [\"user\"]\nlimit = \"1d\"\n"), Err("at most 10m"));
        check(
            &format!("{base}has = [\"user\"]\nenvironment = {{ AUTOENROLL_NOW = \"x\" }}\n"),
            Err("set by the engine"),
        );
        check("name = \"x\"\nversion = []\ncommand = [\"x\"]\nhas = [\"user\"]\n", Err("a list of a program"));
        check("name = \"../x\"\nversion = [\"x\"]\ncommand = [\"x\"]\nhas = [\"user\"]\n", Err("takes letters"));
    }

    #[test]
    fn programs_are_found_from_everywhere() {
        let text = "name = \"x\"\nversion = [\"x\"]\ncommand = [\"./x\", \"./y\"]\nhas = [\"user\"]\n";
        let adapter = Adapter::parse(text, PathBuf::from("/c")).unwrap();
        assert_eq!(adapter.resolved(&adapter.command), ["/c/./x", "./y"]);
        assert_eq!(adapter.resolved(&adapter.version), ["x"]);
    }
}
