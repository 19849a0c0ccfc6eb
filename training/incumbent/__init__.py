"""The incumbent (the serving model) in a retrain: its assignments of today's customers, and how its segments go on."""
