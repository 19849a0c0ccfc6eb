"""The champion: fetched before a discovery continues its segments, and compared with the version of a rollback."""
