"""Service API routes of metadata: fields of a knowledge base and values of its documents (knowledge.md 1.7)."""

from __future__ import annotations

import msgspec

from orrery.database.ids import NIL_ID, is_id
from orrery.errors import NotFound
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.service.knowledge.callers import member, open_dataset, path_id
from orrery.http.service.knowledge.shapes import JsonObject, field_object
from orrery.knowledge.datasets.errors import MetadataNotFound
from orrery.knowledge.datasets.metadata import BUILT_IN, DocumentValues, FieldType, FieldValue, MetadataFields
from orrery.knowledge.datasets.service import Datasets

SUCCESS: JsonObject = {"result": "success"}


class NewField(msgspec.Struct, frozen=True):
    type: FieldType
    name: str


class ChangedField(msgspec.Struct, frozen=True):
    name: str


class GivenValue(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    value: object = None


class DocumentOperation(msgspec.Struct, frozen=True):
    document_id: str
    metadata_list: list[GivenValue]
    partial_update: bool = False


class Operations(msgspec.Struct, frozen=True):
    operation_data: list[DocumentOperation]


def values_of(body: Operations) -> list[DocumentValues]:
    """What callers ask for, document by document."""
    return [
        DocumentValues(
            one.document_id.lower() if is_id(one.document_id) else NIL_ID,
            tuple(FieldValue(given.id, given.value) for given in one.metadata_list),
            one.partial_update,
        )
        for one in body.operation_data
    ]


class ServiceMetadataRoutes(RouteGroup):
    """Fields and values."""

    def __init__(self, fields: MetadataFields, datasets: Datasets) -> None:
        self._fields = fields
        self._datasets = datasets

    @route("POST", "/datasets/{dataset_id}/metadata", auth="knowledge", scope="workspace", body=NewField, status=201)
    async def create(self, call: Call, body: NewField) -> JsonObject:
        """Makes a metadata field."""
        dataset = await open_dataset(call, self._datasets)
        return field_object(await self._fields.create(member(call), dataset.id, body.type, body.name))

    @route("GET", "/datasets/{dataset_id}/metadata", auth="knowledge", scope="workspace")
    async def all(self, call: Call) -> JsonObject:
        """Lists metadata fields with how many documents have a value in each."""
        dataset = await open_dataset(call, self._datasets)
        fields, built_in = await self._fields.all(member(call), dataset.id)
        shown = [{**field_object(field), "count": count} for field, count in fields]
        return {"doc_metadata": shown, "built_in_field_enabled": built_in}

    @route("PATCH", "/datasets/{dataset_id}/metadata/{metadata_id}", auth="knowledge", scope="workspace",
           body=ChangedField)  # fmt: skip
    async def rename(self, call: Call, body: ChangedField) -> JsonObject:
        """Renames a metadata field, in the documents too."""
        dataset = await open_dataset(call, self._datasets)
        field_id = path_id(call, "metadata_id", MetadataNotFound)
        return field_object(await self._fields.rename(member(call), dataset.id, field_id, body.name))

    @route("DELETE", "/datasets/{dataset_id}/metadata/{metadata_id}", auth="knowledge", scope="workspace", status=204)
    async def delete(self, call: Call) -> None:
        """Deletes a metadata field with its values."""
        dataset = await open_dataset(call, self._datasets)
        await self._fields.delete(member(call), dataset.id, path_id(call, "metadata_id", MetadataNotFound))

    @route("GET", "/datasets/{dataset_id}/metadata/built-in", auth="knowledge", scope="workspace")
    async def built_in(self, call: Call) -> JsonObject:
        """Lists the fields that every knowledge base can have."""
        await open_dataset(call, self._datasets)
        return {"fields": [{"name": name, "type": kind} for name, kind in BUILT_IN.items()]}

    @route("POST", "/datasets/{dataset_id}/metadata/built-in/{action}", auth="knowledge", scope="workspace")
    async def switch_built_in(self, call: Call) -> JsonObject:
        """Switches the built-in fields on or off."""
        dataset = await open_dataset(call, self._datasets)
        if call.path["action"] not in {"enable", "disable"}:
            raise NotFound
        await self._fields.switch_built_in(member(call), dataset.id, enabled=call.path["action"] == "enable")
        return SUCCESS

    @route("POST", "/datasets/{dataset_id}/documents/metadata", auth="knowledge", scope="workspace", body=Operations)
    async def set_values(self, call: Call, body: Operations) -> JsonObject:
        """Sets the metadata of documents."""
        dataset = await open_dataset(call, self._datasets)
        await self._fields.set_values(member(call), dataset.id, values_of(body))
        return SUCCESS
