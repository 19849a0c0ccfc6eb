"""What would change it: the smallest change that moves a customer to another segment."""
