// Whoever goes from something that would be lost to where a new session begins is asked first: it wipes the one that they
// are of. `data-when` names what must be there to be lost; without it, it always is.

const dialog = document.querySelector("[data-leave]");
const ways = new Set(dialog.dataset.ways.split(" "));
const go = dialog.querySelector("[data-leave-go]");
const isAtStake = () => !dialog.dataset.when || document.querySelector(dialog.dataset.when) !== null;

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || link.target || dialog.contains(link) || event.defaultPrevented || event.button) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || !ways.has(new URL(link.href).pathname) || !isAtStake()) return;
  event.preventDefault();
  go.href = link.href;
  dialog.showModal();
});

for (const end of dialog.querySelectorAll("[data-leave-stay], [data-leave-take]")) end.addEventListener("click", () => dialog.close());
