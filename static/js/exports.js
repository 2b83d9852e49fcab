// What is taken away: links follow the environment on screen, charts become pictures with what made them below.
// Knows the data attributes of analytics/_exports.html, links to files elsewhere on the page, and the figures that plotly
// holds; the files are the server's.

import { sentenceOf } from "./resources.js";

const page = document.querySelector("[data-dashboard]");
const section = page.querySelector("[data-exports]");
const trouble = section.querySelector("[data-export-trouble]");
const spoken = section.querySelector("[data-film-spoken]");

const WIDTH_PX = 1200;
const TITLE_PX = 64;
const CAPTION_PX = 64;
const PNG_SCALE = 2;
const MEDIA_TYPES = { png: "image/png", svg: "image/svg+xml" };
const FILMS = { waiting: "The video waits for its turn.", running: "The video is being drawn.", done: "The video is ready." };

const UNDRAWN = "The picture could not be drawn. The ZIP has one too.";
const FAILED = "That did not work because of a fault on our side. Nothing else is affected.";
const GONE = "This recording has been wiped.";
const CUT_OFF = "No connection to the server.";

const complain = (sentence) => {
  trouble.textContent = sentence;
  trouble.hidden = !sentence;
};

const chosen = () => document.querySelector("[data-environment][aria-current]");

const follow = () => {
  const environment = chosen()?.dataset.environment;
  if (!environment) return;
  for (const link of page.querySelectorAll("a[data-export]")) {
    const url = new URL(link.href);
    url.searchParams.set("environment", environment);
    link.href = url.href;
  }
  const field = section.querySelector("[data-export-environment]");
  if (field) field.value = environment;
};

for (const kind of ["pointerdown", "focusin", "contextmenu"]) page.addEventListener(kind, follow);

// ---- charts as pictures

// Plotly reads tags in its words; a recording's name may hold anything.
const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

// Of a line in two parts, dotted and solid, one stands in the legend.
const named = (trace, row, all) => {
  const isFirst = all.findIndex((each) => each.name === trace.name && !each.meta?.band) === row;
  trace.showlegend = Boolean(trace.name) && isFirst;
  if (trace.type === "pie") Object.assign(trace, { texttemplate: "%{label} %{percent:.1%}", textposition: "outside" });
  return trace;
};

const captioned = (node, label) => {
  const layout = structuredClone(node.layout);
  const style = getComputedStyle(document.body);
  const { l = 64, r = 16, t = 12, b = 32 } = layout.margin;
  const title = [label, chosen()?.textContent, section.dataset.name].filter(Boolean).map(plain).join(" · ");
  const lines = [section.dataset.madeBy, `${chosen()?.textContent ?? ""} · ${section.dataset.madeWith}`].map(plain);
  const isPie = node.data.some((trace) => trace.type === "pie");
  const height = (isPie ? 420 : layout.height) + TITLE_PX + CAPTION_PX;
  const caption = { text: lines.join("<br>"), align: "left", showarrow: false, xref: "paper", yref: "paper", x: 0, y: 0 };
  Object.assign(caption, { xanchor: "left", yanchor: "top", yshift: -(b + 8), font: { size: 12, color: layout.font.color } });
  return {
    ...layout,
    width: WIDTH_PX,
    height,
    title: { text: title, x: 0, xref: "paper", xanchor: "left", y: 1, yref: "container", yanchor: "top", pad: { t: 20 }, font: { size: 18, color: style.color } },
    margin: { l: Math.max(l, isPie ? 40 : l), r, t: t + TITLE_PX, b: b + CAPTION_PX },
    paper_bgcolor: style.backgroundColor,
    plot_bgcolor: style.backgroundColor,
    annotations: [...(layout.annotations ?? []), caption],
    showlegend: !isPie && node.dataset.chart !== "environments",
    legend: { orientation: "h", x: 1, xanchor: "right", y: 1, yanchor: "bottom", font: { color: style.color } },
  };
};

const bytesOf = (dataUrl, kind) => {
  const content = dataUrl.slice(dataUrl.indexOf(",") + 1);
  if (kind === "svg") return decodeURIComponent(content);
  return Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
};

const save = (content, kind, name) => {
  const url = URL.createObjectURL(new Blob([content], { type: MEDIA_TYPES[kind] }));
  const link = document.createElement("a");
  Object.assign(link, { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
};

const picture = async (node, kind, label) => {
  const figure = { data: structuredClone(node.data).map(named), layout: captioned(node, label) };
  const { width, height } = figure.layout;
  const scale = kind === "png" ? PNG_SCALE : 1;
  return bytesOf(await window.Plotly.toImage(figure, { format: kind, width, height, scale }), kind);
};

section.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-picture]");
  follow();
  const node = link && document.querySelector(`[data-chart="${link.dataset.picture}"]`);
  if (!node?.data || !window.Plotly) return; // the link itself leads to the server's drawing
  event.preventDefault();
  const { picture: place, kind } = link.dataset;
  const label = link.closest("li").firstElementChild.textContent;
  try {
    complain("");
    const environment = chosen()?.dataset.environment ?? "chart";
    save(await picture(node, kind, label), kind, `${section.dataset.stem}-${environment}-${place}.${kind}`);
  } catch (error) {
    console.warn(error);
    complain(UNDRAWN);
  }
});

// ---- what comes later: the words, the film

const said = document.getElementById("said-place");
const showWords = () => {
  if (!said.querySelector("[data-said-list]")) return;
  for (const part of section.querySelectorAll("[data-export-words]")) part.hidden = false;
};
if (said) new MutationObserver(showWords).observe(said, { childList: true, subtree: true });

let filmTrouble = "";
const complainOfFilm = (sentence) => complain((filmTrouble = sentence));

section.addEventListener("htmx:responseError", ({ detail: { xhr } }) => complainOfFilm(xhr.status === 404 ? GONE : (sentenceOf(xhr.responseText) ?? FAILED)));

section.addEventListener("htmx:sendError", ({ detail: { elt } }) => {
  const asksAgain = elt.getAttribute("hx-trigger")?.startsWith("every");
  const then = asksAgain ? " Trying again." : elt.matches("form") ? " Try again." : "";
  complainOfFilm(`${CUT_OFF}${then}`);
});

const endTrouble = () => filmTrouble && trouble.textContent === filmTrouble && complainOfFilm("");

// While it is drawn only its figures change: a button that is replaced while it is being pressed is never clicked. Where
// it is replaced, the one button of all states keeps the focus.
const stateOf = (place) => `${place.querySelector("[data-film]")?.dataset.film} ${place.querySelector("#film-button")?.ariaDisabled}`;

section.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const place = document.getElementById("film");
  const fresh = new DOMParser().parseFromString(detail.serverResponse, "text/html");
  if (!place.querySelector("[data-film-bar]") || stateOf(fresh) !== stateOf(place)) return;
  detail.shouldSwap = false;
  place.querySelector("[data-film-line]").textContent = fresh.querySelector("[data-film-line]").textContent;
  place.querySelector("[data-film-bar]").value = fresh.querySelector("[data-film-bar]").value;
  endTrouble();
});

let film = null;
section.addEventListener("htmx:afterSwap", () => {
  endTrouble();
  const state = section.querySelector("[data-film]")?.dataset.film ?? null;
  if (film !== null && state !== film) spoken.textContent = FILMS[state] ?? "The video was not made.";
  film = state;
  follow();
});
