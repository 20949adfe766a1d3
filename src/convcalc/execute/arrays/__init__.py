"""Axes, dtypes and elements of arrays, whatever computes with them."""
