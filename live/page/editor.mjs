// The editor of a cell: CodeMirror, in the colours that the book gives to code. Loaded with the first edit.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { pythonLanguage } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState, Prec } from "@codemirror/state";
import { Decoration, EditorView, drawSelection, keymap } from "@codemirror/view";
import { tagHighlighter, tags } from "@lezer/highlight";

// The classes of Pygments, whose style sheet the page has, in light and in dark.
const COLOURS = tagHighlighter([
  { tag: tags.comment, class: "c1" },
  { tag: tags.string, class: "s2" },
  { tag: tags.number, class: "mi" },
  { tag: [tags.bool, tags.null], class: "kc" },
  { tag: [tags.keyword, tags.modifier], class: "k" },
  { tag: [tags.moduleKeyword], class: "kn" },
  { tag: tags.operatorKeyword, class: "ow" },
  { tag: [tags.operator, tags.compareOperator, tags.definitionOperator], class: "o" },
  { tag: tags.function(tags.definition(tags.variableName)), class: "nf" },
  { tag: tags.definition(tags.className), class: "nc" },
  { tag: tags.self, class: "bp" },
  { tag: tags.meta, class: "nd" },
]);

// What is too long for the screen goes on two columns further in, as in the code of the page.
const HANGING = EditorView.decorations.compute(["doc"], ({ doc }) => {
  const marks = [];
  for (let number = 1; number <= doc.lines; number++) {
    const { from, text } = doc.line(number);
    const columns = text.search(/\S|$/) + 2;
    const style = `padding-left: calc(6px + ${columns}ch); text-indent: -${columns}ch`;
    marks.push(Decoration.line({ attributes: { style } }).range(from));
  }
  return Decoration.set(marks);
});

/**
 * @typedef {object} Commands
 * @property {() => void} run Shift, Control or Command with Enter.
 * @property {() => void} leave Escape.
 * @property {(source: string) => void} change
 */

/**
 * Put an editor into *parent*. The tab key goes on through the page; Enter indents.
 *
 * @param {HTMLElement} parent
 * @param {string} source
 * @param {string} label
 * @param {Commands} commands
 */
export function open(parent, source, label, { run, leave, change }) {
  const command = (/** @type {() => void} */ does) => () => (does(), true);
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: source,
      extensions: [
        Prec.highest(
          keymap.of([
            { key: "Shift-Enter", run: command(run) },
            { key: "Mod-Enter", run: command(run) },
            { key: "Ctrl-Enter", run: command(run) },
            { key: "Escape", run: command(leave) },
          ]),
        ),
        keymap.of([...defaultKeymap, ...historyKeymap]),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        indentUnit.of("    "),
        pythonLanguage,
        syntaxHighlighting(COLOURS),
        EditorView.lineWrapping,
        HANGING,
        EditorView.contentAttributes.of({
          "aria-label": label,
          "aria-description": "Shift and Enter run it, Escape leaves it.",
          autocapitalize: "off",
          autocorrect: "off",
          spellcheck: "false",
        }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) change(update.state.doc.toString());
        }),
      ],
    }),
  });
}
