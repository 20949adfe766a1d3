"""Networks as other programs have them, read into ours: models of PyTorch, which are run, ONNX."""
