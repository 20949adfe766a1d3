"""Kinds of files that are no text of a network: what shows them, and what to give instead."""

from __future__ import annotations

from typing import NamedTuple

PRINT = "it is not read: give what print(model) shows of the PyTorch model, or its layers as text"
LAYERS = "it is not read: give its layers as text"
READ = "it is no text; convcalc convert MODEL -o net.spec writes one"
NETWORK = "give the layers of a network, or the name of one: convcalc networks lists them"
DOWNLOAD = "download the file itself"
SIGN_BYTES = 512


class Kind(NamedTuple):
    """A kind of file: what it is called, and what to give in its place."""

    name: str
    instead: str

    def told(self, detail: str = "") -> str:
        """Both in a sentence that begins with the name of the file and "is"."""
        return f"{self.name}{detail}; {self.instead}"


ONNX = Kind("an ONNX model", READ)
EXPORTED = Kind("a program of torch.export", READ)
SCRIPT = Kind("a TorchScript program", PRINT)
SAVED = Kind("a file of torch.save", f"{PRINT}; weights go into run --weights")
KERAS = Kind("a Keras model", READ)
HDF5 = Kind("an HDF5 file of Keras or others", READ)
TFLITE = Kind("a TFLite model", READ)
SAFETENSORS = Kind("a .safetensors file", NETWORK)
ARCHIVE = Kind("an archive of numpy", NETWORK)
ARRAY = Kind("an array of numpy", "arrays are inputs: convcalc run INPUT.npy --network NET")
GRAPH = Kind("a TensorFlow graph", LAYERS)
CORE_ML = Kind("a Core ML model", PRINT)
CAFFE = Kind("weights of Caffe", "give the layers that its prototxt describes as text")
GGUF = Kind("weights in GGUF, without an architecture", NETWORK)
PICKLE = Kind("a pickle", PRINT)

BY_ENDING = {
    ".caffemodel": CAFFE,
    ".ckpt": SAVED,
    ".h5": HDF5,
    ".hdf5": HDF5,
    ".keras": KERAS,
    ".mlmodel": CORE_ML,
    ".mlpackage": CORE_ML,
    ".npy": ARRAY,
    ".npz": ARCHIVE,
    ".onnx": ONNX,
    ".pb": GRAPH,
    ".pt": SAVED,
    ".pt2": EXPORTED,
    ".pth": SAVED,
    ".safetensors": SAFETENSORS,
    ".tflite": TFLITE,
}
"""What a file should be by the ending of its name."""

WITHOUT_SIGN = (".caffemodel", ".mlmodel", ".pb")
"""Endings of files that may begin with anything."""

SIGNS = (
    (b"\x89HDF\r\n\x1a\n", HDF5),
    (b"\x93NUMPY", ARRAY),
    (b"GGUF\x02\0", GGUF),
    (b"GGUF\x03\0", GGUF),
    (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", SAVED),
    (b"\x80\x02", PICKLE),
    (b"\x80\x03", PICKLE),
    (b"\x80\x04", PICKLE),
    (b"\x80\x05", PICKLE),
    (b"\x89PNG\r\n\x1a\n", Kind("a PNG image", NETWORK)),
    (b"\xff\xd8\xff", Kind("a JPEG image", NETWORK)),
    (b"GIF87a", Kind("a GIF image", NETWORK)),
    (b"GIF89a", Kind("a GIF image", NETWORK)),
    (b"%PDF-", Kind("a PDF document", NETWORK)),
    (b"\x1f\x8b", Kind("gzip-compressed", "unpack it first")),
    (b"version https://git-lfs", Kind("a pointer of Git LFS", "git lfs pull brings the file")),
    (b"<!DOCTYPE html", Kind("a web page", DOWNLOAD)),
    (b"<!doctype html", Kind("a web page", DOWNLOAD)),
    (b"<html", Kind("a web page", DOWNLOAD)),
)
"""What files begin with."""

FOLDERS = (
    ("saved_model.pb", Kind("a SavedModel of TensorFlow", LAYERS)),
    ("Manifest.json", CORE_ML),
    ("model.safetensors", Kind("a folder with weights in model.safetensors", NETWORK)),
)
"""Folders that stand for one thing, by a file in them."""
