"""A provider's absence: a span in which they take no visits, and what becomes of those that are there."""
