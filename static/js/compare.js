// The page that compares two results. It asks the server for nothing: files are read here, and forgotten with the page.

import { draw } from "./compare-chart.js";
import { read } from "./compare-bundle.js";
import { SAME, aboutFloor, broken, difference, holdOf, isSame, rows, valueAt, verdict } from "./compare-numbers.js";
import { Unreadable } from "./compare-zip.js";
import { clock } from "./format.js";

const page = document.querySelector("[data-compare]");
const one = (selector, within = page) => within.querySelector(selector);
const SIDES = ["A", "B"];
const TENTHS = Array.from({ length: 11 }, (_, row) => row / 10);
const STRANGE = "This file could not be read.";
const loaded = { A: null, B: null };
const latest = { A: 0, B: 0 };
let hasChosen = false; // an environment

const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
const chosen = (name) => one(`input[name=${name}]:checked`).value;

// ---- files in

const place = (side) => one(`[data-side="${side}"]`);

const showFile = (side, title, facts, refusal = "") => {
  one("[data-name]", place(side)).textContent = title;
  one("[data-facts]", place(side)).textContent = facts;
  const notice = one("[data-refusal]", place(side));
  notice.textContent = refusal;
  notice.hidden = !refusal;
};

const told = (check) => {
  if (!check) return "";
  return check.count === check.of ? `, all ${check.of} files checked` : `, ${check.count} of ${check.of} files checked, the others are too large`;
};

const take = async (side, file) => {
  latest[side] += 1;
  const mine = latest[side];
  showFile(side, file.name, "Reading…");
  try {
    const found = await read(file);
    if (mine !== latest[side]) return; // another file was dropped meanwhile
    loaded[side] = found;
    openAs();
    const { duration_s, frames_analysed } = found.result.recording;
    showFile(side, found.name, `${clock(duration_s)}, ${frames_analysed} readings${told(found.checked)}`);
  } catch (error) {
    if (mine !== latest[side]) return;
    loaded[side] = null;
    if (!(error instanceof Unreadable)) console.warn(error);
    showFile(side, "Drop a bundle here", "or choose a file", `${file.name}: ${error instanceof Unreadable ? error.message : STRANGE}`);
  }
  show();
};

// With the environment that the first of the two was taken away in, until the visitor chooses one.
const openAs = () => {
  const name = SIDES.map((side) => loaded[side]?.settings?.environment).find(Boolean);
  const radio = !hasChosen && name && one(`input[name=environment][value="${CSS.escape(name)}"]`);
  if (radio) radio.checked = true;
};

// Two files at once fill both sides, one fills its own.
const takeAll = (side, files) => {
  const list = [...files];
  if (list.length > 1) SIDES.forEach((each, row) => take(each, list[row]));
  else if (list.length) take(side, list[0]);
};

for (const side of SIDES) {
  const input = one("input[type=file]", place(side));
  input.addEventListener("change", () => {
    takeAll(side, input.files);
    input.value = "";
  });
}

const sideOf = (event) => event.target.closest?.("[data-side]")?.dataset.side ?? (loaded.A ? "B" : "A");

for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault(); // a near miss must not open the file
    for (const side of SIDES) place(side).toggleAttribute("data-over", side === sideOf(event));
  });
}
const leave = () => SIDES.forEach((side) => place(side).removeAttribute("data-over"));
document.addEventListener("dragleave", (event) => event.relatedTarget || leave());
document.addEventListener("drop", (event) => {
  if (!event.dataTransfer?.files.length) return;
  event.preventDefault();
  leave();
  takeAll(sideOf(event), event.dataTransfer.files);
});

// ---- what they say

const show = () => {
  const both = loaded.A && loaded.B;
  one("[data-result]").hidden = !both;
  if (!both) one("[data-spoken]").textContent = "";
  if (!both) return;
  showScores();
  showSettings();
  showChart();
};

const showScores = () => {
  const environment = chosen("environment");
  const bands = SIDES.map((side) => loaded[side].result.engagement[environment]);
  SIDES.forEach((side, row) => {
    const card = one(`[data-score="${side}"]`);
    const band = bands[row];
    one("[data-name]", card).textContent = loaded[side].name;
    one("[data-figure]", card).textContent = band ? band.score.toFixed(2) : "–";
    one("[data-band]", card).textContent = band ? `95 % interval ${band.low.toFixed(2)} to ${band.high.toFixed(2)}` : "No face could be read.";
  });
  const found = bands.every(Boolean) ? difference(...bands) : null;
  one("[data-difference]").textContent = found ? signed(found.value) : "–";
  const same = isSame(loaded.A, loaded.B);
  one("[data-difference-band]").textContent = found && !same ? `95 % interval ${signed(found.low)} to ${signed(found.high)}` : "";
  one("[data-verdict]").textContent = same ? SAME : found ? verdict(found) : "One of the two has no score, so there is no difference.";
  one("[data-spoken]").textContent = one("[data-verdict]").textContent;
};

const cell = (name, text, kind) => {
  const node = document.createElement(name);
  node.textContent = text;
  if (name === "th") node.scope = "row";
  if (kind) node.className = kind;
  return node;
};

const showSettings = () => {
  const found = rows(loaded.A, loaded.B, chosen("environment"));
  const differing = found.filter(([, a, b, matters]) => matters && a !== b).map(([words]) => words.toLowerCase());
  const lines = found.map(([words, a, b, matters]) => {
    const line = document.createElement("tr");
    const differs = matters !== null && a !== b;
    line.toggleAttribute("data-differs", differs);
    line.append(cell("th", words), cell("td", a), cell("td", b), cell("td", differs ? "differs" : ""));
    return line;
  });
  one("[data-settings]").replaceChildren(...lines);
  const partial = SIDES.filter((side) => typeof loaded[side].result.stopped_at_s === "number");
  const caution = one("[data-caution]");
  const words = [];
  if (differing.length) words.push(`Made differently (${differing.join(", ")}): ${isSame(loaded.A, loaded.B) ? "" : "part of "}the difference may come from that.`);
  if (partial.length) words.push(`${partial.join(" and ")} ${partial.length > 1 ? "are partial results" : "is a partial result"}.`);
  words.push(...SIDES.map((side) => aboutFloor(side, loaded[side].result)).filter(Boolean));
  caution.textContent = words.join(" ");
  caution.hidden = !words.length;
};

const showChart = () => {
  const environment = chosen("environment");
  const isShare = chosen("axis") === "share";
  const lengths = SIDES.map((side) => loaded[side].result.recording.duration_s);
  const lines = {};
  const ends = {};
  const worth = [];
  SIDES.forEach((side, row) => {
    const { series, rolling, environments } = loaded[side].result;
    const points = series.map(({ t_s }, at) => [t_s, rolling[environment]["30s"][at]]);
    const hold_s = holdOf(points, loaded[side].result.settings?.max_hold_s);
    const unit_s = isShare ? lengths[row] : 1;
    lines[side] = broken(points, hold_s).map(([t_s, value]) => [t_s / unit_s, value]);
    ends[side] = ((points.at(-1)?.[0] ?? -hold_s) + hold_s) / unit_s;
    worth.push(...Object.values(environments[environment].values));
  });
  const span = [Math.floor(Math.min(...worth) * 2) / 2, Math.ceil(Math.max(...worth) * 2) / 2];
  const until = isShare ? 1 : Math.max(...lengths);
  const summary = `Engagement over time of A and B, from ${span[0]} to ${span[1]}. ${one("[data-verdict]").textContent}`;
  draw(one("[data-chart]"), { lines, span, until, isShare, summary });
  showTable(lines, ends, until, isShare);
};

// `ends`: until when the last reading of each speaks.
const showTable = (lines, ends, until, isShare) => {
  const times = SIDES.map((side) => lines[side].map(([at]) => at));
  const values = SIDES.map((side) => lines[side].map(([, value]) => value));
  const shown = TENTHS.map((tenth) => {
    const at = tenth * until;
    const pair = SIDES.map((side, row) => (at > ends[side] ? null : valueAt(times[row], values[row], at)));
    const line = document.createElement("tr");
    const numbers = [...pair.map((value) => (value === null ? "–" : value.toFixed(2))), pair.includes(null) ? "–" : signed(pair[1] - pair[0])];
    line.append(cell("th", isShare ? `${Math.round(100 * tenth)} %` : clock(at)), ...numbers.map((text) => cell("td", text, "num")));
    return line;
  });
  one("[data-table]").replaceChildren(...shown);
};

page.addEventListener("change", (event) => {
  if (event.target.name === "environment") hasChosen = true;
  if (["environment", "axis"].includes(event.target.name)) show();
});
new ResizeObserver(() => loaded.A && loaded.B && showChart()).observe(one("[data-chart]"));
page.toggleAttribute("data-ready", true);
