"""What `make bench` measures: `python -m bench`, with `tests` on the path."""
