// What whoever holds the phone chooses for it: light or dark, and its language. Two menus show the same choices.

import { el } from "./dom.js";
import { language, onLanguage, t } from "./words.js";

const LOOKS = [["auto", "As the device"], ["light", "Light"], ["dark", "Dark"]];
const LANGUAGES = [["en", "English"], ["hi", "हिन्दी"]];

function look() {
  const chosen = localStorage.getItem("theme");
  return chosen === "light" || chosen === "dark" ? chosen : "auto";
}

function choose(wanted) {
  if (wanted === "auto") localStorage.removeItem("theme");
  else localStorage.setItem("theme", wanted);
  show(wanted);
}

function show(wanted) {
  if (wanted === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = wanted;
}

/** Return a row of choices: what is chosen stands out. */
function row(name, options, chosen, pick) {
  const buttons = options.map(([key, words]) => {
    const button = el("button", { type: "button", role: "menuitemradio", "aria-checked": String(key === chosen), "data-choice": key, lang: key === "hi" ? "hi" : null }, words);
    button.addEventListener("click", (event) => {
      event.stopPropagation();
      pick(key);
    });
    return button;
  });
  return el("div", { class: "choice", role: "group", "aria-label": name }, el("span", { class: "choice-name" }, name), el("span", { class: "choice-row" }, ...buttons));
}

/** Keep the choices in `places` (functions that return elements for them) up to date; `speakTo` asks for a language. */
export function wireSettings(places, speakTo) {
  const draw = () => {
    for (const place of places()) {
      const rows = {
        look: () => row(t("Look"), LOOKS.map(([key, words]) => [key, t(words)]), look(), (key) => { choose(key); draw(); }),
        language: () => row(t("Language"), LANGUAGES, language(), speakTo),
      };
      place.replaceChildren(rows[place.dataset.for]());
    }
  };
  window.addEventListener("storage", (event) => {
    if (event.key !== "theme") return;
    show(look());
    draw();
  });
  onLanguage(draw);
  draw();
  return draw;
}
