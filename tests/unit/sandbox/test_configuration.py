"""The service's settings by the contract's names: file, environment, defaults, and what can't be followed."""

from pathlib import Path

import pytest

from orrery.sandbox.configuration import Misconfigured, read_settings
from orrery.sandbox.durations import seconds_of

KEY = {"API_KEY": "a-key-of-ours"}
SHIPPED = """
app:
  port: 8195
  debug: True
  key: from-file
max_workers: 7
max_requests: 70
worker_timeout: 9
python_path: /usr/local/bin/python3
python_lib_path:
  - /usr/local/lib/python3.10
enable_network: False
enable_preload: False
allowed_syscalls: # please leave it empty if you have no idea how seccomp works
python_pip_mirror_url: https://mirror.test/simple
python_deps_update_interval: 1h
nodejs_path: /opt/node
log_path: /somewhere
proxy:
  socks5: ''
  http: http://one:1
  https: http://two:2
  no_proxy: internal.test
allowed_env_vars: [LANG, MINE]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "config.yaml"
    written.write_text(SHIPPED)
    return written


def test_defaults_are_the_contracts():
    found = read_settings(KEY)
    assert (found.port, found.debug, found.enable_network, found.mirror, found.proxy) == (8194, False, True, "", "")
    assert (found.limits.workers, found.limits.requests, found.limits.timeout) == (4, 50, 5.0)
    assert (found.update_interval, found.js_engine, found.node, found.environment) == (1800.0, None, "", {})
    assert found.notices == ()


def test_a_file_says_everything(file: Path):
    found = read_settings({"MINE": "1", "OTHER": "2"}, file)
    assert (found.key, found.port, found.debug, found.enable_network) == ("from-file", 8195, True, False)
    assert (found.limits.workers, found.limits.requests, found.limits.timeout) == (7, 70, 9.0)
    assert (found.mirror, found.update_interval, found.node) == ("https://mirror.test/simple", 3600.0, "/opt/node")
    assert (found.proxy, found.no_proxy, found.log_path) == ("http://two:2", "internal.test", "/somewhere")
    assert found.environment == {"MINE": "1"}
    assert [notice.split()[0] for notice in found.notices] == ["PYTHON_LIB_PATH:", "PYTHON_PATH"]


def test_the_environment_wins(file: Path):
    environment = {
        "API_KEY": "mine", "SANDBOX_PORT": "1", "DEBUG": "false", "MAX_WORKERS": "2", "MAX_REQUESTS": "3",
        "WORKER_TIMEOUT": "4", "ENABLE_NETWORK": "true", "PIP_MIRROR_URL": "https://m.test", "NODEJS_PATH": "/n",
        "PYTHON_DEPS_UPDATE_INTERVAL": "90s", "JS_ENGINE": "quickjs", "HTTP_PROXY": "http://a:1", "HTTPS_PROXY": "",
        "SOCKS5_PROXY": "socks5://s:1080", "NO_PROXY": "x", "ALLOWED_ENV_VARS": "TZ, LANG", "TZ": "UTC", "MINE": "1",
        "ALLOWED_SYSCALLS": "1,105", "ENABLE_PRELOAD": "1", "SYSTEM_LIB_REQUIREMENTS": "/etc/hosts",
    }  # fmt: skip
    found = read_settings(environment, file)
    assert (found.key, found.port, found.debug, found.enable_network) == ("mine", 1, False, True)
    assert (found.limits.workers, found.limits.requests, found.limits.timeout) == (2, 3, 4.0)
    assert (found.mirror, found.update_interval, found.node, found.js_engine) == (
        "https://m.test",
        90.0,
        "/n",
        "quickjs",
    )
    assert (found.proxy, found.no_proxy, found.environment) == ("socks5://s:1080", "x", {"TZ": "UTC"})
    named = {notice.split()[0] for notice in found.notices}
    assert named == {
        "ALLOWED_SYSCALLS:", "PYTHON_LIB_PATH:", "PYTHON_PATH", "SYSTEM_LIB_REQUIREMENTS", "ENABLE_PRELOAD",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"MAX_WORKERS": "many"}, "MAX_WORKERS=many"),
        ({"MAX_WORKERS": "0"}, "MAX_WORKERS=0"),
        ({"WORKER_TIMEOUT": "-1"}, "WORKER_TIMEOUT=-1"),
        ({"WORKER_TIMEOUT": "nan"}, "WORKER_TIMEOUT=nan"),
        ({"SANDBOX_PORT": "x"}, "SANDBOX_PORT=x"),
        ({"ENABLE_NETWORK": "perhaps"}, "ENABLE_NETWORK=perhaps"),
        ({"PYTHON_DEPS_UPDATE_INTERVAL": "soon"}, "PYTHON_DEPS_UPDATE_INTERVAL=soon"),
        ({"JS_ENGINE": "v8"}, "JS_ENGINE=v8"),
        ({"ALLOWED_ENV_VARS": "LANG,API_KEY"}, "must not see the key"),
        ({"ALLOWED_SYSCALLS": "ptrace"}, "ALLOWED_SYSCALLS can't be followed: ptrace would break"),
        ({"PYTHON_LIB_PATH": "/no/such/folder"}, "/no/such/folder is not there"),
    ],
)
def test_a_wrong_value_is_named(environment: dict[str, str], named: str):
    with pytest.raises(Misconfigured, match=named):
        read_settings({**KEY, **environment})


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words", "a: [", "\xff"])
def test_a_file_that_holds_no_settings_is_named(tmp_path: Path, text: str):
    written = tmp_path / "config.yaml"
    written.write_bytes(text.encode("latin-1"))
    with pytest.raises(Misconfigured, match=r"config\.yaml"):
        read_settings(KEY, written)


def test_an_empty_file_is_no_file(tmp_path: Path):
    written = tmp_path / "config.yaml"
    written.write_text("# nothing\n")
    assert read_settings(KEY, written) == read_settings(KEY)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30m", 1800), ("1h15m30s", 4530), ("1.5h", 5400), ("250ms", 0.25), ("0", 0), (" 2s ", 2), (".5s", 0.5)],
)
def test_durations(text: str, seconds: float):
    assert seconds_of(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "5d", "-5s", "5s!", "1h-2m"])
def test_what_is_no_duration(text: str):
    with pytest.raises(ValueError, match="no duration"):
        seconds_of(text)
