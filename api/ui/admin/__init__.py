"""The pages of admins: the payouts that wait, ruling on one, and the figures, which operations see, too."""
