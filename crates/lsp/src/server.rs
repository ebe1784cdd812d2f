//! The loop: takes messages in their order, answers each request before the next, and tells what is wrong with a text
//! once no message waits.

use std::collections::BTreeMap;

use autoenroll_scenario::Library;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{self, Notification as _};
use lsp_types::request::{self, Request as _};
use lsp_types::{
    CodeActionOrCommand, CodeActionProviderCapability, CompletionOptions, CompletionResponse, GotoDefinitionResponse,
    HoverProviderCapability, InitializeParams, Location, OneOf, Position, PrepareRenameResponse,
    PublishDiagnosticsParams, RenameOptions, SaveOptions, ServerCapabilities, TextDocumentSyncCapability,
    TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions, TextEdit, Uri,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::diagnostics::{actions, diagnostics, formatting, location, own_range, workspace_edit};
use crate::document::Document;
use crate::position::Encoding;
use crate::surroundings::Surroundings;
use crate::uri::to_path;
use crate::{completion, hover, names};

/// How many texts may be open at once; further ones are not looked at.
const MOST_DOCUMENTS: usize = 512;

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The client said so.
    Exit {
        /// It had announced that (`shutdown`), as the protocol wants it.
        announced: bool,
    },
    /// No more messages come.
    InputOver,
    /// Nobody takes what is said.
    OutputGone,
}

/// Serves a client until it says that it is done, or is gone.
///
/// # Errors
/// When the client does not keep to the protocol before the first request, in words.
pub fn serve(connection: &Connection, around: &dyn Surroundings) -> Result<Ended, String> {
    let (id, parameters) = connection.initialize_start().map_err(|error| error.to_string())?;
    let parameters: InitializeParams = serde_json::from_value(parameters).map_err(|error| error.to_string())?;
    let general = parameters.capabilities.general.as_ref();
    let offered = general.and_then(|general| general.position_encodings.clone()).unwrap_or_default();
    let encoding = Encoding::of(&offered);
    let of_text = parameters.capabilities.text_document.as_ref();
    let of_items = of_text.and_then(|text| text.completion.as_ref()?.completion_item.as_ref());
    let snippets = of_items.and_then(|items| items.snippet_support).unwrap_or(false);
    let result = serde_json::json!({
        "capabilities": capabilities(encoding),
        "serverInfo": { "name": "autoenroll", "version": env!("CARGO_PKG_VERSION") },
    });
    connection.initialize_finish(id, result).map_err(|error| error.to_string())?;
    let library = Library::read(&*around.loader());
    let mut server =
        Server { connection, around, library, encoding, snippets, open: BTreeMap::new(), is_shut_down: false };
    Ok(server.run())
}

fn capabilities(encoding: Encoding) -> ServerCapabilities {
    let characters = ["\"", "'", "$", "[", "{", ".", " "].map(str::to_owned);
    ServerCapabilities {
        position_encoding: Some(encoding.kind()),
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions { include_text: Some(false) })),
            ..TextDocumentSyncOptions::default()
        })),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(characters.to_vec()),
            resolve_provider: Some(true),
            ..CompletionOptions::default()
        }),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: Default::default(),
        })),
        document_formatting_provider: Some(OneOf::Left(true)),
        code_action_provider: Some(CodeActionProviderCapability::Simple(true)),
        ..ServerCapabilities::default()
    }
}

/// A text that is open.
struct Open {
    uri: Uri,
    version: i32,
    document: Document,
    /// Whether the client does not know yet what is wrong with it.
    is_stale: bool,
}

struct Server<'a> {
    connection: &'a Connection,
    around: &'a dyn Surroundings,
    library: Library,
    encoding: Encoding,
    snippets: bool,
    open: BTreeMap<String, Open>,
    is_shut_down: bool,
}

/// Why a request has no result: the code and the words of the answer.
type Refusal = (ErrorCode, String);

impl Server<'_> {
    fn run(&mut self) -> Ended {
        while let Ok(message) = self.next() {
            match message {
                Message::Request(request) => {
                    let response = self.answer(request);
                    if self.connection.sender.send(Message::Response(response)).is_err() {
                        return Ended::OutputGone;
                    }
                }
                Message::Notification(notification) if notification.method == notification::Exit::METHOD => {
                    return Ended::Exit { announced: self.is_shut_down };
                }
                Message::Notification(notification) => self.notice(notification),
                // The server asks for nothing.
                Message::Response(_) => {}
            }
        }
        Ended::InputOver
    }

    /// The next message; before it waits for one, the client learns what is wrong.
    fn next(&mut self) -> Result<Message, ()> {
        if let Ok(message) = self.connection.receiver.try_recv() {
            return Ok(message);
        }
        self.publish();
        self.connection.receiver.recv().map_err(drop)
    }

    fn context(&self) -> Context<'_> {
        Context { library: &self.library, around: self.around, encoding: self.encoding, snippets: self.snippets }
    }

    /// Tells what is wrong with the texts that changed.
    fn publish(&mut self) {
        let stale: Vec<String> =
            self.open.iter().filter(|(_, open)| open.is_stale).map(|(key, _)| key.clone()).collect();
        for key in stale {
            let Some(open) = self.open.get(&key) else { continue };
            let (uri, version) = (open.uri.clone(), open.version);
            let diagnostics = diagnostics(&open.document, &uri, &self.context());
            self.tell(&PublishDiagnosticsParams { uri, diagnostics, version: Some(version) });
            if let Some(open) = self.open.get_mut(&key) {
                open.is_stale = false;
            }
        }
    }

    fn tell(&self, parameters: &PublishDiagnosticsParams) {
        let method = notification::PublishDiagnostics::METHOD.to_owned();
        let notification = Notification::new(method, parameters);
        // When the client is gone, the next message is not there either.
        drop(self.connection.sender.send(Message::Notification(notification)));
    }

    fn notice(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        match method.as_str() {
            notification::DidOpenTextDocument::METHOD => {
                let Some(parameters) = read::<notification::DidOpenTextDocument>(params) else { return };
                let lsp_types::TextDocumentItem { uri, version, text, .. } = parameters.text_document;
                if self.open.len() < MOST_DOCUMENTS {
                    let name = to_path(&uri).map_or_else(|| uri.as_str().to_owned(), |path| path.display().to_string());
                    let document = Document::new(&name, text, self.encoding);
                    let open = Open { uri: uri.clone(), version, document, is_stale: true };
                    self.open.insert(uri.as_str().to_owned(), open);
                    self.fixture_changed(&uri);
                }
            }
            notification::DidChangeTextDocument::METHOD => {
                let Some(parameters) = read::<notification::DidChangeTextDocument>(params) else { return };
                let uri = parameters.text_document.uri;
                if let Some(open) = self.open.get_mut(uri.as_str()) {
                    open.version = parameters.text_document.version;
                    parameters.content_changes.into_iter().for_each(|change| open.document.change(change));
                    open.is_stale = true;
                    self.fixture_changed(&uri);
                }
            }
            notification::DidSaveTextDocument::METHOD => {
                let Some(parameters) = read::<notification::DidSaveTextDocument>(params) else { return };
                self.fixture_changed(&parameters.text_document.uri);
            }
            notification::DidCloseTextDocument::METHOD => {
                let Some(parameters) = read::<notification::DidCloseTextDocument>(params) else { return };
                let uri = parameters.text_document.uri;
                if self.open.remove(uri.as_str()).is_some() {
                    self.tell(&PublishDiagnosticsParams { uri: uri.clone(), diagnostics: Vec::new(), version: None });
                    self.fixture_changed(&uri);
                }
            }
            _ => {}
        }
    }

    /// Reads the fixtures anew when a text of one is another: the one in the editor counts.
    fn fixture_changed(&mut self, uri: &Uri) {
        let path_of = |uri: &Uri| self.around.fixture_path(&to_path(uri)?);
        if path_of(uri).is_none() {
            return;
        }
        let texts = self.open.values().filter_map(|open| Some((path_of(&open.uri)?, open.document.text.clone())));
        let overlay = Overlay { texts: texts.collect(), below: &*self.around.loader() };
        self.library = Library::read(&overlay);
        for open in self.open.values_mut() {
            open.document.forget();
            open.is_stale = true;
        }
    }

    fn answer(&mut self, request: Request) -> Response {
        let Request { id, method, params } = request;
        if self.is_shut_down {
            return refused(id, (ErrorCode::InvalidRequest, "the server is shut down".to_owned()));
        }
        let result = match method.as_str() {
            request::Shutdown::METHOD => {
                self.is_shut_down = true;
                Ok(serde_json::Value::Null)
            }
            request::Completion::METHOD => self.completion(params),
            request::ResolveCompletionItem::METHOD => {
                with::<request::ResolveCompletionItem>(params, |item| Ok(completion::resolve(item, &self.context())))
            }
            request::HoverRequest::METHOD => self.hover(params),
            request::GotoDefinition::METHOD => self.definition(params),
            request::References::METHOD => self.references(params),
            request::PrepareRenameRequest::METHOD => self.prepare_rename(params),
            request::Rename::METHOD => self.rename(params),
            request::Formatting::METHOD => with::<request::Formatting>(params, |parameters| {
                let open = self.document(&parameters.text_document.uri)?;
                formatting(&open.document).map(Some).map_err(failed)
            }),
            request::CodeActionRequest::METHOD => with::<request::CodeActionRequest>(params, |parameters| {
                let uri = parameters.text_document.uri;
                let open = self.document(&uri)?;
                let actions = actions(&open.document, &uri, open.version, parameters.range, &self.context());
                Ok(Some(actions.into_iter().map(CodeActionOrCommand::CodeAction).collect()))
            }),
            _ => Err((ErrorCode::MethodNotFound, format!("there is no request `{method}`"))),
        };
        match result {
            Ok(result) => Response::new_ok(id, result),
            Err(refusal) => refused(id, refusal),
        }
    }

    /// The text of that name.
    fn document(&self, uri: &Uri) -> Result<&Open, Refusal> {
        let missing = || (ErrorCode::InvalidParams, format!("{} is not open", uri.as_str()));
        self.open.get(uri.as_str()).ok_or_else(missing)
    }

    /// The text of that name, and the byte of a position in it.
    fn place(&self, uri: &Uri, position: Position) -> Result<(&Open, usize), Refusal> {
        let open = self.document(uri)?;
        Ok((open, open.document.lines.byte(&open.document.text, position)))
    }

    fn completion(&self, params: serde_json::Value) -> Result<serde_json::Value, Refusal> {
        with::<request::Completion>(params, |parameters| {
            let at = parameters.text_document_position;
            let (open, byte) = self.place(&at.text_document.uri, at.position)?;
            Ok(Some(CompletionResponse::List(completion::completion(&open.document, &self.context(), byte))))
        })
    }

    fn hover(&self, params: serde_json::Value) -> Result<serde_json::Value, Refusal> {
        with::<request::HoverRequest>(params, |parameters| {
            let at = parameters.text_document_position_params;
            let (open, byte) = self.place(&at.text_document.uri, at.position)?;
            Ok(hover::hover(&open.document, &self.context(), byte))
        })
    }

    fn definition(&self, params: serde_json::Value) -> Result<serde_json::Value, Refusal> {
        with::<request::GotoDefinition>(params, |parameters| {
            let at = parameters.text_document_position_params;
            let (open, byte) = self.place(&at.text_document.uri, at.position)?;
            let known = open.document.known(&self.library);
            let named = names::mention_at(known, byte).map(|mention| names::named(mention, known)).unwrap_or_default();
            let cx = self.context();
            let places = named.iter().filter_map(|symbol| location(symbol.span, &open.document, &open.uri, &cx));
            Ok(Some(GotoDefinitionResponse::Array(places.collect())))
        })
    }

    fn references(&self, params: serde_json::Value) -> Result<serde_json::Value, Refusal> {
        with::<request::References>(params, |parameters| {
            let at = parameters.text_document_position;
            let (open, byte) = self.place(&at.text_document.uri, at.position)?;
            let all = names::mentions_of(open.document.known(&self.library), byte).into_iter();
            let wanted = all.filter(|it| parameters.context.include_declaration || !names::gives_name(it));
            let place = |span| Location { uri: open.uri.clone(), range: own_range(&open.document, span) };
            Ok(Some(wanted.map(|mention| place(mention.span)).collect()))
        })
    }

    fn prepare_rename(&self, params: serde_json::Value) -> Result<serde_json::Value, Refusal> {
        with::<request::PrepareRenameRequest>(params, |at| {
            let (open, byte) = self.place(&at.text_document.uri, at.position)?;
            let span = names::renameable(open.document.known(&self.library), byte).map_err(failed)?;
            Ok(Some(PrepareRenameResponse::Range(own_range(&open.document, span))))
        })
    }

    fn rename(&self, params: serde_json::Value) -> Result<serde_json::Value, Refusal> {
        with::<request::Rename>(params, |parameters| {
            let at = parameters.text_document_position;
            let (open, byte) = self.place(&at.text_document.uri, at.position)?;
            let edits = names::rename(&open.document, &self.context(), byte, &parameters.new_name).map_err(failed)?;
            let edit = |(span, new_text)| TextEdit { range: own_range(&open.document, span), new_text };
            Ok(Some(workspace_edit(&open.uri, open.version, edits.into_iter().map(edit).collect())))
        })
    }
}

/// Fixtures that are open in the editor, before those on disk and in the program.
struct Overlay<'a> {
    texts: BTreeMap<String, String>,
    below: &'a dyn autoenroll_scenario::Loader,
}

impl autoenroll_scenario::Loader for Overlay<'_> {
    fn load(&self, path: &str) -> Result<String, autoenroll_scenario::LoadError> {
        self.texts.get(path).map_or_else(|| self.below.load(path), |text| Ok(text.clone()))
    }

    fn list(&self, folder: &str) -> Vec<String> {
        let name =
            |path: &String| Some(path.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(".toml")?.to_owned());
        let mut names: Vec<String> = self.texts.keys().filter_map(name).chain(self.below.list(folder)).collect();
        names.sort();
        names.dedup();
        names
    }
}

/// Reads the parameters of a request and writes its result.
fn with<R: request::Request>(
    params: serde_json::Value,
    answer: impl FnOnce(R::Params) -> Result<R::Result, Refusal>,
) -> Result<serde_json::Value, Refusal>
where
    R::Params: DeserializeOwned,
    R::Result: Serialize,
{
    let wrong = |error: serde_json::Error| (ErrorCode::InvalidParams, error.to_string());
    let result = answer(serde_json::from_value(params).map_err(wrong)?)?;
    serde_json::to_value(result).map_err(|error| (ErrorCode::InternalError, error.to_string()))
}

/// The parameters of a notification; `None` when they are malformed, which nobody can be told.
fn read<N: notification::Notification>(params: serde_json::Value) -> Option<N::Params>
where
    N::Params: DeserializeOwned,
{
    serde_json::from_value(params).ok()
}

fn failed(reason: String) -> Refusal {
    (ErrorCode::RequestFailed, reason)
}

fn refused(id: RequestId, (code, message): Refusal) -> Response {
    Response::new_err(id, code as i32, message)
}
