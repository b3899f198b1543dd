"""Settings of a configuration server, with a copy on disk for the time when it is away."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from orrery.settings.errors import Problem, SettingsError
from orrery.settings.groups.remote import Remote
from orrery.settings.remote.apollo import Apollo
from orrery.settings.remote.nacos import Nacos
from orrery.settings.remote.protocol import RemoteSettings, RemoteSettingsError
from orrery.settings.sources import Source

_log = logging.getLogger(__name__)

_PAUSE_SECONDS = 10.0
_KINDS: Mapping[str, Callable[[Remote], RemoteSettings]] = {"apollo": Apollo, "nacos": Nacos}


def open_remote(remote: Remote) -> RemoteSettings | None:
    """The configuration server that ``remote`` names. Raises `SettingsError` where something it needs is missing."""
    if not remote.source:
        return None
    needed = {"APOLLO_APP_ID": remote.apollo_app, "APOLLO_CONFIG_URL": remote.apollo_url}
    missing = [name for name, value in needed.items() if not value] if remote.source == "apollo" else []
    if missing:
        text = "is empty, but REMOTE_SETTINGS_SOURCE_NAME is apollo."
        raise SettingsError([Problem(name, text, "Set it, or empty REMOTE_SETTINGS_SOURCE_NAME.") for name in missing])
    return _KINDS[remote.source](remote)


def remote_source(remote: RemoteSettings, copies: Path) -> Source:
    """The values as a source of the chain. When the server is away, those of the last time.

    ``copies`` is the folder of the copies (0600: they hold secrets). Raises `SettingsError` without server and copy.
    """
    copy = copies / f"{hashlib.sha256(remote.label.encode()).hexdigest()[:16]}.json"
    try:
        values = remote.fetch()
    except RemoteSettingsError as error:
        kept = _read_copy(copy)
        if kept is None:
            mend = "Start it, mend its address, or empty REMOTE_SETTINGS_SOURCE_NAME."
            raise SettingsError([Problem("REMOTE_SETTINGS_SOURCE_NAME", f"{remote.label}: {error}.", mend)]) from error
        _log.warning("%s: %s; going on with its settings of the last start", remote.label, error)
        return Source.of(f"{remote.label} (copy)", kept)
    _write_copy(copy, values)
    return Source.of(remote.label, values)


def watch_in_background(remote: RemoteSettings, known: Mapping[str, str]) -> threading.Event:
    """Starts a thread that says in the log when settings change there: a process takes them at its next start.

    Whoever sets the event ends the thread after its present question.
    """
    end = threading.Event()
    threading.Thread(target=_watch, args=(remote, dict(known), end), name="remote-settings", daemon=True).start()
    return end


def _watch(remote: RemoteSettings, known: Mapping[str, str], end: threading.Event) -> None:
    while not end.is_set():
        try:
            if remote.wait_for_change():
                fresh = remote.fetch()
                changed = sorted(name for name in known.keys() | fresh.keys() if known.get(name) != fresh.get(name))
                if changed:
                    _log.warning("%s: changed, restart to use it: %s", remote.label, ", ".join(changed))
                known = fresh
        except RemoteSettingsError as error:
            _log.warning("%s: %s", remote.label, error)
            end.wait(_PAUSE_SECONDS)


def _read_copy(path: Path) -> dict[str, str] | None:
    try:
        kept = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(kept, dict):
        return None
    return {str(name): str(value) for name, value in cast("dict[object, object]", kept).items()}


def _write_copy(path: Path, values: Mapping[str, str]) -> None:
    # A folder that can't be written (a read-only container) costs the copy, not the start.
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(values, file)
        part.replace(path)
