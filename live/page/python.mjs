// The page's end of the worker that holds Python.

/** @typedef {import("./messages.js").FromWorker} FromWorker */
/** @typedef {import("./messages.js").Output} Output */
/** @typedef {import("./messages.js").ToWorker} ToWorker */

/**
 * @typedef {object} Listener
 * @property {(bytes: number) => void} loading
 * @property {(versions: string) => void} ready
 * @property {(message: string) => void} failed
 * @property {(progress: string) => void} progress
 */

/**
 * @typedef {object} Run
 * @property {(output: Output) => void} show
 * @property {(done: { passed: boolean, milliseconds: number } | null) => void} end
 */

export class Python {
  /** @type {Worker | null} */
  #worker = null;
  /** @type {Map<number, Run>} */
  #runs = new Map();

  /**
   * @param {Listener} listener
   * @param {() => string} progress Reads which exercises are done.
   */
  constructor(listener, progress) {
    this.listener = listener;
    this.progress = progress;
  }

  get started() {
    return this.#worker !== null;
  }

  /**
   * Run the code of a cell; the answer is null where Python ended before the cell did.
   *
   * @param {number} cell
   * @param {string} code
   * @param {(output: Output) => void} show
   * @returns {Promise<{ passed: boolean, milliseconds: number } | null>}
   */
  run(cell, code, show) {
    this.#worker ??= this.#start();
    return new Promise((end) => {
      this.#runs.set(cell, { show, end });
      this.#say({ kind: "run", cell, code });
    });
  }

  /** End Python, with whatever it is doing; all variables are gone. */
  stop() {
    this.#worker?.terminate();
    this.#worker = null;
    for (const run of this.#runs.values()) run.end(null);
    this.#runs.clear();
  }

  #start() {
    const worker = new Worker(new URL("./worker.mjs", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => this.#hear(data);
    worker.onerror = (event) => this.#fail(event.message || "its files could not be loaded");
    worker.postMessage(/** @type {ToWorker} */ ({ kind: "start", progress: this.progress() }));
    return worker;
  }

  /** @param {ToWorker} message */
  #say(message) {
    this.#worker?.postMessage(message);
  }

  /** @param {FromWorker} message */
  #hear(message) {
    if (message.kind === "loading") this.listener.loading(message.bytes);
    else if (message.kind === "ready") this.listener.ready(message.versions);
    else if (message.kind === "failed") this.#fail(message.message);
    else if (message.kind === "output") this.#runs.get(message.cell)?.show(message.output);
    else {
      this.listener.progress(message.progress);
      const run = this.#runs.get(message.cell);
      this.#runs.delete(message.cell);
      run?.end(message);
    }
  }

  /** @param {string} message */
  #fail(message) {
    this.stop();
    this.listener.failed(message);
  }
}
