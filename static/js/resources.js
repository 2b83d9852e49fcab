// What to read next: asked for when it comes into view, once there are words to look for. Its inside is the server's.

export class Resources {
  constructor(section, environment) {
    this.section = section;
    this.place = section.querySelector("#next-place");
    this.environment = environment;
    this.wasSeen = false;
    this.observer = new IntersectionObserver((entries) => this.onSight(entries), { rootMargin: "200px" });
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
    window.htmx.ajax("GET", url, { source: this.place, target: this.place, swap: "innerHTML" });
  }
}
