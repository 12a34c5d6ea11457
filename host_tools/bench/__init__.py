"""What `make bench` and the campaigns beside it measure."""
