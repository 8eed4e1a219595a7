"""`python -m api` runs the API."""

from api.main import serve

serve()
