// Makes the cells of a page run. Before the first Run nothing but these few files is loaded.

import { lock, megabytes } from "./assets.mjs";
import { Cell, button } from "./cell.mjs";
import { Edits, progress } from "./memory.mjs";
import { Python } from "./python.mjs";

const INVITATION =
  `Run a cell, or click into it and change it. The first run brings Python to this browser, ` +
  `about ${Math.ceil(megabytes)} MB; nothing is installed, and nothing you write leaves this machine.`;

class Page {
  /** @param {HTMLElement[]} elements */
  constructor(elements) {
    this.edits = new Edits();
    /** @type {Cell[]} */
    this.cells = [];
    for (const [index, element] of elements.entries()) {
      this.cells.push(new Cell(element, index, this.edits, this));
    }
    this.python = new Python(this, progress.read);
    /** @type {Promise<unknown>} */
    this.queue = Promise.resolve();
    /** A restart makes a new one; what waits for an old one doesn't run any more. */
    this.life = 0;
    this.isReady = false;
    this.#addBar(/** @type {HTMLElement} */ (elements[0]));
  }

  get runnable() {
    return this.cells.filter((cell) => !cell.need);
  }

  /** @param {HTMLElement} first */
  #addBar(first) {
    const bar = document.createElement("div");
    bar.className = "live-bar";
    bar.setAttribute("role", "region");
    bar.setAttribute("aria-label", "Run this page");
    this.status = document.createElement("span");
    this.status.className = "live-status";
    this.status.setAttribute("role", "status");
    this.status.textContent = INVITATION;
    this.meter = document.createElement("progress");
    this.meter.max = megabytes;
    this.meter.hidden = true;
    this.meter.setAttribute("aria-label", "Loading Python");
    this.memory = document.createElement("span");
    this.memory.className = "live-memory";
    this.memory.append(
      "Your changes and solved exercises are kept in this browser. ",
      button("Forget them", "Forget them: my changes and solved exercises", () => this.forget()),
    );
    bar.append(
      button("Run all", "Run all cells of this page", () => this.#enqueue(this.runnable, true)),
      button("Restart", "Restart Python and forget all variables", () => this.restart()),
      this.meter,
      this.status,
      this.memory,
    );
    first.before(bar);
    this.#sayMemory();
  }

  /** Run a cell, after those above it that have not run yet. @param {Cell} cell */
  run(cell) {
    this.#enqueue(this.runnable.filter((one) => one.index <= cell.index), false);
  }

  /** @param {Cell} cell */
  changed(cell) {
    for (const one of this.cells) if (one.index >= cell.index) one.outdate();
    this.#sayMemory();
  }

  /** @param {Cell[]} cells @param {boolean} anew Whether those run that have run already. */
  #enqueue(cells, anew) {
    const life = this.life;
    const asked = cells.at(-1);
    const isDue = (/** @type {Cell} */ cell) => anew || cell === asked || !cell.isFresh;
    for (const cell of cells) if (isDue(cell)) cell.wait();
    this.queue = this.queue.then(async () => {
      for (const cell of cells) {
        if (life !== this.life) return;
        if (!isDue(cell)) continue;
        if (!this.python.started) this.#say("Starting Python …");
        const goOn = await cell.run(this.python);
        for (const later of this.cells.slice(cell.index + 1)) later.outdate();
        if (!goOn) {
          for (const waiting of cells) if (waiting.index > cell.index) waiting.forget();
          if (this.python.started && cell !== asked) this.#say(`Stopped: ${cell.name} raised an error.`);
          return;
        }
      }
    });
  }

  /** End Python, even in an endless loop; the next Run starts a new one. */
  restart() {
    this.life += 1;
    this.python.stop();
    this.isReady = false;
    for (const cell of this.cells) cell.forget();
    if (this.meter) this.meter.hidden = true;
    this.#say("Python is stopped, its variables are gone. The next Run starts a new one.");
  }

  forget() {
    progress.write("");
    for (const cell of this.runnable) if (cell.source !== cell.original) cell.reset();
    this.restart();
    this.#say("Forgotten.");
    this.#sayMemory();
  }

  /** @param {number} bytes */
  loading(bytes) {
    if (!this.meter || this.isReady) return; // the last files are reported late
    const loaded = Math.min(bytes / 1e6, megabytes);
    this.meter.hidden = false;
    this.meter.value = loaded;
    this.#say(`Starting Python … ${loaded.toFixed(1)} of ${megabytes.toFixed(1)} MB`);
  }

  /** @param {string} versions */
  ready(versions) {
    this.isReady = true;
    if (this.meter) this.meter.hidden = true;
    this.#say(versions);
  }

  /** @param {string} message */
  failed(message) {
    if (this.meter) this.meter.hidden = true;
    this.#say(`Python could not start: ${message}. The page is as it was; try again, or run it on your machine.`);
  }

  /** @param {string} text */
  progress(text) {
    progress.write(text);
    this.#sayMemory();
  }

  #sayMemory() {
    if (this.memory) this.memory.hidden = !this.edits.any && !progress.read();
  }

  /** @param {string} text */
  #say(text) {
    if (this.status) this.status.textContent = text;
  }
}

const cells = [...document.querySelectorAll("div.cell")].filter((cell) => cell.querySelector(".cell_input pre"));
if (cells.length) {
  // A site without Python's files stays what it is without this script: a page to read.
  const found = await fetch(new URL(lock, import.meta.url), { method: "HEAD" }).catch(() => null);
  if (found?.ok) new Page(/** @type {HTMLElement[]} */ (cells));
}
