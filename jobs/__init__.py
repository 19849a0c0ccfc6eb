"""The wiring of the rooms, one file a job."""
