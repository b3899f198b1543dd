// console and the text that it makes of values.
(() => {
  "use strict";
  const write = globalThis.__write, stringify = JSON.stringify;
  const plainKey = /^[A-Za-z_$][\w$]*$/;
  const quote = (text) => {
    const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : !text.includes("`") ? "`" : "'";
    const escaped = JSON.stringify(text).slice(1, -1).replace(/\\"/g, '"');
    return mark + (mark === "'" ? escaped.replace(/'/g, "\\'") : escaped) + mark;
  };

  const inspect = (value, depth = 2, seen = []) => {
    switch (typeof value) {
      case "string": return quote(value);
      case "bigint": return `${value}n`;
      case "number": return Object.is(value, -0) ? "-0" : String(value);
      case "symbol": return value.toString();
      case "function": {
        const kind = /^class\b/.test(Function.prototype.toString.call(value)) ? "class" : "Function";
        return kind === "class" ? `[class ${value.name || "(anonymous)"}]` : `[Function${value.name ? ": " + value.name : " (anonymous)"}]`;
      }
      case "object": return value === null ? "null" : inspectObject(value, depth, seen);
      default: return String(value);
    }
  };

  const inspectObject = (value, depth, seen) => {
    if (seen.includes(value)) return "[Circular *1]";
    if (value instanceof Error) return value.stack ? `${value.name}: ${value.message}\n${value.stack}`.trimEnd() : `[${value}]`;
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
    if (value instanceof RegExp) return String(value);
    if (value instanceof Promise) return "Promise { <pending> }";
    if (value instanceof Buffer)
      return `<Buffer${Array.from(value.subarray(0, 50), (b) => " " + b.toString(16).padStart(2, "0")).join("")}${value.length > 50 ? ` ... ${value.length - 50} more bytes` : ""}>`;
    if (value instanceof URL) return value.href;
    const name = value.constructor?.name;
    const isList = Array.isArray(value) || (ArrayBuffer.isView(value) && "length" in value);
    if (depth < 0) return isList ? "[Array]" : `[${name ?? "Object: null prototype"}]`;
    const inner = (item) => inspect(item, depth - 1, [...seen, value]);
    let [before, open, close] = [name === "Object" || Array.isArray(value) ? "" : `${name ?? "[Object: null prototype]"} `, "{", "}"];
    const parts = [];
    if (isList) {
      [open, close] = ["[", "]"];
      if (!Array.isArray(value)) before = `${name}(${value.length}) `;
      for (let i = 0; i < Math.min(value.length, 100); i++) parts.push(i in value ? inner(value[i]) : "<empty>");
      if (value.length > 100) parts.push(`... ${value.length - 100} more items`);
    } else if (value instanceof Map) {
      before = `Map(${value.size}) `;
      for (const [k, v] of value) parts.push(`${inner(k)} => ${inner(v)}`);
    } else if (value instanceof Set) {
      before = `Set(${value.size}) `;
      for (const v of value) parts.push(inner(v));
    } else {
      for (const key of Object.keys(value)) {
        const got = Object.getOwnPropertyDescriptor(value, key);
        parts.push(`${plainKey.test(key) ? key : quote(key)}: ${got.get ? "[Getter]" : inner(got.value)}`);
      }
    }
    if (parts.length === 0) return `${before}${open}${close}`;
    const line = `${before}${open} ${parts.join(", ")} ${close}`;
    if (line.length <= 76 && !line.includes("\n")) return line;
    return `${before}${open}\n${parts.map((p) => "  " + p.replace(/\n/g, "\n  ")).join(",\n")}\n${close}`;
  };

  const format = (...values) => {
    if (typeof values[0] === "string" && values[0].includes("%")) {
      let next = 1;
      const head = values[0].replace(/%([sdifjoOc%])/g, (whole, kind) => {
        if (kind === "%") return "%";
        if (next >= values.length) return whole;
        const value = values[next++];
        switch (kind) {
          case "s": return typeof value === "object" ? inspect(value, 0) : String(value);
          case "d": return String(Number(value));
          case "i": return String(Number.parseInt(value, 10));
          case "f": return String(Number.parseFloat(value));
          case "j": return JSON.stringify(value);
          case "c": return "";
          default: return inspect(value, 4);
        }
      });
      values = [head, ...values.slice(next)];
    }
    return values.map((v) => (typeof v === "string" ? v : inspect(v))).join(" ");
  };

  let indent = "";
  const print = (stream) => (...values) =>
    write(stream, stringify((indent + format(...values).replace(/\n/g, "\n" + indent) + "\n").toWellFormed()));
  const [out, err] = [print(1), print(2)];
  const counts = new Map(), timers = new Map();
  globalThis.__define("console", {
    log: out, info: out, debug: out, error: err, warn: err, dir: (value) => out(inspect(value)), table: out,
    trace: (...values) => err("Trace:", ...values),
    assert: (condition, ...values) => { if (!condition) err("Assertion failed", ...values); },
    group: (...values) => { if (values.length) out(...values); indent += "  "; },
    groupEnd: () => { indent = indent.slice(2); },
    count: (label = "default") => { counts.set(label, (counts.get(label) ?? 0) + 1); out(`${label}: ${counts.get(label)}`); },
    time: (label = "default") => { timers.set(label, Date.now()); },
    timeEnd: (label = "default") => out(`${label}: ${Date.now() - (timers.get(label) ?? Date.now())}ms`),
  });
  globalThis.__define("__text", { inspect, format });
})();
