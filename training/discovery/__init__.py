"""From customer vectors to judged candidates, and from the chosen one to a SegmentModel."""
