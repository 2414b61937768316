// Short words that float above the chat, and alerts that must be read.

import { byId } from "./dom.js";

let hiding = 0;

/** Show a line for a few seconds. */
export function toast(words) {
  const box = byId("toast");
  box.textContent = words;
  box.classList.add("shown");
  clearTimeout(hiding);
  hiding = setTimeout(() => box.classList.remove("shown"), 2200 + 45 * words.length);
}

/** Show words that stay until the person has read them. */
export function alertBox(words) {
  byId("alert-text").textContent = words;
  byId("alert").showModal();
}
