#!/bin/sh
# Version: clap_complete 4.6.11 with the feature `unstable-dynamic`, clap 4.6.9 (crates.io), zsh 5.9.
#
# Behaviour: what a program prints for `COMPLETE=zsh` begins with `#compdef NAME`, as files do that zsh finds below `fpath`. Put there
# as `_NAME`, it does nothing when the key is pressed for the first time in a shell: zsh runs the file as the body of the function that is
# to complete, and this file only defines another one and registers it. From the second time on it completes. Evaluated in `.zshrc` it
# completes at once. The scripts of `clap_complete::generate` end with a test of `funcstack` and complete at once in both places.
#
# Output seen (the line after the key):
#   below fpath, first: app gre
#   below fpath, second: app greet
#   evaluated, first: app greet
#
# Builds pinned packages in a temporary folder, needs zsh, and fails when the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/app/src" "$folder/functions"
cat >"$folder/app/Cargo.toml" <<'TOML'
[package]
name = "app"
version = "0.1.0"
edition = "2024"

[dependencies]
clap = "=4.6.9"
clap_complete = { version = "=4.6.11", features = ["unstable-dynamic"] }
TOML
cat >"$folder/app/src/main.rs" <<'RUST'
fn main() {
    let command = || clap::Command::new("app").subcommand(clap::Command::new("greet"));
    clap_complete::CompleteEnv::with_factory(command).complete();
}
RUST
cargo build --quiet --manifest-path "$folder/app/Cargo.toml" --target-dir "$folder/target"
PATH="$folder/target/debug:$PATH"
COMPLETE=zsh app >"$folder/functions/_app"
export functions="$folder/functions"
# Types a line and the key into a zsh behind a terminal, so many times; another key prints the line as it is then.
cat >"$folder/ask.zsh" <<'ZSH'
zmodload zsh/zpty
zpty inner zsh --no-rcs -i
zpty -w inner "PS1= PS2=; unset zle_bracketed_paste; stty -echo; $1"'
show () { zle -I; print -r -- "<${BUFFER}>"; BUFFER= }
zle -N show; bindkey "^X" show; print rea""dy'
zpty -r inner answer '*ready*' || exit 1
repeat $2; do
  zpty -w -n inner $'app gre\t\x18'
  zpty -r inner answer '*<*>*' || exit 1
done
print -r -- "${${answer##*<}%%>*}"
zpty -d inner
ZSH
begin='autoload -Uz compinit; compinit -u -D'
{
  echo "below fpath, first: $(zsh --no-rcs "$folder/ask.zsh" "fpath=(\$functions \$fpath); $begin" 1)"
  echo "below fpath, second: $(zsh --no-rcs "$folder/ask.zsh" "fpath=(\$functions \$fpath); $begin" 2)"
  echo "evaluated, first: $(zsh --no-rcs "$folder/ask.zsh" "$begin; source \$functions/_app" 1)"
} | sed 's/ *$//' >"$folder/found"
cat "$folder/found"
cat >"$folder/expected" <<'TEXT'
below fpath, first: app gre
below fpath, second: app greet
evaluated, first: app greet
TEXT
cmp "$folder/expected" "$folder/found" && echo "as described"
