"""Snippets that try to get out, to stay, to starve others or to learn of others (reliability.md 3.6)."""

import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest

from orrery.sandbox.embedded import EmbeddedSandbox

from .waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Each line of a case is tried by itself; the case holds when every one raises OSError (or the exception named).
LIBRARY = str(Path(os.__file__).parent)
_TRY = """
import sys, json
def tries(lines, allowed=(OSError,)):
    open_doors = []
    for line in lines.strip().splitlines():
        try:
            exec(line, {})
        except allowed:
            continue
        open_doors.append(line)
    return open_doors
"""


async def doors(sandbox: EmbeddedSandbox, lines: str, allowed: str = "(OSError,)") -> list[str]:
    """The lines that did not fail inside the sandbox."""
    code = f"{_TRY}\ndef main(lines): return {{'open': tries(lines, {allowed})}}"
    found = (await sandbox.call_main("python3", code, {"lines": lines}))["open"]
    assert isinstance(found, list)
    return found


async def test_files_outside_the_library_are_out_of_reach(sandbox: EmbeddedSandbox):
    here = str(Path(__file__).resolve())
    lines = f"""
open('/etc/passwd')
open('/etc/shadow')
open('/proc/self/environ')
open('/proc/self/mem', 'r+b')
open('/proc/1/environ')
open('/proc/1/cmdline')
open('/proc/cpuinfo')
open('/sys/kernel/notes', 'rb')
open('/dev/mem', 'rb')
open('/dev/kmsg')
open({here!r})
open({str(Path.cwd() / "pyproject.toml")!r})
open({LIBRARY!r} + '/../../../../../../etc/passwd')
open('/usr/lib/../../etc/passwd')
__import__('os').listdir('/root')
__import__('os').listdir('/home')
__import__('os').open('/root', __import__('os').O_PATH) and __import__('os').listdir('/root')
__import__('os').open('.', __import__('os').O_RDONLY) and __import__('os').listdir('/var')
__import__('os').symlink('/etc/passwd', '/tmp/link')
__import__('os').memfd_create('x')
__import__('os').mkdir('/tmp/folder')
__import__('os').unlink({here!r})
__import__('os').rename({here!r}, '/tmp/moved')
__import__('os').chmod('/usr/lib', 0o777)
__import__('os').chdir('/')
__import__('os').chroot('/')
open('/tmp/file', 'w')
open('/dev/shm/file', 'w')
open({LIBRARY!r} + '/new.py', 'w')
__import__('sqlite3').connect('/tmp/db').execute('create table t(x)')
"""
    assert await doors(sandbox, lines, "(OSError, __import__('sqlite3').Error)") == []


async def test_no_process_is_made_or_touched(sandbox: EmbeddedSandbox):
    lines = f"""
__import__('os').fork()
__import__('os').forkpty()
__import__('os').execv({sys.executable!r}, ['python'])
__import__('os').posix_spawn('/bin/sh', ['sh'], {{}})
__import__('subprocess').run(['ls'])
__import__('subprocess').run('ls', shell=True)
__import__('multiprocessing').Process(target=print).start()
__import__('os').kill({os.getpid()}, 0)
__import__('os').kill(-1, 9)
__import__('os').kill(1, 9) if __import__('os').getpid() != 1 else __import__('os').kill(2, 9)
__import__('os').killpg(0, 9)
__import__('os').pidfd_open({os.getpid()})
__import__('os').setuid(0)
__import__('os').setgroups([0])
__import__('os').nice(-5)
__import__('os').setpriority(0, 0, -5)
__import__('os').ptsname(__import__('pty').openpty()[0])
"""
    assert await doors(sandbox, lines, "(OSError, AttributeError)") == []
    result = await sandbox.run("python3", "import os\nprint(os.system('id'))")
    assert "uid=" not in result.stdout


async def test_no_socket_is_to_be_had(sandbox: EmbeddedSandbox):
    kinds = [(2, 1), (2, 2), (2, 3), (10, 1), (10, 2), (1, 1), (1, 2), (16, 3), (17, 3), (38, 5), (40, 1), (15, 3)]
    lines = "\n".join(f"__import__('socket').socket({family}, {kind})" for family, kind in kinds)
    lines += "\n__import__('socket').socketpair()\n__import__('socket').create_connection(('127.0.0.1', 22), 1)"
    lines += "\n__import__('urllib.request').request.urlopen('http://169.254.169.254/')"
    assert await doors(sandbox, lines) == []
    lines = "__import__('socket').getaddrinfo('localhost', 80)\n__import__('socket').gethostbyname('example.com')"
    assert await doors(sandbox, lines) == []


async def test_the_kernels_surface_is_closed(sandbox: EmbeddedSandbox):
    names = [
        "ptrace:101",
        "process_vm_readv:310",
        "process_vm_writev:311",
        "unshare:272",
        "setns:308",
        "mount:165",
        "umount2:166",
        "userfaultfd:323",
        "bpf:321",
        "perf_event_open:298",
        "io_uring_setup:425",
        "keyctl:250",
        "add_key:248",
        "seccomp:317",
        "prctl:157",
        "personality:135",
        "modify_ldt:154",
        "kexec_load:246",
        "swapon:167",
        "quotactl:179",
        "open_by_handle_at:304",
        "execveat:322",
        "clone3:435",
        "vfork:58",
        "kill:62",
        "tkill:200",
        "rt_sigqueueinfo:129",
        "reboot:169",
        "init_module:175",
        "syslog:103",
        "kcmp:312",
        "pidfd_getfd:438",
        "process_madvise:440",
        "mq_open:240",
        "shmget:29",
        "semget:64",
        "msgget:68",
        "acct:163",
        "setrlimit:160",
        "sched_setaffinity:203",
        "setpgid:109",
        "setsid:112",
        "landlock_restrict_self:446",
        "iopl:172",
        "x32_getpid:1073741863",
        "x32_open:1073741826",
        "arch_prctl:158",
        "uselib:134",
    ]
    if os.uname().machine != "x86_64":
        pytest.skip("numbers of x86_64")
    code = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def main(names):
    answers = {}
    for entry in names:
        name, number = entry.split(':')
        result = libc.syscall(ctypes.c_long(int(number)), 0, 0, 0, 0, 0, 0)
        answers[name] = [result, ctypes.get_errno()]
    return {'answers': answers}
"""
    answers = (await sandbox.call_main("python3", code, {"names": names}))["answers"]
    assert isinstance(answers, dict)
    refused = {name: tuple(a) for name, a in answers.items()}
    assert refused.pop("clone3") == (-1, 38)
    assert {name: a for name, a in refused.items() if a != (-1, 1)} == {}


async def test_calls_through_the_i386_door_are_refused(sandbox: EmbeddedSandbox):
    if os.uname().machine != "x86_64":
        pytest.skip("x86_64 only")
    # mov eax, 20 (getpid of i386); int 0x80; ret
    code = """
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes.fromhex('b814000000cd80c3'))
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
print(ctypes.CFUNCTYPE(ctypes.c_int)(address)())
"""
    result = await sandbox.run("python3", code)
    # EPERM, or killed where the kernel has no such door
    assert result.stdout.strip() in {"-1", ""}, result.error


async def test_python_finds_nothing_of_ours(sandbox: EmbeddedSandbox):
    code = """
import gc, os, sys
def main():
    ours = [n for n in sys.modules if 'orrery' in n]
    return {'ours': ours, 'environment': dict(os.environ), 'argv': sys.argv + sys.orig_argv,
            'path': [p for p in sys.path if 'site-packages' in p or 'src' in p],
            'open': [fd for fd in range(100) if is_open(fd)], 'cwd': os.getcwd(),
            'environ': ctypes_environment(), 'sockets': [repr(o) for o in gc.get_objects() if 'socket' in type(o).__name__]}
def is_open(fd):
    try: os.fstat(fd)
    except OSError: return False
    return True
def ctypes_environment():
    import ctypes
    first = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), 'environ')
    return first[0].decode() if first and first[0] else ''
"""
    os.environ["SANDBOX_CANARY"] = "secret"
    try:
        seen = await sandbox.call_main("python3", code, {})
    finally:
        del os.environ["SANDBOX_CANARY"]
    assert seen == {
        "ours": [], "environment": {}, "argv": ["", ""], "path": [], "open": [0, 1, 2, 5], "cwd": "/",
        "environ": "", "sockets": [],
    }  # fmt: skip


async def test_random_differs_between_runs(sandbox: EmbeddedSandbox):
    code = "import random, uuid\nprint(random.random(), uuid.uuid4())"
    assert len({(await sandbox.run("python3", code)).stdout for _ in range(5)}) == 5


async def test_two_runs_cannot_touch_each_other(sandbox: EmbeddedSandbox):
    if os.uname().machine != "x86_64":
        pytest.skip("numbers of x86_64")
    victim = asyncio.create_task(sandbox.run("python3", "import time\ntime.sleep(3600)"))
    [before] = await until(children_of, sandbox)
    pids = [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()]
    assert int(before) in pids
    code = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def main(pids):
    hits = []
    for pid in pids:
        if pid == os.getpid(): continue
        for number, args in ((62, (pid, 9)), (234, (pid, pid, 9)), (101, (16, pid)), (424, (pid, 9)), (72, (1, 8, pid))):
            if libc.syscall(number, *args) >= 0: hits.append([pid, number])
        try: open(f'/proc/{pid}/mem').close(); hits.append([pid, 'mem'])
        except OSError: pass
    return {'hits': hits}
"""
    assert await sandbox.call_main("python3", code, {"pids": pids}) == {"hits": []}
    assert not victim.done()
    assert before in children_of(sandbox)
    victim.cancel()
    with pytest.raises(asyncio.CancelledError):
        await victim


async def test_concurrent_runs_have_users_of_their_own(sandbox: EmbeddedSandbox):
    if os.geteuid() != 0 or sandbox.level != 3:
        pytest.skip("only root can give users")
    code = "import os\nprint(os.getuid(), os.getgid(), os.getgroups())"
    seen = [r.stdout for r in await asyncio.gather(*(sandbox.run("python3", code) for _ in range(2)))]
    assert len(set(seen)) == 2
    assert all(s.startswith("1000") and s.endswith("[]\n") for s in seen)


async def test_a_listener_on_this_machine_hears_nothing(sandbox: EmbeddedSandbox):
    name = "\0orrery-hostile"
    with socket.socket(socket.AF_UNIX) as abstract, socket.create_server(("127.0.0.1", 0)) as tcp:
        abstract.bind(name)
        abstract.listen()
        abstract.setblocking(False)
        tcp.setblocking(False)
        code = f"""
import socket
def main():
    reached = []
    for family, address in ((socket.AF_UNIX, {name!r}), (socket.AF_INET, {tcp.getsockname()!r})):
        try:
            socket.socket(family).connect(address)
            reached.append(str(address))
        except OSError: pass
    return {{'reached': reached}}
"""
        assert await sandbox.call_main("python3", code, {}) == {"reached": []}
        for listener in (abstract, tcp):
            with pytest.raises(BlockingIOError):
                listener.accept()


async def test_a_gone_caller_leaves_no_process(sandbox: EmbeddedSandbox):
    running = asyncio.create_task(sandbox.run("python3", "import time\ntime.sleep(3600)"))
    await until(children_of, sandbox)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    # the slot is free again and the zygote has no child left
    await until(lambda s: not children_of(s), sandbox)
    assert (await sandbox.run("python3", "print(1)")).stdout == "1\n"


async def test_a_killed_zygote_is_replaced(sandbox: EmbeddedSandbox):
    zygote = await sandbox._pool.acquire("py")
    os.kill(zygote.pid, 9)
    await until(lambda z: not z.alive, zygote)
    assert (await sandbox.run("python3", "print(1)")).stdout == "1\n"


def children_of(sandbox: EmbeddedSandbox) -> list[str]:
    """Processes of snippets in Python under way."""
    pid = sandbox.zygotes.get("py")
    return [] if pid is None else Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
