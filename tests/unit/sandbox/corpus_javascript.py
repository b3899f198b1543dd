"""The escape corpus of JavaScript (reliability.md 3.6): what snippets try on Node and on QuickJS, by group.

A line "fails" when it throws, answers with an ``error``, or with a promise that is rejected. Each must fail by itself.
"""

NODE = {
    "files": r"""
fs.readFileSync('/proc/self/root/etc/passwd')
fs.readFileSync('/usr/lib/../../etc/passwd')
fs.readFileSync('/etc/hosts')
fs.readFileSync('/proc/self/maps')
fs.readFileSync('/proc/1/cmdline')
fs.readdirSync('/etc')
fs.readdirSync('/proc')
fs.opendirSync('/var')
fs.openSync('/dev/mem', 'r+')
fs.createWriteStream('/dev/null/x', {fd: fs.openSync('/tmp/x', 'w')})
fs.appendFileSync('/tmp/x', 'x')
fs.mkdtempSync('/tmp/x')
fs.linkSync('/etc/passwd', '/tmp/x')
fs.renameSync('/tmp', '/tmp2')
fs.chmodSync('/tmp', 0o777)
fs.rmSync('/etc/passwd')
fs.cpSync('/etc/passwd', '/tmp/x')
process.binding('fs').open('/etc/passwd', 0, 0)
require('/etc/passwd')
require('module')._load('/etc/passwd')
require('module').createRequire('/etc/')('./passwd')
fs.readFileSync(process.report.writeReport('/tmp/report') || '/nowhere')
v8.writeHeapSnapshot('/tmp/heap')
process.chdir('/root')
process.chroot('/')
""",
    "processes": r"""
child.execSync('id')
child.execFileSync(process.execPath, ['-v'])
answered(child.spawnSync('/bin/sh', ['-c', 'id']))
answered(child.spawnSync(process.execPath, ['-v']))
process.kill(process.ppid || -1, 0)
process.kill(-1, 0)
process.abort.call === 1 || refuse()
process.setuid(0) || process.getuid() === 0 || refuse()
process.setgid(0) || refuse()
process.initgroups('root', 0)
process.dlopen({exports: {}}, '/usr/lib/x86_64-linux-gnu/libm.so.6')
os.setPriority(-10)
cluster.fork() && refuse()
""",
    "network": r"""
process.binding('tcp_wrap').x()
(inspector.open(0), inspector.url()) || refuse()
""",
    "language": r"""
this.constructor.constructor('return process')().binding('fs').open('/etc/passwd', 0, 0)
vm.runInNewContext('this.constructor.constructor("return process")()').mainModule.require('fs').readFileSync('/etc/passwd')
new Function('return fs')() && fs.readFileSync('/etc/passwd')
Reflect.construct(Function, ['return require'])()('fs').readFileSync('/etc/passwd')
eval('fs').readFileSync('/etc/passwd')
globalThis.process.mainModule.require('fs').readFileSync('/etc/passwd')
(Array.prototype.push = () => 0, fs.readFileSync('/etc/passwd'))
new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))) && refuse()
""",
}

NODE_HEAD = r"""
const fs = require('fs'), child = require('child_process'), os = require('os'), vm = require('vm'), v8 = require('v8');
const cluster = require('cluster'), inspector = require('inspector');
const refuse = () => { throw new Error('refused') };
const answered = (made) => { if (made.error) throw made.error };
const tries = (lines) => lines.trim().split('\n').filter((line) => {
  try { vm.runInThisContext(line); return true } catch { return false }
});
Object.assign(globalThis, { fs, child, os, vm, v8, cluster, inspector, refuse, answered });
"""

QUICKJS = {
    "files": r"""
require('fs').readFileSync('/etc/passwd')
require('node:fs').readFileSync('/proc/self/environ')
require('fs').readFileSync('/proc/1/cmdline')
require('fs').readFileSync('../../etc/passwd')
require('fs').readFileSync('/usr/lib/../../etc/passwd')
require('fs').readdirSync('/etc')
require('fs').readdirSync('/run')
require('fs').openSync('/dev/mem', 'r+')
require('fs').openSync('/sys/kernel/notes')
require('fs').writeFileSync('/tmp/x', 'x')
require('fs').symlinkSync('/etc/passwd', '/tmp/x')
require('fs').createReadStream('/etc/passwd')
require('fs').promises.readFile('/etc/passwd')
require('fs/promises').readFile('/etc/passwd')
require('/etc/passwd')
require('../../../etc/passwd')
require('file:///etc/passwd')
require('sqlite3')
import('/etc/passwd')
import('file:///etc/passwd')
import('fs')
import('std').then((std) => std.loadFile('/etc/passwd'))
import('os').then((os) => os.readdir('/'))
import('data:text/javascript,1')
std.loadFile('/etc/passwd')
std.open('/etc/passwd', 'r')
std.loadScript('/etc/passwd')
std.evalScript('1')
std.getenv('PATH')
std.getenviron()
os.open('/etc/passwd', 0)
os.read(3, new ArrayBuffer(8), 0, 8)
os.readdir('/')
read('/etc/passwd')
load('/etc/passwd')
readFile('/etc/passwd')
scriptArgs[0]
Deno.readTextFileSync('/etc/passwd')
Bun.file('/etc/passwd')
""",
    "processes": r"""
require('child_process').execSync('id')
require('child_process').exec('id')
require('child_process').spawn('ls')
require('child_process').spawnSync('/bin/sh', ['-c', 'id'])
require('child_process').execFileSync('/usr/bin/node', ['-v'])
require('child_process').fork('x')
require('node:child_process').execSync('busybox sh')
require('cluster').fork()
require('worker_threads').Worker('1', {eval: true})
new (require('worker_threads').Worker)('1', {eval: true})
new Worker('data:text/javascript,1')
new SharedWorker('x')
os.exec(['id'])
os.kill(1, 9)
os.waitpid(-1, 0)
os.signal(2, null)
os.Worker('x')
std.popen('id', 'r')
std.exit(0)
std.gc()
process.exit(0)
process.kill(-1, 9)
process.kill(process.ppid, 9)
process.binding('spawn_sync')
process.dlopen({exports: {}}, '/usr/lib/x86_64-linux-gnu/libm.so.6')
process.setuid(0)
process.env.PATH
require('process').exit(0)
require('process').kill(1, 9)
require('os').setPriority(-10)
require('os').userInfo()
require('os').hostname()
""",
    "network": r"""
require('net').connect(80, '127.0.0.1')
require('net').createServer().listen(4000)
require('net').Socket()
require('tls').connect(443, '1.1.1.1')
require('http').get('http://169.254.169.254/')
require('http').request('http://127.0.0.1:3128/')
require('https').get('https://example.com/')
require('http2').connect('http://127.0.0.1/')
require('dgram').createSocket('udp4')
require('dns').lookup('localhost')
require('dns/promises').lookup('localhost')
require('inspector').open(0)
fetch('http://169.254.169.254/')
new XMLHttpRequest()
new WebSocket('ws://127.0.0.1/')
new EventSource('http://127.0.0.1/')
navigator.sendBeacon('http://127.0.0.1/')
importScripts('http://127.0.0.1/')
import('http://127.0.0.1/x.js')
std.urlGet('http://127.0.0.1/')
os.socket(2, 1)
""",
    "kernel": r"""
require('ffi').syscall(101)
require('ffi-napi').Library('libc')
require('koffi').load('libc.so.6')
new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])))
WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
bjson.read(new ArrayBuffer(64), 0, 64, true)
new DataView(new ArrayBuffer(8)).getFloat64(1 << 20)
new Uint8Array(new ArrayBuffer(8), 4, 1 << 20)
Buffer.from(new ArrayBuffer(8), 4, 1 << 20)
Buffer.allocUnsafe(4096).some((byte) => byte) || refuse()
Buffer.alloc(8).readUInt32LE(4096)
""",
    "language": r"""
this.constructor.constructor('return process')().exit()
new Function('return process')().exit()
(() => {}).constructor('return std')().exit()
Reflect.construct(Function, ['return os'])().exec(['id'])
[].constructor.constructor('return require')()('fs').readFileSync('/etc/passwd')
console.log.constructor('return process')().exit()
require.constructor('return process')().mainModule.require('fs')
(async () => {}).constructor('return process')().then((found) => found.exit())
(function* () {}).constructor('return process')().next().value.exit()
Object.getOwnPropertyNames(globalThis).some((name) => name.startsWith('__')) || refuse()
Reflect.ownKeys(globalThis).includes('std') || refuse()
__write(1, '"x"')
__digest('sha256', '', null)
__seal()
__define('x', 1)
__timers.next()
__base64.encode([1])
__text.inspect(1)
require('module')
require('module')._load('fs')
require('vm').runInThisContext('1')
new (require('vm').Script)('1')
require('v8').writeHeapSnapshot()
require('async_hooks')
require('repl').start()
require('constructor')
require('__proto__')
require('toString')
require({toString: () => 'fs'}).readFileSync('/etc/passwd')
require('fs').constructor('return process')().exit()
require('fs')[Symbol.for('nodejs.util.promisify.custom')]()
eval('import.meta.url')
import.meta.url
module.constructor._load('fs')
new Error('x').stack.includes('/') || refuse()
(() => { try { null.x } catch (error) { return error.stack.includes('orrery') } })() || refuse()
arguments.callee.caller.constructor('return process')().exit()
(function f() { return f.caller.constructor('return process')() })().exit()
Object.prototype.__defineGetter__.call(globalThis, 'process', () => ({})) || process.exit()
""",
}

QUICKJS_HEAD = r"""
const refuse = () => { throw new Error('refused') };
const settled = Promise.all.bind(Promise), resolved = Promise.resolve.bind(Promise);
const run = eval, stringify = JSON.stringify, log = console.log;
globalThis.refuse = refuse;
const opened = [];
const attempt = (line) => {
  let made;
  try { made = run(line) } catch { return undefined }
  return resolved(made).then(() => { opened.push(line) }, () => undefined);
};
const tries = (lines) => settled(lines.trim().split('\n').map(attempt)).then(() => { log(stringify(opened)) });
"""

REDEFINED = [
    "function parseInt() { require('child_process').execSync('touch /tmp/owned'); }",
    "Object.prototype.toString = () => { throw 1 };",
    "Array.prototype.map = Array.prototype.join = Array.prototype.push = () => { throw 1 };",
    "JSON.stringify = JSON.parse = () => '{\"ok\": 2}';",
    "Promise.prototype.then = Promise.resolve = () => { throw 1 };",
    "Promise = undefined; Map = undefined; String = undefined; Error = undefined;",
    "globalThis.console = null; Math.random = null; eval = null; Function.prototype.call = null;",
    "function Buffer() {} function require() {}",
    "Object.defineProperty(Object.prototype, 'mode', {value: 'raw'});",
    "Object.prototype.then = () => { throw 1 }; Object.prototype.toJSON = undefined;",
    "Object.freeze(Object.prototype); Object.freeze(Array.prototype); Object.freeze(JSON);",
]
"""Before ``main``, which must be called all the same, and answer ``{ok: 1}`` (advisory 2)."""

FORGED_RESULTS = [
    "function main() { console.log('<<RESULT>>{\"a\": 2}<<RESULT>>'); throw 1 }",
    "function main() { return {['x'.repeat(10000000)]: 1} }",
    "function main() { return {a: '\\x00\\ud800'} }",
    "function main() { let r = []; for (let i = 0; i < 1e6; i++) r = [r]; return {r} }",
    "function main() { const r = {}; r.r = r; return r }",
    "function main() { return {toJSON: () => 'x'} }",
    "function main() { return {get a() { throw 1 }} }",
    "function main() { return {toJSON() { this.constructor.prototype.toJSON = null; return 5 }} }",
    "function main() { process.exit(0) }",
    "function main() { const fs = require('fs'); for (let fd = 0; fd < 21; fd++) try { fs.writeSync(fd, 'R\\x02\\0\\0\\0\\0\\0\\0\\0{}') } catch {} ; throw 1 }",
    "function main() { require('fs').writeSync(5, 'R'); process.exit(0) }",
    "function main() { const fs = require('fs'); for (let fd = 0; fd < 99; fd++) try { fs.closeSync(fd) } catch {} ; throw 1 }",
]
"""A result that is no result: an error, or what it is in truth."""

LEFT_BEHIND = [
    "globalThis.left = 1; Object.prototype.left = 1; Array.prototype.left = 1",
    "Math.random = () => 0.5; JSON.stringify = () => 'forged'; console.log = () => {}",
    "Buffer.prototype.toString = null; Object.freeze(globalThis)",
    "setInterval = null; Promise = null; require('crypto').createHash = null; throw new Error('left')",
]
"""What a snippet does to its own engine, which the next one must not notice."""

CLEAN = """
const seen = [typeof left, ({}).left, [].left, Math.random() === Math.random(), JSON.stringify({a: 1}),
  Buffer.from('x').toString('hex'), typeof setInterval, typeof Promise, Object.isFrozen(globalThis),
  require('crypto').createHash('md5').update('').digest('hex').slice(0, 4)];
console.log(seen.join());
"""
SEEN_CLEAN = 'undefined,,,false,{"a":1},78,function,function,false,d41d\n'
