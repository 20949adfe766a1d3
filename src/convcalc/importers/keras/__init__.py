"""Models that Keras has saved, from their configuration: no code is run, no weights are read."""
