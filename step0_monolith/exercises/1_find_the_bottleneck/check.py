"""A page costs the same number of queries, however many posts it has."""

from workshop.learn.observing.observed import Missing, Observed

ATTEMPTS = 3


def page_costs_the_same_number_of_queries(step: Observed) -> None:
    """A page of 50 posts takes no more queries than a page of 10, for a reader who is signed in."""
    few, many = (_queries(step, f"/?max_results={count}") for count in (10, 50))
    if many > few:
        raise Missing(
            f"A page of 10 posts takes {few} queries, and one of 50 takes {many}. "
            "Something is done once for each post."
        )


def pages_show_the_marks(step: Observed) -> None:
    """Lists, searches and recommendations still show the reader's tags and likes."""
    step.contract(
        "tests/contract/test_lists.py", "tests/contract/test_tags.py", "tests/contract/test_likes.py"
    )


def no_profiler(step: Observed) -> None:
    """The profiler is out again."""
    if "ProfilerMiddleware" in (step.folder / "wsgi.py").read_text("utf-8"):
        raise Missing("wsgi.py still has it. It slows down each request, and prints a table.")


def _queries(step: Observed, path: str) -> int:
    """Return how many queries a request takes: the fewest of several times, as others may use MongoDB."""
    with step.databases() as client:
        counted = []
        for _ in range(ATTEMPTS):
            before = client.admin.command("serverStatus")["opcounters"]["query"]
            step.json(path, reader=step.reader)
            counted.append(client.admin.command("serverStatus")["opcounters"]["query"] - before)
    return min(counted)
