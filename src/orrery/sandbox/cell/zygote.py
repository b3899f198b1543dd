"""A process that has its engine imported and forks one confined child per job.

It is single-threaded, has an empty environment and no descriptor but its control socket, and never reads a payload.
Messages on the control socket (SEQPACKET, JSON):
in: a `Job` with descriptors (payload, stdout, stderr, result, control groups, and the gate of one with network); out: once
``{"ready": true, "landlock": version}`` with the zygote's own pidfd, then per job ``{"started": number}`` with the
child's pidfd and ``{"ended": number, "status": exit code or minus signal}``.
"""

from __future__ import annotations

import array
import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable

from orrery.sandbox.cell import escapes, files, namespaces, numbers
from orrery.sandbox.cell.confinement import (
    CODE,
    CONTROL,
    EXIT_UNCONFINED,
    NETWORK_RULESET,
    NULL,
    RESULT,
    RULESET,
    Confinement,
    JobDescriptors,
    confine,
)
from orrery.sandbox.cell.kernel import Kernel
from orrery.sandbox.cell.plan import GATE_PORT, Job, Plan, unpack_payload
from orrery.sandbox.cell.policy import snippet_filter

_LONGEST_JOB = 128 << 10

Send = Callable[[bytes], None]
Runner = Callable[[bytes, Send], int]


def main(kernel: Kernel | None = None) -> None:
    """Serves jobs until the control socket closes. ``sys.argv[1]`` is the `Plan` as JSON."""
    plan = Plan.from_json(sys.argv[1])
    sys.argv[:] = [""]
    sys.orig_argv[:] = [""]
    control = socket.socket(fileno=CONTROL)
    try:
        zygote = Zygote(kernel or Kernel(), plan, control)
        zygote.announce()
    except Exception as error:  # noqa: BLE001  the supervisor decides what a failed start means
        control.send(json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode())
        return
    zygote.serve()


class Zygote:
    """Prepares once whatever children can share, then forks them."""

    def __init__(self, kernel: Kernel, plan: Plan, control: socket.socket) -> None:
        self._kernel, self._plan, self._control = kernel, plan, control
        self._running: dict[int, tuple[int, int]] = {}  # pidfd -> job number, pid
        os.closerange(NULL, 4096)
        null = os.open("/dev/null", os.O_RDWR)
        for target in (NULL, RULESET, namespaces.PROCESS_NAMESPACE, NETWORK_RULESET):
            if target != null:
                os.dup2(null, target)
        self._runners = _import_engine(plan)
        abi = self._enter_namespaces()
        programs = {
            network: snippet_filter(
                numbers.machine(), network=network, program=bool(plan.program), further=plan.system_calls
            )
            for network in (False, True)
        }
        self._confinement = Confinement(kernel, plan, landlock=abi > 0, programs=programs)
        self.landlock = abi
        self._poll = select.poll()
        self._poll.register(CONTROL, select.POLLIN)
        gc.collect()
        gc.disable()
        gc.freeze()

    def announce(self) -> None:
        """Tells the supervisor who serves: this may be another process than the one it started."""
        os.close(self._tell({"ready": True, "landlock": self.landlock}, os.getpid()))

    def _tell(self, news: dict[str, object], pid: int) -> int:
        pidfd = os.pidfd_open(pid)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [pidfd]))]
        self._control.sendmsg([json.dumps(news).encode()], rights)
        return pidfd

    def _enter_namespaces(self) -> int:
        plan, kernel = self._plan, self._kernel
        readable = files.readable_paths(plan.packages, program=bool(plan.program))
        executable = files.executable_paths(plan.program[0]) if plan.program else []
        if plan.level >= 3:
            namespaces.enter(kernel)
            files.enter_private_root(kernel, [*readable, *executable])
        abi = kernel.landlock_abi()
        if abi == 0 and (plan.level < 3 or plan.program):
            msg = "this kernel has no Landlock"
            raise OSError(msg)
        if abi:
            for place, port in ((RULESET, None), (NETWORK_RULESET, GATE_PORT if abi >= 4 else None)):
                ruleset = files.landlock_ruleset(kernel, abi, readable, executable, connect_port=port)
                os.dup2(ruleset, place)
                os.close(ruleset)
        return abi

    def serve(self) -> None:
        """Forks, reaps and reports. Returns when the supervisor has closed its end."""
        while True:
            for fd, _ in self._poll.poll():
                if fd != CONTROL:
                    self._report_end(fd)
                elif not self._take_job():
                    return

    def _take_job(self) -> bool:
        size = array.array("i").itemsize
        message, ancillary, _, _ = self._control.recvmsg(_LONGEST_JOB, socket.CMSG_SPACE(8 * size))
        if not message:
            return False
        descriptors = array.array("i")
        for _, _, data in ancillary:
            descriptors.frombytes(data[: len(data) - len(data) % size])
        job = Job.from_json(message)
        if self._plan.level >= 3:
            namespaces.next_child_gets_own_processes(self._kernel)
        pid = os.fork()
        if pid == 0:
            self._run_child(job, JobDescriptors.received(job, descriptors))
        for fd in descriptors:
            os.close(fd)
        pidfd = self._tell({"started": job.number}, pid)
        self._running[pidfd] = (job.number, pid)
        self._poll.register(pidfd, select.POLLIN)
        return True

    def _report_end(self, pidfd: int) -> None:
        number, pid = self._running.pop(pidfd)
        _, status = os.waitpid(pid, 0)
        self._poll.unregister(pidfd)
        os.close(pidfd)
        ended = {"ended": number, "status": os.waitstatus_to_exitcode(status)}
        self._control.send(json.dumps(ended).encode())

    def _run_child(self, job: Job, descriptors: JobDescriptors) -> None:
        status = EXIT_UNCONFINED
        try:
            runner = self._runners.get(job.mode)
            os.dup2(descriptors.stderr, 2)
            confine(self._confinement.steps(job, descriptors))
            os.write(RESULT, b"C")
            if job.mode == "program":
                os.execve(self._plan.program[0], self._plan.program, _program_environment())  # noqa: S606  the purpose
            if runner is not None:
                self._forget()
                status = runner(_read_all(CODE), _send)
        except BaseException as error:  # noqa: BLE001  a child must never come back into the zygote's loop
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
            status = 1
        finally:
            os._exit(status)

    def _forget(self) -> None:
        """Takes our own modules out of the snippet's sight and gives it back a collecting interpreter."""
        for name in [n for n in sys.modules if n == "orrery" or n.startswith("orrery.")]:
            del sys.modules[name]
        signal.set_wakeup_fd(-1)
        gc.enable()
        vars(self).clear()


def _import_engine(plan: Plan) -> dict[str, Runner]:
    """Runners by mode. The folders of ``plan.preload`` are searched for this import only."""
    before = list(sys.path)
    sys.path.extend(plan.preload)
    runners: dict[str, Runner]
    if plan.kind == "py":
        from orrery.sandbox.cell import preload, python  # each zygote imports its own engine only

        preload.warm()
        runners = {"raw": _of_text(python.run_raw), "main": _of_text(python.run_main)}
    elif plan.kind == "tpl":
        from orrery.sandbox.cell import python, template

        runners = {"raw": _of_text(python.run_raw), "main": _of_text(python.run_main)}
        runners["template"] = _of_text(template.run_template)
    elif plan.kind == "call":
        from orrery.sandbox.cell import call

        runners = {"call": call.caller(plan.entry)}
    elif plan.kind == "node":
        runners = {}
    else:
        from orrery.sandbox.cell import javascript

        runners = {"raw": _of_text(javascript.run_raw), "main": _of_text(javascript.run_main)}
    runners["escapes"] = _of_text(escapes.run_escapes)
    sys.path[:] = [*before, *plan.packages]
    sys.path_importer_cache.clear()
    return runners


def _program_environment() -> dict[str, str]:
    """The child's own, and what spares Node a search for a file that it may not open."""
    return {**os.environ, "OPENSSL_CONF": "/dev/null"}


def _of_text(run: Callable[[str, str, Send], int]) -> Runner:
    """A runner of code and inputs, as one of the payload that holds both."""
    return lambda payload, send: run(*unpack_payload(payload), send)


def _read_all(fd: int) -> bytes:
    os.lseek(fd, 0, os.SEEK_SET)
    chunks: list[bytes] = []
    while chunk := os.read(fd, 1 << 20):
        chunks.append(chunk)
    os.close(fd)
    return b"".join(chunks)


def _send(result: bytes) -> None:
    """One framed result: ``R``, length in 8 bytes, the bytes. A second one makes the whole answer invalid."""
    view = memoryview(b"R" + len(result).to_bytes(8, "little") + result)
    while view:
        view = view[os.write(RESULT, view) :]
