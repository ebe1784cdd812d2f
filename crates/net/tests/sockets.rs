//! The services behind real sockets: a client of ours, and peers that want too much or say too little.
#![expect(clippy::unwrap_used, reason = "this is test code outside of test functions")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use autoenroll_keys::{KeyAlgorithm, PrivateKey, Seed, SignatureAlgorithm};
use autoenroll_model::{ExtensionsAttribute, Profile, Template};
use autoenroll_net::client::{Answered, Client, ClientError, Credentials};
use autoenroll_net::http::{Port, Web, serve};
use autoenroll_net::{Accounts, Live, Pace, Passwords, tls};
use autoenroll_wire::{Attribute, Extension, Extensions, Name, TemplateReference, UnsignedRequest};
use autoenroll_world::spec::{CaSpec, TemplateSpec, UserSpec, WorldSpec};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

const PASSWORD: &str = "secret";
/// Longer than every bound of a peer, and shorter than what a hung test takes.
const PATIENCE: Duration = Duration::from_secs(40);

/// A world at two ports.
struct Served {
    https: SocketAddr,
    http: SocketAddr,
    roots: Vec<Vec<u8>>,
    _runtime: tokio::runtime::Runtime,
}

impl Served {
    fn start() -> Self {
        let mut spec = WorldSpec::contoso(Profile::server_2003_sp1());
        spec.users = vec![UserSpec::named("alice", 1104, &spec.domain)];
        spec.authorities = vec![CaSpec::named("Contoso CA", "ca01.contoso.com", &["Users"])];
        spec.templates = vec![TemplateSpec { template: Template::permissive("Users"), published: None }];
        let live = Arc::new(Live::new(spec, Pace::Frozen).unwrap());
        let roots = live.with(|world| world.authority_chain("Contoso CA")).unwrap().unwrap();
        let acceptor = tls::acceptor(&live, &["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let passwords = Passwords { common: Some(PASSWORD.to_owned()), ..Passwords::default() };
        let web = Arc::new(Web::new(live, Accounts { passwords }));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (https, http) = runtime.block_on(async {
            let https = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let http = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let at = (https.local_addr().unwrap(), http.local_addr().unwrap());
            tokio::spawn(serve(web.clone(), Port { listener: https, tls: Some(acceptor) }));
            tokio::spawn(serve(web, Port { listener: http, tls: None }));
            at
        });
        Self { https, http, roots, _runtime: runtime }
    }

    fn url(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}/{path}/service.svc/{}", self.https.port(), &path[path.len() - 3..])
    }

    fn policy(&self, authentication: &str) -> String {
        let port = self.https.port();
        format!("https://127.0.0.1:{port}/ADPolicyProvider_CEP_{authentication}/service.svc/CEP")
    }

    /// A connection with TLS.
    fn tls(&self) -> StreamOwned<ClientConnection, TcpStream> {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(self.roots.iter().map(|root| root.as_slice().into()));
        let config = ClientConfig::builder_with_provider(Arc::new(rustls_graviola::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(store)
            .with_no_client_auth();
        let stream = TcpStream::connect(self.https).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let connection = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
        StreamOwned::new(connection, stream)
    }
}

fn key(name: &str) -> PrivateKey {
    PrivateKey::from_seed(KeyAlgorithm::P256, &Seed::from(7).below("test", "key", name, 0))
}

fn request(key: &PrivateKey) -> Vec<u8> {
    let reference = TemplateReference::Name("Users".to_owned());
    let extensions = Extensions(vec![Extension::template(&reference)]);
    let unsigned = UnsignedRequest {
        subject: Name::default(),
        public_key: key.public().spki_der(),
        attributes: vec![Attribute::extensions(&extensions, ExtensionsAttribute::Microsoft)],
        algorithm: SignatureAlgorithm::EcdsaSha256,
    };
    let signature = key.sign(SignatureAlgorithm::EcdsaSha256, &unsigned.tbs()).unwrap();
    unsigned.signed(&signature).unwrap().raw
}

fn alice(password: &str) -> Credentials {
    Credentials::UserName { name: "alice".to_owned(), password: password.to_owned() }
}

/// The status of an answer, once the peer is done; 0 when it hung up without one.
fn status(stream: &mut impl Read) -> u16 {
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        answer.extend_from_slice(&buffer[..read]);
        if answer.windows(4).any(|window| window == b"\r\n\r\n") {
            break;
        }
    }
    let text = String::from_utf8_lossy(&answer);
    text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or(0)
}

#[test]
fn a_client_enrolls_by_password_and_then_by_its_certificate() {
    let served = Served::start();
    let client = Client::new(alice(PASSWORD), &served.roots).unwrap();
    let policies = client.policies(&served.policy("UsernamePassword")).unwrap();
    let ca = policies.cas_of(Some("Users")).next().unwrap();
    let uri = &client.uri_of(ca, false).unwrap().uri;
    let Answered::Issued { certificate, .. } = client.submit(uri, &request(&key("a")), &[]).unwrap() else { panic!() };
    // That certificate is the credential now.
    let chain = vec![certificate];
    let own = Client::new(Credentials::Certificate { chain, key: key("a").pkcs8_der() }, &served.roots).unwrap();
    let policies = own.policies(&served.policy("Certificate")).unwrap();
    let uri = &own.uri_of(policies.cas_of(Some("Users")).next().unwrap(), false).unwrap().uri;
    assert!(matches!(own.submit(uri, &request(&key("b")), &[]), Ok(Answered::Issued { .. })));
    // Nobody, a wrong password, a server that is not whom it should be, one that is not there.
    let wrong = Client::new(alice("wrong"), &served.roots).unwrap();
    assert!(matches!(wrong.policies(&served.policy("UsernamePassword")), Err(ClientError::Refused(_))));
    let nobody = Client::new(Credentials::Anonymous, &served.roots).unwrap();
    assert!(nobody.policies(&served.policy("Anonymous")).unwrap().policies.is_empty());
    let elsewhere = served.url("localhost.localdomain", "x_CEP");
    assert!(matches!(client.policies(&elsewhere), Err(ClientError::Unreachable(_))));
    assert!(matches!(client.policies("https://127.0.0.1:1/x_CEP/service.svc/CEP"), Err(ClientError::Unreachable(_))));
}

#[test]
fn bodies_that_are_too_long_are_refused_before_they_are_read() {
    let served = Served::start();
    let mut stream = served.tls();
    let head = "POST /x_CES_Anonymous/service.svc/CES HTTP/1.1\r\nHost: localhost\r\n";
    write!(stream, "{head}Content-Length: 104857600\r\n\r\n").unwrap();
    assert_eq!(status(&mut stream), 413);
    let mut stream = served.tls();
    write!(stream, "{head}Transfer-Encoding: chunked\r\n\r\n").unwrap();
    let chunk = [b"10000\r\n".to_vec(), vec![b' '; 0x10000], b"\r\n".to_vec()].concat();
    // It may hang up before everything is written.
    let written = (0..1600).take_while(|_| stream.write_all(&chunk).is_ok()).count();
    assert!(written < 1600, "100 MiB were read");
    let mut stream = served.tls();
    let headers = "X: y\r\n".repeat(2000);
    let _hung_up = write!(stream, "GET / HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
    assert!([0, 400, 431].contains(&status(&mut stream)));
    assert_eq!(ask(served.http), 200, "the service goes on");
}

/// A question that everybody may ask.
fn ask(at: SocketAddr) -> u16 {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET /ca.crl HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    status(&mut stream)
}

#[test]
fn two_hundred_connections_at_once_are_answered() {
    let served = Served::start();
    let mut streams: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(served.http).unwrap()).collect();
    for stream in &mut streams {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET /ca.crl HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    }
    assert_eq!(streams.iter_mut().map(status).filter(|status| *status == 200).count(), 200);
}

#[test]
fn silent_and_slow_peers_end_by_time() {
    let served = Arc::new(Served::start());
    let begun = Instant::now();
    let silent = {
        let served = served.clone();
        thread::spawn(move || {
            let mut stream = TcpStream::connect(served.https).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.read(&mut [0; 16])
        })
    };
    let slow = {
        let served = served.clone();
        thread::spawn(move || {
            let mut stream = served.tls();
            write!(
                stream,
                "POST /x_CES_Anonymous/service.svc/CES HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc"
            )
            .unwrap();
            status(&mut stream)
        })
    };
    assert_eq!(ask(served.http), 200, "nobody waits for them");
    assert!(matches!(silent.join().unwrap(), Ok(0) | Err(_)));
    assert_eq!(slow.join().unwrap(), 408);
    assert!(begun.elapsed() < PATIENCE);
}
