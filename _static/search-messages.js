// An error message is pasted with names of the reader's own program in it, and the search of Sphinx wants every
// word. So the sections whose headings have most of the words come first, whatever else is found.
(() => {
  "use strict";
  const SHOWN = 3;
  const ENOUGH = 0.6;

  const split = (text) => text.toLowerCase().split(/[^\p{L}\p{N}_]+/u).filter(Boolean);

  // Names of classes and tables, addresses of objects, and where a class of SQLAlchemy lives.
  const withoutNames = (query) =>
    query
      .replace(/\bsqlalchemy(\.\w+)*\.exc\./g, " ")
      .replace(/'?<[^>]*>'?/g, " ")
      .replace(/(?<![\p{L}\p{N}])'[^'\s]*'/gu, " ")
      .replace(/\b0x[0-9a-f]+\b/gi, " ");

  const pairs = (words) => words.slice(1).map((word, place) => `${words[place]} ${word}`);

  const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");

  function headings(query, index) {
    const words = split(withoutNames(query));
    const wanted = new Set(words);
    if (wanted.size < 2) return [];
    const found = [];
    for (const [title, places] of Object.entries(index.alltitles)) {
      const own = split(title);
      const there = new Set(own);
      const shared = [...wanted].filter((word) => there.has(word)).length;
      if (shared < Math.min(3, wanted.size) || shared / wanted.size < ENOUGH) continue;
      const inOrder = new Set(pairs(own));
      const score = shared + pairs(words).filter((pair) => inOrder.has(pair)).length;
      for (const [file, anchor] of places) {
        const page = index.titles[file];
        found.push([
          index.docnames[file],
          escaped(page === title ? title : `${page} > ${title}`),
          anchor ? `#${anchor}` : "",
          null,
          score,
          index.filenames[file],
        ]);
      }
    }
    return found.sort((one, other) => other[4] - one[4]).slice(0, SHOWN);
  }

  document.addEventListener("DOMContentLoaded", () => {
    if (typeof Search === "undefined") return;
    const search = Search._performSearch;
    Search._performSearch = (query, ...terms) => {
      const first = headings(query, Search._index);
      const known = new Set(first.map(([page, , anchor]) => page + anchor));
      const others = search(query, ...terms).filter(([page, , anchor]) => !known.has(page + anchor));
      // The last one is shown first.
      return [...others, ...first.reverse()];
    };
  });
})();
