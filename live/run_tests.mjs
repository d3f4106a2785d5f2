// Runs the package's own tests in the browser's Python, here under Node: node live/run_tests.mjs [PYTEST ARGUMENTS].
// It takes the library and the wheels that the pages load, and what `python -m tools.live --tests` has gathered.
// What can't run there is skipped, by tests/browser/limits.py.

import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { loadPyodide } from "pyodide";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const gathered = join(root, "_build/live");
const assets = join(gathered, "site/_live");
const { pages } = JSON.parse(readFileSync(join(gathered, "manifest.json"), "utf8"));
const served = Object.values(pages.wheels).map(({ file_name }) => join(assets, file_name));
const tests = join(gathered, "parts/wheels-test");
const wheels = [...served, ...readdirSync(tests).map((name) => join(tests, name))];

const python = await loadPyodide({
  stdLibURL: join(assets, pages.stdlib),
  env: { HOME: "/home/pyodide", COLUMNS: "110" },
});
const extractDir = python.runPython("import sysconfig; sysconfig.get_path('purelib')");
for (const wheel of wheels) python.unpackArchive(new Uint8Array(readFileSync(wheel)), "wheel", { extractDir });
python.mountNodeFS(root, root);
python.globals.set("arguments", python.toPy(process.argv.slice(2)));
process.exitCode = python.runPython(`
import importlib, os, sys
os.chdir(${JSON.stringify(root)})
# The sources before the wheel of the package, whose docstrings are left out; and the plugin.
sys.path[:0] = ["src", "tests/browser"]
sys.dont_write_bytecode = True
importlib.invalidate_caches()
import pytest
int(pytest.main(["-p", "limits", "-p", "no:cacheprovider", *arguments]))
`);
