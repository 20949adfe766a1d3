"""A page of its own for one convolution: the walk, with sliders, as HTML with its own scripts."""
