"""The package format: container, identity, signature, manifest and provider declarations (plugins.md 1).

Bytes in, structs out: no database, no HTTP, no settings. What a package gets wrong is a `PackageFault` that names the
file and the field.
"""
