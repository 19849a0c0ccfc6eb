"""A SegmentModel over HTTP: assign customers, explain, and say no clearly."""
