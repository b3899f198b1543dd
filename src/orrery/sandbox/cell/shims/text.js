// TextEncoder, TextDecoder, atob and btoa. UTF-8 is written out here because the engine has no host encoder.
(() => {
  "use strict";
  const define = (name, value) =>
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  globalThis.__define = define;

  const encode = (text) => {
    const bytes = [];
    for (const char of String(text).toWellFormed()) {
      const point = char.codePointAt(0);
      if (point < 0x80) bytes.push(point);
      else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 63));
      else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
      else
        bytes.push(
          0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    }
    return bytes;
  };

  // One malformed sequence becomes one U+FFFD, as the Encoding standard says ("maximal subpart").
  const decode = (bytes, fatal) => {
    const units = [];
    let text = "";
    const bad = () => {
      if (fatal) throw new TypeError("The encoded data was not valid");
      units.push(0xfffd);
    };
    for (let i = 0; i < bytes.length; ) {
      const lead = bytes[i++];
      if (lead < 0x80) units.push(lead);
      else {
        const count = lead >= 0xc2 && lead <= 0xdf ? 1 : lead >= 0xe0 && lead <= 0xef ? 2
          : lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
        if (count === 0) bad();
        else {
          let point = lead & (0x3f >> count);
          let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
          let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
          let seen = 0;
          while (seen < count && i < bytes.length && bytes[i] >= low && bytes[i] <= high) {
            point = (point << 6) | (bytes[i++] & 63);
            low = 0x80;
            high = 0xbf;
            seen += 1;
          }
          if (seen < count) bad();
          else if (point < 0x10000) units.push(point);
          else units.push(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff));
        }
      }
      if (units.length > 4096) text += String.fromCharCode(...units.splice(0));
    }
    return text + String.fromCharCode(...units);
  };

  const view = (source) =>
    source instanceof ArrayBuffer ? new Uint8Array(source)
      : new Uint8Array(source.buffer, source.byteOffset, source.byteLength);

  define("__utf8", { encode, decode });
  define("TextEncoder", class TextEncoder {
    get encoding() { return "utf-8"; }
    encode(text = "") { return new Uint8Array(encode(text)); }
    encodeInto(text, target) {
      const bytes = encode(text);
      let written = Math.min(bytes.length, target.length);
      while (written > 0 && (bytes[written] & 0xc0) === 0x80) written -= 1;
      target.set(bytes.slice(0, written));
      return { read: decode(bytes.slice(0, written), false).length, written };
    }
  });
  define("TextDecoder", class TextDecoder {
    #encoding; #fatal; #keepMark;
    constructor(label = "utf-8", options = {}) {
      const name = String(label).toLowerCase();
      const latin = ["latin1", "iso-8859-1", "ascii", "us-ascii", "windows-1252"];
      if (!["utf-8", "utf8", ...latin].includes(name)) throw new RangeError(`The "${label}" encoding is not supported`);
      this.#encoding = latin.includes(name) ? "windows-1252" : "utf-8";
      this.#fatal = Boolean(options.fatal);
      this.#keepMark = Boolean(options.ignoreBOM);
    }
    get encoding() { return this.#encoding; }
    decode(source) {
      if (source === undefined) return "";
      let bytes = view(source);
      if (this.#encoding !== "utf-8") return Array.from(bytes, (b) => String.fromCharCode(b)).join("");
      if (!this.#keepMark && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) bytes = bytes.subarray(3);
      return decode(bytes, this.#fatal);
    }
  });

  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const values = new Map([...alphabet].map((c, i) => [c, i]));
  values.set("-", 62).set("_", 63);
  define("__base64", {
    encode(bytes) {
      const out = [];
      for (let i = 0; i < bytes.length; i += 3) {
        const n = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
        out.push(alphabet[n >> 18], alphabet[(n >> 12) & 63],
          i + 1 < bytes.length ? alphabet[(n >> 6) & 63] : "=", i + 2 < bytes.length ? alphabet[n & 63] : "=");
      }
      return out.join("");
    },
    decode(text) {
      const bytes = [];
      let bits = 0, held = 0;
      for (const char of text) {
        if (char === "=") break;
        const value = values.get(char);
        if (value === undefined) continue;
        held = ((held << 6) | value) & 0xffffff;
        bits += 6;
        if (bits >= 8) bytes.push((held >> (bits -= 8)) & 255);
      }
      return bytes;
    },
  });
})();
