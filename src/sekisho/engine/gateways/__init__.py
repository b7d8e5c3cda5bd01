"""What happens to packets at gateways, middleboxes and endpoints."""
