"""What keeps a measurement from its figures."""

import click


class NotMeasured(click.ClickException):
    """There are no figures; the message says why."""
