"""A connection to a PostgreSQL whose address is in an environment variable, and why there is none, in one line.

The address may carry a password, and libpq's own words may repeat it: neither is ever in a message.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from segment_model.errors import SourceError

if TYPE_CHECKING:
    import psycopg

CONNECT_SECONDS = 10
NO_CONNECTION = {  # what libpq says, and what we do: its own words may repeat the URL
    "timeout": f"nothing answers within {CONNECT_SECONDS} s; is the address right?",
    "refused": "nothing listens at its address; is it running?",
    "resolve host": "its host is not known; is the address right?",
    "translate host": "its host is not known; is the address right?",
    "password": "it does not accept the user or the password",
    "does not exist": "it has no such user or database",
    "no encryption": "it asks for an encrypted connection; write `?sslmode=require` after the URL",
    "invalid response": "what answers at its address is no PostgreSQL",
    "connection info string": "that is no URL; write postgresql://USER:PASSWORD@HOST/DATABASE",
}


def connect_postgres(variable: str, name: str, autocommit: bool = False) -> psycopg.Connection[Any]:
    """Connect to the PostgreSQL whose URL the environment variable holds.

    name : what the message begins with, such as the raw table that is to be read.

    Raises
    ------
    SourceError
        If the variable is not set, or the server cannot be reached; never with the URL in the message.
    """
    url = os.environ.get(variable)
    if not url:
        raise SourceError(f"{name}: the environment variable {variable} must hold the PostgreSQL URL; it is not set")
    import psycopg  # most builds read files only

    try:
        # else it is the database's encoding: COPY's UTF-8 would be misread, and SQL_ASCII would give bytes for texts
        return psycopg.connect(url, autocommit=autocommit, connect_timeout=CONNECT_SECONDS, client_encoding="UTF8")
    except (psycopg.Error, UnicodeError) as error:  # the latter of a host that no name server can be asked for
        raise no_connection(error, variable, name) from None


def no_connection(error: Exception, variable: str, name: str) -> SourceError:
    """Why there is no connection, without the driver's own words."""
    text = str(error).lower()
    reason = next(
        (reason for phrase, reason in NO_CONNECTION.items() if phrase in text),
        "is it running, and are address, user and password right?",
    )
    return SourceError(f"{name}: cannot connect to the PostgreSQL that {variable} names: {reason}")
