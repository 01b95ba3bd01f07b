"""Front ends: they talk to the store, never to a worker and never to a model."""
