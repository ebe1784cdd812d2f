#!/bin/sh
# Version: mdbook 0.5.4 (crates.io), with Rust 1.95.
#
# Behaviour: `output.html.additional-js` names scripts that are loaded beside those of mdBook itself. A script of the book
# named `book.js`, beside book.toml, is loaded twice instead, and mdBook's own script of that name, which makes the sidebar,
# the choice of a theme, copy buttons and keys work, is in the output and loaded by no page. Nothing is said. Names with a hash
# (`hash-files`, by default) are told apart in the folder and still not in the pages: the page asks by the name without it. A script
# of the same name in a folder below is loaded as it should be.
#
# Output seen (scripts that a page loads and whose names begin with `book`, with the lines of each):
#   book.js: mine.js mine.js
#   sub/book.js: own.js mine.js
#
# Builds a pinned package in a temporary folder, which takes some minutes, and fails when the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cargo install --quiet --locked --no-default-features --version 0.5.4 --root "$folder" --target-dir "$folder/target" mdbook
mkdir -p "$folder/book/src" "$folder/book/sub"
printf '# Summary\n\n- [One](one.md)\n' >"$folder/book/src/SUMMARY.md"
echo '# One' >"$folder/book/src/one.md"
for script in book.js sub/book.js; do
  echo '// mine' >"$folder/book/$script"
  printf '[book]\ntitle = "t"\n[output.html]\nadditional-js = ["%s"]\n' "$script" >"$folder/book/book.toml"
  "$folder/bin/mdbook" build "$folder/book" 2>"$folder/said"
  ! grep -i -E 'warn|error' "$folder/said"
  printf '%s:' "$script"
  grep -o -E '<script src="(sub/)?book-[0-9a-f]+\.js"' "$folder/book/book/one.html" | cut -d '"' -f 2 | while read -r loaded; do
    if [ "$(cat "$folder/book/book/$loaded")" = '// mine' ]; then printf ' mine.js'; else printf ' own.js'; fi
  done
  echo
done >"$folder/found"
"$folder/bin/mdbook" --version
cat "$folder/found"
cat >"$folder/expected" <<'TEXT'
book.js: mine.js mine.js
sub/book.js: own.js mine.js
TEXT
cmp "$folder/expected" "$folder/found" && echo "as described"
