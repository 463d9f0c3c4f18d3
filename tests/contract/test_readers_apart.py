"""No response that was made for one reader is ever shown to another."""

from tests.contract.face import Face
from tests.support.corpus import Corpus
from tests.support.readers_apart import mingle, new_readers

READERS, ROUNDS = 5, 25


def test_each_response_is_for_the_reader_who_requested_it(face: Face, corpus: Corpus) -> None:
    posts = [corpus.spare.pop().post_id for _ in range(3)]
    mingle(face.url, new_readers(face.url, READERS), posts, corpus.word, ROUNDS)
