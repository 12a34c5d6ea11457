"""A whole system on one machine: broker, centre and a terminal on the bench. The demo, the benches and the end-to-end tests
stand on it."""
