"""Convolution as sums over planes, by OpenCV."""
