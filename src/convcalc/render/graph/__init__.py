"""A network as a picture: its layers as boxes, and what reads what as arrows."""
