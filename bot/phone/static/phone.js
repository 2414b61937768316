// The phone: puts together the talk, the composer and the line to the server.

import { Composer } from "./composer.js";
import { byId, el, safeAddress } from "./dom.js";
import { follow, older, people, sendPress, why } from "./line.js";
import { openMenu } from "./menu.js";
import { Talk } from "./talk.js";
import { alertBox, toast } from "./toast.js";

const query = new URLSearchParams(location.search);
const person = query.get("as") ?? "owner";
const PATIENCE = 20000;
const BUSY = 5500;

let startCode = /^[A-Za-z0-9_-]{1,64}$/.exec(query.get("start") ?? "")?.[0] ?? "";
let online = false;
let connected = false;
let busy = 0;
const pressed = new Map();
const early = new Map();

const composer = new Composer({ drafts: `draft-${person}` });
const talk = new Talk({ act, older });

function act({ command, copy, press, key, goTo, view, alt }) {
  if (command) composer.send(command);
  if (copy) copyWords(copy);
  if (press) pressKey(press, key);
  if (goTo) talk.goTo(goTo);
  if (view) openPhoto(view, alt);
}

async function copyWords(words) {
  try {
    await navigator.clipboard.writeText(words);
    toast("Copied");
  } catch {
    toast("This browser doesn’t let the page copy. Select the text and copy it.");
  }
}

function openPhoto(source, alt) {
  byId("viewed").src = source;
  byId("viewed").alt = alt;
  byId("viewer").showModal();
}

async function pressKey(press, key) {
  key.setAttribute("aria-busy", "true");
  const late = setTimeout(() => {
    key.removeAttribute("aria-busy");
    toast(online ? "No answer yet. You can tap again." : "Munshi isn’t running just now; your tap waits for it.");
  }, PATIENCE);
  const done = () => {
    clearTimeout(late);
    key.removeAttribute("aria-busy");
  };
  try {
    const { query: id } = await sendPress(press);
    if (early.delete(id)) done();
    else pressed.set(id, done);
  } catch (error) {
    done();
    toast(why(error));
  }
}

function answer({ query: id, text, style, url }) {
  if (pressed.has(id)) pressed.get(id)();
  else early.set(id, true);
  pressed.delete(id);
  if (text && style === "alert") alertBox(text);
  else if (text) toast(text);
  const address = url && safeAddress(url);
  if (address) window.open(address, "_blank", "noopener,noreferrer");
}

const heard = {
  snapshot(event) {
    connected = true;
    online = event.online;
    talk.snapshot(event);
    heard.profile(event.profile);
  },
  message({ message }) {
    if (message.from.is_bot) showBusy(null);
    talk.put(message);
  },
  deleted({ ids }) {
    talk.remove(ids);
  },
  read({ to }) {
    talk.read(to);
  },
  busy({ action }) {
    showBusy(action);
  },
  presence(event) {
    online = event.online;
  },
  answer,
  profile({ commands, description }) {
    composer.offer(commands);
    byId("description").textContent = description || "It reads your books, your bank and your payments, and tells you who owes you what. Press START to begin.";
  },
};

function showBusy(action) {
  clearTimeout(busy);
  busy = action ? setTimeout(() => showBusy(null), BUSY) : 0;
  byId("dots").hidden = action !== "typing";
  byId("status").dataset.busy = { typing: "typing…", upload_document: "sending a file…", upload_photo: "sending a photo…" }[action] ?? "";
  if (action === "typing" && talk.pinned) talk.toNewest("smooth");
  showState();
}

function showState() {
  const status = byId("status");
  const said = connected ? status.dataset.busy || (online ? "online" : "not running just now") : "connecting…";
  if (status.textContent !== said) status.textContent = said;
  status.classList.toggle("lively", connected && (online || Boolean(status.dataset.busy)));
  const begun = talk.begun();
  byId("welcome").hidden = begun || talk.messages.size > 0;
  byId("start").hidden = begun && !startCode;
  byId("composer").hidden = !byId("start").hidden;
  const newest = talk.messages.size ? talk.newest() : null;
  const asked = newest?._force_reply ? newest : null;
  composer.replyingTo(asked, asked?._force_reply.input_field_placeholder, asked ? talk.brief(asked) : "");
}

async function start() {
  const command = startCode ? `/start ${startCode}` : "/start";
  if (!(await composer.send(command))) return;
  startCode = "";
  query.delete("start");
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  showState();
}

function personLink({ key, name, role, me }, attributes = {}) {
  const mark = el("span", { class: "initial", "aria-hidden": "true" }, name[0]);
  const words = el("span", {}, el("b", {}, name), el("small", {}, role));
  return el("a", { class: "person", "data-key": key, href: `/phone?as=${key}`, "aria-current": me ? "true" : null, ...attributes }, mark, words);
}

async function showPeople() {
  const { people: everybody, bot } = await people();
  byId("name").textContent = bot;
  document.querySelector(".people").replaceChildren(...everybody.map((one) => el("li", {}, personLink(one))));
  byId("more-menu").replaceChildren(...everybody.map((one) => personLink(one, { role: "menuitem" })));
}

byId("start").addEventListener("click", start);
byId("viewer").addEventListener("click", () => byId("viewer").close());
openMenu(byId("more"), byId("more-menu"));
showPeople().catch((error) => toast(why(error)));
follow({
  heard(event) {
    heard[event.kind]?.(event);
    showState();
  },
  lost() {
    connected = false;
    showState();
  },
});
