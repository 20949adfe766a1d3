"""Convolutions on a Dask cluster."""
