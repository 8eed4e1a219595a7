"""The shapes of what people send us and what we show them."""
