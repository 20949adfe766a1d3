"""Every command: where it is computed, its options and its help."""
