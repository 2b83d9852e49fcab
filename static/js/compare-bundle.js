// One dropped file to one result: a bundle is checked against its own manifest, a result.json against its shape.
// Knows what a result must hold to be compared; throws Unreadable with a sentence for whoever dropped the file.

import { Unreadable, members, unpacked } from "./compare-zip.js";

const FORMAT = "engageai-bundle";
const FORMAT_VERSION = 1;
const MAX_RESULT_BYTES = 256 * 1024 * 1024;
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_CHECKED_BYTES = 512 * 1024 * 1024; // a digest takes the whole file at once
const MAX_NAMED = 3;
const PARTS = ["version", "model", "recording", "engagement", "environments", "series", "rolling"];

export const read = async (file) => {
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  const isZip = start[0] === 0x50 && start[1] === 0x4b;
  if (isZip) return fromBundle(file);
  if (start[0] !== 0x7b) throw new Unreadable("This is neither a bundle (ZIP) nor a result.json of EngageAI.");
  if (file.size > MAX_RESULT_BYTES) throw new Unreadable("This file is larger than any result.");
  const result = checked(parsed(new Uint8Array(await file.arrayBuffer()), "This file"));
  return { name: file.name, result, checked: null };
};

const fromBundle = async (file) => {
  const found = await members(file);
  if (!found.has("manifest.json") || !found.has("result.json")) throw new Unreadable("This ZIP is not a bundle of EngageAI: it has no manifest.json with a result.json.");
  const manifest = parsed(await unpacked(file, found.get("manifest.json"), MAX_MANIFEST_BYTES), "The manifest");
  if (manifest?.format !== FORMAT) throw new Unreadable("This ZIP is not a bundle of EngageAI.");
  if (manifest.format_version !== FORMAT_VERSION) throw new Unreadable(`This bundle is of form ${manifest.format_version}, made by EngageAI ${manifest.version}; this page reads form ${FORMAT_VERSION}.`);
  const bytes = await unpacked(file, found.get("result.json"), MAX_RESULT_BYTES);
  const check = await checkedAll(file, found, manifest.members, bytes);
  const result = checked(parsed(bytes, "The result in this bundle"));
  return { name: manifest.recording?.name || file.name, result, sha256: manifest.recording?.sha256, settings: manifest.settings, checked: check };
};

// How many of the files that the manifest lists are what it says: {count, of}. Null where this browser may not compute
// digests: pages over plain http from another machine.
const checkedAll = async (file, found, listed, result) => {
  if (!Array.isArray(listed) || !listed.some((each) => each?.name === "result.json")) throw new Unreadable("The manifest of this bundle does not name its result.");
  if (!globalThis.crypto?.subtle) return null;
  const differing = [];
  let count = 0;
  for (const each of listed) {
    const member = found.get(each.name);
    if (member?.size > MAX_CHECKED_BYTES) continue;
    const bytes = each.name === "result.json" ? result : member && (await part(file, member, each.name));
    if (bytes && (await matches(bytes, each))) count += 1;
    else differing.push(each.name);
  }
  if (differing.length) throw new Unreadable(changed(differing));
  return { count, of: listed.length };
};

const part = async (file, member, name) => {
  try {
    return await unpacked(file, member, MAX_CHECKED_BYTES);
  } catch (error) {
    throw error instanceof Unreadable ? new Unreadable(`${name}: ${error.message}`) : error;
  }
};

const matches = async (bytes, listed) => {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex === listed.sha256 && bytes.length === listed.bytes;
};

const changed = (names) => {
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : "";
  const which = names.slice(0, MAX_NAMED).join(", ") + more;
  if (names.length === 1) return `${which} in this bundle is not the one that it was made with: its digest differs from the manifest. It was changed or damaged, or is missing.`;
  return `${which} in this bundle are not those that it was made with: their digests differ from the manifest. They were changed or damaged, or are missing.`;
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
