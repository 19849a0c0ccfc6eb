"""The uncertainty of figures: intervals of shares and of ratios of sums, and which groups differ from the rest."""
