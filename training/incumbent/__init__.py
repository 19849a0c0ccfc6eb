"""The incumbent, which is the serving model, in a retrain: whom it assigns where, and how its segments go on."""
