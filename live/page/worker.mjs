// One Python, off the page's own thread: a cell that never ends doesn't freeze the page.

import { lock, pyodide, stdlib } from "./assets.mjs";

/** @typedef {import("./messages.js").ToWorker} ToWorker */
/** @typedef {import("./messages.js").FromWorker} FromWorker */

const PROGRESS = "/home/pyodide/progress.json";
// The one thing that doesn't come from this site, and only for a cell that imports it.
const FROM_ELSEWHERE = /\b(matplotlib|numpy)\b/;
const OTHER_DATABASES = /postgresql|mysql|mariadb|oracle|mssql|sqlalchemy\.testing/;

/** @param {string} path */
const address = (path) => new URL(path, import.meta.url).href;

/** @param {FromWorker} message */
const say = (message) => postMessage(message);

let running = 0;

/** @param {string} progress Which exercises are done, as the page remembers it. */
async function start(progress) {
  const { loadPyodide } = await import(address(`${pyodide}pyodide.mjs`));
  const python = await loadPyodide({
    indexURL: address(pyodide),
    stdLibURL: address(stdlib),
    lockFileURL: address(lock),
    packages: ["session-demo", "live-cells"],
    env: { HOME: "/home/pyodide", MPLBACKEND: "agg", PYTHONNODEBUGRANGES: "1" },
  });
  if (progress) python.FS.writeFile(PROGRESS, progress);
  const cells = python
    .pyimport("cells")
    .start(
      (/** @type {string} */ output) => say({ kind: "output", cell: running, output: JSON.parse(output) }),
      PROGRESS,
    );
  return { python, cells };
}

/** @type {ReturnType<typeof start> | undefined} */
let starting;

/** @param {number} cell @param {string} code */
async function run(cell, code) {
  if (!starting) return;
  const { python, cells } = await starting;
  running = cell;
  const begun = performance.now();
  const passed = (await load(python, code)) && (await cells.run(code, cell + 1));
  const milliseconds = Math.round(performance.now() - begun);
  say({ kind: "done", cell, passed, milliseconds, progress: cells.progress() });
}

/**
 * Load what the code imports and is not here yet.
 *
 * @param {any} python
 * @param {string} code
 */
async function load(python, code) {
  /** @type {string[]} */
  const errors = [];
  const quietly = { messageCallback() {}, errorCallback: (/** @type {string} */ error) => errors.push(error) };
  if (OTHER_DATABASES.test(code)) await python.loadPackage("sqlalchemy-more", quietly);
  await python.loadPackagesFromImports(code, quietly);
  if (!errors.length) return true;
  const text = FROM_ELSEWHERE.test(code)
    ? "This cell asks for matplotlib, which comes from cdn.jsdelivr.net and could not be had; " +
      "all else on this page runs without it."
    : `What this cell imports could not be loaded: ${errors.join("; ")}`;
  say({ kind: "output", cell: running, output: { kind: "error", text } });
  return false;
}

/** Tell how much has arrived, file by file. */
function watchLoading() {
  let bytes = 0;
  new PerformanceObserver((entries) => {
    for (const entry of entries.getEntries()) {
      bytes += /** @type {PerformanceResourceTiming} */ (entry).encodedBodySize;
    }
    say({ kind: "loading", bytes });
  }).observe({ type: "resource", buffered: true });
}

/** @type {Promise<unknown>} */
let queue = Promise.resolve();

onmessage = (/** @type {MessageEvent<ToWorker>} */ { data }) => {
  queue = queue
    .then(async () => {
      if (data.kind === "run") return run(data.cell, data.code);
      watchLoading();
      starting = start(data.progress);
      say({ kind: "ready", versions: (await starting).cells.versions() });
    })
    .catch((error) => say({ kind: "failed", message: String(error.message ?? error) }));
};
