// The list of messages: kept in order, edited in place, scrolled as a chat is.

import { bubble, inShort, ticks } from "./bubble.js";
import { byId, el } from "./dom.js";
import { locale, t } from "./words.js";

const DAY = { weekday: "short", day: "numeric", month: "short" };
const DAY_OF_YEAR = { day: "numeric", month: "short", year: "numeric" };
const NEAR = 80;

export class Talk {
  /** `act` is told of taps in messages, `older` fetches the page of messages before a number, `seen` keeps how far
   * the person has read, `counted` is told how much is unread. */
  constructor({ act, older, seen, counted }) {
    Object.assign(this, { act, older, seen, counted });
    this.news = el("li", { class: "news" }, el("span", {}));
    this.messages = new Map();
    this.rows = new Map();
    this.readTo = 0;
    this.unread = 0;
    this.more = false;
    this.pinned = true;
    this.fetching = false;
    this.shape = "";
    this.scroller = byId("talk");
    this.list = byId("messages");
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    byId("down").addEventListener("click", () => this.toNewest("smooth"));
    new ResizeObserver(() => this.#settle()).observe(this.list);
    new ResizeObserver(() => this.#settle()).observe(this.scroller);
    document.addEventListener("visibilitychange", () => this.#countUnread());
    window.addEventListener("focus", () => this.#countUnread());
  }

  /** Show the chat as the server knows it now; what was loaded of older pages stays if it joins on. */
  snapshot({ messages, older, read_to: readTo }) {
    const first = messages[0]?.message_id ?? 0;
    const known = [...this.messages.keys()];
    const joins = known.some((number) => number >= first) || known.length === 0;
    const fresh = known.length > 0;
    const kept = new Set(messages.map((message) => message.message_id));
    for (const number of known) {
      if (!joins || (number >= first && !kept.has(number)) || messages.length === 0) this.#drop(number);
    }
    if (!joins || known.length === 0) this.more = older;
    this.readTo = readTo;
    for (const message of messages) this.put(message, { quiet: !fresh, grouped: false });
    this.#group();
    this.read(readTo);
    if (!fresh) this.#begin();
  }

  /** Draw everything once more: the language has changed. */
  redraw() {
    for (const [number, message] of this.messages) {
      const row = bubble(message, { read: number <= this.readTo, act: this.act });
      this.rows.get(number).replaceWith(row);
      this.rows.set(number, row);
    }
    this.#group();
  }

  /** Show a new message, or the new state of one that is shown. */
  put(message, { quiet = false, grouped = true } = {}) {
    const number = message.message_id;
    const before = this.messages.get(number);
    if (before && JSON.stringify(before) === JSON.stringify(message)) return;
    this.messages.set(number, message);
    const row = bubble(message, { read: number <= this.readTo, act: this.act });
    if (before) {
      const old = this.rows.get(number);
      const focused = old.contains(document.activeElement);
      old.replaceWith(row);
      row.querySelector(".bubble").classList.add("touched");
      if (focused) (row.querySelector(".key") ?? this.scroller).focus({ preventScroll: true });
    } else {
      this.#insert(row, number);
      if (!quiet) row.classList.add("fresh");
    }
    this.rows.set(number, row);
    if (grouped) this.#group();
    if (quiet) return;
    if (!message.from.is_bot) {
      this.news.remove();
      this.toNewest("smooth");
    } else if (!before && !this.#reading()) {
      if (this.unread === 0) this.#divide(row);
      this.unread += 1;
    }
    this.#countUnread();
  }

  /** Take messages away. */
  remove(numbers) {
    numbers.forEach((number) => this.#drop(number));
    this.#group();
  }

  /** Show two ticks up to a message. */
  read(to) {
    this.readTo = Math.max(this.readTo, to);
    for (const [number, row] of this.rows) {
      const tick = row.querySelector(".meta svg:not(.seen)");
      if (tick && number <= this.readTo) tick.replaceWith(ticks(true));
    }
  }

  /** Return the newest message, if there is one. */
  newest() {
    return this.messages.get(Math.max(...this.messages.keys()));
  }

  /** Say whether the person has ever written. */
  begun() {
    return [...this.messages.values()].some((message) => !message.from.is_bot) || this.more;
  }

  /** Scroll to the newest message. */
  toNewest(behavior) {
    this.pinned = true;
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior });
    this.#countUnread();
  }

  /** Scroll to a message and light it up. */
  goTo(number) {
    const row = this.rows.get(number);
    if (!row) return;
    row.scrollIntoView({ block: "center", behavior: "smooth" });
    const touched = row.querySelector(".bubble");
    touched.classList.remove("touched");
    requestAnimationFrame(() => touched.classList.add("touched"));
  }

  /** Say in short what a message holds. */
  brief(message) {
    return inShort(message);
  }

  /** Show a chat just opened: at what is new since it was last looked at, else at its end. */
  #begin() {
    const seen = this.seen.get();
    const fresh = [...this.messages.values()].filter((one) => one.from.is_bot && one.message_id > seen);
    if (seen > 0 && fresh.length) this.#divide(this.rows.get(Math.min(...fresh.map((one) => one.message_id))));
    this.toNewest("instant");
    if (this.news.isConnected && this.news.offsetTop < this.scroller.scrollTop) {
      this.pinned = false;
      this.unread = fresh.length;
      this.scroller.scrollTop = this.news.offsetTop - 8;
      this.#countUnread();
    }
  }

  #divide(row) {
    this.news.firstChild.textContent = t("New messages");
    row.before(this.news);
  }

  #reading() {
    return this.pinned && !document.hidden && (window.parent === window || document.hasFocus());
  }

  #insert(row, number) {
    const next = [...this.rows.keys()].filter((other) => other > number);
    if (next.length) this.rows.get(Math.min(...next)).before(row);
    else this.list.append(row);
  }

  #drop(number) {
    this.rows.get(number)?.remove();
    this.rows.delete(number);
    this.messages.delete(number);
  }

  /** Set day separators, and tails on the first bubble of each person's turn. */
  #group() {
    this.list.querySelectorAll(".day").forEach((day) => day.remove());
    this.news.firstChild.textContent = t("New messages");
    let day = "";
    let who = null;
    let when = 0;
    for (const number of [...this.messages.keys()].sort((a, b) => a - b)) {
      const message = this.messages.get(number);
      const row = this.rows.get(number);
      const named = dayName(message.date);
      if (named !== day) row.before(el("li", { class: "day" }, named));
      const first = named !== day || who !== message.from.id || message.date - when > 600;
      row.classList.toggle("first", first);
      [day, who, when] = [named, message.from.id, message.date];
    }
  }

  #scrolled() {
    const shape = `${this.scroller.scrollHeight}/${this.scroller.clientHeight}`;
    const byHand = shape === this.shape;
    this.shape = shape;
    const left = this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight;
    if (byHand || left < NEAR) this.pinned = left < NEAR;
    else this.#settle();
    this.#countUnread();
    if (this.scroller.scrollTop < 240 && this.more && !this.fetching) this.#fetchOlder();
  }

  async #fetchOlder() {
    this.fetching = true;
    try {
      const page = await this.older(Math.min(...this.messages.keys()));
      const height = this.scroller.scrollHeight;
      this.more = page.older;
      for (const message of page.messages) this.put(message, { quiet: true, grouped: false });
      this.#group();
      this.scroller.scrollTop += this.scroller.scrollHeight - height;
    } finally {
      this.fetching = false;
    }
  }

  #settle() {
    if (this.pinned) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  #countUnread() {
    if (this.#reading()) {
      this.unread = 0;
      if (this.messages.size) this.seen.set(Math.max(...this.messages.keys()));
    }
    byId("down").hidden = this.pinned;
    byId("unread").hidden = this.unread === 0;
    byId("unread").textContent = this.unread || "";
    this.counted(this.unread);
  }
}

function dayName(seconds) {
  const day = new Date(seconds * 1000);
  const today = new Date();
  const days = Math.round((new Date(today).setHours(0, 0, 0, 0) - new Date(day).setHours(0, 0, 0, 0)) / 86400000);
  if (days === 0) return t("Today");
  if (days === 1) return t("Yesterday");
  const form = day.getFullYear() === today.getFullYear() ? DAY : DAY_OF_YEAR;
  return new Intl.DateTimeFormat(locale(), form).format(day).replace(",", "");
}
