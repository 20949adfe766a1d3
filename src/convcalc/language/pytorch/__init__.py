"""Networks as PyTorch prints them: the text read, and what it promises checked."""
