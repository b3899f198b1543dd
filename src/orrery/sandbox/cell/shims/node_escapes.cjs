// The self-test of a confined Node: names the tries that got through. A try is refused when it throws or answers with
// an error; none of them does harm when it is not.
const fs = require("fs"), child = require("child_process"), os = require("os"), parent = process.ppid || -1;
const tries = {
  "read /etc/passwd": () => fs.readFileSync("/etc/passwd"),
  "read /etc/hosts": () => fs.readFileSync("/etc/hosts"),
  "read /proc/self/environ": () => fs.readFileSync("/proc/self/environ"),
  "read /proc/1/environ": () => fs.readFileSync("/proc/1/environ"),
  "read /proc/self/mem": () => fs.openSync("/proc/self/mem", "r+"),
  "read /sys/kernel": () => fs.readFileSync("/sys/kernel/notes"),
  "list /root": () => fs.readdirSync("/root"),
  "list /home": () => fs.readdirSync("/home"),
  "write /tmp": () => fs.writeFileSync("/tmp/canary", "x"),
  "write here": () => fs.writeFileSync("canary", "x"),
  "make a folder": () => fs.mkdirSync("/tmp/canary"),
  "link": () => fs.symlinkSync("/etc/passwd", "/tmp/canary"),
  "temporary folder": () => fs.mkdtempSync("/tmp/canary"),
  "copy": () => fs.copyFileSync(process.execPath, "/tmp/canary"),
  "spawn": () => { const made = child.spawnSync("/bin/true"); if (made.error) throw made.error; },
  "exec": () => child.execSync("true"),
  "spawn node": () => { const made = child.spawnSync(process.execPath, ["-v"]); if (made.error) throw made.error; },
  "exec file": () => child.execFileSync("/bin/sh", ["-c", "true"]),
  "signal parent": () => process.kill(parent, 0),
  "signal all": () => process.kill(-1, 0),
  "signal session": () => process.kill(1, 0) && process.pid !== 1,
  "native module": () => process.dlopen({ exports: {} }, "/usr/lib/x86_64-linux-gnu/libm.so.6"),
  "change user": () => process.setuid(0) || process.getuid(),
  "change group": () => process.setgroups([0]),
  "raise priority": () => os.setPriority(-5),
};
function main() {
  const breaches = [];
  for (const [name, attempt] of Object.entries(tries)) {
    try { if (attempt() !== false) breaches.push(name); } catch { /* refused */ }
  }
  const left = Object.keys(process.env).filter((name) => !/^(OPENSSL_CONF|HTTPS?_PROXY|https?_proxy|LC_CTYPE)$/.test(name));
  if (left.length) breaches.push(`environment left: ${left}`);
  if (process.argv.length > 1) breaches.push("arguments left");
  return { tried: Object.keys(tries).length, breaches };
}
