// The phone: puts together the talk, the composer and the line to the server.

import { Composer } from "./composer.js";
import { byId, el, icon, safeAddress } from "./dom.js";
import { follow, older, people, sendLanguage, sendPress, why } from "./line.js";
import { openMenu } from "./menu.js";
import { wireRecorder } from "./recorder.js";
import { wireSettings } from "./settings.js";
import { Talk } from "./talk.js";
import { alertBox, toast } from "./toast.js";
import { onLanguage, speak, t } from "./words.js";

const query = new URLSearchParams(location.search);
const person = query.get("as") ?? "owner";
const framed = window.parent !== window;
const PATIENCE = 20000;
const BUSY = 5500;
const LOOK_ROUND = 8000;
const WIDE_ENOUGH_FOR_TWO = 1600;

let startCode = /^[A-Za-z0-9_-]{1,64}$/.exec(query.get("start") ?? "")?.[0] ?? "";
let invited = "";
let online = false;
let connected = false;
let recording = false;
let busy = 0;
let description = "";
const pressed = new Map();
const early = new Map();

const composer = new Composer({ drafts: `draft-${person}` });
const talk = new Talk({ act, older, counted, seen: { get: () => seen()[person] ?? 0, set: saw } });

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
    toast(t("Copied"));
  } catch {
    toast(t("This browser doesn’t let the page copy. Select the text and copy it."));
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
    toast(online ? t("No answer yet. You can tap again.") : t("Munshi isn’t running just now; your tap waits for it."));
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
    heard.profile(event.profile);
    talk.snapshot(event);
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
  profile({ commands, description: said, language }) {
    speak(language);
    composer.offer(commands);
    description = said;
    describe();
  },
};

function describe() {
  const line = t("The clerk who keeps your books in order and tells you each morning who owes you what.");
  byId("description").textContent = description || `${line} ${t("Press START to begin.")}`;
}

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
  const doing = status.dataset.busy ? t(status.dataset.busy) : "";
  const said = connected ? doing || t(online ? "online" : "not running just now") : t("connecting…");
  if (status.textContent !== said) status.textContent = said;
  status.dataset.line = connected ? "open" : "broken";
  status.classList.toggle("lively", connected && (online || Boolean(doing)));
  const begun = talk.begun();
  byId("welcome").hidden = begun || talk.messages.size > 0;
  byId("start").hidden = recording || (begun && !startCode);
  byId("recording").hidden = !recording;
  byId("composer").hidden = recording || !byId("start").hidden;
  const newest = talk.messages.size ? talk.newest() : null;
  const asked = newest?._force_reply ? newest : null;
  composer.replyingTo(asked, asked?._force_reply.input_field_placeholder, asked ? talk.brief(asked) : "");
}

async function start() {
  const code = startCode || (talk.begun() ? "" : invited);
  if (!(await composer.send(code ? `/start ${code}` : "/start"))) return;
  startCode = invited = "";
  query.delete("start");
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  showState();
}

function seen() {
  try {
    return JSON.parse(localStorage.getItem("seen") ?? "{}");
  } catch {
    return {};
  }
}

function saw(number) {
  if (seen()[person] !== number) localStorage.setItem("seen", JSON.stringify({ ...seen(), [person]: number }));
}

function counted(unread) {
  document.title = unread ? `(${unread}) Munshi` : "Munshi";
  if (framed) window.parent.postMessage({ person, unread }, location.origin);
}

function personLink({ key, name, role, me, unseen }, attributes = {}) {
  const mark = el("span", { class: "initial", "aria-hidden": "true" }, name[0]);
  const words = el("span", { class: "person-words" }, el("b", {}, name), el("small", {}, role));
  const badge = unseen && !me ? el("span", { class: "badge", "aria-label": t("{n} new", { n: unseen }) }, String(unseen)) : null;
  return el("a", { class: "person", "data-key": key, href: `/phone?as=${key}`, target: framed ? "_top" : null, "aria-current": me ? "true" : null, ...attributes }, mark, words, badge);
}

function beside({ key, name, me }) {
  if (me) return null;
  const label = `${t("Side by side")}: ${name}`;
  return el("a", { class: "beside icon small", href: `/phone?as=${person}&as=${key}`, "aria-label": label, title: label }, icon("beside"));
}

async function showPeople() {
  const { people: everybody, bot } = await people(seen());
  const me = everybody.find((one) => one.me);
  byId("name").textContent = bot;
  byId("whose").textContent = me ? me.name.split(" ")[0] : "";
  if (me) byId("whose").dataset.key = me.key;
  invited = me?.start ?? "";
  document.querySelector(".people").replaceChildren(...everybody.map((one) => el("li", {}, personLink(one), beside(one))));
  if (!byId("more-menu").hidden) return;
  const choices = ["look", "language"].map((name) => el("div", { class: "choices", "data-for": name }));
  byId("more-menu").replaceChildren(...(framed ? [] : everybody.map((one) => personLink(one, { role: "menuitem" }))), ...choices);
  drawChoices();
}

byId("start").addEventListener("click", start);
byId("viewer").addEventListener("click", () => byId("viewer").close());
document.documentElement.classList.toggle("framed", framed);
openMenu(byId("more"), byId("more-menu"));
const drawChoices = wireSettings(
  () => document.querySelectorAll(".choices"),
  (language) => sendLanguage(language).catch((error) => toast(why(error))),
);
wireRecorder((on) => {
  recording = on;
  showState();
});
onLanguage(() => {
  describe();
  talk.redraw();
  showState();
  showPeople().catch(() => {});
});
speak(document.documentElement.lang);
if (!framed && !query.has("as") && innerWidth >= WIDE_ENOUGH_FOR_TWO) {
  location.replace(`/phone?as=owner&as=sales${startCode ? `&start=${startCode}` : ""}`);
}
showPeople().catch((error) => toast(why(error)));
setInterval(() => document.hidden || framed || showPeople().catch(() => {}), LOOK_ROUND);
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
