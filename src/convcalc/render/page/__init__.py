"""A page of its own for a convolution or a small network: the walk, with sliders, as HTML."""
