// Several phones on one desk: each is the page of one person, in a frame of its own.

import { byId, el } from "./dom.js";

const query = new URLSearchParams(location.search);
const keys = [...new Set(query.getAll("as"))];
const unread = new Map();

function phone(key, at) {
  const own = new URLSearchParams({ as: key });
  if (at === 0 && query.get("start")) own.set("start", query.get("start"));
  const frame = el("iframe", { class: "case", src: `/phone?${own}`, title: key, "data-key": key, allow: "microphone; clipboard-write" });
  const away = keys.filter((other) => other !== key);
  const close = el("a", { class: "put-away", href: `/phone?${away.map((other) => `as=${other}`).join("&")}`, "aria-label": `Put ${key} away` }, "×");
  return el("section", { class: "place", "aria-label": key }, frame, close);
}

window.addEventListener("message", (event) => {
  if (event.origin !== location.origin || typeof event.data?.unread !== "number") return;
  unread.set(event.data.person, event.data.unread);
  const sum = [...unread.values()].reduce((one, other) => one + other, 0);
  document.title = sum ? `(${sum}) Munshi` : "Munshi";
});

byId("phones").replaceChildren(...keys.map(phone));
