"""Notes can be written, keep their rules, and belong to one reader whatever others try."""

from typing import Any

import requests

from workshop.learn.observing.observed import Missing, Observed, Reader

WRONG: dict[str, dict[str, Any]] = {
    "without a text": {"text": None},
    "with an empty text": {"text": ""},
    "with a text of 501 characters": {"text": "x" * 501},
    "with a number as its text": {"text": 1},
    "without a post": {"post": None},
    "on a post that does not exist": {"post": "t3_nothing0here"},
    "with a field `colour`": {"colour": "red"},
}
"""What is wrong with a note, and the values that make it so. None stands for no value."""

ON_A_NOTE = ("GET", "PATCH", "DELETE")
ATTACKS = (
    'where={"reader":"%s"}',
    'where={"reader":{"$ne":""}}',
    'where={"$or":[{"reader":"%s"},{"post":{"$ne":""}}]}',
    'where={"$where":"true"}',
    'where={"text":{"$regex":"."}}',
    'projection={"reader":1}',
    'projection={"post":0}',
    "sort=reader",
    "aggregate={}",
)


def notes_can_be_written(step: Observed) -> None:
    """A reader writes a note, finds it in the list, and reads it at its address."""
    note = _written(step, "to be read again")
    listed = [each["_id"] for each in _list(step)]
    if note["_id"] not in listed:
        raise Missing("A note that was just written is not in GET /notes.")
    read = _require(_call(step, "GET", f"/notes/{note['_id']}"), 200)
    if read.json().get("text") != "to be read again":
        raise Missing(f"GET /notes/{note['_id']} does not have the text that was written: {read.text[:200]}")


def rules_are_kept(step: Observed) -> None:
    """A note that breaks a rule gets 422, and `_issues` names the field."""
    for what, values in WRONG.items():
        body = {name: value for name, value in {**_note(step), **values}.items() if value is not None}
        response = _call(step, "POST", "/notes", json=body)
        if response.status_code != 422:
            raise Missing(f"A note {what} got {response.status_code} instead of 422.")
        (field,) = values
        if field not in response.json().get("_issues", {}):
            raise Missing(f"A note {what} got 422, but `_issues` does not name {field}.")


def visitors_have_to_sign_in(step: Observed) -> None:
    """Without a token every request gets 401."""
    path = f"/notes/{_written(step, 'not for visitors')['_id']}"
    for method, at in [("GET", "/notes"), ("POST", "/notes"), *((each, path) for each in ON_A_NOTE)]:
        body = {"json": _note(step)} if method in ("POST", "PATCH") else {}
        response = step.request(method, step.address("STEP1_API_PORT") + at, **body)
        if response.status_code != 401:
            raise Missing(f"{method} {at} without a token got {response.status_code} instead of 401.")


def notes_belong_to_their_reader(step: Observed) -> None:
    """Another reader neither sees a note nor changes it, and nobody writes in another's name."""
    other, note = step.sign_up(), _written(step, "mine")
    path, etag = f"/notes/{note['_id']}", {"If-Match": f'"{note["_etag"]}"'}
    if _list(step, other):
        raise Missing("A reader who has written no note sees those of others in GET /notes.")
    if (status := _call(step, "GET", path, other).status_code) != 404:
        raise Missing(f"GET {path} got {status} instead of 404 for another reader.")
    for method, body in (("PATCH", {"json": {"text": "theirs"}}), ("DELETE", {})):
        _call(step, method, path, other, headers=etag, **body)
        kept = _call(step, "GET", path)
        if not kept.ok or kept.json()["text"] != "mine":
            raise Missing(f"{method} {path} with the right ETag works for another reader.")
    _call(step, "POST", "/notes", json={**_note(step), "reader": other.name})
    if _list(step, other):
        raise Missing("A client can write a note in another's name: POST /notes accepts the field `reader`.")
    _call(step, "PATCH", path, headers=etag, json={"reader": other.name})
    if _list(step, other):
        raise Missing(f"A client can give a note to another: PATCH {path} accepts the field `reader`.")


def changes_need_the_etag(step: Observed) -> None:
    """A change without the ETag gets 428, with an old one 412; with the right one it is done."""
    note = _written(step, "first")
    path = f"/notes/{note['_id']}"
    for method, body in (("PATCH", {"json": {"text": "second"}}), ("DELETE", {})):
        _require(_call(step, method, path, **body), 428)
        _require(_call(step, method, path, headers={"If-Match": '"old"'}, **body), 412)
    right = {"If-Match": f'"{note["_etag"]}"'}
    changed = _require(_call(step, "PATCH", path, headers=right, json={"text": "second"}), 200).json()
    _require(_call(step, "PATCH", path, headers=right, json={"text": "third"}), 412)
    if _require(_call(step, "GET", path), 200).json()["text"] != "second":
        raise Missing(f"PATCH {path} did not change the text.")
    issues = _call(step, "PATCH", path, headers={"If-Match": f'"{changed["_etag"]}"'}, json={"text": ""})
    _require(issues, 422)
    _require(_call(step, "DELETE", path, headers={"If-Match": f'"{changed["_etag"]}"'}), 204)
    _require(_call(step, "GET", path), 404)


def notes_are_found_by_post(step: Observed) -> None:
    """`where` finds the notes on one post, and nothing of others whatever it asks for."""
    reader, other = step.sign_up(), step.sign_up()
    first, second = (post["_id"] for post in step.posts(2))
    for who, post in ((reader, first), (reader, second), (other, first)):
        _require(_call(step, "POST", "/notes", who, json={"post": post, "text": f"of {who.name}"}), 201)
    query = f'/notes?where={{"post":"{first}"}}'
    found = _require(_call(step, "GET", query, reader), 200).json()["_items"]
    if [note["post"] for note in found] != [first]:
        raise Missing(f"GET {query} found {len(found)} notes of a reader who has one on that post.")
    for attack in ATTACKS:
        query = f"/notes?{attack.replace('%s', other.name)}"
        response = _call(step, "GET", query, reader)
        if response.status_code >= 500:
            raise Missing(f"GET {query} got {response.status_code}.")
        if f"of {other.name}" in response.text or (response.ok and len(response.json()["_items"]) > 2):
            raise Missing(f"GET {query} shows the notes of others.")


def _note(step: Observed) -> dict[str, Any]:
    return {"post": step.posts(1)[0]["_id"], "text": "worth another look"}


def _written(step: Observed, text: str) -> dict[str, Any]:
    """Return what the API says of a new note of the check's reader."""
    return dict(_require(_call(step, "POST", "/notes", json={**_note(step), "text": text}), 201).json())


def _list(step: Observed, reader: Reader | None = None) -> list[dict[str, Any]]:
    return list(_require(_call(step, "GET", "/notes?max_results=50", reader), 200).json()["_items"])


def _call(
    step: Observed, method: str, path: str, reader: Reader | None = None, **options: Any
) -> requests.Response:
    """Return the API's response to a reader, the check's own unless another one is given."""
    url = step.address("STEP1_API_PORT") + path
    return step.request(method, url, reader=reader or step.reader, **options)


def _require(response: requests.Response, status: int) -> requests.Response:
    """Raise Missing for another status."""
    if response.status_code != status:
        asked = response.request
        raise Missing(
            f"{asked.method} {asked.path_url} responded with {response.status_code} instead of {status}: "
            f"{response.text[:200]}"
        )
    return response
