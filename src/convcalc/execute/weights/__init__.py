"""The weights of a network: from files, drawn at random, or with batch norms folded in."""
