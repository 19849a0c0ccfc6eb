"""Clients that put load on a running service, and the processes of the service, to be measured or killed."""
