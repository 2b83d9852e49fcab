// Whether the webcam page reads, and what keeps it from reading. What the visitor wants, whether the camera is there and how
// the link is are kept apart: that one trouble is over says nothing of another. Knows no socket and no picture.

const SHOWN = {
  off: { lamp: "off", words: "Stopped" },
  stopping: { lamp: "waiting", words: "Adding it up" },
  trouble: { lamp: "trouble", words: "Not reading" },
  paused: { lamp: "waiting", words: "Paused" },
  connecting: { lamp: "waiting", words: "Connecting" },
  broken: { lamp: "waiting", words: "Reconnecting" },
  silent: { lamp: "waiting", words: "Waiting for the camera" },
  live: { lamp: "live", words: "Reading" },
};

const OFF = { isOn: false, isStopping: false, isPaused: false, camera: "", link: "connecting", server: "" };

export class Condition {
  // `on` has say(sentence), and turn(isReading) when reading begins or ends
  constructor(page, on) {
    this.page = page;
    this.get = (id) => page.querySelector(`#${id}`);
    this.on = on;
    this.state = "off";
    Object.assign(this, OFF);
  }

  // Any of: isStopping, isPaused; `camera` and `server`, sentences about their trouble, empty without any; `link`, which is
  // connecting, live, broken (and being made again), silent (the next frame makes it again) or refused.
  learn(facts) {
    Object.assign(this, facts);
    this.show();
  }

  begin() {
    this.learn({ ...OFF, isOn: true });
  }

  end() {
    this.learn(OFF);
  }

  found() {
    if (!this.isOn) return "off";
    if (this.isStopping) return "stopping";
    if (this.camera || this.link === "refused") return "trouble";
    return this.isPaused ? "paused" : this.link;
  }

  show() {
    const before = this.state;
    this.state = this.found();
    const { lamp, words } = SHOWN[this.state];
    this.page.dataset.state = lamp;
    this.get("state-text").textContent = words;
    this.complain([this.server, this.camera].filter(Boolean).join(" "));
    this.showPause();
    if (this.state === before) return;
    this.on.turn(this.state === "live");
    this.on.say(words);
  }

  showPause() {
    const button = this.get("pause");
    button.textContent = this.isPaused ? "Go on" : "Pause";
    button.disabled = this.state === "trouble" || this.state === "stopping";
  }

  // An alert is read aloud whenever it is written.
  complain(sentence) {
    const trouble = this.get("trouble");
    if (trouble.textContent !== sentence) trouble.textContent = sentence;
    trouble.hidden = !sentence;
  }
}
