"""Several networks at once: their figures side by side, and what differs between two of them."""
