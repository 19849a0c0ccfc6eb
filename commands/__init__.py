"""The commands: their options, what they ask and what they print; the work is done by `jobs`, `registry` and `serving`.

A command imports what it needs inside its function, so that `--help` imports nothing heavy.
"""


def check_packages() -> None:
    """Refuse to run a command where a module of the user hides a package that commands need."""
    from segment_model.hidden_packages import require_packages

    require_packages(
        __file__, "experiments", "features", "jobs", "registry", "reporting", "serving", "training", "warehouse"
    )
