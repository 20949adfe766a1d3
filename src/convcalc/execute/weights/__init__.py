"""The weights of a network: drawn at random, or with batch norms folded in."""
