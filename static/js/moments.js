// The moments that stand out: the list, the marks over the chart, the way from one to the next, and a picture of each
// out of the visitor's own video, drawn here and gone with the page. What a moment is, is the server's.

import { clock } from "./format.js";

const NEAR_S = 0.05;
const BACK_S = 1; // a moment just begun is left backwards to the one before it
const SHOT_MS = 4000;

export class Moments {
  constructor(section, { cursor, chart, video, environment }) {
    Object.assign(this, { section, cursor, chart, video, environment });
    this.place = section.querySelector("[data-moments-place]");
    this.trouble = section.querySelector("[data-moments-trouble]");
    this.spoken = section.querySelector("[data-moments-spoken]");
    this.found = [];
    this.current = null;
    section.querySelector("[data-moments-again]").addEventListener("click", () => this.load());
    cursor.follow((t_s) => this.mark(t_s));
    this.load();
  }

  show(environment) {
    this.environment = environment;
    this.load();
  }

  async load() {
    this.asked?.abort();
    const mine = (this.asked = new AbortController());
    const { environment } = this;
    try {
      const url = `${this.section.dataset.url}?environment=${encodeURIComponent(environment)}`;
      const response = await fetch(url, { signal: mine.signal, headers: { "HX-Request": "true" } });
      if (!response.ok) throw new Error(`${response.status} for ${url}`);
      const html = await response.text();
      this.trouble.hidden = true;
      if (html === this.html) return; // the list that stands there, with whatever has the focus in it
      const body = new DOMParser().parseFromString(html, "text/html").querySelector("[data-moments-body]");
      this.place.replaceChildren(document.adoptNode(body));
      this.html = html;
      this.shownFor = environment;
      this.collect();
    } catch (error) {
      if (error.name !== "AbortError") this.fail();
    }
  }

  // What stands there of another environment must not stand beside the numbers of this one.
  fail() {
    this.trouble.hidden = false;
    if (!this.shownFor || this.shownFor === this.environment) return;
    this.place.replaceChildren();
    this.html = "";
    this.collect();
  }

  collect() {
    this.found = [...this.place.querySelectorAll("li[data-from]")].map((node) => ({
      node,
      from_s: Number(node.dataset.from),
      to_s: Number(node.dataset.to),
      kind: node.dataset.kind,
    }));
    this.current = null;
    for (const hint of document.querySelectorAll("[data-moments-keys]")) hint.hidden = !this.found.length;
    this.layMarks();
    this.mark(this.cursor.t_s);
    if (this.video) this.film ??= this.takeShots();
    for (const [shot_s, picture] of this.shots ?? []) this.paste(shot_s, picture);
  }

  // ---- from one to the next

  go(direction) {
    const { t_s } = this.cursor;
    const next = direction > 0 ? this.found.find((each) => each.from_s > t_s + NEAR_S) : this.found.findLast((each) => each.from_s < t_s - BACK_S);
    if (!next) {
      this.spoken.textContent = this.found.length ? `No ${direction > 0 ? "later" : "earlier"} moment.` : "No moment stands out.";
      return;
    }
    this.cursor.seek(next.from_s);
    this.spoken.textContent = `${next.node.querySelector(".found-kind").textContent} at ${clock(next.from_s)}.`;
    const list = next.node.parentElement;
    list.scrollTo({ left: next.node.offsetLeft - list.offsetLeft, top: list.scrollTop });
  }

  mark(t_s) {
    const now = this.found.find((each) => t_s >= each.from_s - NEAR_S && t_s <= each.to_s)?.node ?? null;
    if (now === this.current) return;
    this.current?.removeAttribute("aria-current");
    now?.setAttribute("aria-current", "true");
    this.current = now;
  }

  // ---- over the chart

  layMarks() {
    const layer = this.chart?.node.parentElement.querySelector("[data-marks]");
    if (!layer) return;
    layer.replaceChildren(
      ...this.found.map((each) => {
        each.mark = document.createElement("span");
        Object.assign(each.mark.dataset, { kind: each.kind });
        return each.mark;
      }),
    );
    this.placeMarks();
  }

  placeMarks() {
    if (!this.chart?.layout) return;
    const { left, length } = this.chart.span;
    for (const { mark, from_s, to_s, kind } of this.found) {
      if (!mark) continue;
      const isChange = kind === "rise" || kind === "fall";
      const start = Math.max(left, this.chart.xAt(from_s));
      const stop = Math.min(left + length, this.chart.xAt(isChange ? from_s : to_s));
      mark.hidden = stop < start;
      mark.style.setProperty("left", `${start.toFixed(1)}px`);
      mark.style.setProperty("width", `${Math.max(2, stop - start).toFixed(1)}px`);
    }
  }

  // ---- pictures

  async takeShots() {
    this.shots ??= new Map(); // those of another setting may be the same
    await new Promise((resolve) => {
      const observer = new IntersectionObserver(
        (entries) => {
          if (!entries.some((entry) => entry.isIntersecting)) return;
          observer.disconnect();
          resolve();
        },
        { rootMargin: "300px" },
      );
      observer.observe(this.place);
    });
    const film = Object.assign(document.createElement("video"), { muted: true, preload: "auto", playsInline: true, src: this.video.currentSrc || this.video.src });
    for (;;) {
      const canvas = [...this.place.querySelectorAll("[data-shot]")].find((each) => !this.shots.has(each.dataset.shot));
      if (!canvas) break;
      const { shot } = canvas.dataset;
      this.shots.set(shot, await this.picture(film, Number(shot)));
      this.paste(shot, this.shots.get(shot));
    }
    film.removeAttribute("src");
    film.load();
    this.film = null;
  }

  // A bitmap, or null where the video cannot be shown.
  picture(film, t_s) {
    return new Promise((resolve) => {
      const end = (picture) => {
        clearTimeout(patience);
        film.onseeked = film.onerror = null;
        resolve(picture);
      };
      const patience = setTimeout(() => end(null), SHOT_MS);
      film.onseeked = () => createImageBitmap(film).then(end, () => end(null));
      film.onerror = () => end(null);
      film.currentTime = t_s;
    });
  }

  paste(shot, picture) {
    const canvas = this.place.querySelector(`[data-shot="${shot}"]`);
    if (!canvas || canvas.dataset.done) return;
    canvas.dataset.done = picture ? "shown" : "none";
    if (!picture) return;
    const scale = Math.min(window.devicePixelRatio || 1, 2);
    canvas.width = 208 * scale;
    canvas.height = 117 * scale;
    const fit = Math.max(canvas.width / picture.width, canvas.height / picture.height);
    const [width, height] = [picture.width * fit, picture.height * fit];
    canvas.getContext("2d").drawImage(picture, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  }
}
