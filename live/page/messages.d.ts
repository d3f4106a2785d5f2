/** What the page and its worker say to each other. */

/** Something that a cell put out. */
export type Output =
  | { kind: "stream"; name: "stdout" | "stderr"; text: string }
  | { kind: "display"; data: Record<string, string> }
  | { kind: "error"; text: string };

export type ToWorker =
  | { kind: "start"; progress: string }
  | { kind: "run"; cell: number; code: string };

export type FromWorker =
  | { kind: "loading"; bytes: number }
  | { kind: "ready"; versions: string }
  | { kind: "failed"; message: string }
  | { kind: "output"; cell: number; output: Output }
  | { kind: "done"; cell: number; passed: boolean; milliseconds: number; progress: string };
