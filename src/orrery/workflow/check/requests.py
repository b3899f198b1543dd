"""Nodes that reach outside of the app: HTTP requests and searches in knowledge."""

from __future__ import annotations

from collections.abc import Mapping

from orrery.workflow.check.inspection import Inspection
from orrery.workflow.check.stored import StoredNode
from orrery.workflow.fields import as_list, as_mapping, as_mappings, as_text

_SCHEMES = ("http://", "https://", "{{#")
_ONE_ITEM = frozenset({"json", "raw-text", "binary"})


def check_requests(inspection: Inspection) -> None:
    """Addresses, keys and bodies of requests; datasets of searches."""
    for node in inspection.graph.of_type("http-request"):
        _check_http(inspection, node)
    for node in inspection.graph.of_type("knowledge-retrieval"):
        _check_retrieval(inspection, node)


def _check_http(inspection: Inspection, node: StoredNode) -> None:
    data, report = node.data, inspection.report
    url = as_text(data.get("url")).strip()
    if not url:
        report.error("url is required", "Give the address.", node=node, field="url")
    elif not url.startswith(_SCHEMES):
        report.error(
            "url should start with http:// or https://", "Put http:// or https:// in front.", node=node, field="url"
        )
    if as_text(data.get("method"), "get").lower() == "options":
        report.error("Invalid http method options", "Choose another method.", node=node, field="method")
    authorization = as_mapping(data.get("authorization"))
    key = as_text(as_mapping(authorization.get("config")).get("api_key"))
    if authorization.get("type") == "api-key" and not key.strip():
        report.error(
            "API key is required for authorization but was empty",
            "Give the key, best as a secret environment variable.",
            node=node,
            field="authorization.config.api_key",
        )
    _check_body(inspection, node, as_mapping(data.get("body")))


def _check_body(inspection: Inspection, node: StoredNode, body: Mapping[str, object]) -> None:
    kind, stored = as_text(body.get("type"), "none"), body.get("data")
    if kind not in _ONE_ITEM or (isinstance(stored, str) and stored):
        return
    count = len(as_mappings(stored))
    if count != 1:
        inspection.report.error(
            f"A body of the kind {kind} consists of exactly one item, this has {count}",
            "Write the body, or choose another kind.",
            node=node,
            field="body.data",
        )


def _check_retrieval(inspection: Inspection, node: StoredNode) -> None:
    data = node.data
    if not as_list(data.get("dataset_ids")):
        inspection.report.error(
            "No knowledge is chosen to search in",
            "Choose a dataset; files from another workspace come without theirs.",
            node=node,
            field="dataset_ids",
        )
    if not as_list(data.get("query_variable_selector")) and not as_list(data.get("query_attachment_selector")):
        inspection.report.warning(
            "There is nothing to search for, so it finds nothing",
            "Choose the variable that holds the question.",
            node=node,
            field="query_variable_selector",
        )
