"""What a bounded look at a table shows: counts, a sample, and the profile of each column."""
