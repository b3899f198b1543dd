"""Our defaults of the contract's variables in an ``.env`` file, and the variables that only we have."""

from __future__ import annotations

import re

import msgspec

from orrery.deploy.contract import Variable, contract
from orrery.deploy.roles import Mode, has_role
from orrery.deploy.secrets import SECRETS
from orrery.settings.declare import declared
from orrery.settings.load import groups

PLACEHOLDER = re.compile(r"^your[-_]|<your|^xxx$|YOUR-|//your-|-?xxx[-.]|_account_name>|^difyai(-container)?$")

OUR_DEFAULTS = {
    "VECTOR_STORE": "",  # vectors stay in the metadata database: no container more
    "COMPOSE_PROFILES": "${DB_TYPE:-postgresql},${VECTOR_STORE:-}",
    "LOG_FILE": "",  # a container's log is its output
    "CHECK_UPDATE_URL": "",
    "COMPOSE_WORKER_HEALTHCHECK_DISABLED": "false",  # ours reads a file
    "CERTBOT_EMAIL": "",
    "CERTBOT_DOMAIN": "",
    "PLUGIN_DAEMON_URL": "http://plugin_daemon:5002" if has_role(Mode.PLUGIN_DAEMON) else "",
    "RESPECT_XFORWARD_HEADERS_ENABLED": "true",  # the edge in front writes these headers anew
    "WEAVIATE_AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "false",
    "WEAVIATE_DISABLE_TELEMETRY": "true",
    "OCEANBASE_CLUSTER_NAME": "orrery",
    "MILVUS_URI": "http://milvus-standalone:19530",
    "NGINX_SSL_CERT_FILENAME": "orrery.crt",
    "NGINX_SSL_CERT_KEY_FILENAME": "orrery.key",
}


class ExampleVariable(msgspec.Struct, frozen=True):
    """One line of ``.env.example``; ``meaning`` is empty for what Orrery itself does not read."""

    name: str
    default: str
    group: str
    meaning: str


OWN = (
    ExampleVariable("ORRERY_IMAGE", "orrery:latest", "images", "image of every role of Orrery"),
    ExampleVariable("ORRERY_WEB_IMAGE", "orrery-web:latest", "images", "image of the pages"),
    ExampleVariable(
        "ORRERY_USER", "1001:1001", "images", "user and group, as numbers, that Orrery's containers run as; any will do"
    ),
    ExampleVariable("ORRERY_MASTER_KEY", "", "server", "encrypts stored credentials; losing it loses them"),
    ExampleVariable(
        "ORRERY_TRUSTED_PROXIES",
        "",
        "nginx and certbot",
        "addresses or ranges of balancers in front of nginx whose X-Forwarded-* headers are believed, comma separated",
    ),
    ExampleVariable(
        "ORRERY_RESOLVER", "", "nginx and certbot", "name server that nginx asks for services; empty: the container's"
    ),
)
"""What no contract has; written before the group's other variables."""


def example() -> tuple[ExampleVariable, ...]:
    """Every variable of ``.env.example`` in order, groups kept together."""
    meanings = {d.env.name: d.env.meaning for group in groups().values() for d in declared(group)}
    rows = [
        *OWN,
        *(
            ExampleVariable(v.name, default_of(v), v.group, meanings.get(v.name, ""))
            for v in contract()
            if v.in_example
        ),
    ]
    order = dict.fromkeys(row.group for row in rows)
    return tuple(row for group in order for row in rows if row.group == group)


def default_of(variable: Variable) -> str:
    """Our default of one of the contract's variables: no secret, no invented account, else the contract's."""
    if variable.name in SECRETS:
        return ""
    if variable.name in OUR_DEFAULTS:
        return OUR_DEFAULTS[variable.name]
    return "" if PLACEHOLDER.search(variable.default) else variable.default
