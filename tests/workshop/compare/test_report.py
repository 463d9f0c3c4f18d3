"""The report of a comparison: what it says for whatever was measured, and that its page works anywhere."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import click
import pytest
from playwright.sync_api import Browser, Page

from tests.e2e import accessibility
from tests.workshop.compare.sample import CAPACITY, sample
from workshop.compare.observations import (
    About,
    Blast,
    Capacity,
    Cost,
    Footprint,
    Instrument,
    Load,
    Observation,
    Rollout,
    Scaling,
    Waiting,
)
from workshop.compare.plan import EXPERIMENTS
from workshop.compare.report import BEGIN, END, write_headline, write_report
from workshop.compare.report.caveats import misleads, others
from workshop.compare.report.summary import summarize
from workshop.compare.report.tables import headline
from workshop.compare.report.verdict import verdict
from workshop.compare.system.arms import all_arms, shares_of

SECTIONS = ["verdict", "headline", "costs", "buys", "misleads", "others", "instrument", "method"]
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PHONE, DESKTOP = 390, 1280
SCRIPT = "<script>document.title = 'taken'</script>"
LINK = re.compile(r"\]\(([^)\s]+)\)")
LOWER: dict[str, tuple[float, float, float]] = {
    **CAPACITY,
    "1": (200, 190, 140),
    "2": (150, 140, 90),
    "3": (250, 220, 120),
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the sample, with scripts where a machine's own words stand."""
    folder = tmp_path_factory.mktemp("report")
    first, *rest = sample()
    assert isinstance(first, About)
    about = replace(first, machine={**first.machine, "python": SCRIPT, "processor": f"{SCRIPT} | x"})
    write_report([about, *rest], folder)
    return folder


@pytest.fixture
def page(chromium: Browser, report: Path) -> Iterator[Page]:
    """The page in a browser. A request for anything else, or an error in the page, fails the test."""
    page = chromium.new_page(viewport={"width": DESKTOP, "height": 900})
    requested: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto((report / "index.html").as_uri())
    yield page
    page.close()
    assert requested == [(report / "index.html").as_uri()]
    assert wrong == []


def sentences(observations: Sequence[Observation]) -> list[str]:
    return [each.text for each in verdict(summarize(observations))]


def test_sections_stand_in_their_order(page: Page) -> None:
    assert page.eval_on_selector_all("main section", "all => all.map(each => each.id)") == SECTIONS
    assert page.locator("#verdict li").count() == 3
    assert page.locator("#costs svg, #buys svg").count() == page.locator("svg").count() >= 12


def test_tables_have_captions_and_headers_with_a_scope(page: Page) -> None:
    tables = page.locator("table").all()
    assert len(tables) > 10
    for table in tables:
        assert (table.locator("caption").text_content() or "").strip()
        assert table.locator("thead th:not([scope=col])").count() == 0
        assert (
            table.locator("tbody tr").count() == table.locator("tbody th[scope=row]:first-child").count() > 0
        )


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_page_fits_and_is_accessible(page: Page, scheme: Literal["light", "dark"], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert accessibility.problems(page) == []
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") is (scheme == "light")


def test_paper_shows_wide_tables_whole(page: Page) -> None:
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 700, "height": 1000})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('.scroll')).overflowX") == "visible"


def test_plots_take_the_colour_of_the_page_and_say_what_they_show(page: Page) -> None:
    for plot in page.locator("svg").all():
        assert plot.get_attribute("role") == "img"
        names = (plot.get_attribute("aria-labelledby") or "").split()
        assert len(names) == 2
        assert all((page.locator(f"#{name}").text_content() or "").strip() for name in names)
        assert "currentColor" in plot.inner_html()


def test_words_of_the_machine_are_no_markup(page: Page, report: Path) -> None:
    assert page.title() == "What each architecture costs and buys"
    assert page.locator("script").count() == 0
    assert SCRIPT in (page.locator("#method").text_content() or "")
    for name in ("index.html", "README.md"):
        assert "<script" not in (report / name).read_text()


def test_markdown_links_to_files_that_are_there(report: Path) -> None:
    text = (report / "README.md").read_text()
    linked = set(LINK.findall(text))
    assert {"index.html", "figures.json", "plot-capacity-0.svg"} <= linked
    missing = {each for each in linked if not (report / each).exists()}
    assert missing == {"observations.jsonl"}  # the journal, which the command keeps there
    assert {path.name for path in report.glob("plot-*.svg")} <= linked


def test_markdown_tables_have_as_many_cells_in_each_row(report: Path) -> None:
    tables = re.findall(r"(?:^\|.*\n)+", (report / "README.md").read_text(), flags=re.M)
    assert len(tables) > 10
    for table in tables:
        counts = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
        assert len(counts) == 1, table


def test_markdown_has_the_same_headings_as_the_page(page: Page, report: Path) -> None:
    headings = re.findall(r"^#+ (.*)$", (report / "README.md").read_text(), flags=re.M)
    assert headings == page.locator("h1, h2, h3").all_text_contents()


def test_same_observations_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        write_report(sample(quick=True), folder)
    files = sorted(path.name for path in one.iterdir())
    assert {"README.md", "figures.json", "index.html"} <= {*files}
    assert [(one / name).read_bytes() for name in files] == [(other / name).read_bytes() for name in files]


def test_figures_are_those_of_the_observations(report: Path) -> None:
    figures = json.loads((report / "figures.json").read_text())
    step3, again = (figures["capacity"]["0"][arm] for arm in ("3", "0 again"))
    assert step3["ratio"]["low"] < step3["ratio"]["middle"] < step3["ratio"]["high"]
    assert step3["ratio"]["middle"] == pytest.approx(1379 / 370, rel=0.1)
    assert (step3["finding"], again["finding"]) == ("more", "again")
    assert figures["beside_cache"]["0"]["finding"] == "less"
    assert len(figures["verdict"]) == 3
    assert figures["lag"]["2"]["a like, in the count of likes"]["count"] == 500
    assert figures["scaling"]["2"]["usl"]["per_one"] == pytest.approx(42, rel=0.2)


def test_a_sixth_more_memory_counts_in_one_round_and_a_third_more_time() -> None:
    one = sample(rounds=1, without=[Footprint])
    memory = {"0": 300.0, "0 again": 300.0, "1": 340.0, "2": 360.0, "3": 300.0}
    seconds = {"0": 3.0, "0 again": 3.0, "1": 3.0, "2": 3.9, "3": 4.2}
    for arm, size in memory.items():
        one.append(Footprint(1, arm, {"web": int(size * 1e6)}, 6, seconds[arm], 0.0))
    found = summarize(one)
    assert {arm: each.finding for arm, each in found.memory.items() if arm in "123"} == {
        "1": "alike", "2": "more", "3": "alike",
    }  # fmt: skip
    assert {arm: each.finding for arm, each in found.start.items() if arm in "123"} == {
        "1": "alike", "2": "alike", "3": "more",
    }  # fmt: skip


def test_replicas_that_gain_more_than_their_number_are_doubted(tmp_path: Path) -> None:
    doubt = "More than n times one replica"
    write_report(sample(), tmp_path)
    assert doubt not in (tmp_path / "README.md").read_text()
    strange = [
        replace(each, per_second=2.5 * each.replicas * 40.0)
        if isinstance(each, Scaling) and each.per_second and each.replicas > 1
        else each
        for each in sample()
    ]
    write_report(strange, tmp_path)
    assert doubt in (tmp_path / "README.md").read_text()


def test_bytes_on_disk_are_those_of_all_stores_of_a_step(report: Path) -> None:
    text = (report / "README.md").read_text()
    section = text[text.index("### Storage") :]
    row = next(line for line in section.splitlines() if line.startswith("| step 3"))
    assert "3,300" in row
    assert "mongod 2,100, nats-server 1,200" in row


def test_plots_of_an_earlier_report_are_removed(tmp_path: Path) -> None:
    old = tmp_path / "plot-of-old.svg"
    old.write_text("")
    write_report([], tmp_path)
    assert not old.exists()


@pytest.mark.bench
@pytest.mark.parametrize(
    "observations",
    [
        [],
        sample(without=[About]),
        sample(quick=True)[:1],
        sample(quick=True, arms=["0", "0 again"]),
        sample(quick=True, arms=["2", "3"]),
        sample(rounds=1, without=[Load, Blast, Rollout, Instrument]),
        sample(without=[Capacity, Cost, Footprint, Scaling, Waiting]),
    ],
    ids=["empty", "no-about", "begun", "a/a-only", "services-only", "one-round", "no-costs"],
)
def test_partial_run_gives_a_report(
    observations: list[Observation], chromium: Browser, tmp_path: Path
) -> None:
    write_report(observations, tmp_path)
    page = chromium.new_page(viewport={"width": PHONE, "height": 900})
    page.goto((tmp_path / "index.html").as_uri())
    assert page.eval_on_selector_all("main section", "all => all.map(each => each.id)") == SECTIONS
    assert page.get_by_text("make compare").count() > 0
    assert accessibility.problems(page) == []
    assert not re.search(r"\b(None|nan|inf)\b", page.locator("main").inner_text())
    page.close()


def test_cache_is_not_measured_where_nobody_uses_it(tmp_path: Path) -> None:
    arm, shares = all_arms()["0 cached"], (0.0, 0.2, 1.0)
    measured = shares_of(arm, shares)
    assert measured == [0.0, 0.2]
    observations = [
        each
        for each in sample()
        if getattr(each, "arm", "") != arm.name or getattr(each, "signed", 0.0) in measured
    ]
    assert arm.name not in summarize(observations).capacity[100]
    write_report(observations, tmp_path)
    text = (tmp_path / "README.md").read_text()
    assert "step 0 behind a cache" in text
    assert not re.search(r"\b(None|nan|inf)\b", text)


def test_sections_without_figures_name_the_command_that_measures_them(tmp_path: Path) -> None:
    write_report(sample(quick=True), tmp_path)
    text = (tmp_path / "README.md").read_text()
    for name in ("blast", "rollout", "hot-verb", "scaling", "storage"):
        assert name in EXPERIMENTS
        assert f'Not measured in this run: `make compare ARGS="--only {name}"` measures it.' in text


def test_monolith_that_wins_everywhere_is_said_to() -> None:
    signed_in, visitors, _ = sentences(sample(capacity=LOWER))
    assert signed_in.startswith("the monolith carries the most, 2")
    assert visitors.startswith("the monolith carries the most, 3")
    assert "does not lift it above the monolith" in visitors
    assert "the monolith is the lowest in memory, time to start, processes and lines of code" in signed_in


def test_win_with_visitors_is_said_to_be_the_cache() -> None:
    signed_in, visitors, _ = sentences(sample())
    assert signed_in.startswith("the monolith carries the most")
    assert "step 3 carries more than the monolith, 3.7" in visitors
    assert "step 3's win is its cache, which never serves signed-in readers" in visitors
    assert re.search(
        r"the monolith behind a cache carries ≥ 2,\d+ a second, and step 3 at most 0\.4\d", visitors
    )


def test_cache_that_was_not_measured_is_named_all_the_same() -> None:
    visitors = sentences(sample(arms=["0", "0 again", "1", "3"]))[1]
    assert "step 3's win is with a cache" in visitors
    assert "the monolith behind such a cache was not measured" in visitors


def test_win_that_needs_no_cache_is_not_put_down_to_it() -> None:
    visitors = sentences(sample(capacity={**CAPACITY, "3": (1379, 700, 400)}))[1]
    assert "step 3's win comes with its cache, which never serves signed-in readers" in visitors


def test_win_over_the_cached_monolith_is_said() -> None:
    visitors = sentences(sample(capacity={**CAPACITY, "0 cached": (600, 400, 240)}))[1]
    assert re.search(r"win is its cache.* carries 6\d\d a second, and step 3 2\.\d+ times", visitors)
    same = sentences(sample(capacity={**CAPACITY, "0 cached": (1380, 400, 240)}))[1]
    assert "which cannot be told apart from step 3" in same


def test_differences_within_a_a_are_not_claimed() -> None:
    equal = dict.fromkeys(CAPACITY, CAPACITY["0"])
    for text in sentences(sample(capacity=equal))[:2]:
        assert "steps 1, 2 and 3 cannot be told apart from the monolith (within A/A)" in text
        assert "most" not in text
        assert "more than" not in text
    table = headline(summarize(sample(capacity=equal)))
    assert table is not None
    assert all(row[1].detail.startswith("≈ 1, within A/A") for row in table.rows if row[0].text == "step 2")


def test_noise_of_step_0_against_itself_hides_smaller_differences() -> None:
    noisy = {**CAPACITY, "0 again": (560, 500, 360), "1": (300, 280, 200)}
    assert "step 1 cannot be told apart" in sentences(sample(capacity=noisy))[0]
    assert "step 1 cannot" not in sentences(sample(capacity={**noisy, "0 again": CAPACITY["0"]}))[0]


def test_nothing_is_claimed_without_step_0_again() -> None:
    signed_in, visitors, _ = sentences(sample(arms=["0", "1", "3"]))
    for text in (signed_in, visitors):
        assert "which is not claimed as step 0 was not measured against itself" in text
        assert "the most" not in text
    assert "comes with its cache" in visitors


def test_one_round_claims_only_large_differences() -> None:
    def as_much(share: float) -> dict[str, Any]:
        return {**CAPACITY, "1": tuple(share * each for each in CAPACITY["0"])}

    text = sentences(sample(rounds=1, capacity=as_much(0.8)))[0]
    assert re.search(
        r"steps? 1\b.* cannot be told apart from the monolith \(one round shows no difference", text
    )
    assert "step 1 carries" not in text
    assert re.search(r"steps? 1\b.* carr(y|ies)", sentences(sample(rounds=1, capacity=as_much(0.4)))[0])


def test_step_that_wins_with_signed_in_readers_is_said_to() -> None:
    won = {**CAPACITY, "3": (1379, 700, 400), "1": (370, 335, 245)}
    text = sentences(sample(capacity=won))[0]
    assert re.match(
        r"step 3 carries more than the monolith, 1\.6\d times its 24\d requests a second; step 2", text
    )
    assert "step 1 cannot be told apart" in text
    quick = verdict(summarize(sample(quick=True, capacity=won)))
    assert quick[0].topic == "With 20 % of the requests by signed-in readers"
    assert "the other 80 % are visitors' requests, which step 3's cache may answer" in quick[0].text
    assert quick[1].text == "visitors alone were not measured in this run."


def test_step_that_never_keeps_the_objective_counts_as_less() -> None:
    never = {**CAPACITY, "2": (0, 0, 0)}
    assert re.search(r"carry 0\.\d\d, 0 and 0\.\d\d times as many", sentences(sample(capacity=never))[0])
    never = {**CAPACITY, "0": (0, 0, 0), "0 again": (0, 0, 0)}
    assert "the monolith kept the objective at no rate" in sentences(sample(capacity=never))[0]


def test_missing_experiments_are_said_to_be_missing() -> None:
    texts = sentences(sample(without=[Capacity, Waiting, Blast, Rollout]))
    assert texts[0].startswith("not measured in this run")
    assert texts[1] == "visitors alone were not measured in this run."
    assert texts[2] == "not measured in this run."
    assert sentences([]) == ["not measured in this run.", *texts[1:]]
    assert "the capacity of step 2 was not measured" in sentences(_without(Capacity, "2"))[0]
    assert "as step 0's capacity was not measured" in sentences(_without(Capacity, "0"))[0]


def _without(kind: type[Any], arm: str) -> list[Observation]:
    return [each for each in sample() if not (isinstance(each, kind) and each.arm == arm)]


def test_what_services_buy_is_said_with_both_figures() -> None:
    text = sentences(sample())[2]
    assert text.startswith(
        "steps 2 and 3 are better than step 0 in goodput of the other verbs while mail hangs (9"
    )
    assert "parts whose loss stops every verb (2 of 7 and 2 of 9; step 0: 2 of 2)" in text
    assert "requests refused in a rollout of search (0 of 1,200 and 0 of 1,200; step 0: 74 of 1,200)" in text


@pytest.mark.parametrize("kind", [Waiting, Rollout])
def test_what_services_do_not_buy_is_said(kind: type[Any]) -> None:
    changes: dict[type, Callable[[Any], Any]] = {
        Waiting: lambda each: replace(each, hung=each.calm),
        Rollout: lambda each: replace(each, refused=0),
    }
    found = [changes[kind](each) if isinstance(each, kind) else each for each in sample(without=[Blast])]
    text = sentences(found)[2]
    assert "steps 2 and 3 are better" in text
    assert "; none is better than step 0 in " in text
    alone = [each for each in found if isinstance(each, kind)]
    assert sentences(alone)[2].startswith("no step is better than step 0 in ")


def test_measurement_that_was_repeated_counts_once() -> None:
    observations = sample()
    first = next(each for each in observations if isinstance(each, Capacity))
    again = replace(first, per_second=first.per_second * 1.01)
    once = summarize([each if each is not first else again for each in observations])
    assert summarize([*observations, again]).capacity == once.capacity


def test_capacity_beyond_the_generator_is_no_loss() -> None:
    limited = [
        replace(each, limited_by="generator") if isinstance(each, Capacity) and each.arm == "3" else each
        for each in sample(capacity=LOWER)
    ]
    summary = summarize(limited)
    assert summary.capacity[100]["3"].finding == "unchecked"
    assert "as the generator or the objective set the limit" in verdict(summary)[0].text


def test_void_trials_and_few_rounds_are_named() -> None:
    text = "\n".join(misleads(summarize(sample(quick=True))))
    assert "1 was void and does not count: step 1, 20 % signed in, 100/s: the generator was late" in text
    assert "There were only 2 rounds." in text
    assert "This is a quick run." in text
    assert "8 quotas of 0.25 cores do not fit" in text


def test_void_trials_are_in_no_curve() -> None:
    void = [replace(each, void="late") if isinstance(each, Load) else each for each in sample(quick=True)]
    summary = summarize(void)
    assert all(not points for found in summary.curves.values() for points in found.values())
    assert len(summary.void) == summary.trials


def test_results_of_others_agree_only_where_measured() -> None:
    def ours(observations: list[Observation]) -> list[str]:
        return [row[2].text for row in others(summarize(observations)).rows]

    assert ours([]) == ["not measured"] * 6
    assert ours(sample(arms=["0", "3"])) == ["not measured"] * 6
    in_part = "agrees in part"  # in memory, and in capacity if that is lower; the response times are alike
    assert ours(sample(capacity=LOWER)) == [*["agrees"] * 4, in_part, "agrees"]
    higher = {**CAPACITY, "1": (700, 700, 700), "2": (800, 800, 800), "3": (900, 900, 900)}
    assert ours(sample(capacity=higher)) == [*["differs"] * 4, in_part, "differs"]


def test_headline_is_written_between_its_marks(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}an earlier run\n{END}after\n")
    for _ in range(2):
        write_headline(sample(), readme, "docs/comparison")
        text = readme.read_text()
        assert text.startswith(f"before\n{BEGIN}")
        assert text.endswith(f"{END}after\n")
        assert "an earlier run" not in text
        assert "](docs/comparison/plot-capacity-20.svg)" in text
        assert text.count("| step 3 |") == 1


def test_readme_without_marks_is_left_alone(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("no marks\n")
    with pytest.raises(click.ClickException, match="lacks the lines <!-- comparison"):
        write_headline(sample(), readme, "docs/comparison")
    assert readme.read_text() == "no marks\n"


def test_arms_are_compared_with_both_rows_of_step_0() -> None:
    rates = {"0": 100.0, "0 again": 144.0, "1": 60.0}
    found = summarize(
        [Capacity(number, arm, 0.2, rate, rate, rate) for arm, rate in rates.items() for number in (1, 2, 3)]
    ).capacity[20]
    assert [found[arm].ratio and round(found[arm].ratio.middle, 3) for arm in rates] == [1.0, 1.44, 0.5]
