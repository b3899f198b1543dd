"""What becomes of the contract's variables that no setting reads: a table by name, by prefix, by group.

The first that fits wins, names before prefixes before groups. `replaced` names what does the work instead, `ignored`
says why nothing does. A variable that a setting or a container of the stack reads needs no row; a row for one is an
error that the tests report.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Fate = Literal["replaced", "ignored"]


class Rule(msgspec.Struct, frozen=True):
    """The fate of a variable, and in one sentence the substitute or the reason."""

    fate: Fate
    text: str


def _replaced(text: str) -> Rule:
    return Rule("replaced", text)


def _ignored(text: str) -> Rule:
    return Rule("ignored", text)


_NO_PLUGIN_CODE = _ignored("this version keeps plugins, but does not run their code yet")
_NO_TRIGGERS_OF_PLUGINS = _ignored("triggers of plugins are kept, but nothing listens to them yet, so none expires")
_NO_PLANS = _replaced("there are no plans: one number for everybody, SANDBOX_EXPIRED_RECORDS_RETENTION_DAYS")
_ONE_DSN = _replaced("SENTRY_DSN and its rates, which the container gets")
_HOSTED = _ignored("belongs to the vendor's own cloud")
_COLLABORATION = _ignored("this version has no collaboration on the canvas")
_PAGES = _replaced("the pages ask the API that serves them at run time; nothing is built into them")
_NO_SIGN_IN = _ignored("this version has no such sign-in")
_NO_CODES = _ignored("this version mails no such codes; links of invitations live for INVITE_EXPIRY_HOURS")
_NO_INNER_ROUTES = _ignored("this version serves no routes for billing")
_NO_ANNOTATIONS = _ignored("this version has no annotations")
_VECTORS = _replaced("vectors and terms of passages are rows of the product's database")
_POOL = _replaced("asyncio connections need no tuning")

NAMES: dict[str, Rule] = {
    "DB_PLUGIN_DATABASE": _replaced("the daemon's tables are in DB_DATABASE: one migration and one backup for both"),
    "PLUGIN_INSTALLED_PATH": _replaced("an installed package is the uploaded one, in PLUGIN_PACKAGE_CACHE_PATH"),
    "PLUGIN_SENTRY_ENABLED": _ignored("the plugin daemon reports to nobody; its log is its output"),
    "PLUGIN_SENTRY_DSN": _ignored("the plugin daemon reports to nobody; its log is its output"),
    "PLUGIN_PPROF_ENABLED": _ignored("there is no Go program to look into"),
    "SSRF_SANDBOX_HOST": _replaced("the proxy knows the sandbox by its name on the network that only the two share"),
    "ENABLE_OTEL_FOR_INSTRUMENT": _ignored("an outside agent is not needed: ENABLE_OTEL instruments by itself"),
    "API_SENTRY_DSN": _ONE_DSN,
    "API_SENTRY_TRACES_SAMPLE_RATE": _ONE_DSN,
    "API_SENTRY_PROFILES_SAMPLE_RATE": _ONE_DSN,
    "WEB_SENTRY_DSN": _ignored("the pages report to nobody"),
    "NEXT_PUBLIC_SENTRY_DSN": _ignored("the pages report to nobody"),
    "DIFY_ENV_NACOS_CONNECT_TIMEOUT": _replaced("DIFY_ENV_NACOS_REQUEST_TIMEOUT bounds the connection too"),
    "APP_API_URL": _replaced("the pages call the address they came from"),
    "SERVER_CONSOLE_API_URL": _replaced("the pages have no server of their own"),
    "CHECK_UPDATE_URL": _ignored("Orrery asks nobody for new versions"),
    "LANG": _replaced("the image sets C.UTF-8"),
    "LC_ALL": _replaced("the image sets C.UTF-8"),
    "PYTHONIOENCODING": _replaced("the image sets UTF-8 mode"),
    "UV_CACHE_DIR": _ignored("nothing is installed at run time"),
    "FLASK_DEBUG": _ignored("there is no Flask; see DEBUG"),
    "OPENAI_API_BASE": _ignored("read by nothing in the contract either; set the address at the provider"),
    "SERVER_WORKER_CLASS": _replaced("the server is asyncio throughout"),
    "SERVER_WORKER_CONNECTIONS": _replaced("a stream costs no slot; APP_MAX_ACTIVE_REQUESTS bounds runs"),
    "GUNICORN_TIMEOUT": _replaced("streams never time out; a process of several that hangs for 30 seconds is replaced"),
    "RESET_PASSWORD_TOKEN_EXPIRY_MINUTES": _replaced("`orrery reset-password`, which needs no code"),
    "FORGOT_PASSWORD_LOCKOUT_DURATION": _NO_CODES,
    "EMAIL_REGISTER_TOKEN_EXPIRY_MINUTES": _NO_CODES,
    "EMAIL_REGISTER_LOCKOUT_DURATION": _NO_CODES,
    "CHANGE_EMAIL_TOKEN_EXPIRY_MINUTES": _NO_CODES,
    "CHANGE_EMAIL_LOCKOUT_DURATION": _NO_CODES,
    "OWNER_TRANSFER_TOKEN_EXPIRY_MINUTES": _NO_CODES,
    "OWNER_TRANSFER_LOCKOUT_DURATION": _NO_CODES,
    "EMAIL_CODE_LOGIN_TOKEN_EXPIRY_MINUTES": _NO_CODES,
    "ACCOUNT_DELETION_TOKEN_EXPIRY_MINUTES": _NO_CODES,
    "EMAIL_SEND_IP_LIMIT_PER_MINUTE": _ignored("no address that strangers may call sends a mail"),
    "ALLOW_REGISTER": _NO_SIGN_IN,
    "ENABLE_EMAIL_CODE_LOGIN": _NO_SIGN_IN,
    "ENABLE_SOCIAL_OAUTH_LOGIN": _NO_SIGN_IN,
    "INNER_API": _NO_INNER_ROUTES,
    "INNER_API_KEY": _NO_INNER_ROUTES,
    "DATASET_OPERATOR_ENABLED": _replaced("the role can always be given"),
    "ALLOW_UNSAFE_DATA_SCHEME": _replaced("bitmaps in data: addresses are always shown, what could run never is"),
    "TEXT_GENERATION_TIMEOUT_MS": _replaced("pages wait as long as a run may last; its silent streams are pinged"),
    "ENDPOINT_URL_TEMPLATE": _ignored("this version has no endpoints of plugins"),
    "CLICKZETTA_VOLUME_TABLE_PREFIX": _ignored("files belong to no table and lie in the user's volume"),
    "SSRF_POOL_MAX_KEEPALIVE_CONNECTIONS": _replaced("SSRF_POOL_MAX_CONNECTIONS bounds them all"),
    "ANNOTATION_IMPORT_FILE_SIZE_LIMIT": _NO_ANNOTATIONS,
    "ANNOTATION_IMPORT_MAX_RECORDS": _NO_ANNOTATIONS,
    "ENABLE_COLLABORATION_MODE": _COLLABORATION,
    "EDUCATION_ENABLED": _HOSTED,
    "LOGIN_DISABLED": _ignored("there is no way to switch authentication off"),
    "HTTP_REQUEST_NODE_SSL_CERT_DATA": _ignored("read by nothing in the contract either"),
    "HTTP_REQUEST_NODE_SSL_CLIENT_CERT_DATA": _ignored("read by nothing in the contract either"),
    "HTTP_REQUEST_NODE_SSL_CLIENT_KEY_DATA": _ignored("read by nothing in the contract either"),
    "CELERY_BACKEND": _ignored("results of jobs are rows of the metadata database"),
    "CELERY_MIN_WORKERS": _replaced("a place is begun when a job first needs it: docs/workers.md"),
    "CELERY_TASK_ANNOTATIONS": _ignored("jobs carry their limits with their declaration"),
    "CELERY_USE_SENTINEL": _replaced("a sentinel:// address in CELERY_BROKER_URL"),
    "BROKER_USE_SSL": _replaced("derived from a rediss:// address, as in the contract"),
    "SCARF_NO_ANALYTICS": _ignored("Orrery sends nothing home"),
    "AMPLITUDE_API_KEY": _ignored("Orrery sends nothing home"),
    "AWS_ACCESS_KEY_ID": _ignored("read by libraries of AWS, which Orrery does not use"),
    "AWS_SECRET_ACCESS_KEY": _ignored("read by libraries of AWS, which Orrery does not use"),
    "PM2_INSTANCES": _ignored("the pages are static files"),
    "NEXT_TELEMETRY_DISABLED": _ignored("the pages are static files"),
    "SITE_ABOUT": _ignored("the pages have no such text"),
    "SQLALCHEMY_POOL_RESET_ON_RETURN": _replaced("connections are always rolled back on return"),
    "RETRIEVAL_SERVICE_EXECUTORS": _replaced("retrieval runs on the event loop"),
    "PROMPT_GENERATION_MAX_TOKENS": _ignored("read by nothing in the contract either"),
    "CODE_GENERATION_MAX_TOKENS": _ignored("read by nothing in the contract either"),
    "MAIL_TEMPLATING_MODE": _ignored("templates of mails are Orrery's own"),
    "MAIL_TEMPLATING_TIMEOUT": _ignored("templates of mails are Orrery's own"),
    "MODEL_LB_ENABLED": _ignored("this version has no load balancing between keys of a model"),
    "GRAPH_ENGINE_MIN_WORKERS": _replaced("nodes are coroutines; GRAPH_ENGINE_MAX_WORKERS bounds blocking work"),
    "GRAPH_ENGINE_SCALE_UP_THRESHOLD": _replaced("nodes are coroutines; there are no threads to add"),
    "GRAPH_ENGINE_SCALE_DOWN_IDLE_TIME": _replaced("nodes are coroutines; there are no threads to remove"),
    "WORKFLOW_NODE_EXECUTION_STORAGE": _replaced("the journal of runs is in the metadata database"),
    "SANDBOX_GIN_MODE": _ignored("the sandbox has no web framework to set a mode of"),
    "SSRF_SANDBOX_PROXY_HOST": _replaced("SSRF_SANDBOX_HOST"),
    "SSRF_SANDBOX_PROXY_PORT": _replaced("SSRF_REVERSE_PROXY_PORT"),
    "NGINX_SOCKET_IO_UPSTREAM": _COLLABORATION,
    "REDIS_ENABLE_CLIENT_SIDE_CACHE": _ignored("values are cached in the process where that pays"),
    "REDIS_SERIALIZATION_PROTOCOL": _ignored("the client chooses the protocol"),
    "VECTOR_STORE_WHITELIST_ENABLE": _HOSTED,
    "POSITION_TOOL_PINS": _ignored("tools are listed by name"),
    "POSITION_TOOL_INCLUDES": _ignored("all tools are listed"),
    "POSITION_TOOL_EXCLUDES": _ignored("all tools are listed"),
    "CREATE_TIDB_SERVICE_JOB_ENABLED": _HOSTED,
    "ENABLE_CREATE_TIDB_SERVERLESS_TASK": _HOSTED,
    "ENABLE_UPDATE_TIDB_SERVERLESS_STATUS_TASK": _HOSTED,
    "ENABLE_CHECK_UPGRADABLE_PLUGIN_TASK": _ignored(
        "plugins come as files: there is no marketplace to ask for newer ones"
    ),
    "ENABLE_TRIGGER_PROVIDER_REFRESH_TASK": _NO_TRIGGERS_OF_PLUGINS,
    "PLAN_PRO_CLEAN_DAY_SETTING": _replaced("there are no plans: PLAN_SANDBOX_CLEAN_DAY_SETTING for everybody"),
    "PLAN_SANDBOX_CLEAN_MESSAGE_DAY_SETTING": _NO_PLANS,
    "SANDBOX_EXPIRED_RECORDS_CLEAN_GRACEFUL_PERIOD": _NO_PLANS,
    "MARKETPLACE_URL": _ignored("Orrery has no marketplace of its own"),
    "MARKETPLACE_API_URL": _ignored("Orrery has no marketplace of its own"),
    "MARKETPLACE_ENABLED": _ignored("Orrery has no marketplace of its own"),
}

PREFIXES: dict[str, Rule] = {
    "API_WEBSOCKET_": _COLLABORATION,
    "NEXT_PUBLIC_": _PAGES,
    "CREATORS_PLATFORM_": _HOSTED,
    "OPENAPI_": _ignored("this version has no such programming interface"),
    "DEVICE_FLOW_": _ignored("this version has no sign-in from devices"),
    "CODE_EXECUTION_POOL_": _POOL,
    "EVENT_BUS_REDIS_": _replaced("the REDIS_ variables: one connection carries events as well"),
    "REDIS_KEEPALIVE": _replaced("REDIS_HEALTH_CHECK_INTERVAL"),
    "REDIS_RETRY_": _ignored("lost connections are opened anew by fixed rules"),
    "TRIGGER_PROVIDER_": _NO_TRIGGERS_OF_PLUGINS,
    "SANDBOX_EXPIRED_RECORDS_CLEAN_": _replaced("due times are claimed and batches are short: no lock, no pause"),
    "SUGGESTED_QUESTIONS_": _ignored("the prompt of suggested questions is part of the app"),
    "ALIYUN_SLS_": _ignored("runs are kept in the metadata database"),
    "LOGSTORE_": _ignored("runs are kept in the metadata database"),
    "API_WORKFLOW_": _replaced("the journal of runs has one implementation"),
    "CORE_WORKFLOW_": _replaced("the journal of runs has one implementation"),
    "TIDB_": _VECTORS,
}

GROUPS: dict[str, Rule] = {
    "auth and security": _ignored("this version has no such sign-in"),
    "limits": _ignored("this version has no such limit"),
    "celery": _replaced("a worker is one event loop; its places are CELERY_WORKER_CONCURRENCY"),
    "knowledge": _ignored("this version's knowledge bases have no such part"),
    "web": _PAGES,
    "storage: archive": _ignored("this version archives no runs; it keeps or deletes them"),
    "vector": _VECTORS,
    "model": _ignored("this version has no such default"),
    "plugin": _NO_PLUGIN_CODE,
    "notion": _ignored("this version reads no Notion pages"),
    "workflow": _ignored("this version has no such limit"),
    "observability": _ignored("this version hands no runs to tracing vendors; ENABLE_OTEL sends traces"),
    "agent backend": _replaced("agents run in the API process"),
    "commercial": _ignored("there is no paid edition: everything is open and switched on"),
    "hosted service": _HOSTED,
}

GROUP_PREFIXES: dict[str, Rule] = {
    "storage: ": _ignored("this version has no such kind of storage"),
    "vector store: ": _VECTORS,
}


def rule_of(name: str, group: str) -> Rule | None:
    """The rule for a variable that nothing reads; None if the table forgot it."""
    if name in NAMES:
        return NAMES[name]
    for prefix, rule in PREFIXES.items():
        if name.startswith(prefix):
            return rule
    if group in GROUPS:
        return GROUPS[group]
    return next((rule for prefix, rule in GROUP_PREFIXES.items() if group.startswith(prefix)), None)
