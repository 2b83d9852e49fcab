// The webcam page: consent, camera, link and what is shown, wired together. One frame is in flight at a time; what the
// server says of it is drawn over that very frame.

import { Attendance } from "./live-attendance.js";
import { Camera } from "./live-camera.js";
import { LiveChart } from "./live-chart.js";
import { Condition } from "./live-condition.js";
import { Link } from "./live-link.js";
import { Pace } from "./live-pace.js";
import { Panel } from "./live-panel.js";
import { Stage } from "./live-stage.js";
import { keepTables } from "./live-table.js";

const get = (id) => document.getElementById(id);
const data = (id) => JSON.parse(get(id).textContent);
const options = data("options");
const words = { emotions: data("emotions"), reasons: data("reasons") };
const page = get("live");
const video = get("camera");

const GONE = 4404;
const LOST = {
  1007: "The server does not understand the pictures of this browser",
  1008: "Results did not get through in time",
  1011: "The server had a fault",
  1013: "The server is busy",
  4403: "This page may not use the webcam",
  [GONE]: "This session has been wiped. Load the page again to begin anew",
  4409: "This measurement goes on in another window",
  4410: "This measurement was ended. Press Stop to see its results",
  4411: "What was measured here could not be kept. Load the page again to begin anew",
  4451: "Expressions may not be read there. Load the page again and choose to read without them",
};

let environment = "general";
let encoding = null;
let token = 0;
let frame = { fresh: false, captured_ms: 0 };
let sent_ms = -Infinity;
let count = 0;

const pace = new Pace();
const stage = new Stage(get("stage"), video, get("picture"), words);
const chart = new LiveChart(get("chart"), options.windows_s);
const panel = new Panel(page, words.emotions);
const attendance = new Attendance(page);
keepTables(chart, attendance);
const camera = new Camera(video, (trouble) => {
  condition.learn({ camera: trouble.message });
  listCameras();
});
const encoder = new Worker(page.dataset.encoder);
const link = new Link("", options.max_bytes, { ready, result, silent, lost, stopped });

// ---- what the visitor is told

const say = (sentence) => {
  get("spoken").textContent = sentence;
};

const condition = new Condition(page, { say, turn: (isReading) => panel.turn(isReading) });

const explainSending = () => {
  const { px, gap_ms } = pace.step;
  if (pace.level === 0) get("sending").textContent = "";
  else {
    const rate = gap_ms ? `, at most ${Math.round(1000 / gap_ms)} a second` : "";
    const sentence = `Answers are slow, so smaller pictures are sent: ${px} pixels${rate}.`;
    if (get("sending").textContent !== sentence) say(sentence);
    get("sending").textContent = sentence;
  }
};

// ---- frames

const mayTake = () =>
  condition.state === "live" && frame.fresh && !encoding && link.free && video.videoWidth && performance.now() - sent_ms >= gap_ms();

const connect = () => {
  condition.learn({ link: "connecting", server: "" });
  link.open();
};

const gap_ms = () => Math.max(pace.step.gap_ms, 900 / options.max_fps);

const take = async () => {
  if (!mayTake()) return;
  const mine = { token: ++token, captured_ms: frame.captured_ms, picture: null, started_ms: performance.now() };
  encoding = mine;
  frame.fresh = false;
  sent_ms = mine.started_ms;
  const overdue = link.flight;
  if (overdue) pace.add(mine.started_ms, mine.started_ms - overdue.sent_ms);
  try {
    mine.picture = await createImageBitmap(video);
    const bitmap = await createImageBitmap(mine.picture); // not of the video: that may show the next frame by now
    const size = pace.size(video.videoWidth, video.videoHeight, options.max_px);
    encoder.postMessage({ token: mine.token, bitmap, ...size, quality: pace.step.quality }, [bitmap]);
  } catch {
    mine.picture?.close();
    encoding = null; // the camera changed under our hands: the next frame comes
  }
};

encoder.addEventListener("message", ({ data: { token: done, jpeg } }) => {
  if (encoding?.token !== done) return;
  const mine = encoding;
  encoding = null;
  if (!jpeg) return mine.picture.close();
  link.flight?.frame.picture.close();
  if (!link.send(jpeg, mine.captured_ms, mine)) {
    mine.picture.close();
    pace.tooLarge(performance.now());
    explainSending();
  }
});

const onFrame = (now, meta) => {
  frame = { fresh: true, captured_ms: meta?.captureTime ?? now };
  stage.onFrame();
  if (condition.state === "silent") connect();
  take();
  watchFrames();
};

const watchFrames = () => {
  if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(onFrame);
  else requestAnimationFrame(onFrame);
};

// ---- what the server says

function ready({ expressions }) {
  page.dataset.reads = expressions ? "expressions" : "presence";
  condition.learn({ link: "live", server: "" });
  take();
}

function result(message, flight) {
  const now = performance.now();
  if (flight) {
    pace.add(now, now - flight.sent_ms);
    stage.show(flight.frame.picture, message);
    flight.frame.picture.close();
  }
  count += 1;
  panel.show(message, environment, pace.read(now), count);
  if (message.rolling) {
    const lines = Object.fromEntries(
      Object.entries(message.rolling).map(([name, lines]) => [name, { ...lines, instant: message.engagement?.[name] ?? null }]),
    );
    chart.add(message.t_s, lines);
    panel.lines(chart.last);
  }
  if (page.dataset.reads === "presence") attendance.add(message);
  explainSending();
  take();
}

function lost({ code, reason, retry_ms }) {
  if (code === GONE) return gone();
  const why = LOST[code] ?? "The connection was lost";
  if (retry_ms === null) {
    condition.learn({ link: "refused", server: `${why}${code === 1007 && reason ? ` (${reason})` : ""}.` });
  } else {
    const wait_s = Math.max(1, Math.round(retry_ms / 1000));
    condition.learn({ link: "broken", server: `${why}. Trying again in ${wait_s} s; what was measured is kept.` });
  }
}

// The session has been wiped, which a link that was broken meanwhile is not told: its socket is refused unopened.
function gone() {
  link.drop();
  camera.close();
  get("go").disabled = true;
  condition.learn({ link: "refused", server: `${LOST[GONE]}.` });
}

// A browser gives no frames to a page that is not looked at: the next frame opens the socket again.
function silent() {
  condition.learn({ link: "silent" });
}

function stopped(url) {
  leave(url);
}

const leave = (url) => {
  camera.close();
  if (url) location.assign(`${url}?environment=${environment}`);
  else {
    page.hidden = true;
    get("consent").hidden = false;
    refuse("Nothing was read before you stopped, so there is nothing to show.");
    condition.end();
  }
};

// ---- what the visitor does

const refuse = (sentence) => {
  get("refusal").textContent = sentence;
  get("refusal").hidden = !sentence;
};

const listCameras = async () => {
  const cameras = await Camera.list();
  const choice = get("cameras");
  choice.replaceChildren(...cameras.map(({ id, name }) => new Option(name, id)));
  choice.value = camera.deviceId;
  choice.disabled = cameras.length === 0;
};

// False where the visitor had chosen otherwise before it was there.
const openCamera = async (deviceId) => {
  if (!(await camera.open(deviceId))) return false;
  stage.shape(video.videoWidth, video.videoHeight);
  await listCameras();
  return true;
};

const choose = (name) => {
  environment = name;
  for (const button of get("environments").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.value === name));
    if (button.value === name) chart.choose(name, button.dataset.values.split(" ").map(Number));
  }
  panel.lines(chart.last);
};

get("agreement").addEventListener("submit", async (event) => {
  event.preventDefault();
  get("go").disabled = true;
  refuse("");
  try {
    if (!(await openCamera(""))) return;
  } catch (trouble) {
    refuse(trouble.message);
    return;
  } finally {
    get("go").disabled = false;
  }
  get("consent").hidden = true;
  page.hidden = false;
  stage.fit();
  const answers = new FormData(event.target);
  choose(answers.get("environment"));
  link.path = options.socket + environment;
  link.query = `?${new URLSearchParams(["purpose", "exemption"].map((name) => [name, answers.get(name) ?? ""]))}`;
  condition.begin();
  connect();
  get("stop").focus({ preventScroll: true });
});

get("environments").addEventListener("click", (event) => {
  if (event.target.value) choose(event.target.value);
});

get("cameras").addEventListener("change", async (event) => {
  try {
    if (await openCamera(event.target.value)) condition.learn({ camera: "" });
  } catch (trouble) {
    condition.learn({ camera: trouble.message });
    await listCameras();
  }
});

navigator.mediaDevices?.addEventListener?.("devicechange", () => !page.hidden && listCameras());

get("pause").addEventListener("click", () => {
  condition.learn({ isPaused: !condition.isPaused });
  if (!condition.isPaused && !link.ready) connect();
});

get("stop").addEventListener("click", () => {
  condition.learn({ isStopping: true });
  if (!link.stop()) leave(link.url);
  else setTimeout(() => condition.isStopping && leave(link.url), 5000);
});

document.addEventListener("engageai:theme", () => {
  stage.brush.retheme();
  chart.draw();
  attendance.draw();
});

document.addEventListener("engageai:gone", gone);

watchFrames();
