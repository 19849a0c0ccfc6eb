"""What every request passes before its endpoint: keys, admission control, CORS, the log."""
