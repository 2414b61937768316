// Text with entities (offsets in UTF-16 units, as JavaScript counts) into elements.

import { el, icon, safeAddress } from "./dom.js";
import { t } from "./words.js";

const VERBATIM = new Set(["pre", "code"]);
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

/** Return a fragment that shows `text`; `act` is told of taps: {command} or {copy}. */
export function formatted(text, entities, act) {
  const fragment = document.createDocumentFragment();
  fill(fragment, text, 0, text.length, nest(entities ?? []), act);
  return fragment;
}

/** Make a tree of sorted, possibly crossing ranges; one that crosses its parent's end is cut there. */
function nest(entities) {
  const roots = [];
  const open = [];
  for (const { offset, length, ...rest } of entities) {
    const node = { start: offset, end: offset + length, inner: [], ...rest };
    while (open.length && open.at(-1).end <= node.start) open.pop();
    if (open.length) node.end = Math.min(node.end, open.at(-1).end);
    if (node.end <= node.start) continue;
    (open.length ? open.at(-1).inner : roots).push(node);
    open.push(node);
  }
  return roots;
}

function fill(parent, text, start, end, nodes, act) {
  let at = start;
  let afterBlock = false;
  const say = (upTo) => {
    let words = text.slice(at, upTo);
    if (afterBlock && words.startsWith("\n")) words = words.slice(1);
    if (words) parent.append(...(VERBATIM.has(parent.localName) ? withBars(words) : [words]));
  };
  for (const node of nodes) {
    say(node.start);
    const made = element(node, text, act);
    fill(made, text, node.start, node.end, node.inner, act);
    parent.append(made.button ? el("div", { class: "block" }, made, made.button) : made);
    at = node.end;
    afterBlock = BLOCKS.has(node.type);
  }
  say(end);
}

/** Set runs of block characters apart, so that bars of a chart can have their colour. */
function withBars(words) {
  return words.split(/([\u2581-\u258f]+)/).map((part, at) => (at % 2 ? el("span", { class: "bars" }, part) : part));
}

function element(node, text, act) {
  const words = text.slice(node.start, node.end);
  switch (node.type) {
    case "bold": return el("strong");
    case "italic": return el("em");
    case "underline": return el("u");
    case "strikethrough": return el("s");
    case "code": return copyable(el("code"), words, act);
    case "pre": return copyable(el("pre", { tabindex: "0" }), words, act);
    case "blockquote": return el("blockquote");
    case "expandable_blockquote": return unfolding(el("blockquote", { class: "folded", tabindex: "0" }));
    case "spoiler": return hiding(el("span", { class: "spoiler", tabindex: "0", role: "button", "aria-label": t("Hidden text") }));
    case "bot_command": return tap(words, act);
    case "text_link": return anchor(node.url);
    case "url": return anchor(words);
    case "email": return anchor(`mailto:${words}`);
    case "phone_number": return anchor(`tel:${words.replace(/[^+\d]/g, "")}`);
    default: return el("span");
  }
}

function anchor(address) {
  const safe = safeAddress(address);
  if (safe === null) return el("span");
  return el("a", { href: safe, target: "_blank", rel: "noopener noreferrer", title: safe });
}

function tap(command, act) {
  const made = el("button", { type: "button", class: "tap" });
  made.addEventListener("click", () => act({ command }));
  return made;
}

function copyable(made, words, act) {
  made.title = t("Tap to copy");
  made.addEventListener("click", (event) => {
    if (String(getSelection()) === "" && !event.target.closest("button")) act({ copy: words });
  });
  if (made.localName === "pre") {
    const button = el("button", { type: "button", class: "copy", "aria-label": t("Copy") }, icon("copy"));
    button.addEventListener("click", () => act({ copy: words }));
    made.button = button;
  }
  return made;
}

function hiding(made) {
  return onTap(made, () => {
    made.classList.add("open");
    made.removeAttribute("role");
    made.removeAttribute("aria-label");
  });
}

function unfolding(made) {
  return onTap(made, () => made.classList.remove("folded"));
}

function onTap(made, then) {
  made.addEventListener("click", then);
  made.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") then();
  });
  return made;
}
