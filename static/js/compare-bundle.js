// One dropped file to one result: a bundle is checked against its own manifest, a result.json against its shape.
// Knows what a result must hold to be compared; throws Unreadable with a sentence for whoever dropped the file.

import { Unreadable, members, unpacked } from "./compare-zip.js";

const FORMAT = "engageai-bundle";
const FORMAT_VERSION = 1;
const MAX_RESULT_BYTES = 256 * 1024 * 1024;
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const PARTS = ["version", "model", "recording", "engagement", "environments", "series", "rolling"];

export const read = async (file) => {
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  const isZip = start[0] === 0x50 && start[1] === 0x4b;
  if (isZip) return fromBundle(file);
  if (start[0] !== 0x7b) throw new Unreadable("This is neither a bundle (ZIP) nor a result.json of EngageAI.");
  if (file.size > MAX_RESULT_BYTES) throw new Unreadable("This file is larger than any result.");
  const result = checked(parsed(new Uint8Array(await file.arrayBuffer()), "This file"));
  return { name: file.name, result, checked: false };
};

const fromBundle = async (file) => {
  const found = await members(file);
  if (!found.has("manifest.json") || !found.has("result.json")) throw new Unreadable("This ZIP is not a bundle of EngageAI: it has no manifest.json with a result.json.");
  const manifest = parsed(await unpacked(file, found.get("manifest.json"), MAX_MANIFEST_BYTES), "The manifest");
  if (manifest?.format !== FORMAT) throw new Unreadable("This ZIP is not a bundle of EngageAI.");
  if (manifest.format_version !== FORMAT_VERSION) throw new Unreadable(`This bundle is of form ${manifest.format_version}, made by EngageAI ${manifest.version}; this page reads form ${FORMAT_VERSION}.`);
  const bytes = await unpacked(file, found.get("result.json"), MAX_RESULT_BYTES);
  const isChecked = await matches(bytes, manifest.members?.find((each) => each.name === "result.json"));
  const result = checked(parsed(bytes, "The result in this bundle"));
  return { name: manifest.recording?.name || file.name, result, settings: manifest.settings, checked: isChecked };
};

// False where this browser may not compute digests: pages over plain http from another machine.
const matches = async (bytes, listed) => {
  if (!listed) throw new Unreadable("The manifest of this bundle does not name its result.");
  if (!globalThis.crypto?.subtle) return false;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (hex !== listed.sha256 || bytes.length !== listed.bytes) throw new Unreadable("The result in this bundle is not the one that it was made with: its digest differs from the manifest. The file was changed or damaged.");
  return true;
};

const parsed = (bytes, what) => {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Unreadable(`${what} is not readable: it is damaged, or not of EngageAI.`);
  }
};

const checked = (result) => {
  const missing = PARTS.filter((part) => result?.[part] === undefined || result[part] === null);
  if (missing.length) throw new Unreadable(`This is not a result of EngageAI, or of a version that this page cannot read: it has no ${missing.join(", ")}.`);
  const count = Array.isArray(result.series) ? result.series.length : -1;
  const lines = Object.values(result.rolling).map((each) => each?.["30s"]);
  const isWhole = lines.every((line) => Array.isArray(line) && line.length === count);
  if (!isWhole || typeof result.recording.duration_s !== "number") throw new Unreadable("This result is not whole: its lines and its times differ in length.");
  if (result.notice?.expressions === false) throw new Unreadable("This recording was read without expressions, so there is no score to compare.");
  return result;
};
