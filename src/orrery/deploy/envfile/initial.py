"""The first ``.env`` of an installation: the example with a secret of its own wherever one is needed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from orrery.deploy.interpolation import interpolate
from orrery.deploy.render.cluster.translation import CLUSTER_SECRETS
from orrery.deploy.render.dotenv_example import dotenv_example, middleware_example
from orrery.deploy.render.kubernetes import SECRETS_FILE
from orrery.deploy.secrets import BROKER, generate

_EMPTY = re.compile(r"^(?P<name>[A-Z][A-Z0-9_]*)=$", re.MULTILINE)
_BROKER = "redis://:${REDIS_PASSWORD}@redis:6379/1"


class Place(StrEnum):
    """What the file is for."""

    COMPOSE = "compose"
    MIDDLEWARE = "middleware"
    KUBERNETES = "kubernetes"


FILE_NAMES = {Place.COMPOSE: ".env", Place.MIDDLEWARE: "middleware.env", Place.KUBERNETES: SECRETS_FILE}


def initial(place: Place) -> str:
    """The text of the file; every call makes other secrets."""
    made = generate({})
    if place is Place.KUBERNETES:
        made[BROKER] = interpolate(_BROKER, made)
        return "".join(f"{name}={made[name]}\n" for name in CLUSTER_SECRETS)
    return filled(dotenv_example() if place is Place.COMPOSE else middleware_example(), made)


def filled(text: str, values: Mapping[str, str]) -> str:
    """``text`` of an env file with ``values`` given to those of its variables that are empty."""
    return _EMPTY.sub(lambda match: f"{match['name']}={values.get(match['name'], '')}", text)
