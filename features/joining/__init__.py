"""What is looked at between tables: whether their ids meet, who is a customer at the as-of moment, who stands out."""
