// The panel that takes a score apart. Knows what was asked and where the page's cursor stands; asks the server, which has
// every number, and shows its fragment. One request at a time, the latest question wins.

const panel = document.querySelector("[data-why-panel]");
const form = panel.querySelector("[data-why-form]");
const place = panel.querySelector("[data-why-place]");
const follow = panel.querySelector("[data-why-follow]");
const trouble = panel.querySelector("[data-why-trouble]");
const LOOKS_BACK = new Set(["reading", "30s", "60s", "cumulative"]);
const REST_MS = 250; // while it follows the cursor, between two questions
const BUSY_MS = 200; // shorter waits are not shown

let opener = null;
let asking = null;
let waiting = 0;
let at_s = 0;

const environment = () => document.querySelector("#headline [data-environment][aria-current]")?.dataset.environment ?? form.environment.value;

const address = () => {
  const question = new URLSearchParams({ of: form.of.value, environment: environment() });
  if (LOOKS_BACK.has(form.of.value)) question.set("at", form.at.value);
  if (form.of.value === "paragraph") question.set("paragraph", form.paragraph.value);
  if (form.of.value === "span") {
    question.set("from", form.from.value);
    question.set("to", form.to.value);
  }
  return `${panel.dataset.url}?${question}`;
};

const fail = (error) => {
  panel.querySelector("[data-why-reason]").textContent = error.status === 404 ? "Its recording may have been wiped." : "";
  trouble.hidden = false;
};

const show = (html) => {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-why-answer]");
  if (!fresh) throw new Error("not an explanation");
  const hadFocus = place.contains(document.activeElement);
  place.replaceChildren(document.adoptNode(fresh));
  trouble.hidden = true;
  if (hadFocus) place.querySelector("#why-title").focus({ preventScroll: true });
};

// A refused question is answered too: its fragment says what cannot be asked.
const ask = async ({ aloud = true } = {}) => {
  asking?.abort();
  const mine = (asking = new AbortController());
  const busy = setTimeout(() => place.setAttribute("aria-busy", "true"), BUSY_MS);
  try {
    const response = await fetch(address(), { signal: mine.signal, headers: { "HX-Request": "true", Accept: "text/html" } });
    if (!response.ok && response.status !== 400) throw Object.assign(new Error(), { status: response.status });
    show(await response.text());
    const sentence = place.querySelector("[data-why-sentence]")?.textContent ?? "";
    if (aloud) panel.querySelector("[data-why-spoken]").textContent = sentence;
  } catch (error) {
    if (error.name !== "AbortError") fail(error);
  } finally {
    clearTimeout(busy);
    if (asking === mine) {
      asking = null;
      place.removeAttribute("aria-busy");
    }
  }
};

const arrange = () => {
  const kind = form.of.value;
  panel.querySelector("[data-why-follow-label]").hidden = !LOOKS_BACK.has(kind);
  for (const field of form.querySelectorAll("[data-why-span]")) field.hidden = kind !== "span";
  form.querySelector("[data-why-submit]").hidden = kind !== "span";
};

const choose = (question) => {
  const paragraph = form.querySelector("[data-why-paragraph]");
  if (question.get("of") === "paragraph") {
    paragraph.hidden = paragraph.disabled = false;
    form.paragraph.value = question.get("paragraph");
  }
  form.of.value = question.get("of") ?? "whole";
  form.at.value = at_s.toFixed(3);
  arrange();
};

const open = (question, from) => {
  opener = from;
  choose(question);
  if (!panel.open) panel.show();
  document.documentElement.toggleAttribute("data-explaining", true); // the page makes room
  panel.querySelector("#why-title").focus({ preventScroll: true });
  panel.scrollTop = 0;
  ask();
};

const close = () => {
  asking?.abort();
  panel.close();
  document.documentElement.toggleAttribute("data-explaining", false);
  if (opener?.isConnected) opener.focus({ preventScroll: true });
};

const onCursor = (t_s) => {
  at_s = t_s;
  if (!panel.open || !follow.checked || !LOOKS_BACK.has(form.of.value) || waiting) return;
  waiting = setTimeout(() => {
    waiting = 0;
    if (!panel.open || form.at.value === at_s.toFixed(3)) return;
    form.at.value = at_s.toFixed(3);
    ask({ aloud: false });
  }, REST_MS);
};

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-why]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  open(new URL(link.href).searchParams, link);
});

document.querySelector("[data-chart=series]")?.parentElement.addEventListener("dblclick", () => {
  open(new URLSearchParams({ of: "30s" }), document.querySelector("[data-slider]"));
});

// From wherever the focus is, but for a dialog that lies over everything.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && panel.open && !event.defaultPrevented && !document.querySelector("dialog:modal")) close();
});
panel.querySelector("[data-why-close]").addEventListener("click", close);
panel.querySelector("[data-why-again]").addEventListener("click", () => ask());
follow.addEventListener("change", () => follow.checked && onCursor(at_s));

form.addEventListener("change", (event) => {
  if (event.target.name !== "of") return;
  choose(new URLSearchParams({ of: form.of.value, paragraph: form.paragraph.value }));
  if (form.of.value !== "span" || form.to.value) ask();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});

// The page's slider is where its cursor stands, whoever moves it.
const slider = document.querySelector("[data-slider]");
if (slider) {
  const read = () => onCursor(Number(slider.getAttribute("aria-valuenow")));
  new MutationObserver(read).observe(slider, { attributeFilter: ["aria-valuenow"] });
  read();
}

// Another environment replaces the headline.
const headline = document.querySelector("#headline");
if (headline) new MutationObserver(() => panel.open && ask()).observe(headline.parentElement, { childList: true });

form.querySelector("[data-why-at]").hidden = true;
arrange();
