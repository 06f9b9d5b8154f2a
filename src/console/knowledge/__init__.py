"""From bytes to answers: extract, chunk, rank, answer, confidence."""
