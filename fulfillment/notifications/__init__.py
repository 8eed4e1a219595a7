"""What people are told: who they are, what is said to them, and the channels by which it reaches them."""
