"""From model and sets to reachability: walks, connections, answers."""
