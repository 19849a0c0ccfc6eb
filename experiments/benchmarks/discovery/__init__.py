"""Can discovery be trusted? Recovery of known groups, false discoveries, everyday customers, and running time."""
