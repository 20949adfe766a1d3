"""Models of TFLite, read from their flatbuffers: layers and shapes, no weights."""
