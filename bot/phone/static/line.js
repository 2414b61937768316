// The line to the server: events come in as a stream, what the person does goes out as posts.

import { t } from "./words.js";

const PERSON = new URLSearchParams(location.search).get("as") ?? "owner";

function address(path, query = {}) {
  return `/phone/chat/${path}?${new URLSearchParams({ as: PERSON, ...query })}`;
}

/** Follow the chat: `heard` gets each event, `lost` is told when the line breaks. It mends itself. */
export function follow({ heard, lost }) {
  const stream = new EventSource(address("events"));
  stream.onmessage = (event) => heard(JSON.parse(event.data));
  stream.onerror = () => {
    lost();
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => follow({ heard, lost }), 2000);
  };
}

/** Ask who holds the phone and who else could; `seen` are the last messages that were seen here, by person. */
export async function people(seen) {
  const query = new URLSearchParams({ as: PERSON });
  for (const [key, number] of Object.entries(seen)) query.append("seen", `${key}:${number}`);
  return answered(await fetch(`/phone/chat/people?${query}`));
}

/** Set the language of the person's app. */
export function sendLanguage(language) {
  return post("language", JSON.stringify({ language }), "application/json");
}

/** Fetch the page of messages before a number. */
export async function older(before) {
  return answered(await fetch(address("history", { before })));
}

export function sendText(text, replyTo) {
  return post("messages", JSON.stringify({ text, reply_to: replyTo ?? 0 }), "application/json");
}

export function sendPress(press) {
  return post("presses", JSON.stringify(press), "application/json");
}

export function sendFile(file, name, kind, caption, duration = 0) {
  const form = new FormData();
  form.set("duration", String(duration));
  form.set("as", kind);
  form.set("caption", caption);
  form.set("file", file, name);
  return post("uploads", form, null);
}

async function post(path, body, type) {
  const headers = type ? { "Content-Type": type } : {};
  return answered(await fetch(address(path), { method: "POST", body, headers }));
}

async function answered(response) {
  if (response.ok) return response.json();
  if (response.status === 413) throw new Error(t("That file is too large to send."));
  let reason = "";
  try {
    reason = (await response.json()).reason;
  } catch {
    reason = t("Munshi’s computer couldn’t take that.");
  }
  throw new Error(reason);
}

/** Say in words why something wasn't sent. */
export function why(error) {
  return error instanceof TypeError ? t("Not sent: the program behind this page isn’t running.") : error.message;
}
