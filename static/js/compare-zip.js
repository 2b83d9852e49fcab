// Members of a ZIP out of a File, without reading the rest of it. Knows the format's plain form and ZIP64's long numbers,
// which a bundle with a long film has: no encryption, no spanning. Trusts no size that the file states: what unpacks to
// more than it says is refused.

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const LONG_END = 0x06064b50;
const LOCATOR = 0x07064b50;
const LONG = 0xffffffff; // stands for a number that ZIP64 says elsewhere
const LONG_COUNT = 0xffff;
const LONG_EXTRA = 0x0001;
const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const LONG_END_BYTES = 56;
const MAX_COMMENT = 65_535;
const MAX_MEMBERS = 500;
const MAX_DIRECTORY = 4 * 1024 * 1024;
const STORED = 0;
const DEFLATED = 8;
const DAMAGED = "The table of this ZIP is damaged.";

export class Unreadable extends Error {}

const view = async (file, start, end) => new DataView(await file.slice(start, end).arrayBuffer());

const endOf = async (file) => {
  const from = Math.max(0, file.size - END_BYTES - MAX_COMMENT);
  const tail = await view(file, from, file.size);
  for (let at = tail.byteLength - END_BYTES; at >= 0; at -= 1) {
    if (tail.getUint32(at, true) === END) {
      const [count, size, start] = [tail.getUint16(at + 10, true), tail.getUint32(at + 12, true), tail.getUint32(at + 16, true)];
      const isLong = count === LONG_COUNT || size === LONG || start === LONG;
      return isLong ? longEndOf(file, from + at) : { count, size, start };
    }
  }
  throw new Unreadable("This is not a ZIP, or it was cut off.");
};

const long = (found, at) => Number(found.getBigUint64(at, true));

const longEndOf = async (file, end) => {
  const locator = await view(file, Math.max(0, end - LOCATOR_BYTES), end);
  if (locator.byteLength < LOCATOR_BYTES || locator.getUint32(0, true) !== LOCATOR) throw new Unreadable(DAMAGED);
  const at = long(locator, 8);
  const found = await view(file, at, at + LONG_END_BYTES);
  if (found.byteLength < LONG_END_BYTES || found.getUint32(0, true) !== LONG_END) throw new Unreadable(DAMAGED);
  return { count: long(found, 32), size: long(found, 40), start: long(found, 48) };
};

// In an entry's extra field ZIP64 says the long ones of these numbers, in this order.
const lengthened = (member, directory, from, bytes) => {
  const end = Math.min(from + bytes, directory.byteLength);
  for (let at = from; at + 4 <= end; at += 4 + directory.getUint16(at + 2, true)) {
    if (directory.getUint16(at, true) !== LONG_EXTRA) continue;
    const until = Math.min(at + 4 + directory.getUint16(at + 2, true), end);
    let place = at + 4;
    for (const field of ["size", "packed", "start"].filter((each) => member[each] === LONG)) {
      if (place + 8 > until) throw new Unreadable(DAMAGED);
      member[field] = long(directory, place);
      place += 8;
    }
    break;
  }
  return member;
};

// {name: where it lies}
export const members = async (file) => {
  const { count, size, start } = await endOf(file);
  if (size > MAX_DIRECTORY || count > MAX_MEMBERS) throw new Unreadable("This ZIP is larger than a bundle of EngageAI.");
  const directory = await view(file, start, start + size);
  const found = new Map();
  for (let at = 0, row = 0; row < count; row += 1) {
    if (at + 46 > directory.byteLength || directory.getUint32(at, true) !== ENTRY) throw new Unreadable(DAMAGED);
    const [name, extra, comment] = [28, 30, 32].map((place) => directory.getUint16(at + place, true));
    const words = new Uint8Array(directory.buffer, at + 46, Math.min(name, directory.byteLength - at - 46));
    const member = {
      method: directory.getUint16(at + 10, true),
      packed: directory.getUint32(at + 20, true),
      size: directory.getUint32(at + 24, true),
      start: directory.getUint32(at + 42, true),
    };
    found.set(new TextDecoder().decode(words), lengthened(member, directory, at + 46 + name, extra));
    at += 46 + name + extra + comment;
  }
  return found;
};

export const unpacked = async (file, member, maxBytes) => {
  if (member.size > maxBytes) throw new Unreadable("A part of this ZIP is larger than it can be.");
  const head = await view(file, member.start, member.start + 30);
  if (head.byteLength < 30 || head.getUint32(0, true) !== LOCAL) throw new Unreadable("A part of this ZIP is damaged.");
  const start = member.start + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const packed = file.slice(start, start + member.packed);
  if (member.method === STORED) return new Uint8Array(await packed.arrayBuffer());
  if (member.method !== DEFLATED) throw new Unreadable("This ZIP is packed in a way that bundles of EngageAI are not.");
  return inflated(packed, member.size);
};

const inflated = async (packed, size) => {
  const bytes = new Uint8Array(size);
  let at = 0;
  try {
    const reader = packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      if (at + piece.value.length > size) {
        reader.cancel();
        throw new Unreadable("A part of this ZIP is larger than it says.");
      }
      bytes.set(piece.value, at);
      at += piece.value.length;
    }
  } catch (error) {
    throw error instanceof Unreadable ? error : new Unreadable("A part of this ZIP is damaged.");
  }
  if (at !== size) throw new Unreadable("A part of this ZIP was cut off.");
  return bytes;
};
