// One code cell of a page: its code, its buttons, its output, and whether what is seen is still so.

import { Outputs } from "./outputs.mjs";

/** @typedef {import("./python.mjs").Python} Python */
/** @typedef {import("./memory.mjs").Edits} Edits */

/**
 * What is seen below the code: what the book stores, what a run put out, or what a run put out before
 * something above it was changed.
 *
 * @typedef {"stored" | "waiting" | "running" | "passed" | "failed" | "stale"} State
 */

const NOTES = {
  stored: "",
  waiting: "waiting",
  running: "running …",
  passed: "done",
  failed: "raised an error",
  stale: "stale: run again, a cell above was run or changed",
};

/**
 * @param {string} text
 * @param {string} label
 * @param {() => void} does
 */
export function button(text, label, does) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "live-button";
  button.textContent = text;
  button.setAttribute("aria-label", label);
  button.addEventListener("click", does);
  return button;
}

/** What a cell needs that Python in the browser hasn't got, by its tag `needs-...`. @param {Element} element */
function need(element) {
  const tag = [...element.classList].find((name) => name.startsWith("tag_needs-"));
  return tag?.slice("tag_needs-".length).replaceAll("-", " ");
}

export class Cell {
  /** @type {State} */
  #state = "stored";
  /** @type {string | null} The code that the shown output is of. */
  #ran = null;
  /** @type {import("@codemirror/view").EditorView | null} */
  #editor = null;
  /** @type {Element | null} */
  #shown;

  /**
   * @param {HTMLElement} element
   * @param {number} index
   * @param {Edits} edits
   * @param {{ run: (cell: Cell) => void, changed: (cell: Cell) => void }} page
   */
  constructor(element, index, edits, page) {
    this.element = element;
    this.index = index;
    this.edits = edits;
    this.page = page;
    this.code = /** @type {HTMLElement} */ (element.querySelector(".cell_input pre"));
    this.markup = this.code.innerHTML;
    this.original = (this.code.textContent ?? "").replace(/\n$/, "");
    this.source = this.original;
    this.stored = element.querySelector(":scope > .cell_output");
    this.#shown = this.stored;
    this.need = need(element);
    /** Whether an error is what the cell is there to show. */
    this.mayFail = element.classList.contains("tag_raises-exception");
    this.#addTools();
    const edited = edits.of(this.original);
    if (edited !== undefined && !this.need) {
      this.code.textContent = edited;
      this.source = edited;
    }
    this.#say();
  }

  /** Whether the output shown is that of the code shown, with what is above it. */
  get isFresh() {
    return this.#ran === this.source && (this.#state === "passed" || (this.#state === "failed" && this.mayFail));
  }

  get name() {
    return `cell ${this.index + 1}`;
  }

  #addTools() {
    const tools = document.createElement("div");
    tools.className = "live-tools";
    this.note = document.createElement("span");
    this.note.className = "live-note";
    this.runButton = button("Run", `Run ${this.name}`, () => this.page.run(this));
    this.resetButton = button("Reset", `Reset ${this.name} to what the book says`, () => this.reset());
    this.resetButton.hidden = true;
    if (this.need) this.#explain(tools);
    else {
      const edit = button("Edit", `Edit ${this.name}`, () => this.edit());
      tools.append(this.runButton, edit, this.resetButton, this.note);
      this.code.addEventListener("click", () => getSelection()?.isCollapsed && this.edit());
    }
    this.element.querySelector(".cell_input")?.after(tools);
  }

  /** @param {Element} tools */
  #explain(tools) {
    const link = document.createElement("a");
    link.href = `${document.documentElement.dataset["content_root"] ?? ""}book/installing.html`;
    link.textContent = "Run it on your machine";
    const said = document.createElement("span");
    said.append(`Stored output: this cell needs ${this.need}, which Python in the browser hasn't got. `, link, ".");
    tools.append(this.note ?? "", said);
  }

  /** Open the editor. */
  async edit() {
    if (!this.#editor) {
      const { open } = await import("./editor.mjs");
      if (this.#editor) return;
      const frame = /** @type {HTMLElement} */ (this.code.parentElement);
      this.#editor = open(frame, this.source, `Code of ${this.name}`, {
        run: () => this.page.run(this),
        leave: () => this.runButton?.focus(),
        change: (source) => this.#change(source),
      });
      this.code.hidden = true;
    }
    this.#editor.focus();
  }

  /** @param {string} source */
  #change(source) {
    this.source = source;
    // The copy button and the printer read it there.
    if (this.code.hidden) this.code.textContent = source;
    this.edits.keep(this.original, source);
    this.#say();
    this.page.changed(this);
  }

  /** Show the code and the output that the book stores. */
  reset() {
    this.#editor?.destroy();
    this.#editor = null;
    this.code.hidden = false;
    this.code.innerHTML = this.markup;
    this.source = this.original;
    this.edits.keep(this.original, this.original);
    this.#show(this.stored);
    this.forget();
    this.page.changed(this);
    this.runButton?.focus();
  }

  /** Python has ended: what is shown came from a run, but no variable of it is left. */
  forget() {
    this.#ran = null;
    this.#enter(this.#shown === this.stored ? "stored" : "stale");
  }

  /** Something above has changed. */
  outdate() {
    if (this.#state === "passed" || this.#state === "failed") this.#enter("stale");
  }

  wait() {
    if (this.#state !== "running") this.#enter("waiting");
  }

  /**
   * Run the code.
   *
   * @param {Python} python
   * @returns {Promise<boolean>} Whether what follows may run.
   */
  async run(python) {
    const source = this.source;
    const outputs = new Outputs(`Output of ${this.name}`);
    this.#enter("running");
    // The old output stays until there is a new one, so that the page doesn't jump.
    const show = (/** @type {import("./messages.js").Output} */ output) => {
      if (this.#shown !== outputs.element) this.#show(outputs.element);
      outputs.show(output);
    };
    const done = await python.run(this.index, source, show);
    if (!done) {
      this.forget();
      return false;
    }
    if (this.#shown !== outputs.element) this.#show(null);
    this.#ran = source;
    this.#enter(done.passed ? "passed" : "failed");
    return done.passed || this.mayFail;
  }

  /** @param {Element | null} output */
  #show(output) {
    this.#shown?.remove();
    if (output) this.element.append(output);
    this.#shown = output;
  }

  /** @param {State} state */
  #enter(state) {
    this.#state = state;
    this.#say();
  }

  #say() {
    const edited = this.source !== this.original;
    const unrun = edited && this.#ran !== this.source && this.#state !== "running" && this.#state !== "waiting";
    this.element.dataset["live"] = this.#state;
    this.element.toggleAttribute("aria-busy", this.#state === "running");
    if (this.note) this.note.textContent = unrun ? "edited, not run yet" : NOTES[this.#state];
    if (this.resetButton) this.resetButton.hidden = !edited && this.#shown === this.stored;
  }
}
