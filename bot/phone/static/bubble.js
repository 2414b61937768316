// One message as it stands in the chat: bubble, files, time, ticks, and the buttons below.

import { el, icon, safeAddress, sizeInWords } from "./dom.js";
import { formatted } from "./formatted.js";
import { locale, t } from "./words.js";

const DEVANAGARI = /[\u0900-\u097f]/g;

/** Return the list item of a message; `act` is told what a person taps in it. */
export function bubble(message, { read, act }) {
  const mine = !message.from.is_bot;
  const inside = [
    message.reply_to_message ? quote(message.reply_to_message, act) : null,
    message.photo ? picture(message, act) : null,
    message.document ? paper(message.document) : null,
    message.voice ? voice(message.voice) : null,
    words(message, act),
    meta(message, mine, read),
  ];
  const article = el("article", { class: "message" }, el("div", { class: "bubble" }, ...inside.filter(Boolean)));
  article.setAttribute("aria-label", `${mine ? t("You") : message.from.first_name}, ${clock(message.date)}`);
  if (message.photo) article.classList.add("pictured");
  const rows = message.reply_markup?.inline_keyboard ?? [];
  if (rows.length) {
    article.classList.add("keyed");
    article.append(keyboard(message.message_id, rows, act));
  }
  return el("li", { class: `row ${mine ? "out" : "in"}`, "data-id": message.message_id }, article);
}

/** Say in a few words what a message holds. */
export function inShort(message) {
  const said = message.text ?? message.caption;
  if (said) return said.replace(/\s+/g, " ").slice(0, 160);
  return message.document?.file_name ?? t(message.voice ? "Voice note" : "Photo");
}

/** Return the one tick or two of a message that the person sent. */
export function ticks(read) {
  const made = icon(read ? "read" : "sent", read ? "seen" : null);
  made.setAttribute("role", "img");
  made.removeAttribute("aria-hidden");
  made.setAttribute("aria-label", t(read ? "Read" : "Sent"));
  return made;
}

/** Say a moment's time of day. */
export function clock(seconds) {
  return new Intl.DateTimeFormat(locale(), { hour: "numeric", minute: "2-digit", hour12: true }).format(seconds * 1000);
}

function words(message, act) {
  const text = message.text ?? message.caption;
  if (!text) return null;
  const made = el("div", { class: "text" });
  const hindi = (text.match(DEVANAGARI) ?? []).length;
  if (hindi * 4 > text.length) made.lang = "hi";
  made.append(formatted(text, message.entities ?? message.caption_entities, act));
  return made;
}

function meta(message, mine, read) {
  const moment = new Intl.DateTimeFormat(locale(), { dateStyle: "full", timeStyle: "short" }).format(message.date * 1000);
  const time = el("time", { datetime: new Date(message.date * 1000).toISOString(), title: moment }, clock(message.date));
  const made = el("span", { class: "meta" }, time);
  if (message._reworded) made.prepend(el("i", { class: "edited" }, t("edited")));
  if (mine) made.append(ticks(read));
  return made;
}

function quote(message, act) {
  const who = message.from.is_bot ? message.from.first_name : t("You");
  const made = el("button", { type: "button", class: "quote" }, el("b", {}, who), el("span", {}, inShort(message)));
  made.addEventListener("click", () => act({ goTo: message.message_id }));
  return made;
}

function picture(message, act) {
  const size = message.photo.at(-1);
  const source = `/phone/files/${encodeURIComponent(size.file_id)}`;
  const image = el("img", { src: source, width: size.width, height: size.height, alt: message.caption ?? t("Photo"), decoding: "async" });
  const made = el("button", { type: "button", class: "picture", "aria-label": t("Open the photo") }, image);
  made.addEventListener("click", () => act({ view: source, alt: image.alt }));
  return made;
}

function paper(file) {
  const suffix = /\.([A-Za-z0-9]{1,5})$/.exec(file.file_name)?.[1] ?? "";
  const kind = kindOf(suffix.toLowerCase());
  const face = el("span", { class: "paper-icon", "data-kind": kind }, icon("file"), el("span", {}, suffix.toUpperCase().slice(0, 4)));
  const details = [sizeInWords(file.file_size), suffix.toUpperCase()].filter(Boolean).join(" · ");
  const name = el("span", { class: "paper-name" }, el("b", {}, file.file_name), el("small", {}, details));
  const named = { name: file.file_name, details };
  // A PDF opens beside the chat, everything else is saved.
  const opens = kind === "pdf" ? { target: "_blank", rel: "noopener" } : { download: file.file_name };
  const label = kind === "pdf" ? t("Open {name}, {details}", named) : t("Download {name}, {details}", named);
  return el("a", { class: "paper", href: `/phone/files/${encodeURIComponent(file.file_id)}`, "aria-label": label, ...opens }, face, name);
}

function voice(note) {
  return el("audio", { class: "voice", controls: "", preload: "metadata", src: `/phone/files/${encodeURIComponent(note.file_id)}`, "aria-label": t("Voice note") });
}

function kindOf(suffix) {
  if (suffix === "pdf") return "pdf";
  return ["xls", "xlsx", "csv", "tsv", "ods"].includes(suffix) ? "sheet" : "other";
}

function keyboard(number, rows, act) {
  const lines = rows.map((row, at) =>
    el("div", { class: "keyrow" }, ...row.map((button, column) => key(number, button, at, column, act))),
  );
  return el("div", { class: "keys", role: "group", "aria-label": t("Buttons of this message") }, ...lines);
}

function key(number, button, row, column, act) {
  const style = { class: "key", "data-style": button.style };
  if (button.url) {
    const address = safeAddress(button.url);
    return el("a", { ...style, href: address, target: "_blank", rel: "noopener noreferrer" }, button.text, icon("out", "corner"));
  }
  const made = el("button", { ...style, type: "button" }, button.text);
  if (button.copy_text) {
    made.append(icon("copy", "corner"));
    made.addEventListener("click", () => act({ copy: button.copy_text.text }));
  } else {
    made.addEventListener("click", () => {
      if (made.getAttribute("aria-busy") !== "true") act({ press: { message_id: number, row, column, data: button.callback_data }, key: made });
    });
  }
  return made;
}
