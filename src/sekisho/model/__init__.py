"""Typed facts of an AWS estate: frozen records as AWS returns them, joined by id, with what is missing written down."""
