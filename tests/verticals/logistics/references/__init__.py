"""What should have alerted when, told from the raw files by plain Python that knows nothing of our rules."""
