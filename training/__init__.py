"""Training: from customer vectors to a judged and named SegmentModel."""
