"""Makes the database's indexes: `python -m step1_rest.api.prepare`, once before the API starts."""

from kit.domain.indexes import INDEXES, expiring
from kit.mongo.prepare import prepare

if __name__ == "__main__":
    prepare({**INDEXES, "revoked": [expiring("expires")]})
