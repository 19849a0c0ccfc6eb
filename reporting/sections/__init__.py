"""The sections of the report page: each turns finished numbers into what its template shows, in words."""
