"""What each command does: it wires the rooms together. Heavy imports wait inside, so that --help is quick."""


def check_rooms() -> None:
    """Refuse to run a command where a module of the user hides a package that commands need."""
    from segment_model.rooms import require_rooms

    require_rooms(__file__, "experiments", "features", "jobs", "registry", "reporting", "serving", "training")
