// Links to files of the repository that are no pages of the book: they lead to `git-repository-url`, where book.toml has one.
"use strict";
(() => {
  // mdBook sets `path_to_root` in each page.
  const book = new URL(path_to_root || ".", location.href);
  const repository = document.querySelector('.right-buttons a[title="Git repository"]');
  for (const link of document.querySelectorAll("main a[href]")) {
    const outside = new URL("..", book);
    if (!link.href.startsWith(outside.href) || link.href.startsWith(book.href)) continue;
    // mdBook takes every Markdown file for a page.
    const file = link.href.slice(outside.href.length).replace(/\.html(#|$)/, ".md$1");
    if (repository) {
      link.href = `${repository.href.replace(/\/$/, "")}/blob/HEAD/${file}`;
    } else {
      link.removeAttribute("href");
      link.title = `${file}, in the repository`;
    }
  }
})();
