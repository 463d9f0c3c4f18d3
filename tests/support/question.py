"""A question and its answer as rows of the Posts.xml in a Stack Exchange dump."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.sax.saxutils import quoteattr

SITE = "stackoverflow.com"


@dataclass(frozen=True)
class Question:
    """One question; `html` is its body."""

    title: str
    html: str
    score: int
    answers: int
    created: datetime
    number: int = field(default_factory=lambda: 10**11 + secrets.randbelow(10**11))

    @property
    def post_id(self) -> str:
        """Return the `_id` of the post."""
        return f"se_{self.number}"

    def rows(self) -> str:
        """Return the rows of the question, and of one answer, which is not a post."""
        row = self.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000")
        return (
            f'  <row Id="{self.number}" PostTypeId="1" CreationDate="{row}" Score="{self.score}"'
            f' ViewCount="9" Body={quoteattr(self.html)} OwnerUserId="42" Title={quoteattr(self.title)}'
            f' Tags="&lt;rivers&gt;" AnswerCount="{self.answers}" CommentCount="0" />\n'
            f'  <row Id="{self.number + 1}" PostTypeId="2" ParentId="{self.number}" CreationDate="{row}"'
            f' Score="3" Body={quoteattr(self.html)} OwnerUserId="43" CommentCount="0" />\n'
        )


def posts_xml(*questions: Question) -> str:
    """Return the complete file."""
    rows = "".join(each.rows() for each in questions)
    return f'<?xml version="1.0" encoding="utf-8"?>\n<posts>\n{rows}</posts>\n'
