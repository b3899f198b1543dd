"""All targets by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from .api_descriptions import ApiDescriptions
from .app_files import AppFiles, Runs
from .documents import Documents
from .model_answers import ModelAnswers
from .plugin_packages import PluginPackages
from .routes import Routes
from .snippets import Snippets
from .target import Target
from .texts import SandboxTemplates, Templates

TARGETS: Final[Mapping[str, Callable[[], Target]]] = {
    kind.name: kind
    for kind in (
        AppFiles,
        Runs,
        Templates,
        SandboxTemplates,
        ModelAnswers,
        ApiDescriptions,
        Documents,
        Snippets,
        Routes,
        PluginPackages,
    )
}
