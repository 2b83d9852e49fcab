// What to read next: asked for when it comes into view, once there are words to look for. Its inside is the server's, and
// may ask again by itself; whatever does not come is said here.

const FAILED = "What to read next could not be loaded.";

// The server's own, of the page that it refuses with.
export const sentenceOf = (html) => new DOMParser().parseFromString(html, "text/html").querySelector(".message p")?.textContent;

export class Resources {
  constructor(section, environment) {
    this.section = section;
    this.place = section.querySelector("#next-place");
    this.trouble = section.querySelector("[data-next-trouble]");
    this.environment = environment;
    this.wasSeen = false;
    this.observer = new IntersectionObserver((entries) => this.onSight(entries), { rootMargin: "200px" });
    this.listen();
  }

  listen() {
    for (const kind of ["responseError", "sendError", "timeout"]) {
      this.section.addEventListener(`htmx:${kind}`, (event) => this.fail(event.detail.xhr));
    }
    this.section.addEventListener("htmx:afterSwap", () => (this.trouble.hidden = true));
    this.section.querySelector("[data-next-again]").addEventListener("click", () => this.ask());
  }

  open() {
    if (!this.section.hidden) return;
    this.section.hidden = false;
    this.observer.observe(this.section);
  }

  onSight(entries) {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    this.observer.disconnect();
    this.wasSeen = true;
    this.ask();
  }

  show(environment) {
    this.environment = environment;
    if (this.wasSeen) this.ask();
  }

  ask() {
    const url = `${this.section.dataset.url}?environment=${encodeURIComponent(this.environment)}`;
    const asked = window.htmx.ajax("GET", url, { source: this.place, target: this.place, swap: "innerHTML" });
    asked.catch(() => {}); // htmx:sendError says so
  }

  // What stands there stays where it is of the environment on screen: then only the papers of it are missing.
  fail({ status, responseText }) {
    const shown = this.place.querySelector("[data-read-as]");
    if (status === 404 || shown?.dataset.readAs !== this.environment) this.place.textContent = "";
    shown?.querySelector("[data-next-pending]")?.remove();
    const why = status === 429 ? sentenceOf(responseText) : null;
    this.trouble.querySelector("[data-next-why]").textContent = why ?? FAILED;
    this.trouble.hidden = false;
  }
}
