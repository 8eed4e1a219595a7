"""What operations do at a terminal: `python -m ops`. A command is a module here, named in `ops.__main__`."""
