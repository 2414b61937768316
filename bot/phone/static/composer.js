// Where the person writes: text, commands, a file or a photo to go with it, a reply.

import { byId, el, sizeInWords } from "./dom.js";
import { sendFile, sendText, why } from "./line.js";
import { openMenu } from "./menu.js";
import { toast } from "./toast.js";
import { onLanguage, t } from "./words.js";

const WIDEST = 1280;

export class Composer {
  /** `drafts` is the name under which an unsent text is kept in this tab. */
  constructor({ drafts }) {
    this.drafts = drafts;
    this.commands = [];
    this.attached = null;
    this.replyTo = null;
    this.dropped = null;
    this.sending = false;
    this.field = byId("text");
    this.field.value = sessionStorage.getItem(drafts) ?? "";
    this.hint = "";
    this.#wire();
    this.#changed();
    onLanguage(() => this.#placeholder());
  }

  /** Take the bot's commands into the menu. */
  offer(commands) {
    this.commands = commands;
    byId("menu").hidden = commands.length === 0;
    this.#suggest();
  }

  /** Answer to a message: as the bot asked, or none any more. */
  replyingTo(message, hint, brief) {
    if (this.replyTo === (message?.message_id ?? null) || (message && message.message_id === this.dropped)) return;
    this.replyTo = message?.message_id ?? null;
    byId("reply").hidden = message === null;
    byId("reply-text").textContent = message ? brief : "";
    this.hint = message ? hint : "";
    this.#placeholder();
    if (message) this.field.focus();
  }

  /** Send a text as if it had been typed. */
  async send(text) {
    try {
      await sendText(text, this.replyTo);
      return true;
    } catch (error) {
      toast(why(error));
      return false;
    }
  }

  #wire() {
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.field.addEventListener("input", () => this.#changed());
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.field.addEventListener("paste", (event) => this.#take(event.clipboardData?.files, event));
    byId("menu").addEventListener("click", () => this.#toggleCommands());
    openMenu(byId("attach"), byId("attach-menu"));
    byId("pick-photo").addEventListener("click", () => byId("photo").click());
    byId("take-photo").addEventListener("click", () => byId("camera").click());
    byId("take-photo").hidden = !matchMedia("(pointer: coarse)").matches;
    byId("pick-file").addEventListener("click", () => byId("file").click());
    byId("camera").addEventListener("change", (event) => this.#attach(event.target.files[0], "photo"));
    byId("photo").addEventListener("change", (event) => this.#attach(event.target.files[0], "photo"));
    byId("file").addEventListener("change", (event) => this.#attach(event.target.files[0], "document"));
    byId("attached-drop").addEventListener("click", () => this.#attach(null));
    byId("reply-drop").addEventListener("click", () => {
      this.dropped = this.replyTo;
      this.replyingTo(null);
    });
    document.addEventListener("dragover", (event) => this.#dragging(event, true));
    document.addEventListener("dragleave", (event) => this.#dragging(event, event.relatedTarget !== null));
    document.addEventListener("drop", (event) => {
      this.#dragging(event, false);
      this.#take(event.dataTransfer?.files, event);
    });
  }

  #dragging(event, over) {
    event.preventDefault();
    byId("dropping").hidden = !over;
  }

  #placeholder() {
    this.field.placeholder = this.attached ? t("Add a caption") : this.hint || t("Message");
  }

  #take(files, event) {
    if (!files?.length) return;
    event.preventDefault();
    const file = files[0];
    this.#attach(file, /^image\/(png|jpeg|webp)$/.test(file.type) ? "photo" : "document");
    if (files.length > 1) toast(t("One file at a time, please: the first one is attached."));
  }

  #attach(file, kind = "document") {
    this.attached = file ? { file, kind } : null;
    byId("attached").hidden = !file;
    byId("photo").value = byId("file").value = byId("camera").value = "";
    this.#preview(file, kind);
    if (file) {
      byId("attached-name").textContent = file.name || t("Photo");
      byId("attached-size").textContent = `${t(kind === "photo" ? "Photo" : "File")} · ${sizeInWords(file.size)}`;
      byId("attached-icon").setAttribute("href", kind === "photo" ? "#i-photo" : "#i-file");
      this.field.focus();
    }
    this.#placeholder();
    this.#changed();
  }

  /** Show a photo small before it is sent. */
  #preview(file, kind) {
    const picture = byId("attached-picture");
    if (picture.src) URL.revokeObjectURL(picture.src);
    const shown = Boolean(file) && kind === "photo";
    if (shown) picture.src = URL.createObjectURL(file);
    else picture.removeAttribute("src");
    picture.hidden = !shown;
    byId("attached-paper").toggleAttribute("hidden", shown);
  }

  async #submit() {
    const text = this.field.value.trim();
    if (this.sending || (!text && !this.attached)) return;
    this.sending = true;
    this.#changed();
    const sent = this.attached ? await this.#sendAttached(text) : await this.send(text);
    this.sending = false;
    if (sent) {
      this.field.value = "";
      this.#attach(null);
      this.replyingTo(null);
    }
    this.#changed();
    this.field.focus();
  }

  async #sendAttached(caption) {
    const { file, kind } = this.attached;
    try {
      const body = kind === "photo" ? await smaller(file) : file;
      await sendFile(body, file.name || "photo.jpg", kind, caption);
      return true;
    } catch (error) {
      toast(why(error));
      return false;
    }
  }

  #key(event) {
    if (event.isComposing) return;
    const list = byId("commands");
    if (event.key === "Escape" && !list.hidden) return this.#showCommands([]);
    if (!list.hidden && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      return this.#mark(event.key === "ArrowDown" ? 1 : -1);
    }
    const marked = list.hidden ? null : list.querySelector('[aria-selected="true"]');
    if (marked && (event.key === "Enter" || event.key === "Tab")) {
      event.preventDefault();
      return marked.click();
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    }
    return undefined;
  }

  #mark(step) {
    const options = [...byId("commands").children];
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const next = at < 0 ? (step > 0 ? 0 : options.length - 1) : (at + step + options.length) % options.length;
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === next)));
    options[next].scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", options[next].id);
  }

  #changed() {
    const { field } = this;
    sessionStorage.setItem(this.drafts, field.value);
    field.style.height = "auto";
    if (field.scrollHeight) field.style.height = `${Math.min(field.scrollHeight, 140)}px`;
    const nothing = !field.value.trim() && !this.attached;
    byId("send").disabled = this.sending || nothing;
    const speaks = nothing && !this.sending && Boolean(window.MediaRecorder && navigator.mediaDevices);
    byId("send").hidden = speaks;
    byId("record").hidden = !speaks;
    this.#suggest();
  }

  #suggest() {
    const typed = /^\/([a-z0-9_]*)$/i.exec(this.field.value);
    this.#showCommands(typed ? this.commands.filter((one) => one.command.startsWith(typed[1].toLowerCase())) : []);
  }

  #toggleCommands() {
    this.#showCommands(byId("commands").hidden ? this.commands : []);
  }

  #showCommands(commands) {
    const list = byId("commands");
    list.replaceChildren(...commands.map((one) => this.#command(one)));
    list.hidden = commands.length === 0;
    list.scrollTop = 0;
    byId("menu").setAttribute("aria-expanded", String(!list.hidden));
    this.field.removeAttribute("aria-activedescendant");
  }

  #command({ command, description }) {
    const made = el("button", { type: "button", class: "command", role: "option", id: `command-${command}`, "aria-selected": "false" }, el("b", {}, `/${command}`), el("span", {}, description));
    made.addEventListener("click", () => {
      this.#showCommands([]);
      this.field.value = "";
      this.#changed();
      this.send(`/${command}`);
    });
    return made;
  }
}

/** Make a photo as small as chats make it: at most 1280 pixels a side, without what cameras write into it. */
async function smaller(file) {
  let image;
  try {
    image = await createImageBitmap(file);
  } catch {
    throw new Error(t("That picture can’t be read. Send it as a file instead."));
  }
  const scale = Math.min(1, WIDEST / Math.max(image.width, image.height));
  const canvas = el("canvas", { width: Math.max(1, Math.round(image.width * scale)), height: Math.max(1, Math.round(image.height * scale)) });
  const brush = canvas.getContext("2d");
  brush.fillStyle = "#fff";
  brush.fillRect(0, 0, canvas.width, canvas.height);
  brush.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.87));
}
