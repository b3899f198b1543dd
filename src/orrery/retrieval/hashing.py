"""The hash by which equal texts are recognised: chunks, vectors of documents and of queries."""

from __future__ import annotations

from hashlib import sha256


def text_hash(text: str) -> str:
    """Hex SHA-256 of the text followed by the word ``None``, as the contract stores it (knowledge.md 1.3)."""
    return sha256(f"{text}None".encode(errors="surrogatepass")).hexdigest()
