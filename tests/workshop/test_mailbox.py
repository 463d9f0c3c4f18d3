"""The mail catcher as a process: real SMTP in, real HTTP out."""

import json
import os
import re
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from tests.support.eventually import PATIENCE, eventually
from workshop.mailbox.box import MAX_BYTES, MAX_MESSAGES, Box
from workshop.mailbox.headers import one_line
from workshop.mailbox.message import Message
from workshop.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = "<script>alert(1)</script>"


class Catcher:
    """A running catcher and how to talk to it."""

    def __init__(self, smtp_port: int, http_port: int) -> None:
        self.smtp_port, self.http_port = smtp_port, http_port
        self.url = f"http://127.0.0.1:{http_port}"
        self.process = start("--smtp-port", str(smtp_port), "--http-port", str(http_port))
        deadline = time.monotonic() + PATIENCE
        while not self._responds():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline, "the catcher does not respond"
            time.sleep(0.02)

    def _responds(self) -> bool:
        try:
            return requests.get(self.url + "/livez", timeout=PATIENCE).status_code == 200
        except requests.ConnectionError:
            return False

    def connect(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=PATIENCE)

    def send(self, mail: EmailMessage) -> None:
        with self.connect() as connection:
            connection.send_message(mail)

    def send_raw(self, raw: bytes, sender: str = "a@example.org", to: str = "b@example.org") -> None:
        with self.connect() as connection:
            connection.sendmail(sender, [to], raw)

    def get(self, path: str, **options: object) -> requests.Response:
        return requests.get(self.url + path, timeout=PATIENCE, **options)  # type: ignore[arg-type]

    def list(self, **params: int) -> dict:
        return self.get("/api/v1/messages", params=params).json()

    def newest(self) -> dict:
        return self.get(f"/api/v1/message/{self.list(limit=1)['messages'][0]['ID']}").json()

    def page(self, path: str) -> BeautifulSoup:
        return BeautifulSoup(self.get(path).text, "html.parser")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(how)
        output, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, output


def start(*arguments: str, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "workshop.mailbox", *arguments],
        cwd=ROOT,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def running() -> Iterator[Catcher]:
    catcher = Catcher(free_port(), free_port())
    yield catcher
    code, output = catcher.stop()
    assert code == 0
    assert "Traceback" not in output


@pytest.fixture
def catcher(running: Catcher) -> Catcher:
    assert requests.delete(running.url + "/api/v1/messages", timeout=PATIENCE).text == "ok"
    return running


def mail(subject: str = "Hello", text: str = "Text", **headers: str) -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = subject
    made["From"] = headers.pop("sender", "Ada <ada@example.org>")
    made["To"] = headers.pop("to", "bob@example.org")
    for name, value in headers.items():
        made[name] = value
    made.set_content(text)
    return made


def test_empty_mailbox_says_what_to_do(catcher: Catcher) -> None:
    assert catcher.list() == {"total": 0, "start": 0, "count": 0, "messages": []}
    page = catcher.page("/")
    assert "No mail yet" in page.text
    assert f"127.0.0.1:{catcher.smtp_port}" in page.text


def test_all_parts_of_a_mail_are_shown(catcher: Catcher) -> None:
    sent = mail(
        "Grüße 🐍 aus Köln",
        "Schöner Text\n\n.ein Punkt\n",
        sender="Ada Löve <ada@example.org>",
        to="Bo <bo@example.org>",
    )
    sent["Cc"] = "cy@example.org"
    sent["Bcc"] = "di@example.org"
    sent.add_alternative("<p>Schön</p>", subtype="html")
    sent.add_attachment(b"\x89PNG" * 10, maintype="image", subtype="png", filename="plöt.png")
    catcher.send(sent)

    listed = catcher.list()
    assert listed["total"] == 1
    summary = listed["messages"][0]
    assert summary["From"] == {"Name": "Ada Löve", "Address": "ada@example.org"}
    assert summary["To"] == [{"Name": "Bo", "Address": "bo@example.org"}]
    assert summary["Cc"] == [{"Name": "", "Address": "cy@example.org"}]
    assert summary["Bcc"] == [{"Name": "", "Address": "di@example.org"}]
    assert summary["Subject"] == "Grüße 🐍 aus Köln"
    assert summary["Snippet"] == "Schöner Text .ein Punkt"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", summary["Created"])

    whole = catcher.get(f"/api/v1/message/{summary['ID']}").json()
    assert whole.items() >= summary.items()
    assert whole["Text"] == "Schöner Text\n\n.ein Punkt\n"
    assert whole["HTML"] == "<p>Schön</p>\n"
    assert whole["Attachments"] == [{"FileName": "plöt.png", "ContentType": "image/png", "Size": 40}]

    assert catcher.page("/").find("a", href=f"/message/{summary['ID']}").text == "Grüße 🐍 aus Köln"
    shown = catcher.page(f"/message/{summary['ID']}").text
    for part in ("Schöner Text", "di@example.org", "plöt.png", "multipart/mixed", "<p>Schön</p>"):
        assert part in shown


def test_long_texts_are_cut_in_the_list_only(catcher: Catcher) -> None:
    for words in (50, 51):  # of five characters with their spaces
        catcher.send(mail(text="word " * words))
    longer, fitting = catcher.list()["messages"]
    assert fitting["Snippet"] == ("word " * 50).strip()
    assert longer["Snippet"] == ("word " * 51)[:249] + "…"
    assert catcher.newest()["Text"].split() == ["word"] * 51


def test_utf8_addresses_and_raw_headers_are_shown(catcher: Catcher) -> None:
    with catcher.connect() as connection:
        connection.ehlo()
        raw = "From: Jürgen <jürgen@bücher.example>\r\nTo: łu@bücher.example\r\nSubject: Füße\r\n\r\nhä\r\n"
        options = ["SMTPUTF8", "BODY=8BITMIME"]
        connection.sendmail("jürgen@bücher.example", ["łu@bücher.example"], raw.encode(), options)
    newest = catcher.newest()
    assert newest["From"] == {"Name": "Jürgen", "Address": "jürgen@bücher.example"}
    assert newest["To"] == [{"Name": "", "Address": "łu@bücher.example"}]
    assert (newest["Subject"], newest["Text"].strip(), newest["Bcc"]) == ("Füße", "hä", [])


def test_mail_is_never_shown_as_html(catcher: Catcher) -> None:
    sent = mail(
        SCRIPT,
        f'{SCRIPT} javascript:alert(1) https://example.org/?a=1&b="onclick=alert(1)',
        to="b@example.org",
    )
    sent.replace_header("From", f'"{SCRIPT}" <ada@example.org>')
    sent["X-Trick"] = '"><img src=x onerror=alert(1)>'
    sent.add_alternative(f"<body onload=alert(1)>{SCRIPT}</body>", subtype="html")
    sent.add_attachment(b"x", maintype="text", subtype="html", filename=f"{SCRIPT}.html")
    catcher.send(sent)
    newest = catcher.newest()
    assert newest["Subject"] == SCRIPT
    for path in ("/", f"/message/{newest['ID']}"):
        response = catcher.get(path)
        page = BeautifulSoup(response.text, "html.parser")
        assert SCRIPT in page.text
        assert not page.find_all(["script", "img", "style", "iframe", "form"])
        assert not [each for each in page.find_all(True) if any(name.startswith("on") for name in each.attrs)]
        links = [each["href"] for each in page.find_all(href=True)]
        assert not [each for each in links if not each.startswith(("/", "https://example.org/"))]
        assert not page.find_all(style=True)
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
        assert "unsafe" not in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"
    assert (
        catcher.get(page.find("link", rel="stylesheet")["href"])
        .headers["Content-Type"]
        .startswith("text/css")
    )


def test_subject_cannot_add_a_header(catcher: Catcher) -> None:
    # Base64 of "Hi\r\nBcc: eve@example.org".
    catcher.send_raw(
        b"Subject: =?utf-8?b?SGkNCkJjYzogZXZlQGV4YW1wbGUub3Jn?=\r\nTo: b@example.org\r\n\r\nx\r\n"
    )
    newest = catcher.newest()
    assert newest["Subject"] == "Hi Bcc: eve@example.org"
    assert newest["Bcc"] == []


HOSTILE = {
    "no header at all": (b"just text\r\n", "just text"),
    "nothing": (b"", ""),
    "unknown character set": (
        b'Content-Type: text/plain; charset="x-nope"\r\n\r\nread \xc3\xa4 me\r\n',
        "read ä me",
    ),
    "wrong character set": (b"Content-Type: text/plain; charset=utf-8\r\n\r\nread \xff me\r\n", "read � me"),
    "not base64": (b"Content-Transfer-Encoding: base64\r\n\r\ncmVhZCBtZQ=!!!\r\n", "read me"),
    "slow character set": (
        b'Content-Type: text/plain; charset="punycode"\r\n\r\nread me-' + (b"9z" * 400 + b"\r\n") * 1200,
        "read me",
    ),
    "untrue character set": (
        "Content-Type: text/plain; charset=us-ascii\r\n\r\nread mé\r\n".encode(),
        "read mé",
    ),
    "no character set": ("Subject: Füße\r\n\r\nread mé\r\n".encode(), "read mé"),
    "lost boundary": (b"Content-Type: multipart/mixed\r\n\r\nread me\r\n", "read me"),
    "control characters": (b"Subject: a\x00b\x1b[31m\r\n\r\nread\x00 \x1b[31mme\r\n", "read� �[31mme"),
    "open comments": (b"To: " + b"(" * 900 + b"\r\nFrom: " + b"(" * 900 + b"\r\n\r\nread me\r\n", "read me"),
    "nested too deep": (
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(2000)
        ),
        "boundary=b1999",
    ),
    "many parts": (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 80000, "x"),
    "many headers": (b"X-Y: z\r\n" * 100_000 + b"\r\nread me\r\n", "read me"),
    "long header": (
        b"Subject: Hi\r\n" + b"Content-Type: text/plain" + b";\r\n a=b" * 100_000 + b"\r\n\r\nread me",
        "read me",
    ),
    "many addresses": (
        b"To: a@example.org" + b",\r\n c@example.org" * 50_000 + b"\r\n\r\nread me",
        "read me",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_is_shown(catcher: Catcher, name: str) -> None:
    raw, expected = HOSTILE[name]
    catcher.send_raw(raw)
    newest = catcher.newest()
    assert expected in newest["Text"]
    # Only a mail that cannot be parsed is shown with its source.
    assert ("Content-Type" in newest["Text"]) == (name == "nested too deep")
    assert catcher.get("/").status_code == 200
    page = catcher.page(f"/message/{newest['ID']}")
    assert expected in page.text
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", newest["Subject"] + newest["Text"] + page.text)


PIECES = [
    *(
        b"To: ",
        b"From: ",
        b"Subject: ",
        b"\r\n\r\n",
        b"\r\n",
        b"=?utf-8?q?",
        b"<",
        b"@",
        b":;",
        b'"',
        b"\xff",
    ),
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
    b"Content-Disposition: attachment; filename*=utf-7''+",
    b"Content-Transfer-Encoding: uuencode\r\n",
    b"Content-Type: text/plain; charset=utf-16-be\r\n\r\n\xd8\x00",
    b"Content-Type: text/plain; charset=unicode_escape\r\n\r\n\\ud800",
    b"Content-Type: message/rfc822\r\n\r\n",
]


@given(st.binary(max_size=400), st.lists(st.sampled_from(PIECES), max_size=12))
def test_any_bytes_can_be_shown(noise: bytes, pieces: list[bytes]) -> None:
    message = Message("a", ("b",), b"".join(pieces) + noise)
    people = [message.sent_by, *message.to, *message.cc, *message.bcc]
    shown = [
        message.subject,
        message.snippet,
        message.headers,
        asdict(message.body),
        list(map(asdict, people)),
    ]
    json.dumps(shown, ensure_ascii=False).encode()
    for text in (message.subject, message.snippet, *(value for _, value in message.headers)):
        assert one_line(text) == text


def test_mail_over_1_mib_is_refused_with_552(catcher: Catcher) -> None:
    line = b"x" * 70 + b"\r\n"
    fits = b"Subject: fits\r\n\r\n" + line * (1024 * 1024 // len(line) - 1)
    catcher.send_raw(fits)
    with pytest.raises(smtplib.SMTPResponseException) as announced:
        catcher.send_raw(fits + line * 3)
    assert announced.value.smtp_code == 552
    with catcher.connect() as connection:  # HELO has no SIZE, so the size shows only as the data comes
        connection.helo()
        with pytest.raises(smtplib.SMTPDataError) as noticed:
            connection.sendmail("a@example.org", ["b@example.org"], fits + line * 3)
        assert noticed.value.smtp_code == 552
        connection.sendmail("a@example.org", ["b@example.org"], b"Subject: next\r\n\r\nx")
    assert [each["Subject"] for each in catcher.list()["messages"]] == ["next", "fits"]
    assert len(catcher.newest()["Text"]) < 10


def test_mail_has_at_most_100_recipients(catcher: Catcher) -> None:
    with catcher.connect() as connection:
        everybody = [f"r{i}@example.org" for i in range(101)]
        refused = connection.sendmail("a@example.org", everybody, b"Subject: all\r\n\r\nx")
    assert list(refused) == ["r100@example.org"]
    assert refused["r100@example.org"][0] == 452
    assert len(catcher.newest()["Bcc"]) == 100
    assert "and 97 more" in catcher.page("/").text


def test_latest_500_mails_are_kept_in_pages(catcher: Catcher) -> None:
    with catcher.connect() as connection:
        for number in range(MAX_MESSAGES + 5):
            connection.send_message(mail(f"number {number}"))
    listed = catcher.list(limit=1000)
    assert listed["total"] == MAX_MESSAGES
    assert [each["Subject"] for each in listed["messages"]] == [f"number {i}" for i in range(504, 4, -1)]
    assert [each["Subject"] for each in catcher.list(limit=2, start=3)["messages"]] == [
        "number 501",
        "number 500",
    ]
    assert catcher.list()["count"] == 50
    seen, path = [], "/"
    while path:
        page = catcher.page(path)
        seen += [each.a.text for each in page.select(".messages li")]
        following = page.find("a", rel="next")
        path = following["href"] if following else ""
    assert seen == [f"number {i}" for i in range(504, 4, -1)]
    for odd in ("/?page=0", "/?page=-1", "/?page=999999", "/?page=x"):
        assert catcher.page(odd).select(".messages li")


def test_page_refreshes_itself_only_on_request(catcher: Catcher) -> None:
    assert not catcher.page("/").find("meta", attrs={"http-equiv": "refresh"})
    assert catcher.page("/?live=1").find("meta", attrs={"http-equiv": "refresh"})["content"] == "5"


def test_memory_is_limited() -> None:
    box = Box()
    large = b"x" * (1024 * 1024)
    for _ in range(MAX_BYTES // len(large) + 3):
        box.add(Message("a", (), large))
    assert len(box) == MAX_BYTES // len(large)
    box.delete()
    box.add(Message("a", (), large))
    assert len(box) == 1


def test_some_or_all_mails_can_be_deleted(catcher: Catcher) -> None:
    for subject in ("one", "two", "three"):
        catcher.send(mail(subject))
    two = catcher.list()["messages"][1]
    address = catcher.url + "/api/v1/messages"
    assert (
        requests.delete(
            address, data=json.dumps({"IDs": [two["ID"], "gone already"]}), timeout=10
        ).status_code
        == 200
    )
    assert [each["Subject"] for each in catcher.list()["messages"]] == ["three", "one"]
    for wrong in ("[]", '"x"', '{"IDs": "x"}', '{"IDs": [1]}', "{", '{"IDs": null}'):
        assert requests.delete(address, data=wrong, timeout=PATIENCE).status_code == 400, wrong
    assert catcher.list()["total"] == 2
    assert requests.delete(address, timeout=PATIENCE).status_code == 200
    assert catcher.list()["total"] == 0
    gone = catcher.get(f"/api/v1/message/{two['ID']}")
    assert gone.status_code == 404
    assert "no such message" in gone.json()["Error"]


@pytest.mark.parametrize(
    "query", ["limit=x", "limit=-1", "start=1.5", "limit=", "limit=99999999999999999999"]
)
def test_invalid_numbers_are_named(catcher: Catcher, query: str) -> None:
    response = catcher.get(f"/api/v1/messages?{query}")
    assert response.status_code == 400
    assert query in response.json()["Error"]


def test_unknown_pages_and_methods_are_refused(catcher: Catcher) -> None:
    for path in ("/nope", "/message/nope"):
        response = catcher.get(path)
        assert response.status_code == 404
        assert BeautifulSoup(response.text, "html.parser").find("a", string="All messages")
    assert catcher.get("/api/v1/nope").json()["Error"]
    assert requests.post(catcher.url + "/", timeout=PATIENCE).status_code == 405


def test_only_loopback_hosts_get_a_response(catcher: Catcher) -> None:
    """A web site that points its own name at 127.0.0.1 must not read the mails."""
    catcher.send(mail("secret"))
    for path in ("/", "/api/v1/messages"):
        response = catcher.get(path, headers={"Host": f"evil.example:{catcher.http_port}"})
        assert response.status_code == 400
        assert "secret" not in response.text
        assert "localhost" in response.text
        for name in ("localhost", "127.0.0.1", "[::1]"):
            assert "secret" in catcher.get(path, headers={"Host": f"{name}:{catcher.http_port}"}).text


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_it_while_clients_are_connected(how: signal.Signals) -> None:
    catcher = Catcher(free_port(), free_port())
    with (
        socket.create_connection(("127.0.0.1", catcher.smtp_port)) as smtp,
        socket.create_connection(("127.0.0.1", catcher.http_port)) as http,
    ):
        assert smtp.recv(200).startswith(b"220 ")
        smtp.sendall(b"EHLO me\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nSubj")
        http.sendall(b"GET / HT")
        code, output = catcher.stop(how)
    assert code == 0
    assert len(output.splitlines()) == 1, output
    again = Catcher(catcher.smtp_port, catcher.http_port)  # at once on the same ports
    assert again.stop()[0] == 0


@pytest.mark.parametrize("variable", ["MAIL_SMTP_PORT", "MAIL_HTTP_PORT"])
def test_taken_port_is_named_with_its_variable(variable: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        ports = {"MAIL_SMTP_PORT": str(free_port()), "MAIL_HTTP_PORT": str(free_port()), variable: str(taken)}
        process = start(**ports)
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert f"Port {taken}" in output
    assert f"process {os.getpid()}" in output
    assert f"{variable}=" in output
    assert "Traceback" not in output


def test_one_port_for_both_is_refused() -> None:
    port = str(free_port())
    process = start("--smtp-port", port, "--http-port", port)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "must differ" in output


@pytest.fixture
def hanging(catcher: Catcher) -> Iterator[Catcher]:
    """The catcher with mail that hangs far longer than any test."""
    hang(catcher, 600)
    yield catcher
    requests.delete(f"{catcher.url}/api/hang", timeout=PATIENCE)


def hang(catcher: Catcher, seconds: object) -> requests.Response:
    return requests.put(f"{catcher.url}/api/hang", json={"seconds": seconds}, timeout=PATIENCE)


def await_waiting(catcher: Catcher, number: int) -> None:
    def check() -> None:
        assert catcher.get("/api/hang").json()["waiting"] == number

    eventually(check)


def test_hanging_mail_gets_its_reply_at_undo_and_blocks_nothing_else(hanging: Catcher) -> None:
    with ThreadPoolExecutor() as pool:
        sending = [pool.submit(hanging.send, mail()) for _ in range(3)]
        await_waiting(hanging, 3)
        assert hanging.list()["total"] == 0
        with hanging.connect() as other:
            assert other.noop()[0] == 250
        requests.delete(f"{hanging.url}/api/hang", timeout=PATIENCE)
        for each in sending:
            each.result(PATIENCE)
    assert hanging.list()["total"] == 3
    assert hanging.get("/api/hang").json() == {"seconds": 0, "waiting": 0}
    hanging.send(mail())


def test_another_time_counts_for_mail_that_waits_already(hanging: Catcher) -> None:
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(hanging.send, mail())
        await_waiting(hanging, 1)
        assert hang(hanging, 0.01).json()["seconds"] == 0.01
        sending.result(PATIENCE)


def test_mail_whose_client_gives_up_is_not_kept(hanging: Catcher) -> None:
    client = hanging.connect()
    client.ehlo()
    for command in ("mail FROM:<a@example.org>", "rcpt TO:<b@example.org>", "data"):
        client.docmd(command)
    client.send(b"Subject: never\r\n\r\n.\r\n")
    await_waiting(hanging, 1)
    client.close()
    await_waiting(hanging, 0)
    requests.delete(f"{hanging.url}/api/hang", timeout=PATIENCE)
    hanging.send(mail("after it"))
    assert [each["Subject"] for each in hanging.list()["messages"]] == ["after it"]


def test_page_says_that_mail_hangs(hanging: Catcher) -> None:
    assert "only after 600 s" in hanging.page("/").text
    requests.delete(f"{hanging.url}/api/hang", timeout=PATIENCE)
    assert "hang" not in hanging.page("/").text


@pytest.mark.parametrize("seconds", [0, -1, 601, "2", None, True])
def test_invalid_times_to_hang_are_refused(catcher: Catcher, seconds: object) -> None:
    refused = hang(catcher, seconds)
    assert refused.status_code == 400
    assert "at most 600" in refused.json()["Error"]
    assert catcher.get("/api/hang").json()["seconds"] == 0


@pytest.mark.browser
def test_pages_fit_a_phone_and_a_desktop(catcher: Catcher, chromium: Browser) -> None:
    for number in range(60):
        catcher.send(mail(f"{number} {'averylongword' * 12}", f"{SCRIPT} {'x' * 300}"))
    problems: list[str] = []
    for width in (360, 1280):
        page = chromium.new_page(viewport={"width": width, "height": 740})
        page.on("console", lambda entry: problems.append(entry.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: (problems.append("dialog"), dialog.dismiss()))
        page.goto(catcher.url)
        for shown in ("list", "message"):
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            if shown == "list":
                with page.expect_navigation(wait_until="load"):
                    page.click(".messages a >> nth=0")
        assert page.locator("pre.text").inner_text().startswith(SCRIPT)
        assert page.evaluate("getComputedStyle(document.body).margin") == "0px", "no style sheet"
        page.close()
    assert problems == []
