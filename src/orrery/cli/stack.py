"""``orrery stack``: the files of an installation, and an installation of plain processes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from orrery.cli.failing import failing_clearly
from orrery.cli.stack_native import down, logs, ps, up
from orrery.deploy.envfile.initial import FILE_NAMES, Place, initial
from orrery.deploy.envfile.sync import BrokenFile, Report, synchronised
from orrery.deploy.envfile.writing import replace_text, write_new
from orrery.deploy.render.dotenv_example import dotenv_example
from orrery.deploy.render.places import PLACES, write_files

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)
_MANY = 20


@click.group("stack", no_args_is_help=True)
def stack() -> None:
    """Write and keep the files that put Orrery on a machine or a cluster, or run it here as plain processes."""


for _command in (up, ps, logs, down):
    stack.add_command(_command)


@stack.command("render")
@click.argument("place", type=click.Choice([*PLACES, "all"]))
@click.option("--out", type=_FOLDER, default=None, help="Folder to write to. Default: deploy/<place>.")
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 when a file is not up to date.")
def render(place: str, out: Path | None, *, check: bool) -> None:
    """Write the files of a place: compose, kubernetes, helm, or all of them."""
    with failing_clearly():
        stale = False
        for name in PLACES if place == "all" else (place,):
            folder = (out / name if place == "all" else out) if out else Path("deploy") / name
            files = PLACES[name]()
            if check:
                wrong = [f for f, text in files.items() if not _is_current(folder / f, text)]
                for file in wrong:
                    click.echo(f"{folder / file} is not up to date")
                stale = stale or bool(wrong)
                continue
            written = write_files(files, folder)
            click.echo(f"{folder}: {len(written)} of {len(files)} files written")
        if stale:
            raise SystemExit(1)


def _is_current(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text("utf-8") == text


@stack.command("init")
@click.option(
    "--for", "place", type=click.Choice([place.value for place in Place]), default="compose", help="Default: compose."
)
@click.option("--out", type=_FOLDER, default=Path(), help="Folder of the file. Default: this one.")
def init(place: str, out: Path) -> None:
    """Make the .env file of a new installation, with secrets of its own that only its owner may read."""
    with failing_clearly():
        kind = Place(place)
        path = out / FILE_NAMES[kind]
        out.mkdir(parents=True, exist_ok=True)
        try:
            write_new(path, initial(kind))
        except FileExistsError:
            click.echo(f"orrery: {path} is there already and was left alone.", err=True)
            click.echo("  mend: bring it up to date with: orrery stack env-sync", err=True)
            raise SystemExit(1) from None
        click.echo(f"{path} is made. It holds every secret of the installation: keep a copy with your backups.")


@stack.command("env-sync")
@click.option("--env", "env", type=_FILE, default=Path(".env"), help="The file to bring up to date. Default: .env.")
@click.option("--example", type=_FILE, default=None, help="The example to follow. Default: this version's.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def env_sync(env: Path, example: Path | None, *, dry_run: bool) -> None:
    """Add this version's new variables to an old .env. No line of it is changed; a copy is kept in env-backup."""
    with failing_clearly():
        old = env.read_text("utf-8-sig")
        try:
            report = synchronised(old, example.read_text("utf-8-sig") if example else dotenv_example())
        except BrokenFile as error:
            click.echo(f"orrery: {env}: {error}", err=True)
            raise SystemExit(1) from None
        _tell(report)
        if dry_run or not report.added:
            click.echo(f"{env} is up to date." if not report.added else f"{env} was not touched (dry run).")
            return
        backup = env.parent / "env-backup" / f"{env.name}.backup_{datetime.now(UTC):%Y%m%d_%H%M%S}"
        backup.parent.mkdir(mode=0o700, exist_ok=True)
        write_new(backup, old)
        replace_text(env, report.text)
        click.echo(f"{env} is up to date; the old one is {backup}.")


def _tell(report: Report) -> None:
    _list("added", report.added)
    _list("kept although the default is another", tuple(f"{d.name}={d.value}" for d in report.kept))
    _list("kept although nothing reads it any more", report.retired)
    _list("published secrets, which a start refuses: give each a value of its own", report.published)


def _list(title: str, items: tuple[str, ...]) -> None:
    if not items:
        return
    click.echo(f"{title}: {len(items)}")
    for item in items[:_MANY]:
        click.echo(f"  {item}")
    if len(items) > _MANY:
        click.echo(f"  and {len(items) - _MANY} more")
