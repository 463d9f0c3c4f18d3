"""Ids of tests that can be run with mutants.

pytest escapes what is not ASCII with backslashes, and escapes those again when it runs a second time in the
same process, as mutmut does. It then no longer finds the test.
"""


def plain_id(value: object) -> str:
    """Return a representation of a parameter in ASCII without backslashes."""
    return ascii(value).replace("\\", "%")
