"""The effects of experiments by the segments that customers were in when they were exposed."""
