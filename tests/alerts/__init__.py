"""Alerts: their rules are sound, what they ask for exists, and they reach somebody."""
