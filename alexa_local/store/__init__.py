"""What must outlive a power cut: one SQLite database, and single files written durably."""

from alexa_local.store.database import Store, open_store
from alexa_local.store.durable import durable_write
from alexa_local.store.ledger import Ledger, Traffic
from alexa_local.store.owner import as_owner_of, existing_store

__all__ = ["Ledger", "Store", "Traffic", "as_owner_of", "durable_write", "existing_store", "open_store"]
