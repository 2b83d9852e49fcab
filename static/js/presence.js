// A tab and its session: a socket for as long as one of its pages is open, and an end when the tab begins anew.
// A classic script in <head>: a page that was loaded again has to leave before it asks for what is about to be wiped.
// Knows the tab's memory, addresses and codes; not what a session contains.
(() => {
  "use strict";
  const KEY = "engageai-session";
  const RETRY_MS = [500, 1000, 2000, 5000];
  const SETTLED_MS = 5000; // a full server opens a socket too, to say so and close it
  const GONE = 4404;
  const HELD = 409; // another tab shows the session
  const page = document.currentScript.dataset; // session, new, home, again, token; of no session, crowded at most
  let leaving = false;
  let attempts = 0;
  let socket = null;

  const recall = () => {
    try {
      return sessionStorage.getItem(KEY);
    } catch {
      return null; // storage may be forbidden: the session then ends with its last page alone
    }
  };

  const remember = (session) => {
    try {
      sessionStorage.setItem(KEY, session);
    } catch {
      // as above
    }
  };

  const arrival = () => performance.getEntriesByType("navigation")[0]?.type ?? "navigate";
  const again = (session) => page.again.replace(page.session, session);

  // True, false, or null where the server does not answer.
  const isAlive = (session) =>
    fetch(`/s/${session}/`, { method: "HEAD" })
      .then((answer) => (answer.ok ? true : answer.status === 404 ? false : null))
      .catch(() => null);

  const wipe = async (session) => {
    const answer = await fetch(`/s/${session}/wipe/`, {
      method: "POST",
      headers: { "X-CSRFToken": page.token, Accept: "application/json" },
      keepalive: true,
    });
    if (answer.status === HELD) whenReady(() => document.getElementById("held")?.removeAttribute("hidden"));
    return answer.ok ? (await answer.json()).receipt : null;
  };

  const whenReady = (action) => {
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", action);
    else action();
  };

  const gone = () => {
    if (!page.session) return;
    whenReady(() => {
      document.getElementById("session-gone").removeAttribute("hidden");
      document.dispatchEvent(new CustomEvent("engageai:gone"));
    });
  };

  const hold = (session) => {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    let mine = null;
    try {
      mine = new WebSocket(`${scheme}//${location.host}/ws/s/${session}/presence`);
    } catch {
      return; // sockets may be forbidden: the session then ends when nobody has asked for it for a while
    }
    socket = mine;
    let opened_ms = Infinity;
    mine.addEventListener?.("open", () => {
      opened_ms = performance.now();
    });
    mine.addEventListener?.("close", ({ code }) => {
      if (leaving || mine !== socket) return;
      if (performance.now() - opened_ms > SETTLED_MS) attempts = 0;
      if (code === GONE) gone();
      else retry(session);
    });
  };

  const retry = (session) => {
    const wait_ms = RETRY_MS[Math.min(attempts, RETRY_MS.length - 1)];
    attempts += 1;
    setTimeout(async () => {
      const alive = await isAlive(session);
      if (leaving) return;
      if (alive) hold(session);
      else if (alive === false) gone();
      else retry(session);
    }, wait_ms);
  };

  const take = (session) => {
    remember(session);
    hold(session);
  };

  // The page opened a session of its own; the tab may have had one before.
  const begin = async () => {
    const former = recall();
    if (!former || former === page.session) return take(page.session);
    if (arrival() === "back_forward" && (await isAlive(former))) {
      wipe(page.session).catch(() => {});
      return location.replace(again(former));
    }
    take(page.session);
    const receipt = await wipe(former).catch(() => null);
    if (receipt) whenReady(() => document.dispatchEvent(new CustomEvent("engageai:wiped", { detail: receipt })));
  };

  const start = () => {
    if (page.new) begin();
    else if (page.session && arrival() === "reload") location.replace(page.home); // which wipes what the tab had
    else if (page.session) take(page.session);
    else if (recall() && !page.crowded) hold(recall()); // one page too many: what the tab had makes room for it
  };

  // A page that a browser prepares in advance has not been loaded by anybody yet.
  if (document.prerendering) document.addEventListener("prerenderingchange", start, { once: true });
  else start();

  // A page that is put aside lets go; one that is taken up again holds on.
  addEventListener("pagehide", () => {
    leaving = true;
    socket?.close?.(); // what a page is given as a socket may not be one
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    leaving = false;
    const mine = page.session || recall(); // of this page, even where the tab has begun another since
    if (mine) hold(mine);
  });
})();
