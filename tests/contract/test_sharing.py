"""Sharing a post by mail."""

import pytest

from tests.contract.face import Face
from tests.support.browser import Browser
from tests.support.client import Reader
from tests.support.corpus import Corpus
from tests.support.mailbox import recipients
from tests.support.responses import expect, expect_error, expect_issue
from tests.support.submission import new_word

INVALID_ADDRESSES = (
    *("", "somebody", "a@b", "a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org"),
    *(
        "a@example.org\nb@example.org",
        "<a@example.org>",
        "A <a@example.org>",
        "a@example.org\x00",
        "@example.org",
    ),
)
INVALID_NOTES = ("a" * 1001, "a\x00b", "a\x1bb", "a\x7fb", "a\x85b", "a\rb")


def address() -> str:
    return f"{new_word()}@example.org"


def test_mail_has_the_post_the_sender_and_the_note(face: Face, regular: Reader, corpus: Corpus) -> None:
    shared, to = corpus.rich[0], address()
    note = "You will like this:\n\n\tgrüße & <b>stones</b> 🪨"
    response = regular.post(f"/posts/{shared.post_id}/share", json={"to": to, "note": note})
    body = expect(response, 201).json()
    assert set(body) == {"share"}
    assert body["share"]
    mail = face.mail.only_one_to(to)
    assert recipients(mail) == {to}
    assert shared.title in mail["Subject"]
    for part in (
        shared.title,
        shared.url,
        regular.username,
        "You will like this:",
        "grüße & <b>stones</b> 🪨",
    ):
        assert part in mail["Text"]


def test_each_share_is_one_mail(face: Face, regular: Reader, post: str) -> None:
    addresses = [address() for _ in range(3)]
    shares = {
        expect(regular.post(f"/posts/{post}/share", json={"to": to}), 201).json()["share"] for to in addresses
    }
    assert len(shares) == 3
    for to in addresses:
        face.mail.only_one_to(to)


@pytest.mark.parametrize("note", ["", "a" * 1000, "石" * 1000, "two\nlines", ".\n.\n", "From here\nQUIT\n"])
def test_a_note_may_have_1000_characters(face: Face, regular: Reader, post: str, note: str) -> None:
    to = address()
    expect(regular.post(f"/posts/{post}/share", json={"to": to, "note": note}), 201)
    assert note.strip() in face.mail.only_one_to(to)["Text"].replace("\r\n", "\n")


@pytest.mark.parametrize("note", INVALID_NOTES)
def test_invalid_notes_are_refused(face: Face, regular: Reader, post: str, note: str) -> None:
    to = address()
    expect_issue(regular.post(f"/posts/{post}/share", json={"to": to, "note": note}), "note")
    assert face.mail.all_to(to) == []


@pytest.mark.parametrize("to", INVALID_ADDRESSES)
def test_invalid_address_is_refused(regular: Reader, post: str, to: str) -> None:
    expect_issue(regular.post(f"/posts/{post}/share", json={"to": to, "note": ""}), "to")


def test_address_in_a_local_domain_is_accepted(face: Face, regular: Reader, post: str) -> None:
    name = new_word()
    for domain in ("localhost", "office.local", "stones.test", "mail.localhost", "box.home.arpa"):
        to = f"{name}@{domain}"
        expect(regular.post(f"/posts/{post}/share", json={"to": to}), 201)
        assert recipients(face.mail.only_one_to(to)) == {to}


def test_refused_address_comes_with_the_reason(regular: Reader, post: str) -> None:
    for to, reason in (
        ("a@office", "should have a period"),
        ("somebody", "@-sign"),
        ("a@x.onion", "reserved"),
    ):
        response = regular.post(f"/posts/{post}/share", json={"to": to})
        expect_issue(response, "to")
        assert reason in response.json()["_issues"]["to"]


def test_missing_and_unknown_fields_are_refused(regular: Reader, post: str) -> None:
    path = f"/posts/{post}/share"
    expect_issue(regular.post(path, json={"note": "nobody"}), "to")
    expect_issue(regular.post(path, json={"to": "a@example.org", "cc": "b@example.org"}), "cc")
    expect_issue(regular.post(path, json={"to": ["a@example.org"], "note": 1}), "to", "note")


def test_a_note_adds_no_header_and_no_recipient(face: Face, regular: Reader, post: str) -> None:
    to, injected = address(), address()
    note = f"\nBcc: {injected}\nSubject: changed\n\n.\nRCPT TO:<{injected}>\n"
    expect(regular.post(f"/posts/{post}/share", json={"to": to, "note": note}), 201)
    mail = face.mail.only_one_to(to)
    assert recipients(mail) == {to}
    assert mail["Subject"] != "changed"
    assert injected in mail["Text"]
    assert face.mail.all_to(injected) == []


def test_a_title_adds_no_header(face: Face, regular: Reader, corpus: Corpus) -> None:
    for submission in corpus.hostile:
        to = address()
        expect(regular.post(f"/posts/{submission.post_id}/share", json={"to": to}), 201)
        mail = face.mail.only_one_to(to)
        assert recipients(mail) == {to}
        assert " ".join(submission.title.split()) in mail["Subject"]
    assert face.mail.all_to("injected@example.org") == []


@pytest.mark.parametrize("post_id", ["t3_zzzzzzzzzzz", "nonsense"])
def test_an_unknown_post_is_not_found(face: Face, regular: Reader, post_id: str) -> None:
    to = address()
    expect_error(regular.post(f"/posts/{post_id}/share", json={"to": to, "note": ""}), 404)
    assert face.mail.all_to(to) == []


def test_form_shares_a_post(face: Face, member: Browser, post: str) -> None:
    to, path = address(), f"/posts/{post}/share"
    fields = {"to": to, "note": "two\r\nlines"}
    response = member.post(path, data={**fields, "csrf_token": member.form_token(f"/posts/{post}")})
    assert "is on its way" in expect(response, 201, 303).text or response.status_code == 303
    assert "two\nlines" in face.mail.only_one_to(to)["Text"].replace("\r\n", "\n")


def test_form_shows_the_error(member: Browser, post: str) -> None:
    fields = {"to": "nobody", "note": "kept as it was", "csrf_token": member.form_token(f"/posts/{post}")}
    response = expect(member.post(f"/posts/{post}/share", data=fields), 422)
    assert "e-mail" in response.text
    assert "kept as it was" in response.text
