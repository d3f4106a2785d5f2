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

/** @param {string} text */
function verbatim(text) {
  const pre = document.createElement("pre");
  pre.append(document.createElement("span"), text);
  const frame = document.createElement("div");
  frame.className = "highlight";
  frame.append(pre);
  return frame;
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
    /** @type {Map<string, Text>} The text of each stream, which the book shows as one. */
    this.streams = new Map();
  }

  /** @param {Output} output */
  show(output) {
    if (output.kind === "stream") this.#stream(output.name, output.text);
    else if (output.kind === "error") {
      this.element.append(block(`traceback ${PLAIN}`, verbatim(output.text)));
    } else this.#display(output.data);
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  #stream(name, text) {
    const shown = this.streams.get(name);
    if (shown) {
      shown.appendData(text);
      return;
    }
    const frame = verbatim(text);
    this.streams.set(name, /** @type {Text} */ (frame.firstChild?.lastChild));
    this.element.append(block(`${name === "stderr" ? "stderr" : "stream"} ${PLAIN}`, frame));
  }

  /** @param {Record<string, string>} data */
  #display(data) {
    const html = data["text/html"] ?? data["image/svg+xml"];
    if (html !== undefined) this.element.append(block("text_html", markup(html)));
    else this.element.append(block(`text_plain ${PLAIN}`, verbatim(`${data["text/plain"]}\n`)));
  }
}
