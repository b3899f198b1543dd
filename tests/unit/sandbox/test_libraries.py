"""``python_lib_path``: folders that snippets may read and import from, and those that they never may."""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import orrery
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.libraries import library_folders
from orrery.sandbox.limits import Limits
from orrery.sandbox.protocol import SandboxRefusal


@pytest.fixture
def library() -> Iterator[Path]:
    """A folder that every user of this machine may read, with a module in it and a way out."""
    with tempfile.TemporaryDirectory(prefix="orrery-library-") as name:
        folder = Path(name) / "lib"
        (folder / "inhouse").mkdir(parents=True)
        (folder / "inhouse" / "__init__.py").write_text("value = 'ours'\n")
        (Path(name) / "beside").write_text("secret")
        (folder / "passwords").symlink_to("/etc/passwd")
        (folder / "neighbour").symlink_to(Path(name) / "beside")
        for path in (Path(name), folder, folder / "inhouse"):
            path.chmod(0o777)
        yield folder


def test_a_folder_is_taken_once(library: Path):
    assert library_folders([f"{library}/", str(library)]) == ((str(library),), ())


def test_what_the_contracts_files_list_is_left_out_with_a_word():
    listed = [
        "/usr/local/lib/python3.10", "/usr/lib/python3.10", "/usr/lib/python3", "/usr/lib/x86_64-linux-gnu",
        "/etc/ssl/certs/ca-certificates.crt", "/etc/nsswitch.conf", "/etc/hosts", "/etc/resolv.conf",
        "/run/systemd/resolve/stub-resolv.conf", "/run/resolvconf/resolv.conf", "/etc/localtime",
        "/usr/share/zoneinfo", "/etc/timezone", str(Path(os.__file__).parent),
    ]  # fmt: skip
    folders, (notice,) = library_folders(listed)
    assert folders == ()
    assert all(path in notice for path in listed)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("lib", "is not the absolute path"),
        ("/nowhere/at/all", "is not there"),
        (__file__, "is no folder"),
        ("/", "would show snippets more than libraries"),
        ("/etc", "such as /etc"),
        ("/etc/ssl/private", "such as /etc|is not there"),
        ("/proc/self", "such as /proc"),
        ("/root", "more than libraries"),
        ("/tmp", "more than libraries"),
        (str(Path(orrery.__file__).parent), "more than libraries, such as"),
        (str(Path(orrery.__file__).parents[2]), "more than libraries, such as"),
        (sys.prefix if sys.prefix != sys.base_prefix else "/sys", "more than libraries, such as"),
    ],
)
def test_what_is_no_folder_of_libraries_is_refused(path: str, reason: str):
    with pytest.raises(ValueError, match=reason):
        library_folders([path])


def test_the_services_own_folders_are_refused_by_any_name(library: Path):
    with pytest.raises(ValueError, match="more than libraries, such as"):
        library_folders([str(library)], own=[library.parent])
    (library.parent / "other-name").symlink_to(library)
    with pytest.raises(ValueError, match="more than libraries, such as"):
        library_folders([str(library.parent / "other-name")], own=[library / "inhouse"])
    assert library_folders([str(library)], own=[Path("/")])[0] == (str(library),)


@pytest.mark.parametrize("level", [3, 1])
async def test_snippets_import_from_it_and_write_nothing_there(level: int, library: Path):
    (folder,), _ = library_folders([str(library)])
    sandbox = EmbeddedSandbox(Limits(timeout=60.0), levels=(level,), packages=[folder])
    code = f"""
import inhouse, os
print(inhouse.value)
for attempt in (
    lambda: open({folder!r} + '/new', 'w'), lambda: open(inhouse.__file__, 'a'), lambda: os.unlink(inhouse.__file__),
    lambda: os.mkdir({folder!r} + '/made'), lambda: os.chmod({folder!r}, 0o777), lambda: os.rename(inhouse.__file__, '/x'),
    lambda: open({folder!r} + '/passwords'), lambda: open({folder!r} + '/neighbour'),
    lambda: open({folder!r} + '/../beside')):
    try: attempt(); print('through')
    except OSError: pass
"""
    try:
        await sandbox.ready()
        result = await sandbox.run("python3", code)
    except SandboxRefusal as refusal:
        pytest.skip(f"level {level} is not to be had here: {refusal.message}")
    finally:
        await sandbox.close()
    assert result.stdout == "ours\n", result.error
    assert (library / "inhouse" / "__init__.py").read_text() == "value = 'ours'\n"
