// Every value of the lines over time, where they are too many to be drawn: fetched once for each environment shown, when
// a number of theirs is first asked for. Knows how they are packed (analytics/figures.py) and no element.

const UNITS = 10_000;
const AGAIN_MS = 2000;

const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer;

const unpacked = ({ t_ms, ...packed }) => {
  const t_s = Float64Array.from(new Uint32Array(bytes(t_ms ?? "")), (at_ms) => at_ms / 1000);
  const values = (line) => Array.from(new Uint16Array(bytes(line)), (units) => (units ? units / UNITS : null));
  return new Map(Object.entries(packed).map(([name, line]) => [name, { t_s, values: values(line) }]));
};

export class Values {
  constructor(onArrival) {
    this.onArrival = onArrival;
    this.url = null;
    this.lines = new Map();
  }

  // By the name of a line {t_s, values}; empty while they are on their way.
  of(url) {
    if (url !== this.url) this.load(url);
    return this.lines;
  }

  async load(url) {
    [this.url, this.lines] = [url, new Map()];
    try {
      const response = await fetch(`${url}?values=all`);
      if (!response.ok) throw new Error(response.status);
      const lines = unpacked(await response.json());
      if (url !== this.url) return;
      this.lines = lines;
      this.onArrival();
    } catch {
      setTimeout(() => url === this.url && (this.url = null), AGAIN_MS); // asked again when the cursor comes by
    }
  }
}
