"""Programs of torch.export, read from the JSON in their archives: without torch, and not run."""
