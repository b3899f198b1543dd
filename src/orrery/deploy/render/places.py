"""Every place that Orrery can be rendered for, and the files of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path

from orrery.deploy.render.compose import compose_files
from orrery.deploy.render.dotenv_example import dotenv_example, middleware_example
from orrery.deploy.render.edge_files import edge_files
from orrery.deploy.render.helm import helm_files
from orrery.deploy.render.kubernetes import kubernetes_files

_IGNORED = ".env\nmiddleware.env\nenv-backup/\nvolumes/\nvastbase/\nnginx/ssl/*.crt\nnginx/ssl/*.key\nnginx/ssl/*.pem\n"


def _compose() -> dict[str, str]:
    return {
        **compose_files(),
        **edge_files(),
        ".env.example": dotenv_example(),
        "middleware.env.example": middleware_example(),
        ".gitignore": _IGNORED,
        "README.md": (files("orrery.deploy") / "templates" / "compose-README.md").read_text("utf-8"),
    }


PLACES: Mapping[str, Callable[[], dict[str, str]]] = {
    "compose": _compose,
    "kubernetes": kubernetes_files,
    "helm": helm_files,
}


def write_files(texts: Mapping[str, str], folder: Path) -> list[Path]:
    """Writes the files whose text has changed and gives their paths. Files of other names are left alone."""
    written: list[Path] = []
    for name, text in texts.items():
        path = folder / name
        if path.is_file() and path.read_text("utf-8") == text:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        if name.endswith(".sh"):
            path.chmod(0o755)
        written.append(path)
    return written
