// Boxes and labels over a picture. Knows a pen, colours and how much room there is; not where faces come from.

import { colour } from "./charts.js";
import { percent } from "./format.js";

const FULL_LABEL_PX = 110;
const SHORT_LABEL_PX = 56;
const NUMBER_PX = 18;
const UNREAD = 4; // as in types.LeftOut: nobody asked what it expresses
const UNREAD_TONE = "#8adccd";
const UNCERTAIN_BELOW = 0.5; // as in emotion_ml.labels: less than all other expressions together
const UNCERTAIN_TONE = "#d0d4d6";

// What is said of a face that was read; one that is uncertain is given no expression, though all of them count.
export const claim = (face, emotions) => {
  const most = Math.max(...face.p);
  if (most < UNCERTAIN_BELOW) return { name: "Uncertain", index: -1, share: most };
  const index = face.p.indexOf(most);
  return { name: emotions[index], index, share: most };
};

export class FaceBrush {
  constructor(pen, { emotions, reasons, numbered = false }) {
    this.pen = pen;
    this.emotions = emotions;
    this.reasons = reasons;
    this.numbered = numbered;
    this.retheme();
  }

  retheme() {
    this.tones = this.emotions.map((emotion) => colour(`on-video-${emotion.toLowerCase()}`));
    this.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
  }

  // `view` places the picture: left, top, scale; right is the edge of what may be drawn on; mirror_px is the picture's
  // width where it is shown mirrored.
  draw(face, view) {
    const [x, y, width, height] = face.box.map((value) => value * view.scale);
    const left = view.left + (view.mirror_px ? view.mirror_px * view.scale - x - width : x);
    const said = claim(face, this.emotions);
    const used = face.left_out === 0;
    const unread = face.left_out === UNREAD;
    const tone = used ? (this.tones[said.index] ?? UNCERTAIN_TONE) : unread ? UNREAD_TONE : "#d0d4d6";
    this.outline(left, view.top + y, width, height, tone, used || unread);
    this.label(left, view.top + y, tone, this.words(face, said, used, width), view.right);
  }

  words(face, said, used, width) {
    if (face.left_out === UNREAD) return width < SHORT_LABEL_PX ? String(face.id) : `Face ${face.id}`;
    const number = this.numbered ? `${face.id} ` : "";
    const room = width - (number ? NUMBER_PX : 0);
    if (room < SHORT_LABEL_PX) return used ? number + said.name.slice(0, 2) : number.trim();
    if (!used) return number + this.reasons[face.left_out];
    if (room < FULL_LABEL_PX) return number + said.name;
    return `${number}${said.name} ${percent(said.share)}`;
  }

  outline(x, y, width, height, tone, solid) {
    const { pen } = this;
    pen.setLineDash(solid ? [] : [5, 4]);
    for (const [style, line] of [["rgb(0 0 0 / 0.55)", 4.5], [tone, 2.25]]) {
      pen.strokeStyle = style;
      pen.lineWidth = line;
      pen.beginPath();
      pen.roundRect(x, y, width, height, 5);
      pen.stroke();
    }
    pen.setLineDash([]);
  }

  label(x, y, tone, words, right) {
    if (!words) return;
    const { pen } = this;
    pen.font = this.font;
    const wide = pen.measureText(words).width + 14;
    const above = y >= 24 ? y - 23 : y + 3;
    const from = Math.max(0, Math.min(x, right - wide));
    pen.fillStyle = "rgb(16 19 21 / 0.86)";
    pen.beginPath();
    pen.roundRect(from, above, wide, 20, 5);
    pen.fill();
    pen.fillStyle = tone;
    pen.textBaseline = "middle";
    pen.fillText(words, from + 7, above + 10.5);
  }
}
