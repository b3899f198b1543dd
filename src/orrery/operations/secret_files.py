"""Secrets of a home as they come back from a backup: written for their owner only, never in place of the only copy."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from orrery.settings.dotenv import read_dotenv, write_dotenv
from orrery.settings.home import SECRETS_FILE


def write_secrets(path: Path, content: bytes) -> None:
    """Writes a file that only its owner reads; whole or not at all."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def new_master_key(home: Path) -> Path | None:
    """Gives a home a new key for credentials; where its former secrets are now."""
    known = read_dotenv((home / SECRETS_FILE).read_text("utf-8"), {})
    changed = {**known, "ORRERY_MASTER_KEY": secrets.token_urlsafe(42)}
    return replace_secrets(home, write_dotenv(changed).encode(), suffix="before-reset")


def replace_secrets(home: Path, content: bytes, *, suffix: str = "before-restore") -> Path | None:
    """Gives a home other secrets; where its former ones are now, or None if they are the same."""
    path = home / SECRETS_FILE
    former = path.read_bytes() if path.exists() else None
    if former == content:
        return None
    kept: Path | None = None
    if former is not None:
        kept = home / f"{SECRETS_FILE}.{suffix}"
        write_secrets(kept, former)
    write_secrets(path, content)
    return kept
