"""The settings of the processes that call services."""

from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_settings import NoDecode, SettingsConfigDict

from kit.settings import Settings


def _split(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return tuple(name for each in value.split(",") if (name := each.strip()))


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class ClientSettings(Settings):
    """Each setting is read from the environment variable of its name in capitals."""

    model_config = SettingsConfigDict(alias_generator=str.upper)

    expected_services: Names = ()
    """The services that must have been up once before the gateway and the web face are ready."""
