//! The directory over LDAP version 3 (RFC 4511), as Active Directory shows it ([MS-ADTS]).
//!
//! What a client may ask for and is not offered gets the result code that says so; a connection ends only where the
//! protocol wants it, with a notice of disconnection, and where a bound of [`crate::bounds`] is passed.

mod bind;
mod control;
mod dn;
mod filter;
mod message;
mod modify;
mod root;
mod schema;
mod search;
mod session;
mod tree;

use std::io;
use std::sync::Arc;

use rasn::types::OctetString;
use rasn_ldap::{
    CompareResponse, Control, ExtendedResponse, LdapMessage, ModifyResponse, ProtocolOp, ResultCode, SearchResultDone,
};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;

use crate::bounds;
use message::{Frame, Malformed, Received};
pub use session::Directory;
use session::Session;

/// Whether a port speaks TLS.
#[derive(Clone)]
pub enum Tls {
    /// It does not, and cannot.
    None,
    /// When the client asks for it.
    OnDemand(TlsAcceptor),
    /// From the first octet on.
    Always(TlsAcceptor),
}

/// Serves the directory at a port until the future is dropped.
///
/// # Errors
/// When the port cannot be listened at any longer.
pub async fn serve(listener: TcpListener, directory: Arc<Directory>, tls: Tls) -> io::Result<()> {
    let room = Arc::new(Semaphore::new(bounds::CONNECTIONS));
    loop {
        // Never closed.
        let Ok(permit) = room.clone().acquire_owned().await else { return Ok(()) };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            // The client is gone again, or this process has no descriptor left: others may fare better.
            Err(_) => {
                tokio::time::sleep(bounds::ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (directory, tls) = (directory.clone(), tls.clone());
        tokio::spawn(async move {
            let _in_use = permit;
            let _answers_at_once = stream.set_nodelay(true);
            let peer = peer.to_string();
            let ended = match &tls {
                Tls::Always(acceptor) => match timeout(bounds::HANDSHAKE, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => {
                        let session = Session::encrypted();
                        Peer { stream: Box::new(stream), peer: &peer, directory: &directory, tls: Tls::None, session }
                            .talk()
                            .await
                    }
                    Ok(Err(error)) => Err(error),
                    Err(_) => Err(io::ErrorKind::TimedOut.into()),
                },
                _ => {
                    let session = Session::default();
                    Peer { stream: Box::new(stream), peer: &peer, directory: &directory, tls, session }.talk().await
                }
            };
            if let Err(error) = ended {
                directory.live.log("ldap", &peer, "", "nothing more", &error.to_string());
            }
        });
    }
}

/// What the server answers to somebody who says that in clear and then takes leave.
///
/// # Errors
/// When the machine does not let us.
pub fn converse(directory: &Directory, said: &[u8]) -> io::Result<Vec<u8>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(async {
        let (near, far) = tokio::io::duplex(bounds::ANSWER_CHUNK);
        let session = Session::default();
        let peer = Peer { stream: Box::new(far), peer: "", directory, tls: Tls::None, session };
        let (mut reads, mut writes) = tokio::io::split(near);
        let says = async {
            // Whoever is hung up on cannot say the rest.
            let _as_far_as_it_goes = writes.write_all(said).await;
            let _took_leave = writes.shutdown().await;
        };
        let mut heard = Vec::new();
        let (talked, (), read) = tokio::join!(peer.talk(), says, reads.read_to_end(&mut heard));
        talked.and(read).map(|_| heard)
    })
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection.
struct Peer<'a> {
    stream: Box<dyn Stream>,
    peer: &'a str,
    directory: &'a Directory,
    tls: Tls,
    session: Session,
}

/// What follows an answer.
enum Next {
    Request,
    Handshake,
    End,
}

impl Peer<'_> {
    /// Answers one request after the other.
    async fn talk(mut self) -> io::Result<()> {
        let mut came = Vec::new();
        loop {
            let received = match self.receive(&mut came).await? {
                Some(Ok(received)) => received,
                Some(Err(malformed)) => return self.hang_up(malformed).await,
                None => return Ok(()),
            };
            let next = match received {
                Received::Message(message) => self.answer(*message).await?,
                Received::Unreadable(id, Some(op)) => {
                    self.log("what cannot be read", "protocolError or authMethodNotSupported");
                    self.send(id, *op, Vec::new()).await?;
                    Next::Request
                }
                Received::Unreadable(_, None) => Next::Request,
                Received::Sicily(id, sent) => {
                    let mut octets = Vec::new();
                    bind::sicily(self.directory, &mut self.session, id, &sent, &mut octets);
                    self.log("bind with NTLM", if self.session.bound.is_some() { "bound" } else { "not bound" });
                    self.write(&octets).await?;
                    Next::Request
                }
            };
            match next {
                Next::Request => {}
                Next::End => return Ok(()),
                Next::Handshake => self = self.encrypt(&mut came).await?,
            }
        }
    }

    /// The next message; `None` when the client is gone or has said nothing for too long.
    async fn receive(&mut self, came: &mut Vec<u8>) -> io::Result<Option<Result<Received, Malformed>>> {
        let mut until = Instant::now() + bounds::IDLE;
        let mut begun = !came.is_empty();
        if begun {
            until = Instant::now() + bounds::MESSAGE_TIME;
        }
        loop {
            match message::frame(came) {
                Frame::Whole(length) if came.len() >= length => {
                    let received = message::read(&came[..length]);
                    came.drain(..length);
                    return Ok(Some(received));
                }
                Frame::Whole(_) | Frame::Incomplete => {}
                Frame::Refused(malformed) => return Ok(Some(Err(malformed))),
            }
            let mut chunk = [0; 16 << 10];
            let Ok(read) = timeout_at(until, self.stream.read(&mut chunk)).await else {
                self.log("nothing for too long", "end of the connection");
                return Ok(None);
            };
            match read {
                Ok(0) => return Ok(None),
                Ok(octets) => came.extend_from_slice(&chunk[..octets]),
                // A client that does not take leave is gone all the same.
                Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof) => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
            if !begun {
                begun = true;
                until = Instant::now() + bounds::MESSAGE_TIME;
            }
        }
    }

    async fn answer(&mut self, message: LdapMessage) -> io::Result<Next> {
        let (id, sent) = (message.message_id, message.controls.unwrap_or_default());
        let controls = match control::read(&sent) {
            Ok(controls) => controls,
            // Unbind and abandon are never answered, and do what they do.
            Err((code, why)) => match message::outcome_of(&message.protocol_op, code, &why) {
                Some(op) => {
                    self.log("with a control", &why);
                    self.send(id, op, Vec::new()).await?;
                    return Ok(Next::Request);
                }
                None => control::Controls { paged: None, parts: None, permissive: false },
            },
        };
        let op = match message.protocol_op {
            ProtocolOp::UnbindRequest(_) => return Ok(Next::End),
            // Every request is answered before the next is read, so there is nothing to abandon.
            ProtocolOp::AbandonRequest(_) => return Ok(Next::Request),
            ProtocolOp::BindRequest(request) => {
                let answer = bind::bind(self.directory, &mut self.session, &request);
                self.log(
                    &format!("bind {:?}", request.name.as_str()),
                    if self.session.bound.is_some() { "bound" } else { "nobody" },
                );
                answer
            }
            ProtocolOp::SearchRequest(request) => return self.search(id, &request, &controls).await,
            ProtocolOp::ModifyRequest(request) => {
                let result = modify::modify(self.directory, &self.session, &request, controls.permissive);
                self.log(&format!("modify {:?}", request.object.as_str()), &format!("{:?}", result.result_code));
                ProtocolOp::ModifyResponse(ModifyResponse(result))
            }
            ProtocolOp::CompareRequest(request) => {
                let result = search::compare(self.directory, &self.session, &request);
                self.log(&format!("compare {:?}", request.entry.as_str()), &format!("{:?}", result.result_code));
                ProtocolOp::CompareResponse(CompareResponse(result))
            }
            ProtocolOp::ExtendedReq(request) => {
                let name = String::from_utf8_lossy(request.request_name.as_ref()).into_owned();
                return self.extended(id, &name).await;
            }
            request => {
                let (code, why) = match self.session.bound {
                    Some(_) => (ResultCode::InsufficientAccessRights, "this directory is written by its world"),
                    None => (ResultCode::OperationsError, search::BIND_FIRST),
                };
                match message::outcome_of(&request, code, why) {
                    Some(answer) => answer,
                    None => {
                        self.hang_up(Malformed::NoRequest).await?;
                        return Ok(Next::End);
                    }
                }
            }
        };
        self.send(id, op, Vec::new()).await?;
        Ok(Next::Request)
    }

    async fn search(
        &mut self,
        id: u32,
        request: &rasn_ldap::SearchRequest,
        controls: &control::Controls,
    ) -> io::Result<Next> {
        let has_tls = !matches!(self.tls, Tls::None) || self.session.encrypted;
        let found = search::search(self.directory, &mut self.session, has_tls, request, controls);
        let answered = format!("{} entries, {:?}", found.len(), found.done.result_code);
        self.log(&format!("search {:?}", request.base_object.as_str()), &answered);
        let mut octets = Vec::new();
        for entry in 0..found.len() {
            found.write(id, entry, &mut octets);
            if octets.len() >= bounds::ANSWER_CHUNK {
                self.write(&octets).await?;
                octets.clear();
            }
        }
        message::write(id, ProtocolOp::SearchResDone(SearchResultDone(found.done)), found.controls, &mut octets);
        self.write(&octets).await?;
        Ok(Next::Request)
    }

    async fn extended(&mut self, id: u32, name: &str) -> io::Result<Next> {
        let (op, next) = match name {
            root::START_TLS => match &self.tls {
                Tls::OnDemand(_) if !self.session.encrypted => {
                    let op = ExtendedResponse {
                        result_code: ResultCode::Success,
                        matched_dn: "".into(),
                        diagnostic_message: "".into(),
                        referral: None,
                        response_name: Some(OctetString::from_static(root::START_TLS.as_bytes())),
                        response_value: None,
                    };
                    (ProtocolOp::ExtendedResp(op), Next::Handshake)
                }
                Tls::None if !self.session.encrypted => {
                    let why = "this server has no certificate for TLS";
                    (message::extended_response(ResultCode::ProtocolError, why), Next::Request)
                }
                _ => {
                    let why = "the connection is encrypted already";
                    (message::extended_response(ResultCode::OperationsError, why), Next::Request)
                }
            },
            root::WHO_AM_I => {
                let domain = self.directory.live.with(|world| world.published().netbios().to_owned());
                let who = self.session.bound.as_ref().map(|who| format!("u:{}\\{who}", domain.unwrap_or_default()));
                let op = ExtendedResponse {
                    result_code: ResultCode::Success,
                    matched_dn: "".into(),
                    diagnostic_message: "".into(),
                    referral: None,
                    response_name: None,
                    response_value: Some(who.unwrap_or_default().into_bytes().into()),
                };
                (ProtocolOp::ExtendedResp(op), Next::Request)
            }
            _ => {
                let why = format!("the extended operation {} is not offered", name.escape_debug());
                (message::extended_response(ResultCode::ProtocolError, &why), Next::Request)
            }
        };
        self.log(
            &format!("extended operation {name:?}"),
            if matches!(next, Next::Handshake) { "TLS" } else { "answered" },
        );
        self.send(id, op, Vec::new()).await?;
        Ok(next)
    }

    /// Goes on encrypted. What came behind the request, before the handshake, is in clear and counts no more.
    async fn encrypt(self, came: &mut Vec<u8>) -> io::Result<Self> {
        came.clear();
        let Tls::OnDemand(acceptor) = &self.tls else { return Ok(self) };
        let accepted = timeout(bounds::HANDSHAKE, acceptor.accept(self.stream)).await;
        let stream = accepted.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        let session = Session::encrypted();
        Ok(Self { stream: Box::new(stream), session, tls: self.tls, ..self })
    }

    async fn hang_up(&mut self, why: Malformed) -> io::Result<()> {
        self.log("what is no request", why.as_str());
        let mut octets = Vec::new();
        message::write_disconnection(ResultCode::ProtocolError, why.as_str(), &mut octets);
        self.write(&octets).await?;
        // Reads what is under way, so that the notice is not lost with a reset, and no longer than a message may take.
        let _gone_or_slow = timeout(bounds::LINGER, async {
            self.stream.shutdown().await?;
            let mut rest = [0; 4096];
            while self.stream.read(&mut rest).await? > 0 {}
            io::Result::Ok(())
        })
        .await;
        Ok(())
    }

    async fn send(&mut self, id: u32, op: ProtocolOp, controls: Vec<Control>) -> io::Result<()> {
        let mut octets = Vec::new();
        message::write(id, op, controls, &mut octets);
        self.write(&octets).await
    }

    async fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        let written = timeout(bounds::WRITE_TIME, async {
            self.stream.write_all(octets).await?;
            self.stream.flush().await
        });
        written.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    fn log(&self, asked: &str, answered: &str) {
        self.directory.live.log("ldap", self.peer, self.session.who(), asked, answered);
    }
}
