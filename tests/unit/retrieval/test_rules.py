from __future__ import annotations

import pytest

from orrery.retrieval.rules import AUTOMATIC, BadRule, ProcessRule, Segmentation, read_rule, unescaped

PRE = [{"id": "remove_extra_spaces", "enabled": True}, {"id": "remove_urls_emails", "enabled": False}]
SEGMENTATION: dict[str, object] = {"separator": "\\n\\n", "max_tokens": 500, "chunk_overlap": 50}


def custom(**rules: object) -> dict[str, object]:
    return {"mode": "custom", "rules": {"pre_processing_rules": PRE, "segmentation": SEGMENTATION} | rules}


def hierarchical(**rules: object) -> dict[str, object]:
    sub = {"subchunk_segmentation": {"separator": "\n", "max_tokens": 100}}
    return custom(**(sub | rules)) | {"mode": "hierarchical"}


def segmentation(**fields: object) -> dict[str, object]:
    return custom(segmentation=SEGMENTATION | fields)


def test_a_custom_rule_is_read() -> None:
    assert read_rule(custom(), longest=4000) == ProcessRule(
        mode="custom", remove_extra_spaces=True, segmentation=Segmentation("\n\n", 500, 50)
    )


def test_automatic_ignores_whatever_rules_come_along() -> None:
    assert read_rule({"mode": "automatic", "rules": {"segmentation": 7}}, longest=4000) is AUTOMATIC


def test_a_hierarchical_rule_is_read() -> None:
    rule = read_rule(hierarchical(), longest=4000, form="hierarchical_model")
    assert rule.parent_mode == "paragraph"
    assert rule.subchunks == Segmentation("\n", 100, 0)


def test_a_whole_document_needs_no_lengths_of_parents() -> None:
    for given in (None, {"separator": "\n"}, {"separator": "\n", "max_tokens": 0}):
        rule = read_rule(hierarchical(parent_mode="full-doc", segmentation=given), longest=4000)
        assert (rule.parent_mode, rule.segmentation) == ("full-doc", None)


def test_both_names_of_the_separator_are_taken_and_its_default() -> None:
    def separator(given: dict[str, object]) -> str:
        rule = read_rule(custom(segmentation={"max_tokens": 100} | given), longest=4000)
        assert rule.segmentation is not None
        return rule.segmentation.separator

    assert separator({"delimiter": "##"}) == "##"
    assert separator({"separator": "a", "delimiter": "b"}) == "a"
    assert separator({}) == "\n"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("\\n", "\n"),
        ("\\n\\n", "\n\n"),
        ("\\t|\\r", "\t|\r"),
        ("。", "。"),
        ("§\\n日本", "§\n日本"),
        ("\\u3002", "。"),
        ("\\U0001F600", "😀"),
        ("\\x41", "A"),
        ("\\\\n", "\\n"),
        ("\\d", "\\d"),
        ("\\U99999999", "\\U99999999"),
        ("\\", "\\"),
    ],
)
def test_escapes_of_separators_are_read_and_other_characters_left_alone(written: str, meant: str) -> None:
    assert unescaped(written) == meant


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        (None, "Process rule is required"),
        ({}, "Process rule is required"),
        ([], "Process rule is required"),
        ({"rules": {}}, "Process rule mode is required"),
        ({"mode": "semantic"}, "Process rule mode is invalid"),
        ({"mode": ["custom"]}, "Process rule mode is invalid"),
        ({"mode": "custom"}, "Process rule rules is required"),
        ({"mode": "custom", "rules": "x"}, "Process rule rules is required"),
        (custom(pre_processing_rules=None), "Process rule pre_processing_rules is required"),
        (custom(pre_processing_rules=[{"enabled": True}]), "Process rule pre_processing_rules id is required"),
        (custom(pre_processing_rules=[1]), "Process rule pre_processing_rules id is required"),
        (
            custom(pre_processing_rules=[{"id": "x", "enabled": True}]),
            "Process rule pre_processing_rules id is invalid",
        ),
        (
            custom(pre_processing_rules=[{"id": ["x"], "enabled": True}]),
            "Process rule pre_processing_rules id is invalid",
        ),
        (
            custom(pre_processing_rules=[{"id": "remove_stopwords", "enabled": 1}]),
            "Process rule pre_processing_rules enabled is invalid",
        ),
        (custom(segmentation=None), "Process rule segmentation is required"),
        (segmentation(separator=""), "Process rule segmentation separator is required"),
        (segmentation(separator=None), "Process rule segmentation separator is required"),
        (segmentation(separator=3), "Process rule segmentation separator is invalid"),
        (segmentation(max_tokens=None), "Process rule segmentation max_tokens is required"),
        (segmentation(max_tokens=0), "Process rule segmentation max_tokens is required"),
        (segmentation(max_tokens="500"), "Process rule segmentation max_tokens is invalid"),
        (segmentation(max_tokens=True), "Process rule segmentation max_tokens is invalid"),
        (segmentation(max_tokens=49), "Custom segment length should be between 50 and 4000."),
        (segmentation(max_tokens=4001), "Custom segment length should be between 50 and 4000."),
        (
            segmentation(chunk_overlap=501),
            "Got a larger chunk overlap (501) than chunk size (500), should be smaller.",
        ),
        (segmentation(chunk_overlap=-1), "Process rule segmentation chunk_overlap is invalid"),
        (segmentation(chunk_overlap=0.5), "Process rule segmentation chunk_overlap is invalid"),
        (hierarchical(subchunk_segmentation=None), "Process rule subchunk_segmentation is required"),
        (hierarchical(parent_mode="page"), "Process rule parent_mode is invalid"),
        (
            hierarchical(subchunk_segmentation={"separator": "\n", "max_tokens": 10}),
            "Custom segment length should be between 50 and 4000.",
        ),
    ],
)
def test_what_is_wrong_is_told_in_the_contracts_words(stored: object, text: str) -> None:
    with pytest.raises(BadRule) as caught:
        read_rule(stored, longest=4000)
    assert caught.value.message == text
    assert (caught.value.status, caught.value.code) == (400, "invalid_param")


def test_a_rule_must_fit_the_form_of_its_document() -> None:
    read_rule({"mode": "automatic"}, longest=4000, form="hierarchical_model")
    with pytest.raises(BadRule, match="subchunk_segmentation is required"):
        read_rule(custom(), longest=4000, form="hierarchical_model")
    with pytest.raises(BadRule, match="full-doc needs doc_form hierarchical_model"):
        read_rule(hierarchical(parent_mode="full-doc", segmentation=None), longest=4000, form="text_model")
