"""The door to Prometheus, against a fake one over HTTP and, where there is one, the real one."""
