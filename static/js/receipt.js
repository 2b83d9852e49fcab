// What a wipe left with the visitor, shown on the page that came after it. Knows the receipt's JSON and receipt.css.

const box = document.getElementById("receipt");
const part = (name) => box.querySelector(`[data-${name}]`);
const several = (count, one, more) => `${count} ${count === 1 ? one : more}`;

const size = (bytes) => {
  const units = ["bytes", "kB", "MB", "GB"];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 3);
  return power ? `${(bytes / 1000 ** power).toFixed(1)} ${units[power]}` : several(bytes, "byte", "bytes");
};

const cell = (text, kind = "td") => {
  const made = document.createElement(kind);
  made.textContent = text;
  return made;
};

const row = ({ kind, bytes, sha256 }) => {
  const made = document.createElement("tr");
  const name = cell(kind, "th");
  name.scope = "row";
  const digest = cell(sha256 || "Not computed: too large for the time that a wipe may take.");
  digest.classList.toggle("digest", Boolean(sha256));
  made.append(name, cell(size(bytes)), digest);
  return made;
};

const show = ({ session, wiped_at, files, bytes, rows }) => {
  if (!files.length && rows <= 1) return; // a page on which nothing was done leaves nothing to account for
  const when = new Date(wiped_at);
  part("summary").textContent =
    `${several(files.length, "file", "files")} (${size(bytes)}) and ${several(rows, "database record", "database records")} that this tab had before were deleted at ${when.toLocaleTimeString()}.`;
  part("files").replaceChildren(...files.map(row));
  part("table").hidden = !files.length;
  part("when").textContent = `${when.toLocaleString()} (${wiped_at})`;
  part("session").textContent = session;
  box.hidden = false;
};

document.addEventListener("engageai:wiped", ({ detail }) => show(detail));

part("dismiss").addEventListener("click", () => {
  box.hidden = true;
  document.getElementById("main").focus({ preventScroll: true });
});

part("print").addEventListener("click", () => {
  box.querySelector("details").open = true;
  document.documentElement.dataset.print = "receipt";
  window.print();
});

addEventListener("afterprint", () => delete document.documentElement.dataset.print);
