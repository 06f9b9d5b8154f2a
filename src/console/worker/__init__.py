"""The worker: answers visitors in one lane, ingests knowledge in another, and sweeps up what was missed."""
