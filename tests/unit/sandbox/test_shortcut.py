"""The template shortcut renders what the sandbox renders, or hands the template over."""

import json
import string
import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import NamedTuple

import jinja2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits
from orrery.sandbox.shortcut import ShortcutRunner, TemplateShortcut

from .conftest import PATIENCE

INPUTS = {
    "text": "héllo <b>", "n": 3, "f": 0.1, "big": 10**30, "yes": True, "none": None, "empty": "", "zero": 0,
    "list": ["a", "b", ["c"]], "texts": ["x", "y"], "nothing": [], "inf": float("inf"),
    "map": {"k": "v", "items": 1, "deep": {"er": [1, {"z": None}]}, "a b": 2},
}  # fmt: skip

CORPUS = [
    "", "plain", "{{ text }}", "{{ text }}\n", "a\n{{ n }}\n\n", "{{ none }}|{{ yes }}|{{ f }}|{{ big }}|{{ inf }}",
    "{{ missing }}", "{{ list }} {{ map }}", "{{ map.k }}{{ map['k'] }}{{ map.nope }}{{ map['a b'] }}",
    "{{ map.deep.er[1].z }}{{ map.deep.er[-1]['z'] }}{{ map.deep.er[9] }}", "{{ text[0] }}{{ list[0] }}{{ list[-1][0] }}",
    "{% if n %}y{% else %}n{% endif %}{% if zero %}y{% elif yes %}e{% else %}n{% endif %}{% if missing %}y{% endif %}",
    "{% for x in list %}{{ loop.index }}/{{ loop.length }}:{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{% for k in map %}{{ k }}{% endfor %}{% for c in text %}{{ c }}-{% endfor %}",
    "{% for x in nothing %}{{ x }}{% else %}none{% endfor %}{% for x in missing %}{% else %}m{% endfor %}",
    "{% for a in texts %}{% for b in texts %}{{ a }}{{ b }}{{ loop.index0 }}{{ loop.first }}{% endfor %}{{ loop.revindex }}{% endfor %}{{ a }}",
    "{% for text in texts %}{{ text }}{% endfor %}{{ text }}", "{%- for x in texts -%} {{ x }} {%- endfor -%} end",
    "{{ text|upper }}{{ text|lower }}{{ text|capitalize }}{{ ' x '|trim }}{{ list|length }}{{ texts|join('-') }}",
    "{{ missing|default('d') }}{{ empty|default('d') }}{{ empty|default('d', true) }}{{ none|default('d') }}{{ missing|d }}",
    "{{ texts|first }}{{ texts|last }}{{ text|replace('l', 'L') }}{{ f|string }}{{ -1 }}{{ -2.5 }}{{ missing|upper }}",
    "{{ n > 2 }}{{ 1 < n < 5 }}{{ n == 3.0 }}{{ 'a' in list }}{{ 'k' in map }}{{ 'é' not in text }}{{ text != 'x' }}",
    "{{ n and text }}{{ zero or 'z' }}{{ not n }}{{ missing or 'm' }}{{ zero and missing }}",
    "{{ 'a' if n else 'b' }}{{ 'a' if zero }}{{ 'a' ~ n ~ none ~ missing }}", "{# note #}{% raw %}{{ x }}{% endraw %}",
    "{{ '{{' }}{{ \"q\" }}{{ 1.50 }}{{ 1e3 }}{{ true }}{{ none }}{{ 12345678901234567890 }}",
]  # fmt: skip

ELSEWHERE = [
    "{{ map.items }}", "{{ map['items2'].x }}", "{{ text.upper() }}", "{{ text.__class__ }}", "{{ ''.__class__.__mro__ }}",
    "{{ range(3) }}", "{{ lipsum }}", "{{ self }}", "{{ dict }}", "{% set x = 1 %}", "{% macro m() %}{% endmacro %}",
    "{% include 'x' %}", "{% for a, b in map %}{% endfor %}", "{% for x in list if x %}{% endfor %}", "{{ missing.x }}",
    "{{ none.x }}", "{{ n + 1 }}", "{{ -n }}", "{{ -'a' }}", "{{ n // 0 }}", "{{ 'a' * 9 }}", "{{ list[0:1] }}", "{{ (1, 2) }}", "{{ [1] }}",
    "{{ text|tojson }}", "{{ text|center(99999999999) }}", "{{ text|attr('x') }}", "{{ 1 is defined }}", "{{ 1 < 'a' }}",
    "{% for %}", "{{ text|upper(1) }}", "{% for x in none %}{% endfor %}", "{{ 'x' in 3 }}", "{{ loop.x }}",
    "{% for loop in list %}{% endfor %}", "{% for x in list %}{{ loop }}{% endfor %}", "{{ x | nofilter }}", "{{ 3|join }}",
]  # fmt: skip


@pytest.mark.parametrize("template", CORPUS)
def test_the_corpus_is_rendered_here_and_alike(template: str):
    rendered = TemplateShortcut().render(template, INPUTS)
    assert rendered == jinja2.Template(template).render(**json.loads(json.dumps(INPUTS)))


@pytest.mark.parametrize("template", ELSEWHERE)
def test_all_else_goes_to_the_sandbox(template: str):
    assert TemplateShortcut().render(template, INPUTS) is None


def test_foreign_values_are_not_touched():
    class Text(str):
        __slots__ = ()

        def __str__(self) -> str:
            raise AssertionError

    for value in (Text("x"), (1, 2), {1}, {1: 2}, [Text("x")], object(), b"x", {"a": {"b": object()}}):
        assert TemplateShortcut().render("{{ v }}", {"v": value}) is None
    assert TemplateShortcut().render("{{ v }}", {"v": 1, "self": 2}) is None


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in m %}{% for b in m %}{% for c in m %}x{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in m %}{{ s ~ s ~ s ~ s }}{% endfor %}",
        "{% for a in m %}{% if s == s ~ 'x' %}{% endif %}{% endfor %}",
        "{% for a in m %}{{ s|replace('x', s)|length }}{% endfor %}",
        "{{ " + " ~ ".join(["s"] * 5000) + " }}",
        "{{ " + "(" * 5000 + "s" + ")" * 5000 + " }}",
        "{% if s %}" * 2000 + "{% endif %}" * 2000,
    ],
)
def test_greedy_templates_are_given_up_soon(template: str):
    given_up = calls_of(lambda: TemplateShortcut().render(template, {"m": [1] * 1000, "s": "x" * 1_000_000}))
    assert given_up.result is None
    # a step is a few calls, and there are ten thousand steps at most
    assert given_up.ours < 25_000
    assert given_up.jinjas < 500_000


def test_a_cached_template_is_not_read_again():
    shortcut = TemplateShortcut()
    template = "Dear {{ user.name }}, {% for x in xs %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}."
    inputs = {"user": {"name": "Ada"}, "xs": ["a", "b", "c"]}
    first = calls_of(lambda: shortcut.render(template, inputs))
    again = calls_of(lambda: shortcut.render(template, inputs))
    assert again.result == first.result == "Dear Ada, a, b, c."
    assert first.jinjas > 100
    assert again.jinjas == 0
    assert again.ours < 150


class Calls(NamedTuple):
    """How many functions were called, in our modules and in Jinja2's: a measure that is alike on all machines."""

    result: object
    ours: int
    jinjas: int


def calls_of(body: Callable[[], object]) -> Calls:
    counts = Counter[str]()

    def count(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            counts[str(frame.f_globals.get("__name__", "")).partition(".")[0]] += 1

    sys.setprofile(count)
    try:
        result = body()
    finally:
        sys.setprofile(None)
    return Calls(result, counts["orrery"], counts["jinja2"])


names = st.sampled_from(["text", "n", "f", "none", "yes", "list", "texts", "map", "missing", "empty", "nothing", "x"])
paths = st.one_of(
    names,
    st.builds("{}.{}".format, names, st.sampled_from(["k", "deep", "items", "nope", "er"])),
    st.builds("{}[{}]".format, names, st.sampled_from(["0", "-1", "'k'", "7", "'deep'"])),
    st.sampled_from(["1", "'s'", "2.5", "true", "none", "''"]),
)
expressions = st.recursive(
    paths,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or", "~", "==", "!=", "<", ">=", "in"]), inner),
        st.builds("(not {})".format, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds(
            "({}|{})".format,
            inner,
            st.sampled_from(["upper", "lower", "length", "first", "last", "default('d')", "join('-')", "trim", "string",
                             "default('e', true)", "replace('l', 'm')", "capitalize"]),
        ),
    ),
    max_leaves=4,
)  # fmt: skip
literals = st.text(alphabet=string.ascii_letters + " \n-<é", max_size=6)
templates = st.recursive(
    st.one_of(literals, st.builds("{{{{ {} }}}}".format, expressions)),
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, expressions, inner, inner),
        st.builds(
            "{{% for x in {} -%}} {}{{{{ loop.index }}}}{{% else %}}{}{{% endfor %}}".format, paths, inner, inner
        ),
    ),
    max_leaves=5,
)


@given(templates)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_rendered_here_equals_jinja(template: str):
    rendered = TemplateShortcut().render(template, INPUTS)
    if rendered is not None:
        assert rendered == jinja2.Template(template).render(**json.loads(json.dumps(INPUTS)))


async def test_the_sandboxs_renderer_agrees_on_the_corpus():
    sandbox = EmbeddedSandbox(Limits(timeout=PATIENCE))
    try:
        for template in CORPUS:
            assert await sandbox.render_template(template, INPUTS) == TemplateShortcut().render(template, INPUTS)
    finally:
        await sandbox.close()


async def test_the_runner_takes_the_short_way_only_where_it_may():
    class Recording:
        async def call_main(self, language, code, inputs):
            return {"language": language}

        async def render_template(self, template, inputs):
            return "from the sandbox"

    runner = ShortcutRunner(Recording())
    assert await runner.render_template("{{ a }}", {"a": 1}) == "1"
    assert await runner.render_template("{{ a.b() }}", {"a": 1}) == "from the sandbox"
    assert await runner.call_main("python3", "", {}) == {"language": "python3"}
