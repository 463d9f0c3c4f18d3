"""Everything in the texts works as they say: each console block is run, and prints what is below it."""

import pytest

from tests.chapters.blocks import Block
from tests.chapters.text_run import BlockFailed, TextRun


@pytest.mark.chapter
def test_block(text_run: TextRun, block: Block) -> None:
    if text_run.failed_line:
        pytest.skip(f"the block in line {text_run.failed_line} failed")
    try:
        text_run.run(block)
    except BlockFailed as error:
        pytest.fail(str(error), pytrace=False)
