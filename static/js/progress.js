// The progress page: a WebSocket says what the job does; while it is silent, htmx polls the same state as a fragment.
// Knows the state's JSON (see upload.views) and the data attributes of upload/_progress.html.

const RETRY_S = [1, 2, 5, 10, 15];
const SILENCE_MS = 5000; // a connection can die without closing
const job = document.getElementById("job");
const spoken = document.getElementById("spoken");
const WORDS = { done: "done", now: "in progress", todo: "to come" };
let heardAt_ms = -Infinity;
let attempts = 0;
let saidStage = null;

const part = (name) => job.querySelector(`[data-${name}]`);

// Not reload(): that begins anew, which wipes what the tab had.
const showAgain = () => location.replace(location.href);

const say = (sentence) => {
  if (spoken.textContent !== sentence) spoken.textContent = sentence;
};

const announce = (state) => {
  const now = state.stages.find((stage) => stage.state === "now");
  if (now && now.name !== saidStage) {
    saidStage = now.name;
    say(now.label);
  }
};

const showRunning = (state) => {
  part("percent").textContent = Math.floor(state.progress * 100);
  part("bar").value = state.progress;
  part("message").textContent = state.message ?? "";
  part("eta").textContent = state.remaining;
  for (const stage of state.stages) showStage(stage);
  announce(state);
};

const showStage = ({ name, state }) => {
  const item = job.querySelector(`[data-stage="${name}"]`);
  if (!item) return;
  item.dataset.state = state;
  item.querySelector("[data-word]").textContent = WORDS[state];
};

const show = (state) => {
  if (state.url) location.replace(state.url);
  else if (["queued", "running"].includes(state.status)) showRunning(state);
  else showAgain(); // failed or cancelled: the server renders that state
};

const running = () => ["queued", "running"].includes(job.firstElementChild?.dataset.status);

const connect = () => {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  let socket;
  try {
    socket = new WebSocket(`${scheme}//${location.host}${job.dataset.socket}`);
  } catch {
    return; // no WebSocket here: polling goes on
  }
  socket.addEventListener("message", (event) => {
    heardAt_ms = performance.now();
    attempts = 0;
    show(JSON.parse(event.data));
  });
  socket.addEventListener("close", () => {
    heardAt_ms = -Infinity;
    const wait_s = RETRY_S[Math.min(attempts, RETRY_S.length - 1)];
    attempts += 1;
    if (running()) setTimeout(connect, wait_s * 1000);
  });
};

// The fragment asks every 2 s by itself; that question is needless while the socket speaks.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (performance.now() - heardAt_ms < SILENCE_MS) event.preventDefault();
});

// Not found: the recording was wiped. The page that says so is the server's.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 404) showAgain();
});

document.addEventListener("htmx:sendError", () => {
  const message = part("message");
  if (message) message.textContent = "No connection to the server. Trying again.";
});

const tellStage = () => {
  const now = job.querySelector('[data-state="now"] .stage-label');
  say(now ? now.textContent : job.querySelector("h1").textContent);
};

// While it goes on only the figures change: a button that is replaced while it is being pressed is never clicked.
document.addEventListener("htmx:beforeSwap", (event) => {
  const fresh = new DOMParser().parseFromString(event.detail.serverResponse, "text/html").querySelector("[data-status]");
  if (!fresh?.querySelector("[data-bar]") || !part("bar")) return;
  const stages = [...fresh.querySelectorAll("[data-stage]")];
  if (stages.length !== job.querySelectorAll("[data-stage]").length) return;
  event.detail.shouldSwap = false;
  for (const name of ["percent", "message", "eta"]) part(name).textContent = fresh.querySelector(`[data-${name}]`).textContent;
  part("bar").value = fresh.querySelector("[data-bar]").value;
  for (const { dataset } of stages) showStage({ name: dataset.stage, state: dataset.state });
  tellStage();
});

document.addEventListener("htmx:afterSwap", tellStage);

if (running()) connect();
