"""API descriptions that were written to do harm: they are refused, in a moment, with a reason."""

from __future__ import annotations

import json
import time

import pytest
import yaml

from orrery.tools.errors import ToolApiSchemaError
from orrery.tools.openapi.description import read_description
from orrery.tools.openapi.document import MAX_CHARS

HEAD = "openapi: 3.0.0\nservers: [{url: 'https://x.test'}]\n"


def bomb_of_aliases(levels: int) -> str:
    """Text whose value doubles with every level."""
    lines = ["a0: &a0 {type: object, properties: {x: {type: string}}}"]
    lines += [f"a{n}: &a{n} {{properties: {{l: *a{n - 1}, r: *a{n - 1}}}}}" for n in range(1, levels)]
    last = f"*a{levels - 1}"
    body = f"requestBody: {{content: {{application/json: {{schema: {last}}}}}}}"
    return HEAD + "\n".join(lines) + f"\npaths: {{/a: {{post: {{operationId: a, {body}}}}}}}"


def bomb_of_merges(levels: int) -> str:
    lines = [f"m0: &m0 {{{', '.join(f'k{n}: 1' for n in range(100))}}}"]
    lines += [f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 10)}]}}" for n in range(1, levels)]
    return HEAD + "\n".join(lines) + "\npaths: {}"


def lists_of_lists(depth: int) -> str:
    return HEAD + "x: " + "[" * depth + "]" * depth + "\npaths: {}"


def as_json(depth: int) -> str:
    return '{"openapi": "3.0.0", "x": ' + "[" * depth + "]" * depth + "}"


def one_large_schema_for_all() -> str:
    """Each of a few hundred operations refers to the same two thousand fields."""
    fields = {f"f{n}": {"type": "string", "description": "d"} for n in range(700)}
    document = {
        "openapi": "3.0.0",
        "servers": [{"url": "https://x.test"}],
        "components": {"schemas": {"Large": {"type": "object", "properties": fields}}},
        "paths": {
            f"/p{n}": {
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Large"}}}}
                }
            }
            for n in range(900)
        },
    }
    return json.dumps(document)


def many_operations() -> str:
    document = {
        "openapi": "3.0.0",
        "servers": [{"url": "https://x.test"}],
        "paths": {f"/p{n}": {"get": {"operationId": f"p{n}"}} for n in range(1_001)},
    }
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (bomb_of_aliases(30), "too many values"),
        (bomb_of_aliases(5_000), "too many values"),
        (bomb_of_merges(9), "too many values"),
        (lists_of_lists(50_000), "too deep"),
        (as_json(200), "too deep"),
        (as_json(200_000), "too deep"),
        (one_large_schema_for_all(), "too large together"),
        (many_operations(), "more than 1000 operations"),
        (HEAD + "x: " + "y" * MAX_CHARS, f"longer than {MAX_CHARS}"),
        (HEAD + "x: !!python/object/apply:os.system ['true']", "neither json nor yaml"),
        (HEAD + "x: !!bool maybe", "neither json nor yaml"),
        (HEAD + "x: &x [*x]\npaths: {}", "too deep"),
    ],
    ids=["aliases", "deep-aliases", "merges", "yaml-depth", "json-depth", "json-stack", "shared", "operations",
         "length", "python-tag", "bad-tag", "itself"],
)  # fmt: skip
def test_is_refused_in_a_moment(text: str, reason: str) -> None:
    began = time.process_time()
    with pytest.raises(ToolApiSchemaError, match=reason):
        read_description(text)
    assert time.process_time() - began < 60


def test_a_few_aliases_are_no_bomb() -> None:
    text = HEAD + yaml.safe_dump({"paths": {"/a": {"get": {"operationId": "a", "parameters": []}}}})
    text += "\nshared: &s {type: string}\nother: {properties: {a: *s, b: *s}}\nmerged: {<<: *s, x: 1}\n"
    assert [operation.id for operation in read_description(text).operations] == ["a"]


def test_dates_and_odd_keys_stay_texts() -> None:
    described = read_description(
        HEAD + "info: {title: t, version: 2024-01-01}\npaths: {/a: {get: {responses: {200: {}}}}}"
    )
    assert described.title == "t"
    assert described.operations[0].id == "a_get"
