//! The control port: words and answers as JSON over HTTP, and the trace and the log as they grow.
//!
//! * `POST /do` with a word: the status behind it, or what `look` has seen; 400 with `error` when it cannot be done.
//! * `GET /` is the status.
//! * `GET /trace?from=0&follow` is the trace, a record a line; `GET /log` what went over sockets. Without `follow` they
//!   end with what there is.
//! * `GET /roots.pem` are the roots that the world trusts, for clients.
//!
//! It is for programs on this machine, and no web page: a request with an `Origin` is refused.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use autoenroll_model::TrustStore;
use autoenroll_trace::to_json_line;
use autoenroll_wire::ldif::to_base64;
use http_body_util::{BodyExt as _, Full, Limited, combinators::BoxBody};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::header::{CONTENT_TYPE, ORIGIN};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};

use super::{Control, Word};
use crate::bounds;

type Answer = Response<BoxBody<Bytes, Infallible>>;

/// Serves until the future is dropped; a `quit` is passed on.
pub async fn serve(control: Arc<Control>, listener: TcpListener, quit: mpsc::Sender<()>) {
    let places = Arc::new(Semaphore::new(bounds::CONTROL_CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(bounds::ACCEPT_PAUSE).await;
            continue;
        };
        let (control, quit) = (control.clone(), quit.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let (control, quit) = (control.clone(), quit.clone());
                async move { Ok::<_, Infallible>(respond(&control, &quit, request).await) }
            });
            let mut http = hyper::server::conn::http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(bounds::IDLE).half_close(true);
            // A client that breaks HTTP or goes away was answered as far as it can be.
            let _ended = http.serve_connection(TokioIo::new(stream), service).await;
            drop(place);
        });
    }
}

async fn respond(control: &Arc<Control>, quit: &mpsc::Sender<()>, request: Request<Incoming>) -> Answer {
    if request.headers().contains_key(ORIGIN) {
        return refuse(StatusCode::FORBIDDEN, "this port is not for web pages");
    }
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let query = request.uri().query().unwrap_or_default().to_owned();
    match (&method, path.as_str()) {
        (&Method::POST, "/do") => {
            let read =
                tokio::time::timeout(bounds::MESSAGE_TIME, Limited::new(request, bounds::CONTROL_LINE).collect());
            let Ok(Ok(body)) = read.await else {
                let why = format!("a word has at most {} octets, and comes at once", bounds::CONTROL_LINE);
                return refuse(StatusCode::PAYLOAD_TOO_LARGE, &why);
            };
            let line = String::from_utf8_lossy(&body.to_bytes()).into_owned();
            let done = Word::parse(&line).and_then(|word| Ok((control.act(&word)?, word)));
            match done {
                Ok((answer, word)) => {
                    if word == Word::Quit {
                        let _quits_already = quit.try_send(());
                    }
                    whole(StatusCode::OK, "application/json", format!("{answer}\n"))
                }
                Err(error) => refuse(StatusCode::BAD_REQUEST, &error.to_string()),
            }
        }
        (&Method::GET, "/") => match control.act(&Word::Status) {
            Ok(answer) => whole(StatusCode::OK, "application/json", format!("{answer}\n")),
            Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        },
        (&Method::GET, "/trace") => lines(control, &query, Of::Trace),
        (&Method::GET, "/log") => lines(control, &query, Of::Log),
        (&Method::GET, "/roots.pem") => match control.live.with(|world| roots(&world.published())) {
            Ok(pem) => whole(StatusCode::OK, "application/x-pem-file", pem),
            Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        },
        (_, "/do" | "/" | "/trace" | "/log" | "/roots.pem") => {
            refuse(StatusCode::METHOD_NOT_ALLOWED, "POST is for /do, and GET for the others")
        }
        _ => refuse(StatusCode::NOT_FOUND, "there are /, /do, /trace, /log and /roots.pem"),
    }
}

fn whole(status: StatusCode, content: &'static str, text: String) -> Answer {
    let mut answer = Response::new(Full::from(text).boxed());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(content));
    answer
}

fn refuse(status: StatusCode, why: &str) -> Answer {
    whole(status, "application/json", format!("{}\n", json!({ "error": why })))
}

/// The certificates of `CN=Certification Authorities`.
fn roots(published: &autoenroll_world::published::Published) -> String {
    let roots = published.trusted(TrustStore::Root).unwrap_or_default();
    roots.iter().map(|der| pem(der)).collect()
}

fn pem(der: &[u8]) -> String {
    let base64 = to_base64(der);
    let lines = base64.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line) + "\n");
    format!("-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n", lines.collect::<String>())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Trace,
    Log,
}

/// Lines from a number on; with `follow` also those to come, for as long as the client reads.
fn lines(control: &Arc<Control>, query: &str, of: Of) -> Answer {
    let parameter = |name: &str| query.split('&').find_map(|it| it.strip_prefix(name));
    let from = parameter("from=").map_or(Ok(0), str::parse::<usize>);
    let Ok(from) = from else { return refuse(StatusCode::BAD_REQUEST, "`from` takes the number of a line") };
    let follows = parameter("follow").is_some();
    let (sender, receiver) = mpsc::channel(1);
    let control = control.clone();
    tokio::spawn(async move {
        let mut grown = control.live.follow();
        let mut next = from;
        loop {
            grown.borrow_and_update();
            let (text, behind, all) = chunk(&control, of, next);
            next = behind;
            // A client that does not read is hung up on.
            let sent = tokio::time::timeout(bounds::WRITE_TIME, sender.send(Bytes::from(text)));
            if !matches!(sent.await, Ok(Ok(()))) || (all && !follows) {
                return;
            }
            if all {
                tokio::select! {
                    _ = grown.changed() => {}
                    () = sender.closed() => return,
                }
            }
        }
    });
    let mut answer = Response::new(Lines(receiver).boxed());
    let content = hyper::header::HeaderValue::from_static("application/x-ndjson");
    answer.headers_mut().insert(CONTENT_TYPE, content);
    answer
}

/// How many lines are written at a time.
const CHUNK: usize = 256;

/// Some lines, the number of the one behind them, and whether these were all.
fn chunk(control: &Control, of: Of, from: usize) -> (String, usize, bool) {
    match of {
        Of::Trace => {
            let read = control.live.with(|world| {
                let trace = world.trace();
                let from = from.max(trace.kept_from());
                let text: String = trace.since(from).take(CHUNK).map(|it| to_json_line(&it.unpack()) + "\n").collect();
                let next = (from + CHUNK).min(trace.len().max(from));
                (text, next, next >= trace.len())
            });
            read.unwrap_or((String::new(), from, true))
        }
        Of::Log => control.live.read_log(|log| {
            let first = u64::try_from(from).unwrap_or(u64::MAX);
            let lines: Vec<_> = log.since(first).take(CHUNK).collect();
            let next = lines.last().map_or(from, |line| usize::try_from(line.number + 1).unwrap_or(usize::MAX));
            let all = u64::try_from(next).unwrap_or(u64::MAX) >= log.written();
            let text =
                lines.iter().filter_map(|line| serde_json::to_string(line).ok()).map(|line| line + "\n").collect();
            (text, next, all)
        }),
    }
}

/// A body that is sent as it comes.
struct Lines(mpsc::Receiver<Bytes>);

impl Body for Lines {
    type Data = Bytes;
    type Error = Infallible;
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
