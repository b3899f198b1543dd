// Timers: callbacks in the order of their time. The host sleeps between them and asks for the next.
(() => {
  "use strict";
  const now = globalThis.__now;
  let last = 0;
  const waiting = new Map();
  const add = (callback, delay, args, every) => {
    if (typeof callback !== "function") throw new TypeError("The \"callback\" argument must be of type function.");
    const wait = Math.max(1, Number(delay) || 1);
    waiting.set(++last, { callback, args, at: now() + wait, every: every ? wait : 0 });
    return last;
  };
  const clear = (id) => { waiting.delete(id); };
  const define = globalThis.__define;
  define("setTimeout", (callback, delay, ...args) => add(callback, delay, args, false));
  define("setInterval", (callback, delay, ...args) => add(callback, delay, args, true));
  define("setImmediate", (callback, ...args) => add(callback, 0, args, false));
  define("clearTimeout", clear);
  define("clearInterval", clear);
  define("clearImmediate", clear);
  const first = () => {
    let found = null;
    for (const [id, timer] of waiting) if (!found || timer.at < found.timer.at) found = { id, timer };
    return found;
  };
  define("__timers", {
    next() {
      const found = first();
      return found ? Math.max(0, found.timer.at - now()) : -1;
    },
    fire() {
      const found = first();
      if (!found || found.timer.at > now()) return;
      if (found.timer.every) found.timer.at = now() + found.timer.every;
      else waiting.delete(found.id);
      found.timer.callback(...found.timer.args);
    },
  });
})();
