// The keyboard of the results page. Knows keys and what each stands for; takes none from a field, a slider, an open dialog or
// a list that scrolls, and none that is pressed together with Ctrl, Alt or Meta.

const STEP_S = 5;
const LEAP_S = 10;
const FIELDS = "input, select, textarea, [contenteditable], [role=slider], summary";
const PRESSED_BY_SPACE = "button, a, label";
const SCROLLED = "[data-said-list], video"; // a video has these keys of its own
const SCROLLING = new Set([" ", "Home", "End", "ArrowLeft", "ArrowRight"]);
const KEPT = "engageai-single-keys"; // "off" once they were switched off, on this page or another

const areSingleKeysOn = () => {
  try {
    return localStorage.getItem(KEPT) !== "off";
  } catch {
    return true; // storage may be forbidden
  }
};

const keep = (areOn) => {
  try {
    localStorage.setItem(KEPT, areOn ? "on" : "off");
  } catch {
    // the choice then lasts as long as the page
  }
};

export class Keys {
  constructor({ cursor, transport, step, moments, zoom, help }) {
    Object.assign(this, { cursor, transport, step, moments, zoom, help });
    this.actions = this.listed();
    this.single = help?.querySelector("[data-keys-single]");
    this.areSingleOn = areSingleKeysOn();
    this.single?.addEventListener("change", () => this.turnSingle(this.single.checked));
    document.addEventListener("keydown", (event) => this.press(event));
    help?.querySelector("[data-keys-close]").addEventListener("click", () => help.close());
    for (const opener of document.querySelectorAll("[data-keys-open]")) opener.addEventListener("click", () => this.open());
  }

  listed() {
    const by = (seconds) => () => this.cursor.seek(this.cursor.t_s + seconds);
    const toggle = () => this.transport.toggle();
    return {
      " ": toggle,
      k: toggle,
      j: by(-LEAP_S),
      l: by(LEAP_S),
      ArrowLeft: (event) => (event.shiftKey ? this.step(-1) : by(-STEP_S)()),
      ArrowRight: (event) => (event.shiftKey ? this.step(1) : by(STEP_S)()),
      0: () => this.cursor.seek(0),
      Home: () => this.cursor.seek(0),
      End: () => this.cursor.seek(this.cursor.until_s),
      "[": () => this.moments?.go(-1),
      "]": () => this.moments?.go(1),
      "+": () => this.zoom?.by(0.5),
      "=": () => this.zoom?.by(0.5),
      "-": () => this.zoom?.by(2),
      "?": () => this.open(),
    };
  }

  press(event) {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog:modal")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (!Object.hasOwn(this.actions, key) || this.belongsTo(event.target, key) || this.isOff(key)) return;
    event.preventDefault();
    this.actions[key](event);
  }

  // Letters, digits and signs can come of speech that is typed, or of a hand that slips.
  isOff(key) {
    return key.length === 1 && key !== " " && !this.areSingleOn;
  }

  turnSingle(areOn) {
    this.areSingleOn = areOn;
    keep(areOn);
  }

  belongsTo(target, key) {
    if (!(target instanceof Element)) return false;
    if (target.closest(FIELDS)) return true;
    if (SCROLLING.has(key) && target.closest(SCROLLED)) return true;
    return key === " " && target.closest(PRESSED_BY_SPACE) !== null;
  }

  open() {
    if (!this.help || this.help.open) return;
    this.single.checked = this.areSingleOn; // a browser that loads the page again may have set it otherwise
    this.help.showModal();
  }
}
