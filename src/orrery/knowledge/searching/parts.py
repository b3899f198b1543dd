"""What searches, built together because each part needs the others."""

from __future__ import annotations

import msgspec

from orrery.database.engine import Database
from orrery.knowledge.searching.asking import Models
from orrery.knowledge.searching.for_runs import RunSearch
from orrery.knowledge.searching.one_dataset import DatasetSearch
from orrery.knowledge.searching.queries import QueryNotes
from orrery.knowledge.searching.service import Searching
from orrery.knowledge.searching.several import SeveralSearch
from orrery.knowledge.segments.entries import EmbedderOf
from orrery.knowledge.segments.view import Sign
from orrery.retrieval.stores.protocol import VectorIndex


class SearchNeeds(msgspec.Struct, frozen=True, kw_only=True):
    """What searching takes from other rooms."""

    database: Database
    index: VectorIndex
    models: Models
    embedder: EmbedderOf
    sign: Sign


class SearchParts(msgspec.Struct, frozen=True, kw_only=True):
    """``service`` answers callers, ``runs`` runs; ``notes`` is closed before the database."""

    service: Searching
    runs: RunSearch
    notes: QueryNotes

    @classmethod
    def build(cls, needs: SearchNeeds) -> SearchParts:
        """Opens nothing."""
        search = DatasetSearch(needs.database, needs.index, needs.models)
        notes = QueryNotes(needs.database)
        return cls(
            service=Searching(needs.database, search, needs.embedder, needs.sign),
            runs=RunSearch(
                database=needs.database,
                search=search,
                several=SeveralSearch(search, needs.models),
                models=needs.models,
                embedder=needs.embedder,
                notes=notes,
                sign=needs.sign,
            ),
            notes=notes,
        )
