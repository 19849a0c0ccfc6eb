"""The session of a Spark in which tables are read and features computed; pyspark is imported here, on first use."""

from __future__ import annotations

import os
import re
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from features.settings import EngineSettings
from segment_model.errors import SettingsError, SourceError

APPLICATION = "segments"
PYTHON, JAVA = "PYSPARK_PYTHON", "JAVA_HOME"
GATEWAY = "JAVA_GATEWAY_EXITED"
OF_WORKER = "An exception was thrown from the Python worker"
JAVA_PART = "JVM stacktrace"  # begins what Spark appends for Java programmers
OURS = re.compile(r"^segment_model\.errors\.\w+: ")
ZONE = "spark.sql.session.timeZone"
CATALOGUE, IN_MEMORY = "spark.sql.catalogImplementation", "in-memory"
FORGETS = (
    "--to spark: this Spark's catalogue lies in memory and ends with the command, so nobody could read the table. Name "
    f"a lasting one by engine: spark_options, such as {CATALOGUE}: hive and spark.hadoop.hive.metastore.uris; or write "
    "a folder by --out"
)
DEFAULTS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",  # it would write into our output
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.log.level": "OFF",  # an error is raised, and printed in one line
}
INSTALL = "`make install-spark` adds it"


@contextmanager
def spark_session(engine: EngineSettings, time_zone: str, *, leaves_tables: bool = False) -> Iterator[Any]:
    """A session at the master that the settings name, in the time zone of the business; a new one ends with the block.

    A session that runs already in this process is used as it is, but for the time zone, and stays; its own time zone
    comes back. leaves_tables : whether tables of the catalogue are written, which must outlive the session.

    Raises
    ------
    SourceError
        If pyspark or Java is not installed, or the master does not answer.
    SettingsError
        If tables are to stay in a catalogue that ends with the session.
    """
    session_class = _session_class()
    running = session_class.getActiveSession()
    session = running if running is not None else _start(session_class, engine)
    zone = session.conf.get(ZONE)
    try:
        if leaves_tables and running is None and session.conf.get(CATALOGUE) == IN_MEMORY:
            raise SettingsError(FORGETS)
        session.conf.set(ZONE, time_zone)
        yield session
    finally:
        if running is None:
            session.stop()
        else:
            session.conf.set(ZONE, zone)


def _session_class() -> Any:
    """The class of sessions, once Java and pyspark are there."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pyspark 4.0 knows no pandas 3.1, and says so
            from pyspark.sql import SparkSession
    except ImportError as error:
        raise SourceError(f"engine: spark needs pyspark, which is not installed: {INSTALL}") from error
    _check_java(os.environ.get(JAVA))
    return SparkSession


def _check_java(home: str | None) -> None:
    """home : where Spark looks for Java; None: among the programs of the shell."""
    if home is not None and not (Path(home) / "bin" / "java").exists():
        raise SourceError(f"engine: spark needs Java 17, and there is no bin/java in {home}: correct or unset {JAVA}")
    if home is None and shutil.which("java") is None:
        raise SourceError(
            "engine: spark needs Java 17, and there is no `java` (apt-get install openjdk-17-jre-headless)"
        )


def _start(session_class: Any, engine: EngineSettings) -> Any:
    builder = session_class.builder.appName(APPLICATION).master(engine.spark)
    for name, option in {**DEFAULTS, **engine.spark_options}.items():
        builder = builder.config(name, option)
    try:
        with _python_of_workers(str(engine.spark)):
            session = builder.getOrCreate()
            session.conf.get(ZONE)  # only the first question makes Spark read all its settings
            return session
    except spark_errors() as error:
        if (unfinished := session_class.getActiveSession()) is not None:
            unfinished.stop()
        raise SourceError(f"engine: no session at {engine.spark}: {_why_none(error)}") from error


def _why_none(error: Exception) -> str:
    cause = spark_cause(error)
    ends = "; what Java wrote above says why, such as a Java older than 17 or a wrong name in spark_options"
    return f"{cause}{ends if GATEWAY in cause else ''}"


@contextmanager
def _python_of_workers(master: str) -> Iterator[None]:
    """On this machine workers run the Python of this process, unless PYSPARK_PYTHON names another."""
    if not master.startswith("local") or PYTHON in os.environ:
        yield
        return
    os.environ[PYTHON] = sys.executable  # Spark takes it from nowhere else
    try:
        yield
    finally:
        del os.environ[PYTHON]


def address_to_write(path: Path) -> str:
    """A path of this machine as Spark writes to it: it decodes no address, so a blank is a blank and not `%20`."""
    return f"file://{path.absolute().as_posix()}"


def address_to_read(path: Path) -> str:
    """A path of this machine as Spark reads it."""
    return literal_address(address_to_write(path))


def literal_address(address: str) -> str:
    """An address as Spark reads it where its letters are no pattern."""
    return re.sub(r"[\\*?\[\]{}]", lambda letter: f"\\{letter[0]}", address)


def spark_errors() -> tuple[type[Exception], ...]:
    """The errors of a Spark; none where pyspark was not imported, since then there is none."""
    if "pyspark" not in sys.modules:
        return ()
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    return (PySparkException, Py4JError)


def spark_cause(error: Exception) -> str:
    """What is wrong, in one line, by an error of Spark: its first line, unless that only names the place.

    Of an error in a worker it is the last line of the Python traceback, of one of the Java side the innermost cause.
    """
    text = str(error).strip()
    lines = text.splitlines() or [type(error).__name__]
    if OF_WORKER in lines[0]:
        raised = [line for line in text.partition(JAVA_PART)[0].splitlines() if line.strip() and not line[0].isspace()]
        return OURS.sub("", raised[-1])
    if lines[0].startswith("["):
        return lines[0]
    causes = [line for line in lines if line.startswith(("Caused by:", ": "))]
    named = [line for line in causes if "[" in line] or causes
    return named[-1].removeprefix("Caused by:").lstrip(": ").partition(" SQLSTATE")[0] if named else lines[0]
