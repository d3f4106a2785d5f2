// Runs precompile.py in the browser's Python, here under Node: node precompile.mjs FOLDER, which holds plan.json.

import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { loadPyodide } from "pyodide";

// Bytecode without columns is a fifth smaller.
const python = await loadPyodide({ env: { PYTHONNODEBUGRANGES: "1" } });
python.mountNodeFS("/work", resolve(process.argv[2]));
python.mountNodeFS("/live", dirname(fileURLToPath(import.meta.url)));
python.runPython(`
import sys
sys.path.insert(0, "/live")
import precompile
precompile.main("/work/plan.json")
`);
