"""What varies is recognised by its name; everything else has to be as the text says."""

import pytest

from tests.chapters.patterns import VARYING, Pattern

SAME = [
    ("time", "at 13:59:32.359", "at 01:02:03.4"),
    ("time", "2026-11-28T00:37:59.123Z", "2025-01-01T10:00:00+01:00"),
    ("date", "run of 2026-11-27", "run of 2025-01-02"),
    ("duration", "took 5.1 s, 2 minutes", "took 950 ms, 1 hour"),
    ("size", "341 MB and 2 GiB", "1,012 kB and 12 bytes"),
    ("version", "MongoDB 6.0.5, v1.2", "MongoDB 8.0, v10.12.1"),
    ("id", "t3_1fymy0 c790b92c20fa951d", "se_12345 f790b92c20fa"),
    ("id", "86f9d5f6-3d5c-4d8a-9f0e-0123456789ab", "00000000-1111-2222-3333-444444444444"),
    ("token", '{"token":"eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl"}', '{"token":"abcdefgh-_.ijklmnop.qrstuvwx"}'),
    ("pid", "(pid=3455) [12] process 7", "(pid=1) [98765] process 65"),
    ("port", "http://127.0.0.1:12117/ on port 8000", "http://127.0.0.1:80/ on port 65000"),
    ("number", "1,234 posts, 0.57", "7 posts, 12"),
]
OTHER = [
    ("time", "13:59:32", "13:59"),
    ("duration", "5 s", "5 posts"),
    ("size", "5 MB", "5 s"),
    ("port", "12117 posts", "12118 posts"),
    ("pid", "12 posts", "13 posts"),
    ("number", "12 posts", "twelve posts"),
    ("number", "12 posts", "12 tags"),
]


@pytest.mark.parametrize(("name", "said", "printed"), SAME)
def test_what_a_name_stands_for_may_differ(name: str, said: str, printed: str) -> None:
    assert Pattern([said], [name]).is_all(f"{printed}\n")
    assert not Pattern([said]).is_all(f"{printed}\n")


@pytest.mark.parametrize(("name", "said", "printed"), OTHER)
def test_nothing_else_may_differ(name: str, said: str, printed: str) -> None:
    assert not Pattern([said], [name]).is_all(f"{printed}\n")


def test_every_name_is_tested() -> None:
    assert {name for name, *_ in SAME} == {*VARYING}


def test_columns_and_rules_are_as_wide_as_what_varies() -> None:
    table = Pattern(["Service    PID", "──────────────", "search   12345"], ["number"])
    assert table.is_all("Service PID\n───────────\nsearch   1\n")
    assert not Pattern(["a  b"]).is_all("a b\n")


def test_an_ellipsis_within_a_line_stays_in_it() -> None:
    assert Pattern(["Location: /commands/…"]).is_all("Location: /commands/17\n")
    assert Pattern(["{…} (…)"]).is_all("{} ()\n")
    assert not Pattern(["Location: …"]).is_all("Location: /\ncommands\n")


def test_terminals_show_no_colours_spaces_at_the_end_or_overwritten_lines() -> None:
    assert Pattern(["ready", "", "done"]).is_all("\x1b[32mready\x1b[0m  \r\n\n50 %\rdone\n\n")


def test_signs_of_regular_expressions_stand_for_themselves() -> None:
    assert Pattern(["a.b* [c] (d)? $1 ^"], ["number"]).is_all("a.b* [c] (d)? $2 ^\n")
    assert not Pattern(["a.b"], ["number"]).is_all("acb\n")


@pytest.mark.parametrize(
    ("lines", "printed", "found"),
    [
        (["a", "b"], "a\nb\nc\n", 2),
        (["a", "…", "c"], "a\nb\nc\nd\n", 3),
        (["a", "b"], "a\nb", None),
        (["b"], "a\nb\n", None),
        ([], "a\n", 0),
    ],
)
def test_lines_that_have_appeared_are_counted(lines: list[str], printed: str, found: int | None) -> None:
    assert Pattern(lines).lines_of(printed) == found


@pytest.mark.parametrize(
    ("printed", "is_hopeless"), [("", False), ("a\n", False), ("x", False), ("x\n", True), ("a\nx\n", False)]
)
def test_a_wrong_line_before_the_first_ellipsis_is_hopeless(printed: str, is_hopeless: bool) -> None:
    assert Pattern(["a", "…", "b"]).is_hopeless(printed) is is_hopeless
