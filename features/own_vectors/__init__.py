"""Features that other people computed: the columns of a table of one row a customer, and what kind each is."""
