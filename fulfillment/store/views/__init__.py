"""Reading what happened, in the shape a page or a list wants it: one module per noun."""
