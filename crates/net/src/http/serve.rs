//! Sockets: HTTP/1.1 over TCP, with TLS or without, each connection within bounds.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::{Answer, Ask, Connection, Web};
use crate::bounds;

/// A port to listen at.
pub struct Port {
    /// Where connections come from.
    pub listener: TcpListener,
    /// TLS; without it only what everybody may read is served.
    pub tls: Option<TlsAcceptor>,
}

/// What speaks HTTP.
pub(crate) trait Speaker: Send + Sync + 'static {
    /// Answers a question that came on a connection.
    fn answer(&self, connection: &mut Connection, ask: &Ask) -> Answer;
}

impl Speaker for Web {
    fn answer(&self, connection: &mut Connection, ask: &Ask) -> Answer {
        Self::answer(self, connection, ask)
    }
}

/// Serves until the future is dropped.
pub async fn serve(web: Arc<Web>, port: Port) {
    listen(web, port).await;
}

/// Serves whatever speaks HTTP until the future is dropped.
pub(crate) async fn listen(web: Arc<impl Speaker>, port: Port) {
    let places = Arc::new(Semaphore::new(bounds::CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let Ok((stream, peer)) = port.listener.accept().await else {
            // No more files for now, or a peer that has gone already.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        let (web, tls) = (web.clone(), port.tls.clone());
        tokio::spawn(async move {
            connection(web, stream, peer, tls).await;
            drop(place);
        });
    }
}

async fn connection(web: Arc<impl Speaker>, stream: TcpStream, peer: SocketAddr, tls: Option<TlsAcceptor>) {
    let _only_slower = stream.set_nodelay(true);
    let connection = Arc::new(Mutex::new(Connection::with_peer(&peer.to_string())));
    match tls {
        None => speak(web, TokioIo::new(stream), connection, None).await,
        Some(tls) => {
            let Ok(Ok(stream)) = tokio::time::timeout(bounds::HANDSHAKE, tls.accept(stream)).await else { return };
            let certificate =
                stream.get_ref().1.peer_certificates().and_then(|chain| chain.first()).map(|it| it.to_vec());
            speak(web, TokioIo::new(stream), connection, Some(certificate)).await;
        }
    }
}

/// `tls` is the certificate that the client showed to TLS, if there is TLS and it showed one.
async fn speak<S>(web: Arc<impl Speaker>, stream: S, connection: Arc<Mutex<Connection>>, tls: Option<Option<Vec<u8>>>)
where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let (web, connection, tls) = (web.clone(), connection.clone(), tls.clone());
        async move { Ok::<_, Infallible>(respond(web, connection, tls, request).await) }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(bounds::IDLE)
        .max_headers(bounds::HTTP_HEADERS)
        .max_buf_size(bounds::HTTP_HEAD)
        .half_close(true);
    // A peer that breaks HTTP, or goes away, was answered as far as it can be.
    let _ended = http.serve_connection(stream, service).await;
}

async fn respond(
    web: Arc<impl Speaker>,
    connection: Arc<Mutex<Connection>>,
    tls: Option<Option<Vec<u8>>>,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let length = text(hyper::header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > bounds::HTTP_BODY as u64) {
        return response(Answer::text(413, "the body is too long\n").with("connection", "close"));
    }
    let body = Limited::new(body, bounds::HTTP_BODY).collect();
    let body = match tokio::time::timeout(bounds::MESSAGE_TIME, body).await {
        Ok(Ok(body)) => body.to_bytes().to_vec(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            return response(Answer::text(413, "the body is too long\n").with("connection", "close"));
        }
        Ok(Err(_)) => return response(Answer::text(400, "the body is broken\n").with("connection", "close")),
        Err(_) => return response(Answer::text(408, "the body came too slowly\n").with("connection", "close")),
    };
    let ask = Ask {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        host: text(HOST).or_else(|| head.uri.authority().map(ToString::to_string)).unwrap_or_default(),
        content_type: text(CONTENT_TYPE),
        authorization: text(AUTHORIZATION),
        encrypted: tls.is_some(),
        certificate: tls.flatten(),
        body,
    };
    // A CA that signs takes a processor for a while, and others go on meanwhile.
    let answered = tokio::task::spawn_blocking(move || {
        let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        web.answer(&mut connection, &ask)
    });
    response(answered.await.unwrap_or_else(|_panicked| Answer::text(500, "the service failed\n")))
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(answer.status).header(CONTENT_TYPE, answer.content_type);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Full::new(Bytes::from(answer.body))).unwrap_or_else(|_| {
        let mut failed = Response::new(Full::new(Bytes::new()));
        *failed.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        failed
    })
}
