//! A story by hand in a browser: a server on a loopback address, whose pages work without a script.
//!
//! The address has a token that nothing but the terminal shows; requests that were made for another host or by another
//! page are refused.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use autoenroll_page::{Button, Buttons, Message, Play, Question};
use autoenroll_play::{Group, Offer, Session, Wants};

use super::http::{self, Request, Response, Status};
use super::{Target, told};
use crate::catalogue::Catalogue;
use crate::console::{Console, one_line};
use crate::page::Told;
use crate::{Exit, Failure, prose};

/// Connections that are served at once. A browser opens six, and some in advance.
const MOST_CONNECTIONS: usize = 24;
/// Bytes of the token.
const TOKEN: usize = 16;
const HTML: &str = "text/html; charset=utf-8";

/// Serves until the page says that it is over.
pub(super) fn run(
    session: Session<'_>,
    name: &str,
    target: Target,
    (port, opens): (u16, bool),
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let failed = |error: io::Error| Failure::Bench(format!("no page can be served: {error}"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| {
        Failure::Usage(format!("port {port} of this machine cannot be used: {error}; leave --port out for a free one"))
    })?;
    let address = listener.local_addr().map_err(failed)?;
    let server = Server { address, token: token()?, over: AtomicBool::new(false), connections: AtomicUsize::new(0) };
    let url = format!("http://{address}/{}/", server.token);
    writeln!(console.out, "A story in {}, at {url}", one_line(name))?;
    writeln!(console.out, "Quit on the page, or Ctrl-C here, ends it.")?;
    console.out.flush()?;
    if opens {
        open(&url);
    }
    let story = Mutex::new(Story { session, target, name: name.to_owned(), revision: 0, before: 0, message: None });
    thread::scope(|scope| {
        for stream in listener.incoming() {
            if server.over.load(Ordering::Relaxed) {
                break;
            }
            // One that is gone before it is taken is no reason to end.
            let Ok(mut stream) = stream else { continue };
            if http::set_patience(&stream).is_err() {
                continue;
            }
            if server.connections.fetch_add(1, Ordering::Relaxed) >= MOST_CONNECTIONS {
                http::write(&mut stream, &Response::plain(Status::Busy));
                server.connections.fetch_sub(1, Ordering::Relaxed);
                continue;
            }
            scope.spawn(|| {
                server.serve(stream, &story);
                server.connections.fetch_sub(1, Ordering::Relaxed);
            });
        }
    });
    let story = story.into_inner().unwrap_or_else(PoisonError::into_inner);
    writeln!(console.out, "The story ended at {} after {} steps.", story.session.now(), story.session.steps())?;
    Ok(Exit::Ok)
}

/// A word that nobody guesses.
fn token() -> Result<String, Failure> {
    let mut bytes = [0; TOKEN];
    getrandom::fill(&mut bytes).map_err(|error| Failure::Bench(format!("no token can be drawn: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Opens the page where the system knows how; the address stands on the terminal in any case.
fn open(url: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let quiet = |command: &mut Command| {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map(drop)
    };
    let _there_is_none = match cfg!(windows) {
        true => quiet(Command::new("rundll32").args(["url.dll,FileProtocolHandler", url])),
        false => quiet(Command::new(program).arg(url)),
    };
}

struct Server {
    address: SocketAddr,
    token: String,
    over: AtomicBool,
    connections: AtomicUsize,
}

/// The story, and what its page says beside it.
struct Story<'a> {
    session: Session<'a>,
    target: Target,
    name: String,
    /// Grows with everything that is done.
    revision: u64,
    /// Records before the last thing was done.
    before: usize,
    message: Option<Message>,
}

impl Server {
    fn serve(&self, mut stream: TcpStream, story: &Mutex<Story<'_>>) {
        let response = match http::read(&mut stream, &self.over) {
            Ok(None) => return,
            Ok(Some(request)) => self.answer(&request, story),
            Err(response) => response,
        };
        http::write(&mut stream, &response);
        if self.over.load(Ordering::Relaxed) {
            // Whoever waits for the next connection sees that it is over.
            let _woken = TcpStream::connect(self.address);
        }
    }

    fn answer(&self, request: &Request, story: &Mutex<Story<'_>>) -> Response {
        let hosts = [self.address.to_string(), format!("localhost:{}", self.address.port())];
        // Another name for this address is a name that somebody else has made up.
        let Some(host) = request.host.as_ref().filter(|host| hosts.contains(host)) else {
            return Response::plain(Status::Forbidden);
        };
        let elsewhere = request.origin.as_ref().is_some_and(|origin| *origin != format!("http://{host}"));
        let other_site = request.site.as_ref().is_some_and(|site| site != "same-origin");
        // A page that is opened by hand, or from a link, is of no site or of another.
        if elsewhere || (request.method != "GET" && other_site) {
            return Response::plain(Status::Forbidden);
        }
        let Some(path) = request.path.strip_prefix(&format!("/{}/", self.token)) else {
            return Response::plain(Status::NotFound);
        };
        let mut story = story.lock().unwrap_or_else(PoisonError::into_inner);
        match (request.method.as_str(), path) {
            ("GET", "") => Response::new(Status::Ok, HTML, story.page().into_bytes()),
            ("GET", "scenario.toml") => Response {
                headers: vec![("Content-Disposition", "attachment; filename=\"scenario.toml\"".to_owned())],
                ..Response::new(Status::Ok, "text/plain; charset=utf-8", story.session.text().into_bytes())
            },
            ("POST", "act") => match story.act(&Form::parse(&request.body)) {
                Goes::On => Response::see(&format!("/{}/", self.token)),
                Goes::Over => {
                    self.over.store(true, Ordering::Relaxed);
                    let told = format!("The story ended at {}.", story.session.now());
                    let page = autoenroll_page::play_is_over(story.session.title(), &told);
                    Response::new(Status::Ok, HTML, page.into_bytes())
                }
            },
            (_, "" | "scenario.toml" | "act") => Response::plain(Status::NotAllowed),
            _ => Response::plain(Status::NotFound),
        }
    }
}

/// Whether there is a next page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goes {
    On,
    Over,
}

/// The fields of a form.
struct Form(Vec<(String, String)>);

impl Form {
    fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

impl Story<'_> {
    fn act(&mut self, form: &Form) -> Goes {
        if form.get("do") == Some("quit") {
            return Goes::Over;
        }
        if form.get("revision") != Some(self.revision.to_string().as_str()) {
            self.message = Some(Message::Refused("the story has gone on since that page; nothing was done".to_owned()));
            return Goes::On;
        }
        let before = self.session.trace().len();
        self.message = match self.done(form) {
            Ok(said) => said.map(Message::Done),
            Err(why) => Some(Message::Refused(why)),
        };
        self.revision += 1;
        // What was told before stays told when nothing has happened.
        let now = self.session.trace().len();
        if now != before {
            self.before = before.min(now);
        }
        Goes::On
    }

    /// What a form asks for; what is said of it beside the story.
    fn done(&mut self, form: &Form) -> Result<Option<String>, String> {
        let session = &mut self.session;
        let done = if let Some(number) = form.get("take") {
            let offers = session.offers();
            let offer = number.parse().ok().and_then(|number: usize| offers.get(number));
            session.take(offer.ok_or("there is no such thing to be done")?, form.get("pin"))
        } else if let Some(time) = form.get("wait") {
            let time = time.parse().map_err(|_| format!("`{time}` is no length of time"))?;
            session.advance(time)
        } else if let Some(until) = form.get("until") {
            session.advance_until(until)
        } else if let Some(line) = form.get("line") {
            session.line(line)
        } else if let Some(title) = form.get("title") {
            session.set_title(title);
            Ok(())
        } else {
            match form.get("do") {
                Some("next") => session.advance_to_next(),
                Some("go") => session.follow(),
                Some("skip") => session.skip(),
                Some("undo") => match session.undo() {
                    Ok(did) => return Ok(Some(format!("taken back: {did}"))),
                    Err(error) => Err(error),
                },
                Some("save") => return self.save().map(Some),
                _ => return Err("the form asks for nothing".to_owned()),
            }
        };
        done.map(|()| None).map_err(|error| error.to_string())
    }

    fn save(&mut self) -> Result<String, String> {
        let (shown, saved) = self.target.write(None, &self.session)?;
        match &saved.problem {
            None => Ok(format!("{shown} is written: {}", told(&saved))),
            Some(problem) => Err(format!("{shown} is written: {}\n\n{}", told(&saved), problem.trim_end())),
        }
    }

    fn page(&self) -> String {
        let session = &self.session;
        let offers = session.offers();
        let buttons = |wanted: &dyn Fn(&Offer) -> bool| -> Vec<Button> {
            let shown = offers.iter().enumerate().filter(|(_, offer)| wanted(offer));
            let button = |(value, offer): (usize, &Offer)| {
                let label = match offer.prompt {
                    Some(_) if offer.wants == Wants::Pin => "PIN".to_owned(),
                    _ => offer.label.clone(),
                };
                Button { value, label, wants_pin: offer.wants == Wants::Pin }
            };
            shown.map(button).collect()
        };
        let questions = session.prompts().into_iter().enumerate().map(|(at, prompt)| Question {
            text: prose::asked(prompt.point.as_str(), &prompt.facts),
            who: prompt.user,
            point: prompt.point.to_string(),
            answers: buttons(&|offer| offer.prompt == Some(at)),
        });
        let groups = Group::ALL.into_iter().filter(|group| *group != Group::Answer).map(|group| Buttons {
            title: group.title().to_owned(),
            open: matches!(group, Group::Click | Group::Card | Group::Day),
            buttons: buttons(&|offer| offer.group == group),
        });
        let play = Play {
            name: self.name.clone(),
            title: session.title().to_owned(),
            trace: session.trace(),
            now: session.now(),
            before: self.before,
            revision: self.revision,
            message: self.message.clone(),
            questions: questions.collect(),
            groups: groups.filter(|group| !group.buttons.is_empty()).collect(),
            next: session.next_at().map(|at| at.to_string()),
            written: session.written_next().map(|(what, at)| format!("{what}, at {at}")),
            did: Some(session.did()).filter(|did| !did.is_empty()).map(str::to_owned),
            file: self.target.named().map(|path| one_line(&path.display().to_string())),
        };
        autoenroll_page::play(&play, &Told { wall: session.wall(), catalogue: Catalogue::embedded() })
    }
}
