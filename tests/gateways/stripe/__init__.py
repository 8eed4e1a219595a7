"""A Stripe on this machine, and the tests that hold it to its word."""
