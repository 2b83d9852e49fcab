// The socket of engageai/live/protocol.py: one frame in flight, results by frame id, and connecting again when it breaks.
// Knows bytes and codes; not what is in a picture.

const VERSION = 1;
const HEADER_BYTES = 20;
const ANSWER_MS = 2000; // after which a frame counts as lost and the next may go
const RETRY_MS = [500, 1000, 2000, 5000, 10000];
const SETTLED_MS = 5000;
const FINAL = new Set([1007, 4403, 4404, 4409, 4410, 4451]);
const SILENT = 1000;
const BUSY = 1013;
const FORGOTTEN = 4411;

export class Link {
  // `on` has ready(message), result(message, flight), stopped(url), silent() when nothing was sent for too long, and
  // lost({code, reason, retry_ms}) for every other end; retry_ms is null where trying again is of no use
  constructor(path, maxBytes, on) {
    this.path = path;
    this.query = "";
    this.maxBytes = maxBytes;
    this.on = on;
    this.socket = null;
    this.forget();
    this.ready = false;
    this.dropped = 0;
    this.attempts = 0;
    this.flight = null;
  }

  forget() {
    Object.assign(this, { recording: null, url: null, hasResults: false });
  }

  // The server keeps no measurement without a result: one that ended so cannot be gone on with, nor looked at.
  forgetUnlessRead() {
    if (!this.hasResults) this.forget();
  }

  open() {
    this.wanted = true;
    clearTimeout(this.timer);
    this.socket?.close(); // one that still connects, which a pause left behind
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}${this.path}${this.recording ? `/${this.recording}` : ""}${this.query}`);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", (event) => socket === this.socket && this.receive(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => socket === this.socket && this.closed(event));
    Object.assign(this, { socket, ready: false, flight: null, frames: 0, newest: 0, dropped_before: this.dropped });
  }

  // True when a frame may be sent now.
  get free() {
    return this.ready && this.socket.bufferedAmount === 0 && (!this.flight || performance.now() - this.flight.sent_ms > ANSWER_MS);
  }

  // Sends `jpeg` (an ArrayBuffer); `frame` comes back with its result. False when it does not fit into a message.
  send(jpeg, captured_ms, frame) {
    if (jpeg.byteLength + HEADER_BYTES > this.maxBytes) return false;
    if (!this.ready) return true;
    this.frames += 1;
    const message = new Uint8Array(HEADER_BYTES + jpeg.byteLength);
    const header = new DataView(message.buffer);
    header.setUint8(0, VERSION);
    header.setUint32(4, this.frames, true);
    header.setUint32(8, this.newest, true);
    header.setFloat64(12, captured_ms, true);
    message.set(new Uint8Array(jpeg), HEADER_BYTES);
    this.flight = { id: this.frames, sent_ms: performance.now(), frame };
    this.socket.send(message);
    return true;
  }

  receive(message) {
    if (message.kind === "ready") {
      Object.assign(this, { ready: true, recording: message.recording, url: message.url, opened_ms: performance.now() });
      this.on.ready(message);
    } else if (message.kind === "stopped") {
      this.wanted = false;
      if (!message.url) this.forget();
      this.on.stopped(message.url);
    } else if (message.kind === "result") {
      this.newest = message.id;
      this.hasResults = true;
      message.dropped += this.dropped_before; // the server counts those of each connection from 0
      this.dropped = message.dropped;
      const flight = this.flight?.id === message.id ? this.flight : null;
      if (flight) this.flight = null;
      this.on.result(message, flight);
    }
  }

  closed({ code, reason }) {
    const settled = this.ready && performance.now() - this.opened_ms > SETTLED_MS;
    Object.assign(this, { ready: false, flight: null });
    this.forgetUnlessRead();
    if (!this.wanted) return;
    if (code === SILENT) {
      this.wanted = false;
      this.on.silent();
      return;
    }
    if (FINAL.has(code) || (code === FORGOTTEN && this.hasResults)) {
      this.wanted = false;
      this.on.lost({ code, reason, retry_ms: null });
      return;
    }
    this.attempts = settled ? 0 : this.attempts + 1;
    const base_ms = code === BUSY ? RETRY_MS.at(-1) : RETRY_MS[Math.min(Math.max(this.attempts - 1, 0), RETRY_MS.length - 1)];
    const retry_ms = base_ms * (0.8 + 0.4 * Math.random()); // so that all pages of a restarted server do not come at once
    this.timer = setTimeout(() => this.open(), retry_ms);
    this.on.lost({ code, reason, retry_ms });
  }

  // For good: there is nobody any more who could keep anything.
  drop() {
    this.wanted = false;
    clearTimeout(this.timer);
    this.ready = false;
    this.socket?.close();
  }

  // Asks for everything to be kept; the answer comes to on.stopped. False when nobody is there to ask.
  stop() {
    this.wanted = false;
    clearTimeout(this.timer);
    this.forgetUnlessRead();
    if (this.ready) this.socket.send("stop");
    else this.socket?.close();
    return this.ready;
  }
}
