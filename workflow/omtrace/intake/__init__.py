"""Taking data in: registration, checks before it, batches, queries to the site, withdrawal."""
