"""The quality of candidates, the verdict on their segments, and the choice among them."""
