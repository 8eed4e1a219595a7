"""The rules of a job: posting it, finding a provider, and finding another."""
