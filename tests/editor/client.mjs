// The same server with another client: the library that VS Code's own is made of. Outside CI. In an empty directory:
//   npm install vscode-languageserver-protocol@3.18.5
//   node client.mjs PATH/TO/autoenroll PATH/TO/story.toml
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(process.cwd() + "/");
const rpc = require("vscode-languageserver-protocol/node");
const [program, file] = process.argv.slice(2);
const uri = pathToFileURL(file).href;
const text = readFileSync(file, "utf8");

const server = spawn(program, ["lsp"], { stdio: ["pipe", "pipe", "inherit"] });
const connection = rpc.createProtocolConnection(
  new rpc.StreamMessageReader(server.stdout), new rpc.StreamMessageWriter(server.stdin));
const complaints = [];
let heard;
connection.onNotification(rpc.PublishDiagnosticsNotification.type, (params) => { complaints.push(params); heard?.(); });
const nextComplaints = async () => {
  while (complaints.length === 0) await new Promise((resolve) => { heard = resolve; });
  return complaints.shift();
};
connection.listen();

// Behind a word, in units of UTF-16, as JavaScript counts.
const behind = (word) => {
  const at = text.indexOf(word) + word.length;
  const before = text.slice(0, at).split("\n");
  return { line: before.length - 1, character: before.at(-1).length };
};
const place = (word) => ({ textDocument: { uri }, position: behind(word) });

const initialized = await connection.sendRequest(rpc.InitializeRequest.type, {
  processId: process.pid, rootUri: null,
  capabilities: { general: { positionEncodings: ["utf-16"] }, textDocument: { completion: { completionItem: { snippetSupport: true } } } },
});
console.log("server", initialized.serverInfo.name, initialized.capabilities.positionEncoding);
await connection.sendNotification(rpc.InitializedNotification.type, {});
await connection.sendNotification(rpc.DidOpenTextDocumentNotification.type, {
  textDocument: { uri, languageId: "toml", version: 1, text },
});
const { diagnostics } = await nextComplaints();
for (const one of diagnostics) console.log("diagnostic", one.code, one.message.split("\n")[0]);

const actions = await connection.sendRequest(rpc.CodeActionRequest.type, {
  textDocument: { uri }, range: diagnostics[0].range, context: { diagnostics },
});
console.log("code action", actions.map((action) => action.title).join(", "));
const items = await connection.sendRequest(rpc.CompletionRequest.type, place("  { "));
console.log("completion", items.items.length, items.items[0].label, JSON.stringify(items.items[0].textEdit.newText));
const { items: ids } = await connection.sendRequest(rpc.CompletionRequest.type, place('covers = ["S9'));
const cancel = ids.find((item) => item.label === "S9.cancel");
const resolved = await connection.sendRequest(rpc.CompletionResolveRequest.type, cancel);
console.log("resolved", resolved.documentation.value.split("\n")[0]);
const hover = await connection.sendRequest(rpc.HoverRequest.type, place('covers = ["S9'));
console.log("hover", hover.contents.value.split("\n")[0]);
const found = await connection.sendRequest(rpc.DefinitionRequest.type, place('extends = "con'));
console.log("definition", found[0].uri.replace(/.*\/fixtures\//, "fixtures/"), found[0].range.start.line);
const renamed = await connection.sendRequest(rpc.RenameRequest.type, { ...place('name = "🗝'), newName: "card of alice" });
console.log("rename", renamed.documentChanges[0].edits.map((edit) => edit.range.start.line + 1).join(", "));
const refused = await connection.sendRequest(rpc.RenameRequest.type, { ...place('covers = ["S9'), newName: "x" }).catch((error) => error.message);
console.log("refused", refused);
const laidOut = await connection.sendRequest(rpc.DocumentFormattingRequest.type, {
  textDocument: { uri }, options: { tabSize: 2, insertSpaces: true },
});
console.log("format", JSON.stringify(laidOut[0].newText));
await connection.sendNotification(rpc.DidChangeTextDocumentNotification.type, {
  textDocument: { uri, version: 2 },
  contentChanges: [{ range: diagnostics[0].range, text: '"alice"' }],
});
console.log("after the change", (await nextComplaints()).diagnostics.length, "diagnostics");
await connection.sendRequest(rpc.ShutdownRequest.type);
await connection.sendNotification(rpc.ExitNotification.type);
server.on("exit", (code) => console.log("server ended with", code));
