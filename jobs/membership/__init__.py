"""Who was in which segment at each month end: the champion applied to vectors as of then."""
