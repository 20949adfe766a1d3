"""Source text that makes a model of Keras, read without running it, as Keras's configuration."""
