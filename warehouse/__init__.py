"""A segment model as SQL: the statements by which a warehouse assigns and explains its own customers."""
