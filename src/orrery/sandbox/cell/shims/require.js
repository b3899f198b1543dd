// require for the few built-in modules that can exist here, crypto, and the door by which the host calls main.
(() => {
  "use strict";
  const define = globalThis.__define;
  const { __digest: digest, __random: entropy, __base64: base64, __timers: timers, __text: text } = globalThis;
  const parse = JSON.parse, stringify = JSON.stringify;

  let state = [1, 2, 3, 4];
  const word = () => {
    // xoshiro128++, seeded per run: children of one zygote must not share Math.random
    const rotate = (x, k) => (x << k) | (x >>> (32 - k));
    const made = (rotate((state[0] + state[3]) | 0, 7) + state[0]) >>> 0;
    const shifted = state[1] << 9;
    state[2] ^= state[0]; state[3] ^= state[1]; state[1] ^= state[2]; state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 11);
    return made;
  };
  Object.defineProperty(Math, "random", {
    value: () => ((word() >>> 5) * 67108864 + (word() >>> 6)) / 9007199254740992, writable: true, configurable: true,
  });

  class Hash {
    #algorithm; #key; #bytes = [];
    constructor(algorithm, key) { this.#algorithm = String(algorithm); this.#key = key; }
    update(data, encoding) {
      for (const byte of Buffer.from(data, encoding)) this.#bytes.push(byte);
      return this;
    }
    digest(encoding) {
      const key = this.#key === undefined ? null : base64.encode(Buffer.from(this.#key));
      const hex = digest(this.#algorithm, base64.encode(this.#bytes), key);
      if (hex === "") throw new Error("Digest method not supported");
      const result = Buffer.from(hex, "hex");
      return encoding === undefined || encoding === "buffer" ? result : result.toString(encoding);
    }
  }
  const crypto = {
    createHash: (algorithm) => new Hash(algorithm),
    createHmac: (algorithm, key) => new Hash(algorithm, key),
    randomBytes: (size) => Buffer.from(Array.from({ length: size }, () => entropy() & 255)),
    getRandomValues: (view) => {
      const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      for (let i = 0; i < bytes.length; i++) bytes[i] = entropy() & 255;
      return view;
    },
    randomInt: (low, high) => {
      const [from, to] = high === undefined ? [0, low] : [low, high];
      return from + Math.floor((entropy() / 4294967296) * (to - from));
    },
    randomUUID: () => {
      const bytes = Array.from({ length: 16 }, () => entropy() & 255);
      bytes[6] = (bytes[6] & 15) | 64;
      bytes[8] = (bytes[8] & 63) | 128;
      return Buffer.from(bytes).toString("hex").replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
    },
  };
  define("crypto", { getRandomValues: crypto.getRandomValues, randomUUID: crypto.randomUUID });

  const query = {
    parse: (string) => {
      const result = {};
      for (const [name, value] of new URLSearchParams(string))
        result[name] = name in result ? [].concat(result[name], value) : value;
      return result;
    },
    stringify: (object) => new URLSearchParams(
      Object.entries(object).flatMap(([k, v]) => (Array.isArray(v) ? v.map((item) => [k, item]) : [[k, v]]))).toString(),
  };
  const refused = (name) => new Proxy({}, {
    get: (_, member) => typeof member === "symbol" ? undefined : () => {
      throw Object.assign(new Error(`${name}.${member}: operation not permitted`), { code: "EPERM", errno: -1 });
    },
  });
  const modules = {
    buffer: () => ({ Buffer, atob, btoa }), url: () => ({ URL, URLSearchParams }), crypto: () => crypto,
    util: () => ({ inspect: text.inspect, format: text.format, TextEncoder, TextDecoder, isArray: Array.isArray,
      promisify: (f) => (...args) => new Promise((done, fail) => f(...args, (e, v) => (e ? fail(e) : done(v)))) }),
    querystring: () => query, timers: () => ({ setTimeout, setInterval, clearTimeout, clearInterval }),
  };
  for (const name of ["child_process", "fs", "fs/promises", "net", "dgram", "http", "https", "http2", "tls", "dns",
    "worker_threads", "cluster", "vm", "os", "process"]) modules[name] = () => refused(name);
  define("require", (name) => {
    const known = String(name).replace(/^node:/, "");
    if (!Object.hasOwn(modules, known))
      throw Object.assign(new Error(`Cannot find module '${name}'`), { code: "MODULE_NOT_FOUND" });
    return modules[known]();
  });
  define("global", globalThis);

  globalThis.__seal = () => {
    for (const name of Object.getOwnPropertyNames(globalThis)) if (name.startsWith("__")) delete globalThis[name];
    const doors = {
      seed: () => { state = [entropy() | 1, entropy(), entropy(), entropy()]; },
      main: (inputs) => `${stringify(main(parse(inputs)))}`,
      // no global function: the snippet may have replaced it
      next: () => `${timers.next()}`,
      fire: () => { timers.fire(); },
    };
    return (door, argument) => doors[door](argument);
  };
})();
