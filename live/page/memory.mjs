// What the page remembers until it is told to forget: edited cells, and which exercises are done.

const EDITS = `session-demo edits ${location.pathname}`;
const PROGRESS = "session-demo progress";

/** @param {string} key */
function read(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return ""; // the reader has forbidden it
  }
}

/** @param {string} key @param {string} value */
function write(key, value) {
  try {
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
  } catch {
    // forbidden, or full: the page works as well without
  }
}

/** Which exercises are done, as the package writes it. */
export const progress = {
  read: () => read(PROGRESS),
  /** @param {string} text */
  write: (text) => write(PROGRESS, text),
};

/** The edited cells of this page, by what was edited: a new edition of the chapter takes no wrong edit over. */
export class Edits {
  constructor() {
    /** @type {Map<string, string>} */
    this.edits = new Map();
    try {
      this.edits = new Map(Object.entries(JSON.parse(read(EDITS) || "{}")));
    } catch {
      // not ours
    }
  }

  /** @param {string} original */
  of(original) {
    return this.edits.get(original);
  }

  /** @param {string} original @param {string} edited */
  keep(original, edited) {
    if (edited === original) this.edits.delete(original);
    else this.edits.set(original, edited);
    write(EDITS, this.edits.size ? JSON.stringify(Object.fromEntries(this.edits)) : "");
  }

  get any() {
    return this.edits.size > 0;
  }
}
