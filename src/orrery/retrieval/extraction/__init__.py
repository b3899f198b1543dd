"""Text out of documents of many formats, whole or in units (knowledge.md 3.1, workflow.md 3.18).

`formats` chooses the reader of a document; readers are pure and work on bytes alone. Servers, whose documents come
from strangers, read by way of `confined`: `cell` is the far side of its fence, `parcel` what crosses it.
"""
