-- A session with Neovim's own client, as a user has it: what is shown, and what becomes of the text. Neovim 0.7 or later;
-- the first argument behind the file is the command.
local command = os.getenv("AUTOENROLL")

local function say(text)
  io.stdout:write(text .. "\n")
end

local function heading(text)
  say("\n== " .. text)
end

local function wait(what, condition)
  if not vim.wait(60000, condition, 20) then
    say("timed out: " .. what)
    vim.cmd("cquit")
  end
end

-- The cursor goes behind `text`, the first in the file.
local function go(text)
  vim.fn.cursor(1, 1)
  local line, column = unpack(vim.fn.searchpos("\\V" .. text, "ceW"))
  assert(line > 0, text)
  vim.fn.cursor(line, column)
end

local function diagnostics()
  local shown = {}
  for _, one in ipairs(vim.diagnostic.get(0)) do
    table.insert(shown, ("%d:%d %s %s"):format(one.lnum + 1, one.col + 1, one.code or one.user_data.lsp.code, one.message))
  end
  return shown
end

local function problems()
  local shown = diagnostics()
  say(#shown == 0 and "nothing is wrong" or table.concat(shown, "\n"))
end

local function line()
  say(vim.fn.getline("."))
end

vim.o.swapfile = false
vim.o.report = 9999
vim.cmd("edit story.toml")
local buffer = vim.api.nvim_get_current_buf()
local client = vim.lsp.start_client({ name = "autoenroll", cmd = { command, "lsp" }, root_dir = vim.fn.getcwd() })
vim.lsp.buf_attach_client(buffer, client)

heading("diagnostics")
wait("diagnostics", function() return #vim.diagnostic.get(0) > 0 end)
problems()

heading("code action: did you mean")
vim.ui.select = function(items, options, choose)
  for _, item in ipairs(items) do
    say(options.format_item(item))
  end
  choose(items[1], 1)
end
go("alcie")
vim.lsp.buf.code_action()
wait("the action", function() return vim.fn.getline("."):find("alice") end)
line()
wait("no diagnostics", function() return #vim.diagnostic.get(0) == 0 end)
problems()

heading("completion")
local function complete(text, most)
  go(text)
  vim.cmd("normal! a")
  local parameters = vim.lsp.util.make_position_params(0, "utf-16")
  parameters.position.character = parameters.position.character + 1
  local answers = vim.lsp.buf_request_sync(buffer, "textDocument/completion", parameters, 60000)
  local items = vim.lsp.util.text_document_completion_list_to_complete_items(answers[client].result, "")
  for number, item in ipairs(items) do
    if number <= most then
      say(("%s  [%s]  %s"):format(item.word, item.kind, item.menu or ""))
    end
  end
  say(("%d in all"):format(#items))
end
vim.fn.append(vim.fn.search("wait") - 1, "  { prompt = \"pin.enter\", facts = { ")
complete("facts = {", 3)
vim.fn.setline(vim.fn.search("prompt", "cw"), "  { swap = \"")
complete("{ swap = \"", 9)
vim.cmd("delete")
wait("no diagnostics", function() return #vim.diagnostic.get(0) == 0 end)

heading("hover")
local function hover(text)
  go(text)
  vim.lsp.buf.hover()
  local window
  wait("the hover of " .. text, function()
    for _, one in ipairs(vim.api.nvim_list_wins()) do
      if vim.api.nvim_win_get_config(one).relative ~= "" then
        window = one
      end
    end
    return window
  end)
  say(table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), "\n"))
  vim.api.nvim_win_close(window, true)
end
hover("S9.can")
say("--")
hover("{ remo")
say("--")
hover("insert = \"🗝 al")

heading("definition")
local function definition(text)
  go(text)
  vim.lsp.buf.definition()
  wait("the definition of " .. text, function() return vim.fn.expand("%:t") ~= "story.toml" end)
  say(("%s:%d %s"):format(vim.fn.expand("%:p"):match("fixtures/.*"), vim.fn.line("."), vim.fn.getline(".")))
  vim.cmd("buffer " .. buffer)
end
vim.o.hidden = true
definition("logon = \"al")
definition("extends = \"con")
definition("atr = \"gi")

heading("rename")
go("insert = \"🗝 al")
vim.lsp.buf.rename("card of alice")
wait("the new name", function() return vim.fn.search("card of alice", "nw") > 0 end)
for number, text in ipairs(vim.fn.getline(1, "$")) do
  if text:find("card of alice") then
    say(("%d %s"):format(number, text))
  end
end

heading("format")
vim.lsp.buf.formatting_sync(nil, 60000)
vim.fn.search("wait", "w")
line()
wait("no diagnostics", function() return #vim.diagnostic.get(0) == 0 end)
problems()

heading("end")
vim.lsp.stop_client(client)
wait("the end", function() return vim.lsp.client_is_stopped(client) end)
say("the server has ended")
vim.cmd("qall!")
