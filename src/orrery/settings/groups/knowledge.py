"""Bounds of knowledge bases: how documents are split, and what a request may ask for."""

from __future__ import annotations

from typing import Annotated

from orrery.settings.declare import Env, Group


class KnowledgeLimits(Group, frozen=True, kw_only=True):
    """Bounds of knowledge bases: how documents are split, and what a request may ask for."""

    longest_chunk: Annotated[
        int,
        Env(
            "INDEXING_MAX_SEGMENTATION_TOKENS_LENGTH",
            "characters of the largest chunk that a rule may ask for",
            at_least=50,
        ),
    ] = 4000
    segments_at_once: Annotated[
        int, Env("DATASET_MAX_SEGMENTS_PER_REQUEST", "segments of one request by hand; 0 for no limit", at_least=0)
    ] = 0
