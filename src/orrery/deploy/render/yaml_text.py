"""YAML as people would write it: keys in the order given, one shared block by anchor, no line folding."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

MERGE = "<<"


class Shared(dict[str, object]):
    """A mapping written once under an anchor and referred to afterwards."""

    def __init__(self, anchor: str, values: Mapping[str, object]) -> None:
        super().__init__(values)
        self.anchor = anchor


class _Dumper(yaml.SafeDumper):
    """Writes `Shared` mappings under their own anchors and everything else in full."""

    def ignore_aliases(self, data: object) -> bool:
        return not isinstance(data, Shared)

    def generate_anchor(self, node: yaml.Node) -> str:
        return str(getattr(node, "anchor_name", "")) or super().generate_anchor(node)

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, indentless=False)


def _represent_shared(dumper: _Dumper, data: Shared) -> yaml.Node:
    node = dumper.represent_dict(data)
    node.anchor_name = data.anchor  # type: ignore[attr-defined]  # read back by generate_anchor
    return node


def _represent_text(dumper: _Dumper, data: str) -> yaml.Node:
    if data == MERGE:
        return dumper.represent_scalar("tag:yaml.org,2002:merge", data)
    style = "|" if "\n" in data else '"' if _reads_like_a_number(data) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(data), style=style)


def _reads_like_a_number(text: str) -> bool:
    # Words that other YAML readers take for numbers, times or switches.
    return text.lower() in {"y", "n", "yes", "no", "on", "off"} or text.replace(":", "").replace("_", "").isdigit()


_Dumper.add_representer(Shared, _represent_shared)
_Dumper.add_representer(str, _represent_text)
_Dumper.add_multi_representer(str, _represent_text)  # words of enumerations


def yaml_text(*documents: Mapping[str, object]) -> str:
    """The documents, divided by ``---``."""
    return "---\n".join(
        yaml.dump(dict(document), Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=True)
        for document in documents
    )
