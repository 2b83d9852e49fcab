// The weights laboratory: five sets of values, one of them on the sliders, and what all of them make of the same shares.
// The page's switch puts its environment on the sliders. Knows the section's elements; the arithmetic is in weights.js,
// and nothing of it leaves the page but five numbers, for which the server works out the 95 % interval and forgets them.

import { Ranking } from "./weights-ranking.js";
import { Scores } from "./weights-scores.js";
import { WeightsChart } from "./weights-chart.js";
import { block } from "./weights-yaml.js";
import { firmness, score, table, tauB } from "./weights.js";

const section = document.querySelector("[data-lab]");
const one = (name) => section.querySelector(`[data-lab-${name}]`);
const REST_MS = 400; // after the last move of a slider, before anything that takes time
const HARDLY = 0.9;
const SOMEWHAT = 0.7;

const radios = [...section.querySelectorAll("[name=lab-set]")];
const rows = [...section.querySelectorAll("[data-lab-value]")];
let bench = null;
let sets = null;
let series = null;
let views = null;
let environment = section.dataset.chosen; // the page's
let chosen = environment; // the set on the sliders
let asked = null; // for which environment the shares were: whose faces a paragraph has depends on it
let loading = null;
let held = []; // the values on the sliders, but for what a field held while it was being emptied letter by letter
let rest = 0;
let trying = null;

const tau = (value) => value.toFixed(2).replace("-", "−");
const mine = () => sets[chosen];
const isShipped = (set) => set.values.every((value, column) => value === set.shipped[column]);
const seen = () => bench.segments.filter((segment) => segment.shares);
const scoresOf = (values) => seen().map((segment) => score(segment.shares, values));

const begin = (found) => {
  bench = found;
  sets ??= setsOf(found);
  series = { readings: table(found.readings), rolling: table(found.rolling) };
  views ??= {
    chart: new WeightsChart(one("chart"), found.scale, Number(section.dataset.until)),
    scores: new Scores(one("scores"), found.scale),
  };
  views.ranking = new Ranking(one("ranking"), found.segments);
  one("loading").hidden = true;
  one("body").hidden = false;
  one("note").textContent = note();
  choose(chosen);
};

const setsOf = (found) => {
  const shipped = found.environments.map((each) => [each.name, { ...each, shipped: each.values, values: [...each.values] }]);
  const made = Object.fromEntries(shipped);
  return { ...made, custom: copyOf(made[environment], "Custom") };
};

const copyOf = (base, label) => ({ ...base, name: "custom", label, values: [...base.shipped], copy: base.label, copied: base.name });

const note = () => {
  const late = bench.lag_s ? ` Their faces are those of ${bench.lag_s} s later, as in the transcript.` : "";
  const what = bench.kind === "paragraphs" ? `Paragraphs of the transcript.${late}` : "Stretches of 30 seconds, since there is no transcript.";
  return `${what} Where too little was seen there is no score and no rank. Neighbours in this list mostly differ by less than their intervals.`;
};

// ---- one set on the sliders

const choose = (name) => {
  chosen = name;
  for (const radio of radios) radio.checked = radio.value === name;
  for (const part of ["name", "place"]) one(part).hidden = name !== "custom";
  held = [...mine().values];
  for (const [column] of rows.entries()) fill(column);
  refresh();
};

const fill = (column) => {
  const [slider, field] = rows[column].querySelectorAll("input");
  const value = mine().values[column];
  slider.value = value;
  if (Number(field.value) !== value) field.value = value;
  field.removeAttribute("aria-invalid");
  rows[column].toggleAttribute("data-changed", value !== mine().shipped[column]);
  rows[column].querySelector("[data-lab-shipped]").textContent = value === mine().shipped[column] ? "" : `was ${mine().shipped[column]}`;
};

const take = (column, field, isDeleting) => {
  const value = Math.round(field.valueAsNumber * 100) / 100;
  const [lowest, highest] = bench.scale;
  if (!(value >= lowest && value <= highest)) {
    field.setAttribute("aria-invalid", "true");
    return;
  }
  mine().values[column] = value;
  if (!isDeleting) held[column] = value;
  fill(column);
  refresh();
};

// A field that is left empty gets back what it held.
const leave = (column, field) => {
  if (field.value === "" && mine().values[column] !== held[column]) {
    mine().values[column] = held[column];
    refresh();
  }
  fill(column);
};

const reset = (set) => {
  set.values = [...set.shipped];
};

// ---- what the values make of the shares

let frame = 0;
const refresh = () => {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(draw);
  clearTimeout(rest);
  trying?.abort();
  rest = setTimeout(think, REST_MS);
};

const draw = () => {
  views.scores.show(Object.values(sets).map((set) => ({ ...scoreOf(set), name: set.name, label: set.label, chosen: set.name === chosen })));
  views.chart.show(lines());
  views.ranking.show(mine().values, mine().shipped);
  showOrder();
  one("key").textContent = key();
  one("yaml").value = block(place(), mine(), bench.emotions);
};

const scoreOf = (set) => {
  const band = isShipped(set) ? bench.engagement[set.copied ?? set.name] : set.band?.of === set.values.join() ? set.band : null;
  return { score: score(bench.overall, set.values), before: score(bench.overall, set.shipped), band };
};

const lines = () => {
  const { readings, rolling } = series;
  const others = Object.values(sets).filter((set) => set.name !== chosen && (set.name !== "custom" || !isShipped(set)));
  const line = (kind, from, values, label) => ({ kind, label, times: from.times, scores: from.scores(values) });
  return [
    line("reading", readings, mine().values, ""),
    ...others.map((set) => line("other", rolling, set.values, set.label)),
    ...(isShipped(mine()) ? [] : [line("before", rolling, mine().shipped, "")]),
    line("chosen", rolling, mine().values, mine().label),
  ];
};

const key = () => {
  const before = isShipped(mine()) ? "" : " dashed: before your changes;";
  return `Bold: ${mine().label};${before} thin: the other sets; grey behind them: ${bench.count > 1 ? `means of ${bench.count} readings` : "each reading"}, ${mine().label}.`;
};

const showOrder = () => {
  const found = isShipped(mine()) ? null : tauB(scoresOf(mine().values), scoresOf(mine().shipped));
  one("order").hidden = found === null;
  if (found === null) return;
  one("order").textContent = `Your values and the ${mine().copy ? `${mine().copy} values that they began with` : "original ones"} agree on the order by τ = ${tau(found)}.`;
  one("order").dataset.tau = found;
};

// ---- what takes a moment

const think = () => {
  trying = new AbortController();
  const { signal } = trying;
  const quietly = (error) => {
    if (error.name !== "AbortError") throw error;
  };
  sayFirm(mine(), signal).catch(quietly);
  fetchBand(mine(), signal).catch(quietly);
};

const sayFirm = async (set, signal) => {
  const shipped = isShipped(set) && set.name !== "custom";
  const options = { change: bench.change, count: bench.draws, seed: bench.seed, scale: bench.scale };
  const found = shipped ? bench.firmness[set.name] : await firmness(seen().map((segment) => segment.shares), [...set.values], options, signal);
  one("firm").textContent = firmSentence(found);
  one("firm").dataset.likely = found?.likely ?? "";
  one("firm").dataset.corner = found?.corner ?? "";
};

const firmSentence = (found) => {
  const count = seen().length;
  const what = bench.kind === "paragraphs" ? "paragraphs" : "half-minutes";
  if (!found) return count < 3 ? `There are too few ${what} with a score to speak of an order.` : `With these values all ${what} have the same score.`;
  const depends = found.likely >= HARDLY ? "hardly depends" : found.likely >= SOMEWHAT ? "depends somewhat" : "depends strongly";
  const percent = Math.round(100 * bench.change);
  return (
    `The order of the ${count} ${what} ${depends} on these values: when each of them changes by up to ${percent} %, Kendall’s τ with the order ` +
    `shown is ${tau(found.likely)} or more in 95 % of ${bench.draws} tries, and ${tau(found.corner)} at the worst of the 32 extremes. ` +
    "(1 is the same order, 0 is no agreement.)"
  );
};

const fetchBand = async (set, signal) => {
  const of = set.values.join();
  if (isShipped(set) || set.band?.of === of) return;
  const response = await fetch(`${section.dataset.interval}?values=${of}`, { signal }).catch((error) => {
    if (error.name === "AbortError") throw error;
    return null; // the score stands without its interval, and says so
  });
  set.band = { ...(response?.ok ? await response.json() : { low: null, high: null }), of };
  draw();
};

// ---- taking it away

const place = () => (chosen === "custom" ? one("place").querySelector("select").value : chosen);

const copy = async () => {
  const field = one("yaml");
  try {
    await navigator.clipboard.writeText(field.value);
    one("copied").textContent = "Copied.";
  } catch {
    field.select(); // without a secure context there is no clipboard
    one("copied").textContent = "Selected: copy it with Ctrl+C.";
  }
};

const download = () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([one("yaml").value], { type: "application/yaml" }));
  link.download = `${place()}.yml`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};

// ---- the section

const load = async () => {
  loading?.abort();
  const { signal } = (loading = new AbortController());
  asked = environment;
  one("trouble").hidden = true;
  one("loading").hidden = false;
  try {
    const response = await fetch(`${section.dataset.url}?environment=${asked}`, { signal, headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(`${response.status}`);
    begin(await response.json());
  } catch (error) {
    if (error.name === "AbortError") return;
    asked = null;
    one("loading").hidden = true;
    one("trouble").hidden = false;
  }
};

const loadIfSeen = () => one("details").open && asked !== environment && load();

// What was changed in any set stays changed there. A set of one's own begins with the new environment, unless it has begun.
const follow = (name) => {
  environment = chosen = name;
  if (sets && isShipped(sets.custom)) {
    sets.custom = copyOf(sets[name], sets.custom.label);
    one("place").querySelector("select").value = name;
  }
  if (sets) choose(name);
  loadIfSeen();
};

document.addEventListener("engageai:environment", ({ detail }) => follow(detail));
one("details").addEventListener("toggle", (event) => event.target === one("details") && loadIfSeen());
one("again").addEventListener("click", load);
for (const radio of radios) radio.addEventListener("change", () => choose(radio.value));
for (const [column, row] of rows.entries()) {
  for (const input of row.querySelectorAll("input")) input.addEventListener("input", (event) => take(column, input, event.inputType?.startsWith("delete")));
  row.querySelector("[type=number]").addEventListener("blur", ({ target }) => leave(column, target));
}
one("name").addEventListener("input", (event) => {
  mine().label = event.target.value.trim() || "Custom";
  refresh();
});
one("place").addEventListener("change", refresh);
one("reset").addEventListener("click", () => {
  reset(mine());
  choose(chosen);
});
one("reset-all").addEventListener("click", () => {
  for (const set of Object.values(sets)) reset(set);
  choose(chosen);
});
one("copy").addEventListener("click", copy);
one("download").addEventListener("click", download);
