"""Plans carried out, once or for calls that repeat."""
