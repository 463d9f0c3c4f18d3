"""Answering that nothing has changed, to who has an answer already (RFC 9110, 13.1.2)."""

from step3_async.gateway.messages import Answer, Asked

ABOUT_THE_BODY = (b"content-length", b"content-type")


def as_conditions_say(asked: Asked, answer: Answer) -> Answer:
    """304 in the place of an answer that the client knows by its ETag."""
    known, etag = asked.named.get(b"if-none-match"), answer.first(b"etag")
    if answer.status == 200 and known is not None and etag is not None and is_known(known, etag):
        return Answer(304, answer.without(*ABOUT_THE_BODY))
    return answer


def is_known(known: bytes, etag: bytes) -> bool:
    """Whether a header If-None-Match names this ETag; by weak comparison."""
    return known.strip() == b"*" or etag.removeprefix(b"W/") in {
        each.strip().removeprefix(b"W/") for each in known.split(b",")
    }
