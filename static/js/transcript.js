// What was said, beside the moment on screen: marks the paragraph being spoken, keeps it in view, and offers captions.
// htmx fetches the fragment and asks again while it is being written; this module knows its data attributes, no numbers.

import { clock } from "./format.js";
import { sentenceOf } from "./resources.js";
import { rowAt } from "./rows.js";

const EARLY_S = 0.25; // the picture on screen may be a little older than the moment that was asked for
const RESTING_MS = 6000; // a list that its reader just moved stays where it is
const FAILED = "The words could not be loaded.";
const SPOKEN = { waiting: "", running: "Writing down what was said.", done: "What was said is shown." };

const environmentOf = (url) => new URL(url, location.href).searchParams.get("environment");

export class Transcript {
  constructor(section, { video, onReady }) {
    this.section = section;
    this.place = section.querySelector("#said-place");
    this.video = video;
    this.onReady = onReady;
    this.t_s = 0;
    this.follows = true;
    this.touched_ms = -Infinity;
    this.scrollTop = 0;
    this.track = null;
    this.url = this.place.getAttribute("hx-get");
    this.collect();
    this.listen();
  }

  one(name) {
    return this.section.querySelector(`[data-said-${name}]`);
  }

  get body() {
    return this.section.querySelector("[data-said]");
  }

  listen() {
    const { section, place, video } = this;
    place.addEventListener("htmx:beforeSwap", (event) => this.beforeSwap(event));
    place.addEventListener("htmx:afterSwap", () => this.afterSwap());
    for (const kind of ["responseError", "sendError", "timeout"]) {
      section.addEventListener(`htmx:${kind}`, (event) => this.fail(event.detail.xhr));
    }
    this.one("again").addEventListener("click", () => this.ask(this.url));
    section.addEventListener("change", (event) => {
      if (event.target.matches("[data-said-follow]")) this.follows = event.target.checked;
    });
    for (const kind of ["wheel", "pointerdown", "keydown"]) {
      place.addEventListener(kind, (event) => this.touch(event), { passive: true });
    }
    if (!video) return;
    place.addEventListener("click", (event) => {
      if (event.target.matches("[data-said-play]")) this.toggle();
    });
    for (const kind of ["play", "pause", "ended"]) video.addEventListener(kind, () => this.showPlaying());
  }

  // ---- the fragment

  ask(url) {
    this.url = url;
    // What goes wrong is told by the events that `fail` hears; the promise says it once more.
    window.htmx.ajax("GET", url, { source: this.place, target: this.place, swap: "innerHTML" }).catch(() => {});
  }

  show(environment) {
    this.ask(`${this.section.dataset.url}?environment=${encodeURIComponent(environment)}`);
  }

  beforeSwap(event) {
    const { detail } = event;
    this.scrollTop = this.one("list")?.scrollTop ?? this.scrollTop;
    if (environmentOf(detail.requestConfig.path) !== environmentOf(this.url)) detail.shouldSwap = false; // asked before the switch
    if (!detail.shouldSwap || !this.one("bar")) return;
    const fresh = new DOMParser().parseFromString(detail.serverResponse, "text/html").querySelector("[data-said]");
    if (this.isFurther(fresh)) {
      detail.shouldSwap = false;
      this.showProgress(fresh);
    }
  }

  isFurther(fresh) {
    const told = (body) => [body.dataset.said, body.getAttribute("hx-get"), body.querySelector("button")?.disabled].join();
    return fresh !== null && told(fresh) === told(this.body);
  }

  // Only the bar moves: a button that is replaced while it is being pressed is never clicked.
  showProgress(fresh) {
    this.one("bar").value = fresh.querySelector("[data-said-bar]").value;
    const figure = this.one("percent");
    if (figure) figure.textContent = fresh.querySelector("[data-said-percent]").textContent;
    this.trouble(false);
  }

  afterSwap() {
    this.trouble(false);
    this.shownFor = environmentOf(this.url);
    this.collect();
    this.mark();
    this.one("list")?.scrollTo({ top: this.scrollTop, behavior: "instant" });
    this.announce();
    if (this.status !== "done") return;
    this.offerCaptions();
    this.onReady();
  }

  collect() {
    this.paragraphs = [...this.section.querySelectorAll("li[data-until]")];
    this.starts = this.paragraphs.map((paragraph) => Number(paragraph.dataset.seek));
    this.ends = this.paragraphs.map((paragraph) => Number(paragraph.dataset.until));
    this.current = null;
    const follow = this.one("follow");
    if (follow) follow.checked = this.follows;
    this.one("follow-label")?.toggleAttribute("hidden", !this.video);
    this.one("play")?.toggleAttribute("hidden", !this.video);
    this.showPlaying();
  }

  announce() {
    if (this.announced === this.status) return;
    this.announced = this.status;
    const lead = this.section.querySelector("[data-said-lead]");
    this.one("spoken").textContent = SPOKEN[this.status] ?? lead?.textContent ?? "";
  }

  get status() {
    return this.body?.dataset.said;
  }

  fail({ status, responseText }) {
    const isOfAnother = this.shownFor && this.shownFor !== environmentOf(this.url);
    if (status === 404 || isOfAnother) {
      this.place.textContent = ""; // wiped, or the scores of another environment
      this.collect();
    }
    this.one("why").textContent = (status === 429 ? sentenceOf(responseText) : null) ?? FAILED;
    this.trouble(true);
  }

  trouble(isThere) {
    this.one("trouble").hidden = !isThere;
  }

  // ---- the moment

  move(t_s) {
    this.t_s = t_s;
    this.mark();
  }

  mark() {
    const now = this.one("now");
    if (now && now.textContent !== clock(this.t_s)) now.textContent = clock(this.t_s);
    const row = rowAt(this.starts, this.t_s + EARLY_S);
    const paragraph = row >= 0 && this.t_s <= this.ends[row] + EARLY_S ? this.paragraphs[row] : null;
    if (paragraph === this.current) return;
    this.current?.removeAttribute("aria-current");
    paragraph?.setAttribute("aria-current", "true");
    this.current = paragraph;
    if (paragraph) this.keepInView(paragraph);
  }

  touch(event) {
    if (event.target.closest("[data-said-list]")) this.touched_ms = performance.now();
  }

  // Scrolls the list and never the page.
  keepInView(paragraph) {
    if (!this.follows || performance.now() - this.touched_ms < RESTING_MS) return;
    const list = this.one("list");
    const above = paragraph.offsetTop < list.scrollTop;
    const below = paragraph.offsetTop + paragraph.offsetHeight > list.scrollTop + list.clientHeight;
    if (above || below) list.scrollTo({ top: paragraph.offsetTop });
  }

  toggle() {
    if (this.video.paused) this.video.play().catch(() => {}); // the stage says so when it cannot be played
    else this.video.pause();
  }

  showPlaying() {
    const button = this.one("play");
    if (button && this.video) button.textContent = this.video.paused ? "Play" : "Pause";
  }

  offerCaptions() {
    if (!this.video || this.track) return;
    const element = document.createElement("track");
    Object.assign(element, { kind: "captions", label: "What was said", src: this.body.dataset.captions });
    this.video.append(element);
    this.track = element.track;
    const label = document.querySelector("[data-captions-label]");
    const box = label.querySelector("input");
    label.hidden = false;
    box.addEventListener("change", () => (this.track.mode = box.checked ? "showing" : "disabled"));
    this.video.textTracks.addEventListener("change", () => (box.checked = this.track.mode === "showing"));
  }
}
