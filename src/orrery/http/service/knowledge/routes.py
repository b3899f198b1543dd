"""The route groups of knowledge bases on the Service API, and their authenticator."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from orrery.apps.catalog.dataset_keys import DatasetKeys
from orrery.apps.catalog.tags import TagService
from orrery.apps.files.parts import Files
from orrery.http.app import Authenticator
from orrery.http.authenticators.knowledge import KnowledgeAuthenticator
from orrery.http.endpoint import RouteGroup
from orrery.http.service.knowledge.datasets import ServiceDatasetRoutes
from orrery.http.service.knowledge.documents import DocumentParts, ServiceDocumentRoutes
from orrery.http.service.knowledge.downloads import ServiceDownloadRoutes
from orrery.http.service.knowledge.intake import DocumentIntake
from orrery.http.service.knowledge.metadata import ServiceMetadataRoutes
from orrery.http.service.knowledge.models import ServiceModelRoutes
from orrery.http.service.knowledge.searching import ServiceSearchRoutes
from orrery.http.service.knowledge.segments import ServiceSegmentRoutes
from orrery.http.service.knowledge.tags import ServiceTagRoutes
from orrery.knowledge.datasets.metadata import MetadataFields
from orrery.knowledge.datasets.service import Datasets
from orrery.knowledge.datasets.settling import Settlement
from orrery.knowledge.documents.dropping import DatasetRemoval
from orrery.knowledge.documents.listing import DocumentList
from orrery.knowledge.documents.service import Documents
from orrery.knowledge.documents.sources import SourceFiles
from orrery.knowledge.searching.service import Searching
from orrery.knowledge.segments.children import ChildChunks
from orrery.knowledge.segments.document_states import DocumentStates
from orrery.knowledge.segments.service import Segments
from orrery.workspaces.models.offer import Offer


class KnowledgeFaces(msgspec.Struct, frozen=True, kw_only=True):
    """What the faces of knowledge bases (Service API, console) are built from."""

    keys: DatasetKeys
    tags: TagService
    datasets: Datasets
    removal: DatasetRemoval
    fields: MetadataFields
    settlement: Settlement
    documents: Documents
    listing: DocumentList
    sources: SourceFiles
    states: DocumentStates
    segments: Segments
    children: ChildChunks
    searching: Searching
    files: Files
    offer: Offer


def knowledge_routes(parts: KnowledgeFaces) -> list[RouteGroup]:
    """The route groups, to be mounted below ``/v1``."""
    documents = DocumentParts(
        datasets=parts.datasets,
        documents=parts.documents,
        listing=parts.listing,
        states=parts.states,
        intake=DocumentIntake(parts.files.uploads, parts.sources, parts.documents, parts.settlement),
        uploads=parts.files.uploads,
    )
    return [
        ServiceDatasetRoutes(parts.datasets, parts.removal),
        ServiceTagRoutes(parts.tags, parts.datasets),
        ServiceMetadataRoutes(parts.fields, parts.datasets),
        ServiceModelRoutes(parts.offer),
        ServiceDocumentRoutes(documents),
        ServiceDownloadRoutes(parts.datasets, parts.listing, parts.files),
        ServiceSegmentRoutes(parts.datasets, parts.segments, parts.children),
        ServiceSearchRoutes(parts.datasets, parts.searching),
    ]


def knowledge_authenticators(keys: DatasetKeys) -> Mapping[str, Authenticator]:
    """How routes with auth ``knowledge`` find their caller."""
    return {"knowledge": KnowledgeAuthenticator(keys)}
