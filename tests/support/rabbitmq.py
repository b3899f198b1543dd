"""A RabbitMQ of a test's own: its node, its port mapper and its files end with it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import pytest
from tests.support.ports import free_port

_SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""Not the wrapper of the same name that Debian puts in the way: that one changes the user and the folders."""
_START_SECONDS = 180.0
_SETTINGS = "vm_memory_high_watermark.absolute = 512MB\ndisk_free_limit.absolute = 1MB\n"


class RabbitServer:
    """Starts again on the same port with what it was told to keep."""

    def __init__(self) -> None:
        if not _SERVER.exists() or shutil.which("epmd") is None:
            pytest.skip("rabbitmq-server is not installed")
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="orrery-rabbit-", dir="/tmp"))
        self._mapper_port = free_port()
        self._log = self.folder / "log"
        (self.folder / "plugins").write_text("[].\n")
        (self.folder / "environment").touch()
        (self.folder / "rabbitmq.conf").write_text(_SETTINGS)
        self._mapper: subprocess.Popen[bytes] | None = None
        self._node: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> None:
        """Returns when it takes connections."""
        environment = self._environment()
        with self._log.open("ab") as log:
            # Ours, so that none is started that would outlive the test.
            self._mapper = subprocess.Popen(
                ["epmd", "-port", str(self._mapper_port), "-address", "127.0.0.1"], stdout=log, stderr=log
            )
            self._node = subprocess.Popen(
                [str(_SERVER)], env=environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                # It starts small programs of its own: signals are for the whole group.
                start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + _START_SECONDS
        while not self._answers():
            assert self._node.poll() is None, self._log.read_text(errors="replace")[-2000:]
            assert time.monotonic() < until, self._log.read_text(errors="replace")[-2000:]
            time.sleep(0.05)

    def kill(self) -> None:
        """The node is gone without a word, and with it every connection."""
        node, self._node = self._node, None
        if node is not None:
            os.killpg(node.pid, signal.SIGKILL)
            node.wait()
        mapper, self._mapper = self._mapper, None
        if mapper is not None:
            mapper.kill()
            mapper.wait()

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _environment(self) -> dict[str, str]:
        folder = str(self.folder)
        return {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "ERL_EPMD_PORT": str(self._mapper_port),
            "RABBITMQ_NODENAME": "orrery@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": f"{folder}/database",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/environment",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq",
            # The script then becomes the node; otherwise it would stay as a shell between us.
            "RUNNING_UNDER_SYSTEMD": "1",
            # A virtual machine of one thread that does not spin: it shares the processors with what is tested.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none",
        }
