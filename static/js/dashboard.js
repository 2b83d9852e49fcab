// The results page: charts of one environment at a time, the video with its boxes, and one moment shared by all.
// Every number shown comes from the server's figures, fragments and boxes; this module only places them.

import { Chart, rowAt } from "./charts.js";
import { clock, percent } from "./format.js";
import { Player } from "./player.js";
import { Resources } from "./resources.js";
import { Transcript } from "./transcript.js";

const page = document.querySelector("[data-dashboard]");
const one = (selector) => page.querySelector(selector);
const all = (selector) => [...page.querySelectorAll(selector)];

const charts = Object.fromEntries(all("[data-chart]").map((node) => [node.dataset.chart, new Chart(node)]));
const timed = ["series", "lanes"].filter((name) => charts[name]).map((name) => charts[name]);
const emotions = JSON.parse(document.getElementById("emotions").textContent);
const reasons = JSON.parse(document.getElementById("reasons").textContent);
let lines = new Map();
let asked = null;
let now_s = 0;

// ---- one environment at a time

const collectLines = (figure) => {
  lines = new Map();
  for (const trace of figure.data) {
    if (!trace.meta?.line || trace.meta.band) continue;
    const line = lines.get(trace.meta.line) ?? { t_s: [], values: [] };
    line.t_s.push(...trace.x);
    line.values.push(...trace.y);
    lines.set(trace.meta.line, line);
  }
};

const showFigures = async (figures) => {
  for (const [name, figure] of Object.entries(figures)) await charts[name]?.show(figure);
  if (figures.series) collectLines(figures.series);
  placeCursors(now_s);
  page.toggleAttribute("data-ready", true);
};

const fetchOk = async (url, options) => {
  const response = await fetch(url, options);
  if (!response.ok) throw new Error(`${response.status} for ${url}`);
  return response;
};

const replaceFragments = (html) => {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const part of fresh.querySelectorAll("[data-fragment]")) document.getElementById(part.id)?.replaceWith(part);
};

const load = async (figuresUrl, fragmentUrl) => {
  asked?.abort();
  asked = new AbortController();
  const { signal } = asked;
  try {
    const [figures, fragment] = await Promise.all([
      fetchOk(figuresUrl, { signal }).then((response) => response.json()),
      fragmentUrl ? fetchOk(fragmentUrl, { signal, headers: { "HX-Request": "true" } }).then((response) => response.text()) : "",
    ]);
    if (fragment) replaceFragments(fragment);
    await showFigures(figures);
    one("[data-trouble]").hidden = true;
  } catch (error) {
    if (error.name !== "AbortError") one("[data-trouble]").hidden = false;
  }
};

page.addEventListener("click", (event) => {
  const link = event.target.closest("[data-environment]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  history.replaceState(null, "", link.href);
  transcript?.show(link.dataset.environment);
  papers?.show(link.dataset.environment);
  load(link.dataset.figures, link.href).then(() => one(`[data-environment="${link.dataset.environment}"]`)?.focus({ preventScroll: true }));
});

// ---- one moment for all

const placeCursors = (t_s) => {
  for (const chart of timed) {
    if (!chart.layout) continue;
    const cursor = chart.node.parentElement.querySelector("[data-cursor]");
    cursor.hidden = false;
    cursor.style.setProperty("transform", `translateX(${chart.xAt(t_s).toFixed(1)}px)`);
  }
};

const readOut = (t_s) => {
  for (const [name, line] of lines) {
    const value = line.values[rowAt(line.t_s, t_s)];
    const output = one(`[data-readout="${name}"]`);
    if (output) output.textContent = value === null || value === undefined ? "–" : value.toFixed(1);
  }
  one("[data-readout-time]").textContent = clock(t_s);
};

const onTime = (t_s) => {
  now_s = t_s;
  placeCursors(t_s);
  if (lines.size) readOut(t_s);
  const slider = one("[data-slider]");
  slider?.setAttribute("aria-valuenow", t_s.toFixed(1));
  slider?.setAttribute("aria-valuetext", clock(t_s));
  const shown = one("[data-now-time]");
  if (shown) shown.textContent = clock(t_s);
  transcript?.move(t_s);
};

const mean = (faces, index) => faces.reduce((sum, face) => sum + face.p[index], 0) / faces.length;

const describe = (reading, used) => {
  if (!reading || !reading.faces.length) return "No face found";
  const apart = reading.faces.length - used.length;
  const seen = reading.faces.length === 1 ? "1 face" : `${reading.faces.length} faces`;
  return apart ? `${seen}, ${apart} left out` : seen;
};

const onReading = (reading) => {
  const used = reading?.faces.filter((face) => face.left_out === 0) ?? [];
  one("[data-now-faces]").textContent = describe(reading, used);
  emotions.forEach((emotion, index) => {
    const share = used.length ? mean(used, index) : null;
    one(`[data-now-bar="${emotion}"]`).value = share ?? 0;
    one(`[data-now-share="${emotion}"]`).textContent = share === null ? "–" : percent(share);
  });
};

const environment = page.dataset.environmentNow;
const papers = one("#next") && new Resources(one("#next"), environment);
const video = one("[data-stage] video");
const transcript = one("#said") && new Transcript(one("#said"), { video, onReady: () => papers?.open() });

const stage = one("[data-stage]");
const player = stage && new Player(stage, { emotions, reasons, onTime, onReading });

const goTo = (t_s) => {
  if (player) player.seek(t_s);
  else onTime(t_s);
};

// A word, a paragraph, a paper's passage: whatever names its moment leads there, unless its text is being selected.
page.addEventListener("click", (event) => {
  const place = event.target.closest("[data-seek]");
  if (!place || event.target.closest("a") || getSelection().type === "Range") return;
  goTo(Number(place.dataset.seek));
});

for (const chart of timed) {
  const surface = chart.node.parentElement;
  surface.addEventListener("pointerdown", (event) => {
    if (event.button || !chart.layout) return;
    surface.setPointerCapture(event.pointerId);
    goTo(chart.timeAt(event.clientX));
  });
  surface.addEventListener("pointermove", (event) => {
    if (!chart.layout) return;
    if (surface.hasPointerCapture(event.pointerId)) goTo(chart.timeAt(event.clientX));
    else if (chart === charts.series && lines.size) readOut(chart.timeAt(event.clientX));
  });
  surface.addEventListener("pointerleave", () => lines.size && readOut(now_s));
  new ResizeObserver(() => placeCursors(now_s)).observe(surface);
}

const STEPS_S = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 };
one("[data-slider]")?.addEventListener("keydown", (event) => {
  const end_s = player?.video.duration || charts.series.until_s;
  const target = { Home: 0, End: end_s }[event.key] ?? (event.key in STEPS_S ? now_s + STEPS_S[event.key] : null);
  if (target === null) return;
  event.preventDefault();
  goTo(Math.min(end_s, Math.max(0, target)));
});

// ---- switches of the page

for (const box of all("[data-line]")) {
  box.addEventListener("change", () => charts.series.toggle(box.dataset.line, box.checked));
  if (!box.checked) charts.series?.toggle(box.dataset.line, false);
}

one("[data-boxes-switch]")?.addEventListener("change", (event) => player.setVisible(event.target.checked));

one("[data-full-screen]")?.addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else stage.requestFullscreen();
});

document.addEventListener("engageai:theme", () => {
  for (const chart of Object.values(charts)) chart.draw();
  player?.retheme();
});

if (page.dataset.figures) load(page.dataset.figures, "");
