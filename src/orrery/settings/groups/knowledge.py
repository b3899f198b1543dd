"""Indexing and search."""

from __future__ import annotations

from typing import Annotated

from orrery.settings.declare import Env, Group


class Knowledge(Group, frozen=True, kw_only=True):
    """Indexing and search."""

    vector_store: Annotated[
        str, Env("VECTOR_STORE", "where vectors are kept; empty keeps them in the metadata database")
    ] = ""
    collection_prefix: Annotated[str, Env("VECTOR_INDEX_NAME_PREFIX", "written before the names of collections")] = (
        "Vector_index"
    )
    max_chunk_tokens: Annotated[
        int, Env("INDEXING_MAX_SEGMENTATION_TOKENS_LENGTH", "largest chunk, tokens", at_least=1)
    ] = 4000
    max_top_k: Annotated[int, Env("TOP_K_MAX_VALUE", "largest number of results a user may ask for", at_least=1)] = 10
