"""The conformance corpus: small situations with answers known from AWS's documents, and how a tool is held to them."""
