"""Who stays: cohorts of acquisition, the members of segments in later months, lifetimes of subscriptions."""
