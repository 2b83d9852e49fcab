// The results page: one environment at a time, and one moment that the video, the charts, the words and the list of
// moments share. Every number shown comes from the server's figures, fragments and boxes; this module only places them.

import { Boxes } from "./boxes.js";
import { Chart } from "./charts.js";
import { Cursor } from "./cursor.js";
import { clock } from "./format.js";
import { Keys } from "./keys.js";
import { LaneChart } from "./lane-chart.js";
import { Lanes } from "./lanes.js";
import { LineTable } from "./line-table.js";
import { Moments } from "./moments.js";
import { Now } from "./now.js";
import { Player } from "./player.js";
import { Resources } from "./resources.js";
import { rowAt } from "./rows.js";
import { Transcript } from "./transcript.js";
import { Clock, Film } from "./transport.js";
import { Values } from "./values.js";
import { Zoom } from "./zoom.js";

const page = document.querySelector("[data-dashboard]");
const one = (selector) => page.querySelector(selector);
const all = (selector) => [...page.querySelectorAll(selector)];

const chartOf = (node) => (node.dataset.chart === "lanes" ? new LaneChart(node) : new Chart(node));
const charts = Object.fromEntries(all("[data-chart]").map((node) => [node.dataset.chart, chartOf(node)]));
const timed = ["series", "lanes"].filter((name) => charts[name]).map((name) => charts[name]);
const emotions = JSON.parse(document.getElementById("emotions").textContent);
const reasons = JSON.parse(document.getElementById("reasons").textContent);
const until_s = Number(page.dataset.until);
const video = one("[data-stage] video");

const cursor = new Cursor(until_s);
const transport = video ? new Film(cursor, video) : new Clock(cursor);
const boxes = new Boxes(page.dataset.boxes);

// ---- one environment at a time

let environment = page.dataset.environmentNow;
let figuresUrl = page.dataset.figures;
let whole = null; // the figures of wholeUrl, which is not figuresUrl while another environment is on its way
let wholeUrl = null;
let lines = new Map(); // of the part in view, as exact as it is drawn
let wholeLines = lines;
let told = {}; // of the part in view, in numbers
let inView = [0, until_s];
let loading = null;
let stretching = null;
let failedUrl = ""; // of the fragment that belongs to figuresUrl and did not come

const linesOf = (figure) => {
  const found = Object.assign(new Map(), { isThinned: figure.layout.meta?.thinned ?? false });
  for (const trace of figure.data) {
    if (!trace.meta?.line || trace.meta.band) continue;
    const line = found.get(trace.meta.line) ?? { t_s: [], values: [] };
    line.t_s.push(...trace.x);
    line.values.push(...trace.y);
    found.set(trace.meta.line, line);
  }
  return found;
};

// Drawn lines tell their numbers; where they are thinned out, all of their values do, asked for when somebody wants one.
const numbersOf = (drawn) => (drawn.isThinned ? values.of(wholeUrl) : drawn);
const showTable = () => lineTable?.show(() => numbersOf(lines), inView, told);
const values = new Values(() => {
  showTable();
  readOut(cursor.t_s);
});

const showFigures = async (figures) => {
  if (figures.series) {
    lines = linesOf(figures.series);
    inView = figures.series.layout.xaxis.range;
    told = figures.series.layout.meta?.told ?? {};
    showTable();
  }
  lanes?.read(figures.lanes);
  await Promise.all(Object.entries(figures).map(([name, figure]) => charts[name]?.show(figure)));
  cursor.move(cursor.t_s);
};

const fetchOk = async (url, options) => {
  const response = await fetch(url, options);
  if (!response.ok) throw Object.assign(new Error(`${response.status} for ${url}`), { status: response.status });
  return response;
};

const gone = document.getElementById("session-gone");
const leadToGone = () => gone.querySelector("a").focus();

const replaceFragments = (html) => {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const part of fresh.querySelectorAll("[data-fragment]")) document.getElementById(part.id)?.replaceWith(part);
};

// What goes wrong is said, with a way to try again unless the data are gone; what was given up is not.
const asking = async (work) => {
  try {
    await work();
    one("[data-trouble]").hidden = true;
  } catch (error) {
    if (error.name === "AbortError") return;
    if (error.status === 404) gone.hidden = false;
    one("[data-trouble]").hidden = !gone.hidden;
    page.toggleAttribute("data-failed", !whole);
  }
};

// The latest environment wins.
const load = async (fragmentUrl) => {
  loading?.abort();
  stretching?.abort();
  const mine = (loading = new AbortController());
  const { signal } = mine;
  failedUrl = fragmentUrl;
  await asking(async () => {
    page.removeAttribute("data-failed");
    const [figures, fragment] = await Promise.all([
      fetchOk(figuresUrl, { signal }).then((response) => response.json()),
      fragmentUrl ? fetchOk(fragmentUrl, { signal, headers: { "HX-Request": "true" } }).then((response) => response.text()) : "",
    ]);
    failedUrl = "";
    if (fragment) {
      replaceFragments(fragment);
      history.replaceState(history.state, "", fragmentUrl);
    }
    [whole, wholeUrl] = [figures, figuresUrl];
    if (whole.series) wholeLines = linesOf(whole.series);
    await showFigures(figures);
    page.toggleAttribute("data-ready", true);
    performance.mark("usable");
  });
  if (mine !== loading) return;
  loading = null;
  loadStretch(zoom?.view);
};

// The exact values of the part in view. While an environment is on its way there is nothing to ask: its end does.
const loadStretch = (view) => {
  stretching?.abort();
  if (loading || wholeUrl !== figuresUrl) return;
  if (!view && !page.dataset.exact) return; // all of it stands there, or what went wrong with it does
  const { signal } = (stretching = new AbortController());
  asking(async () => {
    if (view) await showFigures(await (await fetchOk(`${figuresUrl}?from=${view[0].toFixed(3)}&to=${view[1].toFixed(3)}`, { signal })).json());
    else await showFigures({ series: whole.series, lanes: whole.lanes });
    if (signal.aborted) return;
    page.dataset.exact = view ? view.map((t_s) => t_s.toFixed(3)).join() : "";
  });
};

page.addEventListener("click", (event) => {
  const link = event.target.closest("[data-environment]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (!gone.hidden) return leadToGone();
  environment = link.dataset.environment;
  figuresUrl = link.dataset.figures;
  for (const part of [transcript, papers, moments]) part?.show(environment);
  document.dispatchEvent(new CustomEvent("engageai:environment", { detail: environment }));
  load(link.href).then(() => (gone.hidden ? one(`[data-environment="${environment}"]`)?.focus({ preventScroll: true }) : leadToGone()));
});

one("[data-again]")?.addEventListener("click", () => load(failedUrl));

// ---- one moment for all

const cursors = timed.map((chart) => ({ chart, node: chart.node.parentElement.querySelector("[data-cursor]") }));

const placeCursors = (t_s) => {
  for (const { chart, node } of cursors) {
    if (!chart.layout) continue;
    node.toggleAttribute("data-away", !chart.holds(t_s));
    if (node.hidden) node.hidden = false;
    node.style.setProperty("transform", `translateX(${chart.xAt(t_s).toFixed(4)}px)`);
  }
};

const write = (node, words) => {
  if (node && node.textContent !== words) node.textContent = words;
};

const outputs = new Map(all("[data-readout]").map((node) => [node.dataset.readout, node]));
const readoutTime = one("[data-readout-time]");
const readOut = (t_s) => {
  const drawn = t_s >= inView[0] && t_s <= inView[1] ? lines : wholeLines; // the part in view knows nothing of the rest
  const known = t_s > 0 ? numbersOf(drawn) : drawn; // where a line begins is always drawn
  for (const [name, output] of outputs) {
    const line = known.get(name);
    const value = line?.values[rowAt(line.t_s, t_s)];
    write(output, value === null || value === undefined ? "–" : value.toFixed(1));
  }
  write(readoutTime, clock(t_s));
};

const TELL_MS = 100; // what is said of the slider need not follow every picture
const slider = one("[data-slider]");
let told_ms = -Infinity;
const tellSlider = (t_s) => {
  if (!slider || (transport.isPlaying && performance.now() - told_ms < TELL_MS)) return;
  told_ms = performance.now();
  slider.setAttribute("aria-valuenow", t_s.toFixed(3));
  if (slider.getAttribute("aria-valuetext") !== clock(t_s)) slider.setAttribute("aria-valuetext", clock(t_s));
};

const papers = one("#next") && new Resources(one("#next"), environment);
const transcript = one("#said") && new Transcript(one("#said"), { video, onReady: () => (papers?.open(), moments?.load()) });
const moments = one("[data-moments]") && new Moments(one("[data-moments]"), { cursor, chart: charts.series, video, environment });
const lineTable = one("[data-line-table]") && new LineTable(one("[data-line-table]"), one("[data-line-summary]"));
const lanes = charts.lanes && one("[data-lane-readout]") && new Lanes(charts.lanes, one("[data-lane-readout]"));
const zoom = one("[data-zoom-controls]") && new Zoom(one("[data-zoom-controls]"), { charts: timed, cursor, load: loadStretch, until_s });
const player = video && new Player(one("[data-stage]"), { emotions, reasons, boxes, enlarge: one("[data-full-screen]") });
const now = one("[data-now]") && new Now(one("[data-now]"), { emotions, reasons, boxes });

for (const chart of timed) {
  chart.onDraw = () => {
    placeCursors(cursor.t_s);
    moments?.placeMarks();
  };
}
for (const follower of [placeCursors, readOut, tellSlider]) cursor.follow(follower);
if (zoom) cursor.follow((t_s) => zoom.follow(t_s));
if (now) cursor.follow((t_s) => now.show(t_s));
if (transcript) cursor.follow((t_s) => transcript.move(t_s));

// A word, a paragraph, a moment, a paper's passage: whatever names its time leads there, unless its text is being selected.
page.addEventListener("click", (event) => {
  const place = event.target.closest("[data-seek]");
  if (!place || event.target.closest("a") || (getSelection().type === "Range" && !event.target.closest("button"))) return;
  cursor.seek(Number(place.dataset.seek));
});

const DRAG_PX = 10; // a finger that scrolls the page moves sideways by less before the browser takes it over
for (const chart of timed) {
  const surface = chart.node.parentElement;
  let pressed_px = 0;
  surface.addEventListener("pointerdown", (event) => {
    if (event.button || !chart.layout) return;
    surface.setPointerCapture(event.pointerId);
    pressed_px = event.clientX;
    if (event.pointerType !== "touch") cursor.seek(chart.timeAt(event.clientX)); // a finger may be about to scroll
  });
  surface.addEventListener("click", (event) => chart.layout && cursor.seek(chart.timeAt(event.clientX)));
  surface.addEventListener("pointermove", (event) => {
    if (!chart.layout) return;
    const isDragged = event.pointerType !== "touch" || Math.abs(event.clientX - pressed_px) > DRAG_PX;
    const isHeld = surface.hasPointerCapture(event.pointerId);
    if (isHeld && isDragged) cursor.seek(chart.timeAt(event.clientX));
    else if (!isHeld && chart === charts.series) readOut(chart.timeAt(event.clientX));
    if (chart === charts.lanes) lanes?.point(event);
  });
  surface.addEventListener("pointerleave", () => {
    readOut(cursor.t_s);
    lanes?.leave();
  });
}

const STEPS_S = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
slider?.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const target = { Home: 0, End: until_s }[event.key] ?? (event.key in STEPS_S ? cursor.t_s + STEPS_S[event.key] : null);
  if (target === null) return;
  event.preventDefault();
  cursor.seek(target);
});

const step = async (direction) => {
  const t_s = await boxes.beside(cursor.t_s, direction);
  if (t_s !== null) cursor.seek(t_s);
};
new Keys({ cursor, transport, step, moments, zoom, help: document.querySelector("[data-keys]") });

// ---- switches of the page

const play = one("[data-play]");
play?.addEventListener("click", () => transport.toggle());
transport.onChange(() => {
  if (!play) return;
  write(play, transport.isPlaying ? "Pause" : "Play");
  play.setAttribute("aria-label", `${play.textContent} the recording`);
});

for (const box of all("[data-line]")) {
  box.addEventListener("change", () => charts.series.toggle(box.dataset.line, box.checked));
  if (!box.checked) charts.series?.toggle(box.dataset.line, false);
}

one("[data-boxes-switch]")?.addEventListener("change", (event) => player.setVisible(event.target.checked));

document.addEventListener("engageai:theme", () => {
  for (const chart of Object.values(charts)) chart.draw();
  player?.retheme();
});

// The words take the server longest and are read last: they are asked for once the charts are there, or cannot be.
const parsed = new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve)); // htmx listens from then on
Promise.all([parsed, figuresUrl && load("")]).then(() => setTimeout(() => document.body.dispatchEvent(new Event("engageai:words"))));
