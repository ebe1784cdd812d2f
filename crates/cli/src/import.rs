//! `autoenroll import`: a directory's own templates, CAs and policies as a world that scenarios extend.

use std::io::{self, Write as _};

use autoenroll_import::{Finding, Half, Import, OidNames, read};

use crate::arguments::{self, ImportedAs, PolicyHalf};
use crate::console::{Console, one_line};
use crate::{Exit, Failure, embedded, file, policies};

/// The largest file that is read: a forest's whole configuration partition as LDIF is a tenth of it.
const MOST_BYTES: u64 = 64 << 20;

pub(crate) fn run(arguments: &arguments::Import, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let half = arguments.half.map(|half| match half {
        PolicyHalf::Machine => Half::Machine,
        PolicyHalf::User => Half::User,
    });
    let mut import = Import::default();
    for path in &arguments.files {
        if path.is_dir() {
            import.add(policies::of_folder(path, half)?);
            continue;
        }
        let unreadable = |error: io::Error| Failure::Usage(format!("{} cannot be read: {error}", path.display()));
        let bytes = file::read(path, MOST_BYTES).map_err(unreadable)?;
        let policies = policies::of_file(path, &bytes, half)?;
        import.add(policies.unwrap_or_else(|| read(&bytes, Half::User)));
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
