//! `autoenroll import`: a directory's own templates, CAs and policies as a world that scenarios extend.

use std::io::{self, Write as _};

use autoenroll_import::{Finding, Half, Import, OidNames, read};

use crate::arguments::{self, ImportedAs, PolicyHalf};
use crate::console::{Console, one_line};
use crate::{Exit, Failure, embedded, file};

/// The largest file that is read: a forest's whole configuration partition as LDIF is a tenth of it.
const MOST_BYTES: u64 = 64 << 20;

pub(crate) fn run(arguments: &arguments::Import, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let half = match arguments.half {
        PolicyHalf::Machine => Half::Machine,
        PolicyHalf::User => Half::User,
    };
    let mut import = Import::default();
    for path in &arguments.files {
        let unreadable = |error: io::Error| Failure::Usage(format!("{} cannot be read: {error}", path.display()));
        import.add(read(&file::read(path, MOST_BYTES).map_err(unreadable)?, half));
    }
    let names = embedded::file("fixtures/oids.toml").and_then(|bytes| std::str::from_utf8(bytes).ok());
    let names = OidNames::read(names.unwrap_or_default());
    let written = match arguments.to {
        ImportedAs::World => import.to_world(arguments.extends.as_deref(), &names),
        ImportedAs::Templates => import.to_templates(&names),
    };
    write!(console.out, "{}", written.text)?;
    complain(&import.findings);
    complain(&written.findings);
    Ok(Exit::Ok)
}

/// What was not taken over is no failure, but must be seen.
fn complain(findings: &[Finding]) {
    for finding in findings {
        let _ignored = writeln!(io::stderr(), "{}", one_line(&finding.to_string()));
    }
}
