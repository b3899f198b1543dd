"""What can go wrong with segments and with the states of documents, in the contract's words (knowledge.md 8.1)."""

from __future__ import annotations

from orrery.errors import BadRequest, InvalidParam, NotFound


class SegmentNotFound(NotFound):
    """No such segment in this document."""

    default_message = "Segment not found."


class ChildChunkNotFound(NotFound):
    """No such child chunk in this segment."""

    default_message = "Child chunk not found."


class DocumentNotCompleted(NotFound):
    """The document is still being indexed, or could not be."""

    default_message = "Document is not completed."


class DocumentDisabled(NotFound):
    """The document is switched off."""

    default_message = "Document is disabled."


class SegmentIndexing(InvalidParam):
    """The job that indexes the segment's document is at work on it."""

    default_message = "Segment is indexing, please try again later"


class SegmentDisabled(InvalidParam):
    """A segment that is switched off changes only together with being switched on."""

    default_message = "Can't update disabled segment"


class TooManySegments(InvalidParam):
    """One request makes a limited number of segments."""

    def __init__(self, most: int) -> None:
        super().__init__(f"Exceeded maximum segments limit of {most}.")


class NoChildren(InvalidParam):
    """Only documents of parent-child form have child chunks."""

    default_message = "Child chunks belong to documents of the form hierarchical_model only; this one has another form."


class InvalidAction(BadRequest):
    """A change of state that does not exist, or that the document can't take now."""

    code = "invalid_action"
    default_message = "Invalid action."
