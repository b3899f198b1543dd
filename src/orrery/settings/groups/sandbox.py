"""How code of users is run."""

from __future__ import annotations

from typing import Annotated, Literal

from orrery.settings.declare import Env, Group


class Sandbox(Group, frozen=True, kw_only=True):
    """How code of users is run."""

    endpoint: Annotated[
        str,
        Env("CODE_EXECUTION_ENDPOINT", "address of the sandbox service; empty runs code in a confined child process"),
    ] = "http://sandbox:8194"
    key: Annotated[str, Env("CODE_EXECUTION_API_KEY", "key sent to the sandbox service", secret=True)] = "dify-sandbox"
    tls_verify: Annotated[bool, Env("CODE_EXECUTION_SSL_VERIFY", "check the certificate of the sandbox service")] = True
    connect_timeout: Annotated[float, Env("CODE_EXECUTION_CONNECT_TIMEOUT", "connect timeout, seconds", above=0)] = 10.0
    read_timeout: Annotated[float, Env("CODE_EXECUTION_READ_TIMEOUT", "read timeout, seconds", above=0)] = 60.0
    write_timeout: Annotated[float, Env("CODE_EXECUTION_WRITE_TIMEOUT", "write timeout, seconds", above=0)] = 10.0
    worker_timeout: Annotated[
        int, Env("SANDBOX_WORKER_TIMEOUT", "time one piece of code may take, seconds", at_least=1)
    ] = 15
    network: Annotated[
        bool, Env("SANDBOX_ENABLE_NETWORK", "let code of users reach the network through the egress guard")
    ] = True
    listen_port: Annotated[int, Env("SANDBOX_PORT", "port of the sandbox role", at_least=0, at_most=65535)] = 8194
    accepted_key: Annotated[str, Env("SANDBOX_API_KEY", "key the sandbox role accepts", secret=True)] = "dify-sandbox"
    js_engine: Annotated[
        Literal["quickjs", "node"],
        Env("ORRERY_JS_ENGINE", "what runs JavaScript in the confined processes of this machine: quickjs or node"),
    ] = "quickjs"
    node: Annotated[
        str, Env("ORRERY_NODE", "the node program for ORRERY_JS_ENGINE=node; empty looks where programs are")
    ] = ""
    cgroup: Annotated[
        str,
        Env(
            "ORRERY_SANDBOX_CGROUP",
            "control groups for code of users: a subtree that is this user's; empty uses the delegated group, if any",
        ),
    ] = ""
    confine_documents: Annotated[
        bool,
        Env("ORRERY_CONFINE_DOCUMENTS", "read documents in a confined process; false reads them in the server's own"),
    ] = True
