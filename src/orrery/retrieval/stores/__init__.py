"""Where vectors and search texts are kept: one protocol, one file for each kind of store.

Every store passes ``tests/unit/retrieval/conformance.py``.
"""
