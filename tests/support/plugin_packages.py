"""Plugin packages for tests: trees of files as zips, with signatures where they are wanted."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from functools import cache

import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ICON = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
Files = dict[str, bytes]


def texts(text: str) -> dict[str, str]:
    return {"en_US": text}


def manifest(**changes: object) -> dict[str, object]:
    """A manifest of a tool plugin; ``changes`` by field, None takes a field out."""
    whole: dict[str, object] = {
        "version": "0.1.2",
        "type": "plugin",
        "author": "ada",
        "name": "weather",
        "label": texts("Weather"),
        "description": texts("Tells the weather."),
        "icon": "icon.svg",
        "created_at": "2026-01-31T12:00:00.123456789Z",
        "resource": {"memory": 1048576, "permission": {"tool": {"enabled": True}}},
        "plugins": {"tools": ["provider/weather.yaml"]},
        "meta": {
            "version": "0.0.1", "arch": ["amd64", "arm64"],
            "runner": {"language": "python", "version": "3.12", "entrypoint": "main"},
        },
        "tags": ["weather"],
    }  # fmt: skip
    whole |= changes
    return {name: value for name, value in whole.items() if value is not None}


def tool(name: str = "today", **changes: object) -> dict[str, object]:
    return {
        "identity": {"author": "ada", "name": name, "label": texts(name.title())},
        "description": {"human": texts("The weather of a day."), "llm": "Tells the weather of a day."},
        "parameters": [
            {
                "name": "city", "type": "string", "required": True, "form": "llm", "label": texts("City"),
                "human_description": texts("Where"), "llm_description": "Name of a city",
            }
        ],
        **changes,
    }  # fmt: skip


def tool_provider(**changes: object) -> dict[str, object]:
    return {
        "identity": {"author": "ada", "name": "weather", "label": texts("Weather"), "icon": "icon.svg"},
        "credentials_for_provider": {
            "api_key": {"type": "secret-input", "required": True, "label": texts("Key"), "url": "https://example.org"}
        },
        "tools": ["tools/today.yaml"],
        "extra": {"python": {"source": "provider/weather.py"}},
        **changes,
    }


def in_yaml(value: object) -> bytes:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False).encode()


def tool_files(manifest_changes: Mapping[str, object] | None = None, **provider_changes: object) -> Files:
    """The tree of a plugin with one tool."""
    return {
        "manifest.yaml": in_yaml(manifest(**(manifest_changes or {}))),
        "provider/weather.yaml": in_yaml(tool_provider(**provider_changes)),
        "tools/today.yaml": in_yaml(tool()),
        "main.py": b"raise SystemExit('nothing is run here')\n",
        "_assets/icon.svg": ICON,
        "README.md": "# Weather ☀".encode(),
        "readme/README_zh_Hans.md": "# 天气".encode(),
    }


def plugin_files(kind: str, provider: Mapping[str, object], *, name: str = "weather", **others: object) -> Files:
    """The tree of a plugin with one provider of ``kind``, a key of ``plugins`` in the manifest; ``others`` by path."""
    return {
        "manifest.yaml": in_yaml(manifest(name=name, plugins={kind: [f"provider/{name}.yaml"]})),
        f"provider/{name}.yaml": in_yaml(provider),
        "_assets/icon.svg": ICON,
        **{path: in_yaml(value) for path, value in others.items()},
    }


def model_files(*, name: str = "thinker") -> Files:
    """The tree of a plugin with two models, one of them with a position."""
    provider = {
        "provider": name,
        "label": texts("Thinker"),
        "icon_small": texts("icon.svg"),
        "supported_model_types": ["llm"],
        "configurate_methods": ["predefined-model"],
        "provider_credential_schema": {
            "credential_form_schemas": [{"variable": "key", "label": texts("Key"), "type": "secret-input"}]
        },
        "models": {"llm": {"predefined": ["models/llm/*.yaml"], "position": "models/llm/_position.yaml"}},
    }
    files = plugin_files("models", provider, name=name)
    for model in ("small", "large"):
        files[f"models/llm/{model}.yaml"] = in_yaml(
            {
                "model": f"think-{model}",
                "label": texts(model),
                "model_type": "llm",
                "features": ["tool-call"],
                "model_properties": {"mode": "chat", "context_size": 8192},
                "parameter_rules": [{"name": "temperature", "use_template": "temperature"}],
                "pricing": {"input": "0.5", "output": 1.5, "unit": 0.000001, "currency": "USD"},
            }
        )
    return files | {"models/llm/_position.yaml": in_yaml(["think-large", "think-small"])}


def strategy_files() -> Files:
    """The tree of a plugin with one agent strategy."""
    identity = {"author": "ada", "name": "weather", "label": texts("Agent"), "icon": "icon.svg"}
    strategy = {
        "identity": {"author": "ada", "name": "patient", "label": texts("Patient")},
        "description": texts("Thinks first."),
        "parameters": [{"name": "tools", "type": "array[tools]", "required": True, "label": texts("Tools")}],
        "features": ["history-messages"],
    }
    provider = {"identity": identity, "strategies": ["strategies/patient.yaml"]}
    return plugin_files("agent_strategies", provider, name="thoughts", **{"strategies/patient.yaml": strategy})


def zipped(files: Mapping[str, bytes], comment: bytes = b"") -> bytes:
    """The same bytes for the same files, whatever the time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for path, content in files.items():
            opened.writestr(zipfile.ZipInfo(path), content, compress_type=zipfile.ZIP_DEFLATED)
        opened.comment = comment
    return buffer.getvalue()


@cache
def private_key(number: int) -> rsa.RSAPrivateKey:
    """A key for tests; making one takes a moment."""
    return rsa.generate_private_key(65537, 2048)


def public_pem(number: int = 0) -> bytes:
    return private_key(number).public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1)


def signed(
    files: Mapping[str, bytes], *, number: int = 0, category: str | None = None, time: int = 1750000000
) -> bytes:
    """The package as the packager signs it: the category's file last, the signature in the zip's comment."""
    whole = dict(files)
    if category is not None:
        whole[".verification.dify.json"] = json.dumps({"authorized_category": category}).encode()
    message = b"".join(hashlib.sha256(content).digest() for content in whole.values()) + str(time).encode()
    signature = private_key(number).sign(message, PKCS1v15(), SHA256())
    return zipped(whole, json.dumps({"signature": base64.b64encode(signature).decode(), "time": time}).encode())
