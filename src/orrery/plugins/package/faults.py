"""What is wrong with a package, said so that its author can mend it."""

from __future__ import annotations


class PackageFault(Exception):
    """``file`` is the path inside the package (empty: the package itself), ``field`` the place in the file."""

    def __init__(self, text: str, *, file: str = "", field: str = "") -> None:
        self.file, self.field, self.text = file, field, text
        super().__init__(": ".join(part for part in (file, field, text) if part))


class TooLarge(PackageFault):
    """The package, or what is in it, is larger than packages may be."""


class BadSignature(PackageFault):
    """The package is not signed by anybody whose key is known here."""
