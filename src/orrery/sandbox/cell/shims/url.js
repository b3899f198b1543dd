// URLSearchParams whole, URL for hierarchical addresses: what snippets read from a link or build one with.
(() => {
  "use strict";
  const utf8 = globalThis.__utf8;
  const encode = (text) => encodeURIComponent(String(text).toWellFormed())
    .replace(/%20/g, "+").replace(/[!'()~]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());
  const decode = (text) => {
    const bytes = [];
    const source = utf8.encode(text.replace(/\+/g, " "));
    for (let i = 0; i < source.length; i++) {
      const pair = String.fromCharCode(source[i + 1] ?? 0, source[i + 2] ?? 0);
      if (source[i] === 37 && /^[0-9a-f]{2}$/i.test(pair)) {
        bytes.push(Number.parseInt(pair, 16));
        i += 2;
      } else bytes.push(source[i]);
    }
    return utf8.decode(bytes, false);
  };

  class URLSearchParams {
    #pairs = [];
    #changed = () => {};
    constructor(init = "") {
      if (typeof init === "object" && init !== null) {
        const entries = typeof init[Symbol.iterator] === "function" ? init : Object.entries(init);
        for (const [name, value] of entries) this.#pairs.push([String(name), String(value)]);
      } else {
        for (const part of String(init).replace(/^\?/, "").split("&")) {
          if (part === "") continue;
          const at = part.indexOf("=");
          this.#pairs.push(at < 0 ? [decode(part), ""] : [decode(part.slice(0, at)), decode(part.slice(at + 1))]);
        }
      }
    }
    static __bound(query, changed) {
      const made = new URLSearchParams(query);
      made.#changed = changed;
      return made;
    }
    get size() { return this.#pairs.length; }
    append(name, value) { this.#pairs.push([String(name), String(value)]); this.#changed(this.toString()); }
    delete(name, value) {
      this.#pairs = this.#pairs.filter(([n, v]) => n !== String(name) || (value !== undefined && v !== String(value)));
      this.#changed(this.toString());
    }
    get(name) { return this.#pairs.find(([n]) => n === String(name))?.[1] ?? null; }
    getAll(name) { return this.#pairs.filter(([n]) => n === String(name)).map(([, v]) => v); }
    has(name, value) {
      return this.#pairs.some(([n, v]) => n === String(name) && (value === undefined || v === String(value)));
    }
    set(name, value) {
      const at = this.#pairs.findIndex(([n]) => n === String(name));
      if (at < 0) this.#pairs.push([String(name), String(value)]);
      else {
        this.#pairs[at][1] = String(value);
        this.#pairs = this.#pairs.filter(([n], i) => i <= at || n !== String(name));
      }
      this.#changed(this.toString());
    }
    sort() { this.#pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)); this.#changed(this.toString()); }
    forEach(callback, self) { for (const [name, value] of this.#pairs) callback.call(self, value, name, this); }
    *entries() { for (const [name, value] of this.#pairs) yield [name, value]; }
    *keys() { for (const [name] of this.#pairs) yield name; }
    *values() { for (const [, value] of this.#pairs) yield value; }
    [Symbol.iterator]() { return this.entries(); }
    toString() { return this.#pairs.map(([n, v]) => `${encode(n)}=${encode(v)}`).join("&"); }
  }
  const bound = URLSearchParams.__bound;
  delete URLSearchParams.__bound;

  const ports = { "http:": "80", "https:": "443", "ws:": "80", "wss:": "443", "ftp:": "21" };
  const invalid = (text) => Object.assign(new TypeError("Invalid URL"), { code: "ERR_INVALID_URL", input: text });
  const tidy = (path) => {
    const kept = [];
    const parts = path.split("/").slice(1);
    parts.forEach((part, i) => {
      const last = i === parts.length - 1;
      if (/^(\.|%2e){2}$/i.test(part)) { kept.pop(); if (last) kept.push(""); }
      else if (/^(\.|%2e)$/i.test(part)) { if (last) kept.push(""); }
      else kept.push(part);
    });
    return "/" + kept.join("/");
  };
  const safe = (text, allowed) => text.toWellFormed().replace(allowed, (c) => encodeURIComponent(c));
  const PATH = /[^\x21\x23-\x3b\x3d\x40-\x5f\x61-\x7a\x7c\x7e]/gu;
  const QUERY = /[^\x21\x24-\x3b\x3d\x3f-\x7e]/gu;
  const FRAGMENT = /[^\x21\x23-\x3b\x3d\x3f-\x5f\x61-\x7e]/gu;

  class URL {
    #protocol; #user = ""; #password = ""; #host; #port = ""; #path; #query = ""; #hash = ""; #params;
    constructor(text, base) {
      let source = String(text).trim().replace(/[\t\r\n]/g, "");
      const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(source);
      if (!scheme) {
        if (base === undefined) throw invalid(source);
        source = URL.#resolved(source, new URL(base));
      }
      const match = /^([a-z][a-z0-9+.-]*:)(?:\/\/([^/?#\\]*))?([^?#]*)(\?[^#]*)?(#.*)?$/is.exec(source);
      if (!match) throw invalid(source);
      this.#protocol = match[1].toLowerCase();
      const special = this.#protocol in ports;
      let [authority, path] = [match[2] ?? "", special ? match[3].replace(/\\/g, "/") : match[3]];
      if (special && authority === "") {
        const rest = /^\/*([^/]+)(.*)$/s.exec(path);
        if (!rest) throw invalid(source);
        [, authority, path] = rest;
      }
      this.#readAuthority(authority, source, special);
      this.#path = match[2] === undefined && !special ? path : path === "" && !special ? "" : tidy(path || "/");
      this.#path = safe(this.#path, PATH);
      this.search = match[4] ?? "";
      this.hash = match[5] ?? "";
    }
    static #resolved(text, base) {
      if (text.startsWith("//")) return base.protocol + text;
      const origin = `${base.protocol}//${base.username ? `${base.username}${base.password && ":" + base.password}@` : ""}${base.host}`;
      if (text.startsWith("/")) return origin + text;
      if (text.startsWith("#") || text === "") return origin + base.pathname + base.search + text;
      if (text.startsWith("?")) return origin + base.pathname + text;
      return origin + base.pathname.replace(/[^/]*$/, "") + text;
    }
    #readAuthority(authority, source, special) {
      const at = authority.lastIndexOf("@");
      if (at >= 0) {
        const [user, ...password] = authority.slice(0, at).split(":");
        this.#user = safe(user, PATH);
        this.#password = safe(password.join(":"), PATH);
      }
      const host = /^(\[[0-9a-f:.]+\]|[^:]*)(?::(\d*))?$/i.exec(authority.slice(at + 1));
      if (!host || (special && host[1] === "") || /[\s<>^|%]/.test(host[1]) || Number(host[2] ?? 0) > 65535)
        throw invalid(source);
      this.#host = special ? host[1].toLowerCase() : host[1];
      const port = host[2] ? String(Number(host[2])) : "";
      this.#port = port === ports[this.#protocol] ? "" : port;
    }
    static canParse(text, base) { try { new URL(text, base); return true; } catch { return false; } }
    static parse(text, base) { try { return new URL(text, base); } catch { return null; } }
    get protocol() { return this.#protocol; }
    set protocol(value) { this.#protocol = String(value).replace(/:?$/, ":").toLowerCase(); }
    get username() { return this.#user; }
    set username(value) { this.#user = encodeURIComponent(value); }
    get password() { return this.#password; }
    set password(value) { this.#password = encodeURIComponent(value); }
    get hostname() { return this.#host; }
    set hostname(value) { this.#host = String(value).toLowerCase(); }
    get port() { return this.#port; }
    set port(value) { this.#port = String(value) === ports[this.#protocol] ? "" : String(value); }
    get host() { return this.#host + (this.#port && ":" + this.#port); }
    set host(value) { [this.#host, this.#port = ""] = String(value).split(":"); }
    get origin() { return this.#protocol in ports ? `${this.#protocol}//${this.host}` : "null"; }
    get pathname() { return this.#path; }
    set pathname(value) { this.#path = safe(tidy(String(value).replace(/^\/?/, "/")), PATH); }
    get search() { return this.#query === "" ? "" : "?" + this.#query; }
    set search(value) {
      this.#query = safe(String(value).replace(/^\?/, ""), QUERY);
      this.#params = bound(this.#query, (query) => { this.#query = query; });
    }
    get searchParams() { return this.#params; }
    get hash() { return this.#hash === "" ? "" : "#" + this.#hash; }
    set hash(value) { this.#hash = safe(String(value).replace(/^#/, ""), FRAGMENT); }
    get href() {
      const user = this.#user || this.#password ? `${this.#user}${this.#password && ":" + this.#password}@` : "";
      const slashes = this.#host || user || this.#protocol in ports || this.#protocol === "file:" ? "//" : "";
      return this.#protocol + slashes + user + this.host + this.#path + this.search + this.hash;
    }
    toString() { return this.href; }
    toJSON() { return this.href; }
  }
  globalThis.__define("URLSearchParams", URLSearchParams);
  globalThis.__define("URL", URL);
})();
