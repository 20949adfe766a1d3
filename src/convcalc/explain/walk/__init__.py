"""One output element computed step by step, as plain data: what is read, products, sums."""
