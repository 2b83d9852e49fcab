// The visitor's camera: opened, changed, lost; and a sentence for everything that can go wrong with it.

const WANTED = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };

const SENTENCES = {
  NotAllowedError: "The camera was not allowed. Allow it in the address bar’s camera settings, then try again.",
  NotFoundError: "No camera was found. Plug one in, then try again.",
  NotReadableError: "The camera is in use by another program, or it does not answer. Close that program, then try again.",
  OverconstrainedError: "That camera is not there any more. Choose another one.",
  SecurityError: "This browser does not allow a camera on this page.",
};
const INSECURE = "A browser gives its camera only to pages of this computer (localhost) or over https.";
const UNPLUGGED = "The camera was unplugged or taken away. Plug it in again, or choose another one.";

class CameraTrouble extends Error {
  constructor(code, sentence) {
    super(sentence);
    this.code = code;
  }
}

export class Camera {
  constructor(video, onLost) {
    this.video = video;
    this.onLost = onLost;
    this.stream = null;
    this.turn = 0;
  }

  // Opens this camera, or the one that the browser prefers. Throws CameraTrouble. False where it was closed, or asked
  // for another one, before the browser gave it: what then comes is let go of at once.
  async open(deviceId = "") {
    if (!navigator.mediaDevices?.getUserMedia) throw new CameraTrouble("insecure", INSECURE);
    this.close();
    const { turn } = this;
    const video = deviceId ? { ...WANTED, deviceId: { exact: deviceId } } : WANTED;
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
    } catch (error) {
      if (turn !== this.turn) return false;
      throw new CameraTrouble(error.name, SENTENCES[error.name] ?? `The camera could not be opened (${error.name}).`);
    }
    if (turn !== this.turn) {
      for (const track of stream.getTracks()) track.stop();
      return false;
    }
    this.stream = stream;
    stream.getVideoTracks()[0].addEventListener("ended", () => {
      if (stream !== this.stream) return;
      this.close();
      this.onLost(new CameraTrouble("unplugged", UNPLUGGED));
    });
    this.video.srcObject = stream;
    try {
      await this.video.play();
    } catch (error) {
      if (turn === this.turn) throw new CameraTrouble(error.name, SENTENCES.NotReadableError);
    }
    return turn === this.turn;
  }

  close() {
    const { stream } = this;
    this.stream = null;
    this.turn += 1;
    for (const track of stream?.getTracks() ?? []) track.stop();
    this.video.srcObject = null;
  }

  get deviceId() {
    return this.stream?.getVideoTracks()[0]?.getSettings().deviceId ?? "";
  }

  // Cameras by name: browsers tell the names only after the first permission.
  static async list() {
    const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    return devices
      .filter((device) => device.kind === "videoinput")
      .map((device, index) => ({ id: device.deviceId, name: device.label || `Camera ${index + 1}` }));
  }
}
