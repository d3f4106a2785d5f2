// Escape puts the sentence of a word away, until another word is pointed at or reached.
(() => {
  "use strict";
  const quiet = (on) => document.documentElement.classList.toggle("terms-quiet", on);
  const isTerm = (event) => event.target instanceof Element && event.target.matches("a.term");

  document.addEventListener("keydown", (event) => event.key === "Escape" && quiet(true));
  for (const name of ["pointerover", "focusin"]) {
    document.addEventListener(name, (event) => isTerm(event) && quiet(false));
  }
})();
