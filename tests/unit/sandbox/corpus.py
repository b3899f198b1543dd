"""The escape corpus (reliability.md 3.6): what snippets try, by engine and group. Each try must fail, one by one.

A line of Python "fails" when it raises OSError or the process dies. `OPEN_ELSEWHERE` are tries that do no harm: outside
a sandbox they succeed, which shows that they can. JavaScript stands in `corpus_javascript`.
"""

PASSWORDS = "/etc/passwd"

PYTHON = {
    "files": r"""
open('/proc/self/root/etc/passwd')
open('/proc/self/cwd/etc/passwd')
open('/proc/thread-self/environ')
open('/proc/self/maps')
open('/proc/1/root/etc/passwd')
open('/etc/hosts')
open('/etc/resolv.conf')
open('/usr/lib/../../etc/passwd')
open('/usr/share/zoneinfo/../../../etc/passwd')
open('/usr/lib/os-release/../../../etc/shadow')
os.listdir('/')if os.listdir('/') != sorted(ROOT) and 'etc' in os.listdir('/') and open('/etc/group') else refuse()
os.listdir('/proc')
os.listdir('/etc')
os.listdir('/run')
os.listdir('/var/lib')
os.listdir('/dev')
os.scandir('/tmp').__next__()
[os.open('etc/passwd', os.O_RDONLY, dir_fd=n) for n in range(256) if directory(n)][0]
os.read(os.open('/etc', os.O_PATH), 1)
os.open('/tmp', os.O_TMPFILE | os.O_RDWR)
os.mkfifo('/tmp/fifo')
os.mknod('/tmp/node')
os.link('/etc/passwd', '/tmp/hard')
os.truncate('/etc/passwd', 0)
os.utime('/etc/passwd')
os.chown('/tmp', 0, 0)
os.setxattr('/tmp', 'user.x', b'1')
os.rmdir('/tmp')
os.execve(os.memfd_create('x'), ['x'], {})
ctypes.CDLL('/tmp/own.so')
os.statvfs('/nowhere')
open(DATABASE, 'rb')
open(PROGRAM)
""",
    "processes": r"""
clone(17)
clone(0x10000000 | 17)
clone(0x4000 | 0x100 | 17)
os.posix_spawnp('python3', ['python3'], os.environ)
os.execvp('busybox', ['busybox', 'sh'])
os.execvp('node', ['node', '-v'])
os.execvp(sys.executable or '/usr/bin/python3', ['python3', '-c', 'print(1)'])
os.execv('/lib64/ld-linux-x86-64.so.2', ['ld.so', '/bin/true'])
subprocess.Popen([sys.executable or '/usr/bin/python3', '-c', ''])
os.popen('id').read() or refuse()
concurrent.futures.ProcessPoolExecutor(1).submit(print).result()
os.kill(os.getppid() or 2, 0)
os.killpg(1, 0)
os.setpgid(0, 1)
os.setsid()
os.tcsetpgrp(0, 1)
os.sched_setaffinity(0, [0])
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
os.setresuid(0, 0, 0)
os.setreuid(0, 0)
os.setegid(0)
os.unshare(0x10000000) if hasattr(os, 'unshare') else refuse()
resource.setrlimit(resource.RLIMIT_CPU, (-1, -1))
resource.setrlimit(resource.RLIMIT_NOFILE, (9999, 9999))
resource.getrlimit(resource.RLIMIT_CORE) == (0, 0) and refuse()
resource.prlimit(os.getppid() or 2, resource.RLIMIT_CPU)
signal.pidfd_send_signal(0, 9)
fcntl.fcntl(1, fcntl.F_SETOWN, 1)
fcntl.ioctl(1, 0x5412, b'x')
""",
    "kernel": r"""
call('seccomp', 317, 1, 0, 0)
call('prctl: dumpable', 157, 4, 1)
call('prctl: no new privileges off', 157, 38, 0)
call('prctl: seccomp', 157, 22, 0)
call('ptrace: trace me', 101, 0)
call('memfd_secret', 447, 0)
call('userfaultfd', 323, 1)
call('io_uring_setup', 425, 1, 0)
call('bpf', 321, 0, 0, 0)
call('fanotify_init', 300, 0, 0)
call('inotify_init1', 294, 0)
call('timerfd_create', 283, 0, 0)
call('signalfd4', 289, -1, 0, 8, 0)
call('splice', 275, 0, 0, 1, 0, 1, 0)
call('vmsplice', 278, 1, 0, 0, 0)
call('copy_file_range', 326, 0, 0, 1, 0, 1, 0)
call('sendfile', 40, 1, 0, 0, 1)
call('fsopen', 430, 0, 0)
call('move_mount', 429, 0, 0, 0, 0, 0)
call('mount_setattr', 442, 0, 0, 0, 0, 0)
call('open_tree', 428, -1, 0, 0)
call('landlock_create_ruleset', 444, 0, 0, 0)
call('process_vm_writev', 311, 1, 0, 0, 0, 0, 0)
call('get_mempolicy', 239, 0, 0, 0, 0, 0)
call('migrate_pages', 256, 0, 0, 0, 0)
call('lookup_dcookie', 212, 0, 0, 0)
call('nfsservctl', 180, 0, 0, 0)
call('ioperm', 173, 0, 1, 1)
call('chroot', 161, 0)
call('pivot_root', 155, 0, 0)
call('sethostname', 170, 0, 0)
call('settimeofday', 164, 0, 0)
call('clock_settime', 227, 0, 0)
call('adjtimex', 159, 0)
call('vhangup', 153)
call('set_mempolicy', 238, 0, 0, 0)
call('rt_tgsigqueueinfo', 297, 1, 1, 9, 0)
call('tgkill of others', 234, 2, 2, 9)
call('socket through x32', 0x40000000 + 41, 2, 1, 0)
""",
    "language": r"""
[c for c in object.__subclasses__() if c.__name__ == '_wrap_close'][0].__init__.__globals__['open']('/etc/passwd', 0)
[c for c in object.__subclasses__() if c.__name__ == 'Popen'][0]('ls')
sys.modules['os'].__dict__['open']('/etc/passwd', 0)
importlib.reload(os).open('/etc/passwd', 0)
io.open_code('/etc/passwd')
io.FileIO('/etc/passwd')
_io.open('/etc/passwd')
posix.open('/etc/passwd', 0)
linecache.checkcache() or open(linecache.__file__[0] + 'etc/passwd')
__builtins__['open']('/etc/passwd') if isinstance(__builtins__, dict) else __builtins__.open('/etc/passwd')
(lambda: (yield))().gi_frame.f_builtins['open']('/etc/passwd')
faulthandler.dump_traceback(open('/tmp/trace', 'w'))
sys.settrace(lambda *a: None) or open('/etc/passwd')
sys.addaudithook(lambda *a: None) or open('/etc/passwd')
sys.meta_path.insert(0, type('X', (), {'find_spec': lambda *a: None})()) or open('/etc/passwd')
atexit.register(print) and open('/etc/passwd')
[o for o in gc.get_objects() if type(o).__name__ == 'Zygote'][0] and None
[o for o in gc.get_objects() if type(o).__name__ in {'Kernel', 'Confinement', 'Plan'}][0] and None
[m for n, m in sys.modules.items() if n.startswith('orrery')][0] and None
ctypes.CDLL(None).open(b'/etc/passwd', 0) >= 0 or refuse()
ctypes.CDLL(None).system(b'id') in {-1, 127 << 8, -256} and refuse()
pickle.loads(b"cposix\nopen\n(S'/etc/passwd'\nI0\ntR.")
code.InteractiveInterpreter().locals.get('x') or open('/etc/passwd')
zipimport.zipimporter('/etc/passwd')
mmap.mmap(os.open('/etc/passwd', 0), 0)
shutil.copy('/etc/passwd', '/dev/null')
tempfile.NamedTemporaryFile()
sqlite3.connect('/etc/passwd').execute('select 1 from sqlite_master')
""",
}

PYTHON_HEAD = r"""
import _io, atexit, code, concurrent.futures, ctypes, faulthandler, fcntl, gc, importlib, io, json, linecache, mmap, os
import pickle, posix, resource, shutil, signal, sqlite3, stat, subprocess, sys, tempfile, threading, zipimport
ROOT = []
def refuse(): raise PermissionError('refused')
def directory(fd):
    try: return stat.S_ISDIR(os.fstat(fd).st_mode)
    except OSError: return False
LIBC = ctypes.CDLL(None, use_errno=True)
def call(name, number, *arguments):
    padded = [ctypes.c_long(a) for a in (*arguments, *[0] * (6 - len(arguments)))]
    if LIBC.syscall(ctypes.c_long(number), *padded) < 0: raise OSError(ctypes.get_errno(), name)
def clone(flags):
    pid = LIBC.syscall(ctypes.c_long(56), ctypes.c_long(flags), None, None, None, None)
    if pid == 0: os._exit(0)
    if pid < 0: raise OSError(ctypes.get_errno(), 'clone')
ALLOWED = (OSError, IndexError, AttributeError, ImportError, sqlite3.Error, concurrent.futures.BrokenExecutor, ValueError)
def tries(lines):
    opened = []
    for line in lines.strip().splitlines():
        try: exec(line, dict(globals()))
        except ALLOWED: continue
        opened.append(line)
    return opened
"""

TEMPLATES_REFUSED = [
    "{{ ''.__class__.__mro__[1].__subclasses__()[0].__init__.__globals__['x'] }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() or 1/0 }}",
    "{{ self.__init__.__globals__.__builtins__.open('/etc/passwd').read() }}",
    "{{ lipsum.__globals__['os'].listdir('/etc') }}",
    "{{ joiner.__init__.__globals__.os.system('touch /tmp/owned') / 0 }}",
    "{{ namespace.__init__.__globals__.os.fork() / 0 }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% extends '/etc/passwd' %}",
    "{{ get_flashed_messages() }}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{{ 'x' * 10**10 }}",
    "{{ 'x'.rjust(10**10) }}",
    "{{ '%1000000000s' % 'x' }}",
    "{{ range(10**9)|list|length }}",
    "{{ 'x'|center(10**10) }}",
    "{% for a in range(10**9) %}{% for b in range(10**9) %}{% endfor %}{% endfor %}",
    "{% for a in range(10**9) %}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{% endfor %}",
    "{{ 9**(9**9) }}",
]

OPEN_ELSEWHERE = [
    "open('/proc/self/root/etc/passwd')",
    "open('/etc/hosts')",
    "os.listdir('/etc')",
    "clone(17)",
    "posix.open('/etc/passwd', 0)",
    "os.popen('id').read() or refuse()",
    "subprocess.Popen([sys.executable or '/usr/bin/python3', '-c', '']).wait()",
    "tempfile.NamedTemporaryFile()",
    "call('inotify_init1', 294, 0)",
    "call('timerfd_create', 283, 0, 0)",
]

FORGED_RESULTS = [
    "def main(): return {'x' * 10_000_000: 1}",
    "def main(): return {'a': '\\x00\\ud800'}",
    "def main():\n    r = []\n    for _ in range(100000): r = [r]\n    return {'r': r}",
    "import os\ndef main():\n    for fd in range(21):\n        try: os.write(fd, b'R' + (4).to_bytes(8, 'little') + b'{}{}')\n        except OSError: pass\n    return {'a': 1}",
    "import os\ndef main():\n    os.write(5, b'R'); os._exit(0)",
    "import os\ndef main():\n    os.closerange(0, 99); os._exit(0)",
    "import sys\ndef main(): sys.exit('<<RESULT>>{}<<RESULT>>')",
    "class D(dict):\n    def items(self): raise SystemExit(0)\ndef main(): return D(a=1)",
]
"""A result that is no result: an error, or what it is in truth."""

LEFT_BEHIND = [
    "import builtins, json, os, sys\nbuiltins.print = None; json.dumps = None; os.write = None; sys.path.append('x')",
    "import random, threading\nrandom.seed(1); threading.excepthook = None",
    "import sys\nsys.modules['json'] = None; sys.setrecursionlimit(50)",
    "import signal\nsignal.signal(signal.SIGINT, lambda *_: None)",
    "import gc, os\nos.environ['LEFT'] = '1'; gc.disable()",
]
"""What a snippet does to its own process, which the next one must not notice."""
