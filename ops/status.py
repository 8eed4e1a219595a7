"""How a command ends, for whoever calls it from a script; 0 says that all is well."""

SOMETHING_IS_WRONG = 1
COULD_NOT_LOOK = 2
"""Called wrongly, or of something that is not there, or without a database."""
INTERRUPTED = 130
