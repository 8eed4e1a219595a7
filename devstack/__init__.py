"""The whole system on a laptop: Postgres, Temporal, worker and API as children of one process, no docker."""
