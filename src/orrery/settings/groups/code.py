"""What a code or template node may give back."""

from __future__ import annotations

from typing import Annotated

from orrery.settings.declare import Env, Group


class CodeLimits(Group, frozen=True, kw_only=True):
    """What a code or template node may give back."""

    max_number: Annotated[int, Env("CODE_MAX_NUMBER", "largest number", at_least=1)] = 9223372036854775807
    min_number: Annotated[int, Env("CODE_MIN_NUMBER", "smallest number", at_most=-1)] = -9223372036854775808
    max_depth: Annotated[int, Env("CODE_MAX_DEPTH", "deepest nesting", at_least=1)] = 5
    max_precision: Annotated[int, Env("CODE_MAX_PRECISION", "decimals of a number", at_least=1)] = 20
    max_string: Annotated[int, Env("CODE_MAX_STRING_LENGTH", "characters of a string", at_least=1)] = 400000
    max_string_array: Annotated[
        int, Env("CODE_MAX_STRING_ARRAY_LENGTH", "items of an array of strings", at_least=1)
    ] = 30
    max_object_array: Annotated[
        int, Env("CODE_MAX_OBJECT_ARRAY_LENGTH", "items of an array of objects", at_least=1)
    ] = 30
    max_number_array: Annotated[
        int, Env("CODE_MAX_NUMBER_ARRAY_LENGTH", "items of an array of numbers", at_least=1)
    ] = 1000
    max_template: Annotated[
        int, Env("TEMPLATE_TRANSFORM_MAX_LENGTH", "characters of a rendered template", at_least=1)
    ] = 400000
