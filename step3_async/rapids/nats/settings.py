"""The settings of NATS: the servers, and the limits of the streams."""

from pydantic import Field, PositiveFloat, PositiveInt

from kit.settings import Settings

MEGABYTE = 1_000_000
DAY_SECONDS = 24 * 60 * 60


class NatsSettings(Settings):
    """The address with user and password, with commas between the servers of a cluster; and limits.

    Events are dropped when they are older than `max_age` seconds, and the oldest when all together are larger
    than `max_bytes`. Each is stored on so many servers of a cluster as there are `replicas`.
    """

    url: str = Field("nats://127.0.0.1:4222", alias="NATS_URL")
    max_bytes: PositiveInt = Field(2000 * MEGABYTE, alias="RAPIDS_MAX_BYTES")
    max_age: PositiveFloat = Field(float(7 * DAY_SECONDS), alias="RAPIDS_MAX_AGE")
    replicas: PositiveInt = Field(1, alias="RAPIDS_REPLICAS")
