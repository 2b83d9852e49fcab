// The charts of a session on the operator's page: still pictures of the results page's figures, in the admin's theme.
// Knows figures and colours; asks for nothing but what the page names.

const CONFIG = { displayModeBar: false, responsive: false, staticPlot: true };
const TICK_PX = 64;
const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);

const colour = (role) => {
  probe.style.color = `var(--${role})`;
  return getComputedStyle(probe).color;
};

const paint = (trace) => {
  const tone = trace.meta?.colour && colour(trace.meta.colour);
  if (!tone) return trace;
  if (trace.line) trace.line.color = tone;
  if (trace.marker) trace.marker.color = tone;
  if (trace.fillcolor) trace.fillcolor = tone;
  return trace;
};

// As many ticks as there is room for.
const thin = (axis, width) => {
  if (!axis?.tickvals) return;
  const step = Math.ceil((axis.tickvals.length * TICK_PX) / width);
  axis.tickvals = axis.tickvals.filter((_, index) => index % step === 0);
  axis.ticktext = axis.ticktext?.filter((_, index) => index % step === 0);
};

const draw = (node, figure) => {
  const { data, layout } = structuredClone(figure);
  const hairline = colour("hairline");
  layout.font = { ...layout.font, color: colour("ink-soft"), family: getComputedStyle(document.body).fontFamily };
  for (const axis of [layout.xaxis, layout.yaxis]) {
    if (axis) Object.assign(axis, { gridcolor: hairline, linecolor: hairline, tickcolor: hairline });
  }
  layout.width = node.clientWidth;
  thin(layout.xaxis, layout.width);
  return window.Plotly.react(node, data.map(paint), layout, CONFIG);
};

const show = async (place) => {
  const note = place.querySelector("[data-note]");
  const nodes = [...place.querySelectorAll("[data-figure]")];
  try {
    const response = await fetch(place.dataset.figures);
    if (!response.ok) throw new Error(response.status);
    const figures = await response.json();
    const drawn = nodes.filter((node) => figures[node.dataset.figure]);
    for (const node of nodes) node.parentElement.hidden = !drawn.includes(node);
    note.hidden = drawn.length > 0;
    note.textContent = "There is no chart: no face could be used.";
    const all = () => drawn.forEach((node) => draw(node, figures[node.dataset.figure]));
    all();
    new ResizeObserver(() => drawn.some((node) => node.clientWidth !== node.layout?.width) && all()).observe(place);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", all);
    new MutationObserver(all).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    place.dataset.ready = "";
  } catch {
    for (const node of nodes) node.parentElement.hidden = true;
    note.hidden = false;
    note.textContent = "The charts could not be loaded: the session may have ended. Reload the page to see.";
  }
};

for (const place of document.querySelectorAll("[data-figures]")) show(place);
