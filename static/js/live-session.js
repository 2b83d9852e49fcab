// One load of the page, one session: what this tab had before is wiped, unless the visitor has only come back to it.
// Knows the tab's memory and the page's hold on its session; not what a session contains.

const FORMER = "engageai-live";
const TRIES = 4;
const TRY_AGAIN_MS = 400;

const wipe = (session, token) =>
  fetch(`/s/${session}/live/wipe/`, { method: "POST", headers: { "X-CSRFToken": token }, keepalive: true }).catch(() => {});

// A copied tab remembers the sessions of the tab that it was copied from; that one still holds them. The page that this
// one replaces may take a moment to let go.
const wipeUnlessHeld = (session, token, tries = TRIES) =>
  navigator.locks?.request(session, { ifAvailable: true }, (lock) => {
    if (lock) return wipe(session, token);
    if (tries > 1) setTimeout(() => wipeUnlessHeld(session, token, tries - 1), TRY_AGAIN_MS);
    return undefined;
  });

export const holdSession = (session, token) => {
  navigator.locks?.request(session, () => new Promise(() => {}));
  const former = JSON.parse(sessionStorage.getItem(FORMER) ?? "[]").filter((other) => other !== session);
  if (performance.getEntriesByType("navigation")[0]?.type === "back_forward") {
    sessionStorage.setItem(FORMER, JSON.stringify([...former, session]));
    return;
  }
  sessionStorage.setItem(FORMER, JSON.stringify([session]));
  for (const other of former) wipeUnlessHeld(other, token);
};
