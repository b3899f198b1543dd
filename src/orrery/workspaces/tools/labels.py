"""The words that providers are sorted under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

LABELS: Final[Mapping[str, tuple[str, str]]] = {
    "search": ("Search", "搜索"),
    "image": ("Image", "图片"),
    "videos": ("Videos", "视频"),
    "weather": ("Weather", "天气"),
    "finance": ("Finance", "金融"),
    "design": ("Design", "设计"),
    "travel": ("Travel", "旅行"),
    "social": ("Social", "社交"),
    "news": ("News", "新闻"),
    "medical": ("Medical", "医疗"),
    "productivity": ("Productivity", "生产力"),
    "education": ("Education", "教育"),
    "business": ("Business", "商业"),
    "entertainment": ("Entertainment", "娱乐"),
    "utilities": ("Utilities", "工具"),
    "rag": ("RAG", "RAG"),
    "other": ("Other", "其他"),
}
"""Name → English and Chinese."""


def known(names: Sequence[str]) -> list[str]:
    """The names that are labels, each once, in the given order."""
    return [name for name in dict.fromkeys(names) if name in LABELS]
