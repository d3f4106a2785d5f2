/** Where the other files are, relative to this one. Written by `python -m tools.live`. */
export const pyodide: string;
export const stdlib: string;
export const lock: string;
/** The megabytes of the first run, as a static host sends them, compressed. */
export const megabytes: number;
