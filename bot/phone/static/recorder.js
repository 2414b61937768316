// A voice note: recorded here, heard once more by nobody, sent or thrown away.

import { byId } from "./dom.js";
import { sendFile, why } from "./line.js";
import { toast } from "./toast.js";
import { t } from "./words.js";

const LONGEST = 5 * 60;
const KINDS = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];

/** Let the microphone button record; `shown` is told when the strip of the recording stands in the composer's place. */
export function wireRecorder(shown) {
  let running = null;

  async function start() {
    try {
      const sound = await navigator.mediaDevices.getUserMedia({ audio: true });
      const kind = KINDS.find((one) => MediaRecorder.isTypeSupported(one)) ?? "";
      const recorder = new MediaRecorder(sound, kind ? { mimeType: kind } : {});
      const pieces = [];
      recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
      recorder.start();
      running = { recorder, pieces, began: Date.now(), clock: setInterval(tick, 250) };
      tick();
      shown(true);
      byId("record-send").focus();
    } catch {
      toast(t("The microphone can’t be used here."));
    }
  }

  function tick() {
    const seconds = Math.floor((Date.now() - running.began) / 1000);
    byId("record-time").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (seconds >= LONGEST) finish(true);
  }

  function finish(send) {
    if (!running) return;
    const { recorder, pieces, began, clock } = running;
    running = null;
    clearInterval(clock);
    recorder.addEventListener("stop", async () => {
      recorder.stream.getTracks().forEach((track) => track.stop());
      if (!send) return;
      const note = new Blob(pieces, { type: recorder.mimeType });
      try {
        await sendFile(note, "voice", "voice", "", Math.max(1, Math.round((Date.now() - began) / 1000)));
      } catch (error) {
        toast(why(error));
      }
    });
    recorder.stop();
    shown(false);
  }

  byId("record").hidden = !window.MediaRecorder || !navigator.mediaDevices;
  byId("record").addEventListener("click", start);
  byId("record-send").addEventListener("click", () => finish(true));
  byId("record-drop").addEventListener("click", () => finish(false));
}
