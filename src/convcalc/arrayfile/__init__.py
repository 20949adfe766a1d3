"""Arrays in files: `.npy` and `.npz` read without trust, `.npy` written without half a result.

Reading believes nothing: the size, the header and the directory of a file are checked before a
byte of memory is asked for, and whatever the file contains the outcome is an array or one line of
explanation. Writing never damages what is there: a file is replaced as a whole or not at all.

    wording    how a file is named in a message, and why the system refused it
    memory     how much memory there is
    identity   whether a file is still the one that it was
    source     a stream of bytes with a name and a size: a file or standard input
    header     what the first bytes of a `.npy` declare, checked
    npy        a `.npy` source becomes an array
    archive    the members of a `.npz` become arrays
    pictures   a picture becomes an array
    deep_pictures  colour of 16 bits
    picture_writing  an array becomes a picture
    safetensors  the arrays of a `.safetensors` file
    member_names  the name of one array in an archive or a zarr folder
    reading    the name that a user typed becomes an array
    torch_pickle  what a file of torch.save declares, without running its pickle
    target     what an output name stands for, and whether it can be written
    placing    what is complete takes its name, over nothing that may not be replaced
    whole_file bytes become a file
    writing    an array becomes a file
    elements   the elements of an open file, read and written part by part
    growing    a file that is filled piece by piece
    packing    arrays become the members of a `.npz`
    folder     several arrays become the files of a folder
    stored     an array whose elements are read part by part
    zarr_metadata  what a zarr folder declares, checked
    zarr_folder    the arrays of zarr folders, read and written part by part
    new_folder     a folder that takes its name when it is complete
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.lazy_names import loader_of

if TYPE_CHECKING:
    from convcalc.arrayfile.archive import read_archive
    from convcalc.arrayfile.folder import check_folder, filled_folder
    from convcalc.arrayfile.growing import grow_array
    from convcalc.arrayfile.packing import write_archive
    from convcalc.arrayfile.reading import read_array, read_placeholder
    from convcalc.arrayfile.safetensors import read_safetensors
    from convcalc.arrayfile.target import check_output
    from convcalc.arrayfile.writing import write_array

__all__ = [
    "check_folder",
    "check_output",
    "filled_folder",
    "grow_array",
    "read_archive",
    "read_array",
    "read_placeholder",
    "read_safetensors",
    "write_archive",
    "write_array",
]

_MODULE_OF = {
    "check_folder": "folder",
    "check_output": "target",
    "filled_folder": "folder",
    "grow_array": "growing",
    "read_archive": "archive",
    "read_array": "reading",
    "read_placeholder": "reading",
    "read_safetensors": "safetensors",
    "write_archive": "packing",
    "write_array": "writing",
}

__getattr__ = loader_of(__name__, _MODULE_OF)
"""What is used, loaded when it is first used: bytes are written without numpy."""
