"""The separation of segments: gaps between them, tested on held-out customers, whatever their shape and scale."""
