// Whoever goes from results to where a new session begins is asked first: it wipes the one that they are of.

const dialog = document.querySelector("[data-leave]");
const ways = new Set(dialog.dataset.ways.split(" "));
const go = dialog.querySelector("[data-leave-go]");

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || link.target || dialog.contains(link) || event.defaultPrevented || event.button) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || !ways.has(new URL(link.href).pathname)) return;
  event.preventDefault();
  go.href = link.href;
  dialog.showModal();
});

for (const end of dialog.querySelectorAll("[data-leave-stay], [data-leave-take]")) end.addEventListener("click", () => dialog.close());
