"""From customers of a request to answers: reading, assigning, explaining."""
