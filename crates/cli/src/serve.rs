//! `autoenroll serve`: a world on the wire.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use autoenroll_net::control::Steps;
use autoenroll_net::service::{self, Ports, Service, Typed};
use autoenroll_net::{Accounts, Passwords, live};
use autoenroll_scenario::{Document, Library, StepActions, StepKind, parse};
use autoenroll_world::Action;
use serde_json::json;

use crate::arguments::{Begin, Format, Serve};
use crate::catalogue::Catalogue;
use crate::console::{Console, printable};
use crate::plan::stage::{self, Meant, Wanted};
use crate::suite::Fixtures;
use crate::{Exit, Failure};

/// The password of everybody, on this machine alone, when nothing is said.
const PASSWORD: &str = "autoenroll";

pub(crate) fn run(arguments: &Serve, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let wanted = Wanted {
        world: &arguments.world,
        variant: arguments.variant.as_deref(),
        profile: arguments.profile.as_deref(),
        fixtures: arguments.fixtures.as_deref(),
    };
    let passwords = passwords(arguments)?;
    let Meant { name, mut spec, document, .. } = stage::meant(&wanted, Catalogue::embedded())?;
    for account in passwords.own.keys() {
        let known = |it: &str| it.eq_ignore_ascii_case(account);
        let users = spec.users.iter().map(|user| user.name.as_str());
        if !users.chain(spec.computers.iter().map(|computer| computer.name.as_str())).any(known) {
            return Err(Failure::Usage(format!("{name} has no account `{account}` that could have a password")));
        }
    }
    if arguments.start == Begin::Now {
        spec.start = live::machine_time();
    }
    let library = Library::read(&Fixtures::below(arguments.fixtures.as_deref())?);
    let ports = Ports {
        ldap: arguments.ldap,
        ldaps: arguments.ldaps,
        https: arguments.https,
        http: arguments.http,
        control: arguments.control,
    };
    let base = spec.domain.dn();
    let service = Service {
        spec,
        pace: arguments.pace,
        accounts: Accounts { passwords },
        listen: arguments.listen,
        ports,
        names: arguments.name.clone(),
        steps: Box::new(StepsOf { document, library }),
    };
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // The second one ends the process as it would without all this.
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&stop))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&stop)))
            .map_err(|error| Failure::Bench(format!("signals cannot be handled: {error}")))?;
    }
    let typed = Typed {
        from: Box::new(io::BufReader::new(io::stdin())),
        tell: Box::new(|told| {
            // Nobody reads it; the world goes on.
            let _unread = writeln!(io::stdout(), "{}", printable(told, false));
        }),
    };
    let mut written = Ok(());
    let ready = |at: &Ports<SocketAddr>| {
        written = match arguments.format {
            Format::Json => tell_programs(at, console),
            Format::Text => tell_people(&name, &base, at, console),
        };
    };
    service::run(service, ready, typed, &stop).map_err(|error| match error {
        service::ServiceError::Live(_) | service::ServiceError::Tls(_) => Failure::Usage(format!("{name}: {error}")),
        service::ServiceError::Port(..) => Failure::Usage(error.to_string()),
        service::ServiceError::Machine(_) => Failure::Bench(error.to_string()),
    })?;
    written?;
    Ok(Exit::Ok)
}

fn tell_programs(at: &Ports<SocketAddr>, console: &mut Console<'_>) -> Result<(), Failure> {
    let line = json!({
        "ldap": at.ldap.to_string(),
        "ldaps": at.ldaps.to_string(),
        "https": at.https.to_string(),
        "http": at.http.to_string(),
        "control": at.control.to_string(),
    });
    writeln!(console.out, "{line}")?;
    Ok(console.out.flush()?)
}

fn tell_people(name: &str, base: &str, at: &Ports<SocketAddr>, console: &mut Console<'_>) -> Result<(), Failure> {
    writeln!(console.out, "{name} is served; type `quit` or press Ctrl-C to end\n")?;
    for (what, address, remark) in [
        ("ldap", format!("ldap://{}", at.ldap), base),
        ("ldaps", format!("ldaps://{}", at.ldaps), ""),
        ("https", format!("https://{}", at.https), "policy, enrollment, /certsrv"),
        ("http", format!("http://{}", at.http), "revocation lists, CA certificates"),
        ("control", format!("http://{}", at.control), "/do /trace /log /roots.pem"),
    ] {
        writeln!(console.out, "{}", format!("  {what:<8} {address:<30} {remark}").trim_end())?;
    }
    Ok(console.out.flush()?)
}

fn passwords(arguments: &Serve) -> Result<Passwords, Failure> {
    let mut passwords = Passwords::default();
    for said in &arguments.password {
        let (account, password) = said.split_once('=').map_or((None, said.as_str()), |(name, it)| (Some(name), it));
        if password.is_empty() {
            return Err(Failure::Usage("--password takes a password that is not empty".to_owned()));
        }
        match account {
            Some(account) => {
                passwords.own.insert(account.to_lowercase(), password.to_owned());
            }
            None => passwords.common = Some(password.to_owned()),
        }
    }
    if arguments.password.is_empty() {
        if !arguments.listen.is_loopback() {
            let why = "other machines reach that address: give passwords of your own with --password";
            return Err(Failure::Usage(format!("{}: {why}", arguments.listen)));
        }
        passwords.common = Some(PASSWORD.to_owned());
    }
    Ok(passwords)
}

/// Steps in the names of the world that is served.
struct StepsOf {
    document: Document,
    library: Library,
}

impl Steps for StepsOf {
    fn actions(&self, step: &str) -> Result<Vec<Action>, String> {
        let json = step.trim_start().starts_with("{\"");
        let text = match json {
            true => format!("{{\"scenario\": 1, \"title\": \"a step\", \"timeline\": {{\"steps\": [{step}]}}}}"),
            false => format!("scenario = 1\ntitle = \"a step\"\n[timeline]\nsteps = [{step}]\n"),
        };
        let parsed = parse("step", text.as_bytes());
        if parsed.found.has_errors() {
            return Err(parsed.found.render(&parsed.files, false));
        }
        let meaning = StepActions::of(&self.document, &self.library);
        let meaning = meaning.map_err(|found| found.render(&parsed.files, false))?;
        let mut actions = Vec::new();
        for step in &parsed.document.steps {
            if !matches!(step.kind, StepKind::Action(_)) {
                return Err(format!("`{}` is no step that does something", step.verb.value));
            }
            actions.extend(meaning.actions(step).map_err(|found| found.render(&parsed.files, false))?);
        }
        Ok(actions)
    }
}
