"""How quick a machine could be, from its peak and its bandwidth."""
