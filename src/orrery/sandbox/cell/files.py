"""Which files a snippet may read, as a Landlock ruleset and as a private root made of read-only mounts."""

# ruff: noqa: PTH102, PTH103, PTH106, PTH110, PTH112, PTH118, PTH120, PTH211
# pathlib stays out: it would be one more import in every zygote
from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

from orrery.sandbox.cell import kernel as k
from orrery.sandbox.cell.kernel import Kernel

_SHARED_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")
_TIME_ZONES = ("/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/etc/localtime")
_CERTIFICATES = ("/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/usr/share/ca-certificates", "/etc/pki/tls/certs")
_LOADERS = ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-x86_64.so.1")
# Debian's Node reads a part of its own library from here when it starts
_PROGRAM_LIBRARIES = ("/usr/share/nodejs",)
_NULL = "/dev/null"

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1, 2, 4, 8, 1 << 14
_BIND_TCP, _CONNECT_TCP = 1, 2
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1, 2


def readable_paths(packages: Iterable[str], *, program: bool = False) -> list[str]:
    """Existing files and folders of the interpreter's library, shared libraries, zones, certificates, packages.

    With ``program`` those besides that a child which becomes another program reads at its start.
    """
    library = os.path.dirname(os.__file__)
    wanted = [library, *packages, *_SHARED_LIBRARIES, *_TIME_ZONES, *_CERTIFICATES]
    wanted += _PROGRAM_LIBRARIES if program else ()
    # extension modules link against libpython, which may stand beside the library folder
    wanted += [os.path.join(sys.base_prefix, "lib")] if sys.base_prefix not in {"/", "/usr"} else []
    return sorted({p for p in wanted if os.path.exists(p)}, key=len)


def _handled_files(abi: int) -> int:
    bits = 13 + (abi >= 2) + (abi >= 3)
    return ((1 << bits) - 1) | ((1 << 15) if abi >= 5 else 0)


def executable_paths(program: str) -> list[str]:
    """What has to be executable for a program to start: itself and the loaders of shared libraries."""
    return [p for p in (program, *_LOADERS) if os.path.exists(p)]


def landlock_ruleset(
    kernel: Kernel,
    abi: int,
    readable: Sequence[str],
    executable: Sequence[str] = (),
    connect_port: int | None = None,
) -> int:
    """A ruleset that refuses everything but reading ``readable`` and running ``executable``.

    ``connect_port`` is one TCP port that may be called.

    Returns the descriptor. Ports are only controlled from ABI 4 on, signals and abstract sockets from ABI 6 on.
    """
    attributes = [_handled_files(abi)]
    if abi >= 4:
        attributes.append(_BIND_TCP | _CONNECT_TCP)
    if abi >= 6:
        attributes.append(_SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS)
    ruleset = kernel.landlock_create(attributes)
    rules = [(path, _READ_FILE | (_READ_DIR if os.path.isdir(path) else 0)) for path in readable]
    rules += [(path, _READ_FILE | _EXECUTE) for path in executable]
    if os.path.exists(_NULL):
        rules.append((_NULL, _READ_FILE | _WRITE_FILE | (_TRUNCATE if abi >= 3 else 0)))
    for path, access in rules:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            kernel.landlock_allow_path(ruleset, access, fd)
        finally:
            os.close(fd)
    if connect_port is not None:
        kernel.landlock_allow_port(ruleset, _CONNECT_TCP, connect_port)
    return ruleset


def enter_private_root(kernel: Kernel, readable: Sequence[str]) -> None:
    """Replaces this mount namespace's root by an empty read-only one that holds only ``readable`` and /dev/null."""
    sources = _open_sources([*readable, _NULL])
    stage = "/tmp" if os.path.isdir("/tmp") else "/mnt"  # noqa: S108  only a mount point: nothing is written below it
    kernel.mount(None, "/", None, k.MS_REC | k.MS_PRIVATE)
    kernel.mount("tmpfs", stage, "tmpfs", k.MS_NOSUID | k.MS_NODEV, "size=1m,mode=755")
    os.chdir(stage)
    for path, fd in sources:
        _bind(kernel, path, fd)
        os.close(fd)
    _link_names(readable)
    os.mkdir("old")
    kernel.pivot_root(".", "old")
    os.chdir("/")
    kernel.unmount("/old")
    os.rmdir("/old")
    kernel.mount(None, "/", None, k.MS_REMOUNT | k.MS_BIND | k.MS_RDONLY | k.MS_NOSUID | k.MS_NODEV)


def _open_sources(paths: Sequence[str]) -> list[tuple[str, int]]:
    """Real paths with descriptors, opened before the stage hides any of them; folders inside others left out."""
    opened: list[tuple[str, int]] = []
    for real in sorted({os.path.realpath(p) for p in paths}, key=len):
        if os.path.exists(real) and not any(real.startswith(done + "/") for done, _ in opened):
            opened.append((real, os.open(real, os.O_PATH | os.O_CLOEXEC)))
    return opened


def _bind(kernel: Kernel, path: str, fd: int) -> None:
    source, target = f"/proc/self/fd/{fd}", path.lstrip("/")
    if os.path.isdir(source):
        os.makedirs(target, mode=0o755, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target) or ".", mode=0o755, exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    kernel.mount(source, target, None, k.MS_BIND)
    # flags that the source's own mount carries may be locked: a remount must keep them
    kept = os.statvfs(target).f_flag & k.MS_NOEXEC
    guard = k.MS_NOSUID if path == _NULL else k.MS_RDONLY | k.MS_NOSUID | k.MS_NODEV
    kernel.mount(None, target, None, k.MS_BIND | k.MS_REMOUNT | guard | kept)


def _link_names(paths: Sequence[str]) -> None:
    """Names by which the interpreter knows a path that is really elsewhere (``/lib`` for ``/usr/lib``)."""
    for path in paths:
        real, target = os.path.realpath(path), path.lstrip("/")
        if real != path and not os.path.lexists(target):
            os.makedirs(os.path.dirname(target) or ".", mode=0o755, exist_ok=True)
            os.symlink(real, target)
