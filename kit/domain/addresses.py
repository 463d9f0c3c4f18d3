"""E-mail addresses, those of a house or an office included."""

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

AT_HOME = ("local", "localhost", "test", "arpa")
"""Names that mail servers of a house or an office have, and a workshop's own: home.arpa is one of arpa.

The mail server decides whether it can deliver there; by default it is one that only shows what it caught.
"""

for _name in AT_HOME:  # the library's documented way to allow some of them
    if _name in SPECIAL_USE_DOMAIN_NAMES:
        SPECIAL_USE_DOMAIN_NAMES.remove(_name)


def normal_address(text: str) -> str:
    """The address in its normal form. Raises ValueError with the reason."""
    # A name without a dot is more often a slip than a machine, but for this one.
    is_this_machine = text.lower().endswith("@localhost")
    try:
        found = validate_email(
            text, check_deliverability=False, globally_deliverable=False if is_this_machine else None
        )
    except EmailNotValidError as error:
        raise ValueError(f"an e-mail address like name@example.org is needed. {error}") from None
    return found.normalized
