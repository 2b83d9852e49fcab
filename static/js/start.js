// The start page: a file arrives by picker or drop, goes up with byte progress, and can be cancelled.
// The form works without this module; everything here only makes it quicker and kinder.

import { mebibytes, percent } from "./format.js";

const MIB = 1024 * 1024;
const BROKEN_OFF = "The upload broke off before it was complete. Check the connection and try again; your choices are kept.";
const UNREADABLE = "The server gave an answer that this page does not understand. Try again, or reload the page.";

const get = (id) => document.getElementById(id);
const form = get("intake");
const drop = get("drop");
const input = get("file");
const go = get("go");
const refusal = get("refusal");
const spoken = get("spoken");
let request = null;

const refuse = (sentence) => {
  refusal.textContent = sentence;
  refusal.hidden = !sentence;
  drop.toggleAttribute("data-refused", Boolean(sentence));
};

const tooLarge = (file) => file.size > Number(form.dataset.maxMib) * MIB;

const showChosen = () => {
  const file = input.files[0];
  drop.toggleAttribute("data-chosen", Boolean(file));
  get("drop-title").textContent = file ? file.name : "Drop a recording here";
  get("drop-choose").textContent = file ? `${mebibytes(file.size)} MiB. Choose another` : "or choose a file";
  get("drop-only").hidden = true;
  if (!file) return;
  refuse(tooLarge(file) ? `${file.name} has ${mebibytes(file.size)} MiB; the limit is ${form.dataset.limit}.` : "");
};

const sayOnly = (name, others) => {
  const sentence = `One recording is taken at a time: ${name} was, and the other ${others === 1 ? "file was" : `${others} files were`} not.`;
  get("drop-only").textContent = sentence;
  get("drop-only").hidden = false;
  spoken.textContent = sentence;
};

const take = (files) => {
  if (request || !files.length) return;
  const one = new DataTransfer();
  one.items.add(files[0]);
  input.files = one.files;
  showChosen();
  if (files.length > 1) sayOnly(files[0].name, files.length - 1);
};

const setSending = (sending) => {
  drop.toggleAttribute("data-sending", sending);
  get("sending").hidden = !sending;
  for (const choices of form.querySelectorAll("fieldset")) choices.disabled = sending;
  go.disabled = sending;
  go.textContent = sending ? "Uploading…" : "Analyse the recording";
};

const showBytes = (loaded, total) => {
  get("sending-bar").value = total ? loaded / total : 0;
  const checking = total > 0 && loaded >= total;
  get("sending-count").textContent = checking
    ? "Uploaded. Checking the recording…"
    : `${mebibytes(loaded)} of ${mebibytes(total)} MiB, ${percent(total ? loaded / total : 0)}`;
  if (checking) spoken.textContent = "Uploaded. Checking the recording.";
};

const stop = (sentence) => {
  request = null;
  setSending(false);
  refuse(sentence);
  input.focus();
};

const answer = (xhr) => {
  let body = null;
  try {
    body = JSON.parse(xhr.responseText);
  } catch {
    // a proxy or a crash answered with something that is not ours
  }
  if (xhr.status === 201 && body?.url) location.assign(body.url);
  else stop(body?.error?.message ?? UNREADABLE);
};

const send = () => {
  const xhr = new XMLHttpRequest();
  const body = new FormData(form); // before the fields are disabled, which would leave them out
  xhr.open("POST", form.action);
  xhr.setRequestHeader("Accept", "application/json");
  xhr.upload.addEventListener("progress", (event) => showBytes(event.loaded, event.total));
  xhr.addEventListener("load", () => answer(xhr));
  xhr.addEventListener("error", () => stop(BROKEN_OFF));
  xhr.addEventListener("abort", () => stop(""));
  request = xhr;
  refuse("");
  get("sending-name").textContent = input.files[0].name;
  showBytes(0, input.files[0].size);
  setSending(true);
  spoken.textContent = "Upload started.";
  xhr.send(body);
};

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (request || !input.files.length || tooLarge(input.files[0])) return;
  send();
});

get("sending-cancel").addEventListener("click", () => {
  request?.abort();
  spoken.textContent = "Upload cancelled.";
});

input.addEventListener("change", showChosen);

for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault(); // the whole page accepts a drop, so that a near miss does not open the file
    drop.toggleAttribute("data-over", !request);
  });
}

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) drop.removeAttribute("data-over");
});

document.addEventListener("drop", (event) => {
  if (!event.dataTransfer?.files.length) return;
  event.preventDefault();
  drop.removeAttribute("data-over");
  take(event.dataTransfer.files);
});

// A page brought back by the back button must not look as if it were still sending.
addEventListener("pageshow", (event) => {
  if (event.persisted) stop("");
  showChosen();
});
