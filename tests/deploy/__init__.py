"""What deploy/ says is what our code takes; the rest is for those who read it (`make deploy-check`)."""
