"""Discovery: try and judge candidates on customer vectors, choose one, and make its SegmentModel."""
