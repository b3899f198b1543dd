"""Builds the pages into the package, unless what they are built from is what it was.

Reads ``web/``, writes ``src/orrery/web_dist/`` with a stamp that holds the digest of all sources.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from node import ROOT, NodeMissingError, npm_command

WEB = ROOT / "web"
BUILT = WEB / "dist"
TARGET = ROOT / "src" / "orrery" / "web_dist"
STAMP = ".stamp"
NOT_SOURCES = frozenset({"node_modules", "dist", "screenshots", "test-results"})


def digest_of(folder: Path) -> str:
    """SHA-256 over the names and contents of all sources below ``folder``."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if NOT_SOURCES.intersection(relative.parts) or not path.is_file():
            continue
        total.update(relative.as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def install_packages(npm: list[str], environment: dict[str, str]) -> None:
    """Brings ``web/node_modules`` to what the lock file says, if it is not. Raises `CalledProcessError`."""
    digest = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    stamp = WEB / "node_modules" / STAMP
    if stamp.exists() and stamp.read_text() == digest:
        return
    print("orrery: installing the packages of the pages", file=sys.stderr, flush=True)
    # Not `npm ci`: it refuses a lock file that lacks optional packages of platforms whose registry does not carry them.
    # `install` keeps to the lock file for everything in it, and changes no file.
    subprocess.run(
        [*npm, "install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=WEB,
        env=environment,
        check=True,
        stdout=sys.stderr,
    )
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(digest)


def build() -> None:
    """Builds and puts the pages in place as a whole. Raises `CalledProcessError`, `NodeMissingError`, `OSError`."""
    digest = digest_of(WEB)
    stamp = TARGET / STAMP
    if stamp.exists() and stamp.read_text() == digest:
        stamp.touch()  # the launcher compares times
        return
    npm, environment = npm_command()
    install_packages(npm, environment)
    print("orrery: building the pages", file=sys.stderr, flush=True)
    subprocess.run([*npm, "run", "build", "--silent"], cwd=WEB, env=environment, check=True, stdout=sys.stderr)
    if BUILT.is_dir():
        fresh = TARGET.with_name(TARGET.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(BUILT, fresh)
        shutil.rmtree(TARGET, ignore_errors=True)
        fresh.rename(TARGET)
    elif not (TARGET / "index.html").exists():
        raise FileNotFoundError(2, "the build left no pages", str(BUILT))
    stamp.write_text(digest)


def main() -> int:
    """1 with an explanation if the pages can't be built."""
    try:
        build()
    except subprocess.CalledProcessError as error:
        print(f"orrery: npm failed ({error.returncode}); its own words are above", file=sys.stderr)
        return 1
    except (NodeMissingError, OSError) as error:
        print(f"orrery: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
