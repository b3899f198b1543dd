"""What mails say."""

from __future__ import annotations

from orrery.apps.forms.mails import form_mail

URL = "https://apps.example.com/form/abc_-"


def test_the_address_stands_where_the_author_wants_it() -> None:
    mail = form_mail("a@b.c", {"subject": " Please \r\n look ", "body": "Here: {{#url#}}\nThanks"}, URL)
    assert (mail.to, mail.subject, mail.text) == ("a@b.c", "Please look", f"Here: {URL}\nThanks")
    assert f'<a href="{URL}">{URL}</a><br>Thanks' in mail.html


def test_a_body_without_a_place_gets_it_at_the_end() -> None:
    assert form_mail("a@b.c", {"subject": "", "body": "Hello"}, URL).text == f"Hello\n\n{URL}"
    assert form_mail("a@b.c", None, URL).text == URL
    assert form_mail("a@b.c", {}, URL).subject


def test_named_links_keep_their_names() -> None:
    mail = form_mail("a@b.c", {"body": "[Answer]({{#url#}}) now"}, URL)
    assert mail.text == f"Answer: {URL} now"
    assert f'<a href="{URL}">Answer</a> now' in mail.html


def test_values_of_a_run_can_not_become_markup() -> None:
    body = 'Say <script>alert(1)</script> "&" [x](javascript:alert(1)) https://e.com/"><b>'
    html = form_mail("a@b.c", {"body": body}, URL).html
    assert "<script>" not in html and "<b>" not in html
    assert "javascript" not in html.replace("javascript:alert(1)", "", 1)
    assert 'href="javascript' not in html
