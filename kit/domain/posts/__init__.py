"""Posts: their fields, the collection, and the Eve resource."""
