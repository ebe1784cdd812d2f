//! Enrollments one after the other, over TLS at the loopback address: how fast, beside the CA in process, and how much
//! memory the process has meanwhile.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Instant;

use autoenroll_keys::{KeyAlgorithm, PrivateKey, Seed, SignatureAlgorithm};
use autoenroll_model::{Disposition, Submission};
use autoenroll_net::client::{Answered, Client};
use autoenroll_net::http::{Port, Web, serve};
use autoenroll_net::{Accounts, Live, Pace, Passwords, tls};
use autoenroll_wire::flags::{CR_IN_FORMATANY, CR_IN_FULLRESPONSE};
use autoenroll_wire::{Name, UnsignedRequest, oids};
use autoenroll_world::{Caller, WorldSpec};

use crate::bench::Bench;
use crate::served::{PASSWORD, USER, credentials};

const CA: &str = "Contoso Issuing CA";
const TEMPLATE: &str = "ContosoUser";
/// A CA and a template for P-256 keys.
const WORLD: &str = r#"scenario = 1
title = "enrollments"

[world]
extends = "enrolling"

[[world.ca]]
name = "Contoso Issuing CA"
key = "p-256"

[[world.template]]
name = "ContosoUser"
minimal-key-size = 256
enrollment-flags = ["auto-enrollment"]

[timeline]
steps = []
"#;
/// Memory is told after so many, when whatever is kept of the last messages and records is full, and at the end.
const WARM: u64 = 2_500;
/// The most that a certificate may leave in memory, in KiB: its number, its serial number and its name.
const LEFT: f64 = 1.0;
const ALGORITHM: SignatureAlgorithm = SignatureAlgorithm::EcdsaSha256;

/// Enrolls so many times both ways, and says what it took.
///
/// # Errors
/// When something is not issued, or the machine does not let us.
pub fn run(count: u64) -> Result<(), String> {
    // A server sees no request twice: keys and signatures are not remembered, as `serve` does not.
    let spec = world()?;
    let key = PrivateKey::from_seed(KeyAlgorithm::P256, &Seed::from(1).below("abuse", "key", "", 0));
    let requests = (0..count).map(|number| request(&key, number)).collect::<Result<Vec<_>, _>>()?;
    let here = in_process(spec.clone(), &requests)?;
    println!("in process: {count} enrollments, {here:.0} a second");
    let there = over_https(spec, &requests)?;
    println!("over HTTPS: {count} enrollments, {there:.0} a second, {:.0} % of that", there / here * 100.0);
    Ok(())
}

fn world() -> Result<WorldSpec, String> {
    let checked = Bench::forgetful().check("enrollments.toml", WORLD.as_bytes(), false)?;
    let scenario = checked.scenarios.first().ok_or_else(|| format!("the world does not load: {:?}", checked.found))?;
    Ok(scenario.spec.clone())
}

/// A request like no other, with the same key.
fn request(key: &PrivateKey, number: u64) -> Result<Vec<u8>, String> {
    let subject = Name::default().with(oids::COMMON_NAME, &format!("request {number}"));
    let public_key = key.public().spki_der();
    let unsigned = UnsignedRequest { subject, public_key, attributes: Vec::new(), algorithm: ALGORITHM };
    let signature = key.sign(ALGORITHM, &unsigned.tbs()).map_err(|error| error.to_string())?;
    Ok(unsigned.signed(&signature).map_err(|error| error.to_string())?.raw)
}

fn attributes() -> Vec<(String, String)> {
    vec![("CertificateTemplate".to_owned(), TEMPLATE.to_owned())]
}

fn live(spec: WorldSpec) -> Result<Arc<Live>, String> {
    Live::new(spec, Pace::Frozen).map(Arc::new).map_err(|error| error.to_string())
}

/// How many in a second, from the same world without sockets.
fn in_process(spec: WorldSpec, requests: &[Vec<u8>]) -> Result<f64, String> {
    let live = live(spec)?;
    let caller = Caller::Account(USER.to_owned());
    let begun = Instant::now();
    for request in requests {
        let (ca, host, attributes, request) = (CA.to_owned(), String::new(), attributes(), request.clone());
        let flags = CR_IN_FORMATANY | CR_IN_FULLRESPONSE;
        let submission = Submission { ca, host, flags, attributes, request };
        let reply = live.with(|world| world.submit_from_outside(&caller, &submission));
        let reply = reply.map_err(|error| error.to_string())?.map_err(|code| code.to_string())?;
        if reply.disposition != Disposition::Issued {
            return Err(format!("not issued: {}", reply.message));
        }
    }
    Ok(rate(requests, begun))
}

fn rate(requests: &[Vec<u8>], begun: Instant) -> f64 {
    u32::try_from(requests.len()).map_or(f64::NAN, f64::from) / begun.elapsed().as_secs_f64()
}

fn over_https(spec: WorldSpec, requests: &[Vec<u8>]) -> Result<f64, String> {
    let machine = |error: io::Error| error.to_string();
    let live = live(spec)?;
    let chain = live.with(|world| world.authority_chain(CA)).map_err(|error| error.to_string())?;
    let roots = chain.map_err(|error| error.to_string())?;
    let acceptor = tls::acceptor(&live, &["127.0.0.1".to_owned()]).map_err(|error| error.to_string())?;
    let passwords = Passwords { common: Some(PASSWORD.to_owned()), ..Passwords::default() };
    let web = Arc::new(Web::new(live, Accounts { passwords }));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(machine)?;
    listener.set_nonblocking(true).map_err(machine)?;
    let at = listener.local_addr().map_err(machine)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(machine)?;
    // It ends with the process.
    std::thread::spawn(move || {
        runtime.block_on(async {
            if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                serve(web, Port { listener, tls: Some(acceptor) }).await;
            }
        });
    });
    let client = Client::new(credentials(), &roots).map_err(|error| error.to_string())?.keeping();
    let url = format!("https://{at}/Contoso%20Issuing%20CA_CES_UsernamePassword/service.svc/CES");
    let (begun, mut told) = (Instant::now(), Vec::new());
    for (number, request) in (1..).zip(requests) {
        match client.submit(&url, request, &attributes()).map_err(|error| error.to_string())? {
            Answered::Issued { .. } => {}
            other => return Err(format!("not issued: {other:?}")),
        }
        if number == WARM || number == requests.len() as u64 {
            let memory = resident();
            println!("after {number} enrollments over HTTPS: {memory} KiB resident");
            told.push((number, memory));
        }
    }
    let rate = rate(requests, begun);
    match told.as_slice() {
        [(from, before), (until, after)] => flat(until - from, after.saturating_sub(*before)).map(|()| rate),
        _ => Ok(rate),
    }
}

/// Whether so many certificates have left no more than that in memory, in KiB.
fn flat(certificates: u64, grown: u64) -> Result<(), String> {
    let number = |of: u64| u32::try_from(of).map_or(f64::MAX, f64::from);
    let each = number(grown) / number(certificates);
    println!("a certificate leaves {each:.2} KiB");
    if each <= LEFT { Ok(()) } else { Err(format!("that is more than {LEFT} KiB: something is kept of each request")) }
}

/// The memory of this process that is in use, in KiB (proc(5), `VmRSS`); 0 where the system does not say.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
