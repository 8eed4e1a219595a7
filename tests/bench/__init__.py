"""What an assignment costs, measured on the whole system, and how much of everything many of them take."""
