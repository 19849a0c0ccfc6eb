"""Customer vectors to a judged, named SegmentModel."""
