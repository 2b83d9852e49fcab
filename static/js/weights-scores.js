// The sets side by side: score, place on the scale, interval and change. Knows its table's body, computes nothing.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 160;
const INSET = 6;

const signed = (difference) => `${difference < 0 ? "−" : "+"}${Math.abs(difference).toFixed(2)}`;

const shape = (name, attributes) => {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
};

export class Scores {
  constructor(body, [lowest, highest]) {
    this.body = body;
    this.x = (score) => INSET + ((score - lowest) / (highest - lowest)) * (WIDTH - 2 * INSET);
  }

  show(found) {
    this.body.replaceChildren(...found.map((each) => this.row(each)));
  }

  row({ name, label, chosen, score, before, band }) {
    const row = document.createElement("tr");
    row.toggleAttribute("data-chosen", chosen);
    row.dataset.set = name;
    row.dataset.score = score;
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = label;
    const change = Math.abs(score - before) < 0.005 ? "" : signed(score - before);
    row.append(head, this.cell(score.toFixed(2), "lab-score"), this.scale(score, before, band), this.cell(this.interval(band)), this.cell(change));
    return row;
  }

  interval(band) {
    if (!band) return "…";
    return band.low === null ? "not known" : `${band.low.toFixed(2)} to ${band.high.toFixed(2)}`;
  }

  cell(text, name = "") {
    const cell = document.createElement("td");
    cell.className = `num ${name}`;
    cell.textContent = text;
    return cell;
  }

  scale(score, before, band) {
    const cell = document.createElement("td");
    cell.className = "lab-scale";
    const svg = shape("svg", { class: "strip", viewBox: `0 0 ${WIDTH} 16`, "aria-hidden": "true" });
    svg.append(shape("rect", { class: "strip-scale", y: 7, width: WIDTH, height: 2, rx: 1 }));
    if (band?.low) {
      const left = this.x(band.low);
      svg.append(shape("rect", { class: "strip-band", x: left, y: 4.5, width: Math.max(this.x(band.high) - left, 1), height: 7, rx: 3.5 }));
    }
    if (score !== before) svg.append(shape("line", { class: "strip-rest", x1: this.x(before), x2: this.x(before), y1: 1, y2: 15 }));
    svg.append(shape("circle", { class: "strip-mark", cx: this.x(score), cy: 8, r: 4.5 }));
    cell.append(svg);
    return cell;
  }
}
