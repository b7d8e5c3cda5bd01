"""The command line: arguments in, one call of the facade, a rendering out."""
