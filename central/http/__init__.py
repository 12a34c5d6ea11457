"""The HTTP side of the centre: searches, the registry, list files, health and metrics. OpenAPI at /docs."""
