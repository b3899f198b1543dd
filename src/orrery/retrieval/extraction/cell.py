"""The far side of confined reading: a document in, its text, units or error out, both as bytes.

Imported by a zygote, which loads the readers' libraries once; its children can open hardly any file.
"""

from __future__ import annotations

import contextlib
import io
from importlib import import_module

from orrery.retrieval.extraction.formats import extract_text
from orrery.retrieval.extraction.limits import UnreadableDocument, UnsupportedDocument
from orrery.retrieval.extraction.office import read_docx, read_pptx, read_xlsx
from orrery.retrieval.extraction.parcel import Parcel, unpack, wrap, wrap_units
from orrery.retrieval.extraction.unit_formats import units_of


def _rehearse() -> None:
    """Loads the libraries by reading a document of each kind, so that children find all modules in memory.

    They are an extra: the reader of a document that needs a missing one says so.
    """
    made = io.BytesIO()
    with contextlib.suppress(ImportError):
        import_module("pypdfium2")
    with contextlib.suppress(ImportError):
        import_module("docx").Document().save(made)
        read_docx(made.getvalue())
    made = io.BytesIO()
    with contextlib.suppress(ImportError):
        import_module("openpyxl").Workbook().save(made)
        read_xlsx(made.getvalue())
    made = io.BytesIO()
    with contextlib.suppress(ImportError):
        import_module("pptx").Presentation().save(made)
        read_pptx(made.getvalue())


def read(payload: bytes) -> bytes:
    """For `parcel.pack`'s bytes, the answer that `parcel.unwrap` or `parcel.unwrap_units` takes."""
    content, extension, mime_type, wanted = unpack(payload)
    del payload
    try:
        if wanted == "units":
            return wrap_units(units_of(content, extension=extension, mime_type=mime_type))
        return wrap(Parcel.TEXT, extract_text(content, extension=extension, mime_type=mime_type))
    except UnsupportedDocument as error:
        return wrap(Parcel.UNSUPPORTED, str(error))
    except UnreadableDocument as error:
        return wrap(Parcel.UNREADABLE, str(error))


_rehearse()
