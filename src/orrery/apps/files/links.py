"""Signed links to files (workflow.md 5.6, sandbox-and-security.md 8.1).

Links die after a few minutes, but texts and values that hold them are kept: a link that was once signed here, however
old, vouches for the file it names, and may be replaced by a fresh one. A bare id vouches for nothing, so a value that
a program made up never becomes a link to somebody else's file.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from copy import copy
from pathlib import PurePosixPath
from urllib.parse import parse_qs, urlsplit

from orrery.security.signing import LinkKind, LinkSigner, Signature

_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_LINK = re.compile(
    rf"(?:https?://[^\s()\[\]<>\"']*?)?/files/(?P<tool>tools/)?(?P<id>{_ID})(?P<rest>[^\s()\[\]<>\"'?]*)"
    r"\?(?P<query>[A-Za-z0-9_.~%=&;+-]+)"
)
_FOR_EVER = 1 << 40


class FileLinks:
    """Makes and checks links. ``base`` is their address without a path; empty makes links without a host.

    ``lifetime`` is in seconds, ``clock`` gives seconds since the epoch.
    """

    def __init__(self, secret_key: str, *, lifetime: int, base: str, clock: Callable[[], float] = time.time) -> None:
        self.lifetime, self.clock = lifetime, clock
        self._signer = LinkSigner(secret_key, lifetime=lifetime, clock=clock)
        self._ageless = LinkSigner(secret_key, lifetime=_FOR_EVER, clock=clock)
        self._base = base.rstrip("/")

    def at(self, base: str) -> FileLinks:
        """The same links with a host, where the installation names none."""
        if self._base:
            return self
        made = copy(self)
        made._base = base.rstrip("/")  # noqa: SLF001  (a copy of this very object)
        return made

    def whole(self, link: str | None) -> str | None:
        """A link made without a host, with the host of these."""
        return self._base + link if link is not None and link.startswith("/files/") else link

    def upload(self, file_id: str, *, as_attachment: bool = False) -> str:
        """A link to an uploaded file."""
        more = {"as_attachment": "true"} if as_attachment else {}
        query = self._signer.sign_link("file-preview", file_id).query(**more)
        return f"{self._base}/files/{file_id}/file-preview?{query}"

    def picture(self, file_id: str) -> str:
        """A link to an uploaded picture, for pages."""
        return f"{self._base}/files/{file_id}/image-preview?{self._signer.sign_link('image-preview', file_id).query()}"

    def tool(self, file_id: str, extension: str) -> str:
        """A link to a file that a run made; ``extension`` with its dot, or empty."""
        query = self._signer.sign_link("file-preview", file_id).query()
        return f"{self._base}/files/tools/{file_id}{_plain_suffix(extension)}?{query}"

    def run_archive(self, path: str, run_id: str) -> str:
        """A link to the archive of a run, at its path below ``/files``."""
        return f"{self._base}/files{path}?{self._signer.sign_link('run-archive', run_id).query()}"

    def holds(self, kind: LinkKind, file_id: str, query: Mapping[str, str]) -> bool:
        """Whether a link with this query was signed here and is still alive."""
        return self._signer.check_link(kind, file_id, _signature(query))

    def of_value(self, file: Mapping[str, object]) -> str:
        """A fresh link to the file of a file value, or its remote address; empty when nothing vouches for it."""
        file_id = file.get("related_id")
        if not isinstance(file_id, str) or not file_id:
            remote = file.get("remote_url")
            is_web = isinstance(remote, str) and remote.startswith(("http://", "https://"))
            return str(remote) if is_web and file.get("transfer_method") == "remote_url" else ""
        if not self.vouched(file.get("url"), file_id):
            return ""
        if file.get("transfer_method") == "tool_file":
            return self.tool(file_id, str(file.get("extension") or ""))
        return self.upload(file_id)

    def vouched(self, link: object, file_id: str) -> bool:
        """Whether ``link`` is, or once was, a link of ours to this very file."""
        if not isinstance(link, str) or not link:
            return False
        try:
            query = {name: values[-1] for name, values in parse_qs(urlsplit(link).query).items()}
        except ValueError:
            return False
        return self._ageless.check_link("file-preview", file_id, _signature(query))

    def renewed(self, text: str) -> str:
        """A text with a fresh link in the place of each link that was signed here; others stay as they are."""
        return _LINK.sub(self._fresh, text) if "/files/" in text and "sign=" in text else text

    def _fresh(self, found: re.Match[str]) -> str:
        file_id = found["id"]
        query = {name: values[-1] for name, values in parse_qs(found["query"]).items()}
        if found["tool"]:
            signed = self._ageless.check_link("file-preview", file_id, _signature(query))
            return self.tool(file_id, found["rest"]) if signed else found[0]
        if found["rest"] == "/file-preview" and self._ageless.check_link("file-preview", file_id, _signature(query)):
            return self.upload(file_id, as_attachment=query.get("as_attachment") == "true")
        if found["rest"] == "/image-preview" and self._ageless.check_link("image-preview", file_id, _signature(query)):
            return self.picture(file_id)
        return found[0]


def _signature(query: Mapping[str, str]) -> Signature:
    return Signature(query.get("timestamp", ""), query.get("nonce", ""), query.get("sign", ""))


def _plain_suffix(extension: str) -> str:
    suffix = PurePosixPath(f"x{extension}").suffix
    return suffix if re.fullmatch(r"\.[A-Za-z0-9]{1,16}", suffix) else ""
