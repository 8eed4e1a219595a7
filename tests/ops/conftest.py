"""A database of a test's own: these commands see all there is."""

from tests.store.conftest import alone, alone_url

__all__ = ["alone", "alone_url"]
