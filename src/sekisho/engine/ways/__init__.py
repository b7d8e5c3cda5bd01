"""The ways into and out of a VPC: gateways, load balancers, services."""
