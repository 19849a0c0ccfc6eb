"""How sure a figure is: intervals of shares and of ratios of sums, and which groups differ from the rest."""
