"""What each command does: it wires the rooms together. Heavy imports wait inside, so that --help is quick."""
