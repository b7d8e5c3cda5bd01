"""One machine to many: an estate divided into chunks, worked on by processes here or on a cluster.

What comes out is the same, byte for byte, whoever worked on it and in whatever order.
"""
