"""Another client of the same API, without a browser: `python -m step1_rest.client search flask`.

The API is at API_URL. `sign-in` prints a token; the verbs of a reader read it from the variable STONES_TOKEN.
"""

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

import click

from kit.clients.rest import Rest
from kit.http.problems import Problem, Unprocessable
from kit.logs import configure_logs
from step1_rest import API_URL


class Client(click.Group):
    """A group of commands that reports errors in one line, never as a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Raises click.ClickException for the API's problems."""
        try:
            return super().invoke(ctx)
        except Unprocessable as problem:
            issues = "; ".join(f"{field}: {issue}" for field, issue in problem.issues.items())
            raise click.ClickException(f"{problem} {issues}") from None
        except Problem as problem:
            raise click.ClickException(f"{problem} (the API is {ctx.params['api']})") from None


@click.group(cls=Client)
@click.option("--json", "as_json", is_flag=True, help="Print the API's response as it is.")
@click.option("--api", envvar="API_URL", default=API_URL, show_default=True, help="Where the API is.")
@click.option("--token", envvar="STONES_TOKEN", help="A reader's token; also from STONES_TOKEN.")
@click.pass_context
def main(ctx: click.Context, as_json: bool, api: str, token: str | None) -> None:
    """Search, read and mark posts from the command line."""
    os.environ.setdefault("LOG_LEVEL", "ERROR")  # a person gets words
    configure_logs("client")
    ctx.obj = ApiClient(Rest(api, "The API"), as_json, token)


class ApiClient:
    """Sends requests to the API and prints the responses."""

    def __init__(self, api: Rest, as_json: bool, token: str | None) -> None:
        self.api, self.as_json, self.token = api, as_json, token

    def request(self, method: str, path: str, **arguments: Any) -> Any:
        """Send a request. Print the response if JSON is wanted."""
        response = self.api.call(method, path, token=self.token, **arguments)
        payload = response.json() if response.content else None
        if self.as_json and payload is not None:
            click.echo(json.dumps(payload, indent=1, ensure_ascii=False))
        return payload

    def posts(self, path: str, params: Mapping[str, Any]) -> None:
        """Print a page of posts with one line for each."""
        payload = self.request("GET", path, params={name: value for name, value in params.items() if value})
        if not self.as_json:
            _print_posts(payload["_items"])


paging = [
    click.option("--page", type=click.IntRange(1), default=1, show_default=True),
    click.option("--max-results", type=click.IntRange(1, 50), default=25, show_default=True),
]


@main.command()
@click.argument("words", nargs=-1, required=True)
@paging[0]
@paging[1]
@click.pass_obj
def search(client: ApiClient, words: tuple[str, ...], page: int, max_results: int) -> None:
    """Search for posts with these words, best first."""
    client.posts("/search", {"q": " ".join(words), "page": page, "max_results": max_results})


@main.command()
@click.option("--where", help='A filter as Eve takes it: \'{"score": {"$gt": 50}}\'.')
@click.option("--sort", help="Fields with commas between, such as -score,created.")
@paging[0]
@paging[1]
@click.pass_obj
def posts(client: ApiClient, where: str | None, sort: str | None, page: int, max_results: int) -> None:
    """List posts, newest first, or by a filter and an order of your own."""
    client.posts("/posts", {"where": where, "sort": sort, "page": page, "max_results": max_results})


@main.command()
@click.option("--topic")
@click.pass_obj
def recommend(client: ApiClient, topic: str | None) -> None:
    """Recommend much loved posts."""
    client.posts("/recommended", {"topic": topic})


@main.command()
@click.argument("post")
@click.pass_obj
def show(client: ApiClient, post: str) -> None:
    """Show one post in full."""
    shown = client.request("GET", f"/posts/{post}")
    if not client.as_json:
        click.echo(
            f"{shown['title']}\n{shown['topic']} · {shown['author']} · {shown['created']}\n{shown['url']}"
        )
        click.echo(f"\n{shown['text']}" if shown["text"] else "")


@main.command("sign-in")
@click.argument("username")
@click.password_option(confirmation_prompt=False)
@click.pass_obj
def sign_in(client: ApiClient, username: str, password: str) -> None:
    """Print a token: export STONES_TOKEN=$(python -m step1_rest.client sign-in NAME)."""
    payload = client.request("POST", "/tokens", json={"username": username, "password": password})
    if not client.as_json:
        click.echo(payload["token"])


@main.command()
@click.argument("post")
@click.argument("tag")
@click.option("--off", is_flag=True, help="Take the tag off.")
@click.pass_obj
def tag(client: ApiClient, post: str, tag: str, off: bool) -> None:
    """Put a tag on a post."""
    payload = client.request("DELETE" if off else "PUT", f"/posts/{post}/tags/{tag}")
    if not client.as_json:
        click.echo(f"{payload['post']}: {', '.join(payload['tags']) or 'no tags'}")


@main.command()
@click.argument("post")
@click.option("--off", is_flag=True, help="Stop liking it.")
@click.pass_obj
def like(client: ApiClient, post: str, off: bool) -> None:
    """Like a post."""
    payload = client.request("DELETE" if off else "PUT", f"/posts/{post}/like")
    if not client.as_json:
        click.echo(f"{payload['post']}: {payload['likes']} like it")


def _print_posts(found: Iterable[Mapping[str, Any]]) -> None:
    lines = [f"{post['_id']:<14} {post['score']:>6}  {post['title']}" for post in found]
    click.echo("\n".join(lines) or "Nothing found.")


if __name__ == "__main__":
    main(prog_name="python -m step1_rest.client")
