"""A continuum: into how many segments customers without gaps can be divided so that all are found again."""
