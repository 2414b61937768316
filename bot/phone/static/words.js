// The page's own words, in the language of whoever holds the phone.

const HINDI = {
  "Add a caption": "साथ में कुछ लिखें",
  "As the device": "फ़ोन जैसा",
  "Attach": "कुछ जोड़ें",
  "Buttons of this message": "इस संदेश के बटन",
  "Chat with Munshi": "मुंशी से बातचीत",
  "Close": "बंद करें",
  "Commands": "आदेश",
  "connecting…": "जुड़ रहा है…",
  "Copied": "कॉपी हो गया",
  "Copy": "कॉपी करें",
  "Dark": "गहरा",
  "Don’t reply": "जवाब न दें",
  "Don’t send this file": "यह फ़ाइल न भेजें",
  "Download {name}, {details}": "{name} डाउनलोड करें, {details}",
  "edited": "बदला गया",
  "File": "फ़ाइल",
  "File: bank statement, bills…": "फ़ाइल: बैंक स्टेटमेंट, बिल…",
  "Go to the newest message": "सबसे नए संदेश पर जाएँ",
  "Hidden text": "छिपा हुआ लिखा",
  "Language": "भाषा",
  "Light": "हल्का",
  "Look": "रंग",
  "Message": "संदेश",
  "Messages": "संदेश",
  "More": "और",
  "Munshi isn’t running just now; your tap waits for it.": "मुंशी अभी चालू नहीं है; आपका बटन दबाना याद रहेगा।",
  "Munshi’s computer couldn’t take that.": "मुंशी का कंप्यूटर यह नहीं ले सका।",
  "New messages": "नए संदेश",
  "No answer yet. You can tap again.": "अभी जवाब नहीं आया। फिर से दबा सकते हैं।",
  "not running just now": "अभी चालू नहीं",
  "Not sent: the program behind this page isn’t running.": "नहीं गया: इस पन्ने के पीछे का प्रोग्राम चालू नहीं है।",
  "OK": "ठीक है",
  "One file at a time, please: the first one is attached.": "एक बार में एक फ़ाइल: पहली जोड़ ली है।",
  "online": "ऑनलाइन",
  "Open {name}, {details}": "{name} खोलें, {details}",
  "Open the photo": "फ़ोटो खोलें",
  "Photo": "फ़ोटो",
  "Press START to begin.": "शुरू करने के लिए नीचे दबाएँ।",
  "Read": "पढ़ लिया",
  "Record a voice note": "आवाज़ में बोलें",
  "recording…": "रिकॉर्ड हो रहा है…",
  "Reply to Munshi": "मुंशी को जवाब",
  "Send": "भेजें",
  "sending a file…": "फ़ाइल भेज रहा है…",
  "sending a photo…": "फ़ोटो भेज रहा है…",
  "Sent": "भेजा गया",
  "Side by side": "साथ-साथ",
  "START": "शुरू करें",
  "Stop and send": "रोकें और भेजें",
  "Take a photo": "फ़ोटो खींचें",
  "Tap to copy": "दबाकर कॉपी करें",
  "That file is too large to send.": "यह फ़ाइल भेजने के लिए बहुत बड़ी है।",
  "That picture can’t be read. Send it as a file instead.": "यह तस्वीर पढ़ी नहीं जा सकी। इसे फ़ाइल की तरह भेजें।",
  "The clerk who keeps your books in order and tells you each morning who owes you what.":
    "वह मुंशी जो आपका हिसाब सँभालता है और रोज़ सुबह बताता है कि किससे कितना लेना है।",
  "The microphone can’t be used here.": "यहाँ माइक काम नहीं कर रहा।",
  "This browser doesn’t let the page copy. Select the text and copy it.":
    "यह ब्राउज़र कॉपी नहीं करने देता। लिखा हुआ चुनकर कॉपी करें।",
  "This phone lives on your computer only: nothing said here leaves it.":
    "यह फ़ोन सिर्फ़ आपके कंप्यूटर पर है: यहाँ की कोई बात बाहर नहीं जाती।",
  "Throw the recording away": "रिकॉर्डिंग हटाएँ",
  "Today": "आज",
  "typing…": "लिख रहा है…",
  "Voice note": "आवाज़ का संदेश",
  "What can this munshi do?": "यह मुंशी क्या कर सकता है?",
  "Whose phone is this?": "यह किसका फ़ोन है?",
  "Yesterday": "कल",
  "You": "आप",
  "{n} new": "{n} नए",
};

let spoken = "en";
const listeners = new Set();

/** Return the words in the language of the page, with `values` put in. */
export function t(english, values = {}) {
  const words = (spoken === "hi" && HINDI[english]) || english;
  return words.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Return the locale of dates and times: Western figures in both languages, as in the ledger. */
export function locale() {
  return spoken === "hi" ? "hi-IN-u-nu-latn" : "en-IN";
}

export function language() {
  return spoken;
}

/** Be told when the language changes. */
export function onLanguage(listener) {
  listeners.add(listener);
}

/** Speak another language: what stands in the page changes at once. */
export function speak(wanted) {
  const changed = spoken !== wanted;
  spoken = wanted;
  document.documentElement.lang = wanted;
  label(document);
  if (changed) listeners.forEach((listener) => listener());
}

/** Put words into elements that name theirs: data-t for the text, data-t-label and data-t-hint for attributes. */
export function label(root) {
  for (const one of root.querySelectorAll("[data-t]")) one.textContent = t(one.dataset.t);
  for (const one of root.querySelectorAll("[data-t-label]")) one.setAttribute("aria-label", t(one.dataset.tLabel));
  for (const one of root.querySelectorAll("[data-t-hint]")) one.placeholder = t(one.dataset.tHint);
}
