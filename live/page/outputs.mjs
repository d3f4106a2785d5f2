// Puts outputs into the page just as the built book does, so that a run changes nothing but what differs.

/** @typedef {import("./messages.js").Output} Output */

const PLAIN = "highlight-myst-ansi notranslate";

/**
 * @param {string} kind
 * @param {Node} content
 */
function block(kind, content) {
  const block = document.createElement("div");
  block.className = `output ${kind}`;
  block.append(content);
  return block;
}

// The same rule as in tools/indentation.py: a line that breaks goes on below itself.
const STEP = 4;
const DEEPEST = 40;

/** Mark the lines of a text with how deep they are indented. @param {string} text */
function* lines(text) {
  for (const line of text.match(/[^\n]*\n|[^\n]+/g) ?? []) {
    const [, indentation = "", said = "", end = ""] = /^( *)(.*?)(\n?)$/s.exec(line) ?? [];
    if (said) {
      const marked = document.createElement("span");
      marked.className = `line i${Math.min(Math.ceil(indentation.length / STEP) * STEP, DEEPEST)}`;
      marked.textContent = said;
      yield* [indentation, marked, end].filter(Boolean);
    } else yield line;
  }
}

/** Text that grows at its end. */
class Verbatim {
  /** @type {ChildNode[]} What stands for a last line that has no end yet. */
  #open = [];
  #line = "";

  constructor(text = "") {
    this.element = document.createElement("div");
    this.element.className = "highlight";
    this.text = document.createElement("pre");
    this.text.append(document.createElement("span"));
    this.element.append(this.text);
    this.add(text);
  }

  /** @param {string} text */
  add(text) {
    // Pygments, which wrote the stored outputs, begins with the first line that says something.
    if (!this.text.childNodes[1]) text = text.replace(/^\n+/, "");
    for (const node of this.#open) node.remove();
    const whole = this.#line + text;
    // Empty lines at the end are shown once something follows, as Pygments has it too.
    const said = whole.replace(/\n+$/, "").length;
    const ended = said && said < whole.length ? said + 1 : whole.lastIndexOf("\n") + 1;
    const end = said ? ended : 0;
    this.#line = whole.slice(end);
    this.text.append(...lines(whole.slice(0, end)));
    const closed = this.text.childNodes.length;
    if (/[^\n]/.test(this.#line)) this.text.append(...lines(this.#line));
    this.#open = [...this.text.childNodes].slice(closed);
  }
}

/** @param {string} html */
function markup(html) {
  // A script put in so never runs; what hides in attributes is stopped by the page's security policy.
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

/** The outputs of one run of a cell. */
export class Outputs {
  /** @param {string} label */
  constructor(label) {
    this.element = document.createElement("div");
    this.element.className = "cell_output docutils container";
    this.element.setAttribute("role", "region");
    this.element.setAttribute("aria-label", label);
    /** @type {Map<string, Verbatim>} The text of each stream, which the book shows as one. */
    this.streams = new Map();
  }

  /** @param {Output} output */
  show(output) {
    if (output.kind === "stream") this.#stream(output.name, output.text);
    else if (output.kind === "error") {
      this.element.append(block(`traceback ${PLAIN}`, new Verbatim(output.text).element));
    } else this.#display(output.data);
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  #stream(name, text) {
    let shown = this.streams.get(name);
    if (!shown) {
      shown = new Verbatim();
      this.streams.set(name, shown);
      this.element.append(block(`${name === "stderr" ? "stderr" : "stream"} ${PLAIN}`, shown.element));
    }
    shown.add(text);
  }

  /** @param {Record<string, string>} data */
  #display(data) {
    const html = data["text/html"] ?? data["image/svg+xml"];
    if (html !== undefined) this.element.append(block("text_html", markup(html)));
    else this.element.append(block(`text_plain ${PLAIN}`, new Verbatim(`${data["text/plain"]}\n`).element));
  }
}
