// Buffer: the part of Node's that snippets use to turn text into bytes and back.
(() => {
  "use strict";
  const utf8 = globalThis.__utf8, base64 = globalThis.__base64;

  const toBytes = (text, encoding = "utf8") => {
    switch (String(encoding).toLowerCase()) {
      case "utf8": case "utf-8": return utf8.encode(text);
      case "base64": case "base64url": return base64.decode(text);
      case "latin1": case "binary": case "ascii": return Array.from(text, (c) => c.charCodeAt(0) & 255);
      case "hex": {
        const bytes = [];
        for (let i = 0; i + 1 < text.length; i += 2) {
          const value = Number.parseInt(text.slice(i, i + 2), 16);
          if (!/^[0-9a-f]{2}$/i.test(text.slice(i, i + 2))) break;
          bytes.push(value);
        }
        return bytes;
      }
      case "utf16le": case "ucs2": {
        const bytes = [];
        for (let i = 0; i < text.length; i++) bytes.push(text.charCodeAt(i) & 255, text.charCodeAt(i) >> 8);
        return bytes;
      }
      default: throw new TypeError(`Unknown encoding: ${encoding}`);
    }
  };

  class Buffer extends Uint8Array {
    static from(source, encodingOrOffset, length) {
      if (typeof source === "string") return Buffer.#of(toBytes(source, encodingOrOffset));
      if (source instanceof ArrayBuffer) return new Buffer(source, encodingOrOffset ?? 0, length);
      if (source?.type === "Buffer" && Array.isArray(source.data)) return Buffer.#of(source.data);
      if (source == null || typeof source === "number")
        throw new TypeError("The first argument must be of type string or an instance of Buffer, ArrayBuffer, or Array");
      return Buffer.#of(Array.from(source));
    }
    static #of(bytes) {
      const buffer = new Buffer(bytes.length);
      buffer.set(bytes);
      return buffer;
    }
    static alloc(size, fill = 0, encoding) { return new Buffer(size).fill(fill, 0, size, encoding); }
    static allocUnsafe(size) { return new Buffer(size); }
    static isBuffer(value) { return value instanceof Buffer; }
    static isEncoding(name) {
      return ["utf8", "utf-8", "hex", "base64", "base64url", "latin1", "binary", "ascii", "utf16le", "ucs2"]
        .includes(String(name).toLowerCase());
    }
    static byteLength(value, encoding) {
      return typeof value === "string" ? toBytes(value, encoding).length : value.byteLength;
    }
    static concat(list, total) {
      const joined = Buffer.#of(list.flatMap((part) => Array.from(part)));
      return total === undefined ? joined : Buffer.#of(Array.from({ length: total }, (_, i) => joined[i] ?? 0));
    }
    static compare(a, b) {
      for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
      return Math.sign(a.length - b.length);
    }
    toString(encoding = "utf8", start = 0, end = this.length) {
      const bytes = this.subarray(start, end);
      switch (String(encoding).toLowerCase()) {
        case "utf8": case "utf-8": return utf8.decode(bytes, false);
        case "base64": return base64.encode(bytes);
        case "base64url": return base64.encode(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
        case "hex": return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
        case "ascii": return Array.from(bytes, (b) => String.fromCharCode(b & 127)).join("");
        case "latin1": case "binary": return Array.from(bytes, (b) => String.fromCharCode(b)).join("");
        case "utf16le": case "ucs2": {
          let text = "";
          for (let i = 0; i + 1 < bytes.length; i += 2) text += String.fromCharCode(bytes[i] | (bytes[i + 1] << 8));
          return text;
        }
        default: throw new TypeError(`Unknown encoding: ${encoding}`);
      }
    }
    toJSON() { return { type: "Buffer", data: Array.from(this) }; }
    equals(other) { return Buffer.compare(this, other) === 0; }
    compare(other) { return Buffer.compare(this, other); }
    slice(start, end) { return this.subarray(start, end); }
    write(text, offset = 0, length, encoding = "utf8") {
      const bytes = toBytes(text, encoding).slice(0, Math.min(length ?? Infinity, this.length - offset));
      this.set(bytes, offset);
      return bytes.length;
    }
    copy(target, at = 0, start = 0, end = this.length) {
      const part = this.subarray(start, Math.min(end, start + target.length - at));
      target.set(part, at);
      return part.length;
    }
    fill(value, start = 0, end = this.length, encoding) {
      if (typeof value !== "string") return super.fill(value, start, end);
      const bytes = toBytes(value, encoding);
      for (let i = start; i < end; i++) this[i] = bytes.length ? bytes[(i - start) % bytes.length] : 0;
      return this;
    }
    indexOf(value, from = 0) {
      if (typeof value === "number") return super.indexOf(value & 255, from);
      const wanted = typeof value === "string" ? toBytes(value) : value;
      for (let i = from; i + wanted.length <= this.length; i++)
        if (Array.prototype.every.call(wanted, (b, j) => this[i + j] === b)) return i;
      return -1;
    }
    includes(value, from) { return this.indexOf(value, from) !== -1; }
    readUInt8(at = 0) { return this[at]; }
    readUInt16BE(at = 0) { return new DataView(this.buffer, this.byteOffset).getUint16(at); }
    readUInt16LE(at = 0) { return new DataView(this.buffer, this.byteOffset).getUint16(at, true); }
    readUInt32BE(at = 0) { return new DataView(this.buffer, this.byteOffset).getUint32(at); }
    readUInt32LE(at = 0) { return new DataView(this.buffer, this.byteOffset).getUint32(at, true); }
  }
  // results of subarray, map and the like
  Object.defineProperty(Buffer, Symbol.species, { get: () => Buffer });
  globalThis.__define("Buffer", Buffer);

  const domError = (name, message) => Object.assign(new Error(message), { name });
  globalThis.__define("btoa", (text) => {
    const bytes = Array.from(String(text), (c) => c.charCodeAt(0));
    if (bytes.some((b) => b > 255)) throw domError("InvalidCharacterError", "Invalid character");
    return base64.encode(bytes);
  });
  globalThis.__define("atob", (text) => {
    const clean = String(text).replace(/[\t\n\f\r ]/g, "").replace(/={1,2}$/, "");
    if (/[^A-Za-z0-9+/]/.test(clean) || clean.length % 4 === 1)
      throw domError("InvalidCharacterError", "The string to be decoded is not correctly encoded.");
    return base64.decode(clean).map((b) => String.fromCharCode(b)).join("");
  });
})();
