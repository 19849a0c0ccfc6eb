"""The gateway: keys, admission control, CORS and the log, which come before every endpoint."""
