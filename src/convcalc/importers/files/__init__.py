"""Files that hold a network: told by their content, and given to what reads each kind.

What a file is decides who reads it (`reading`): texts and JSON documents are read here (`texts`), a
file that holds no network is told what it is and what to give in its place (`other_files`).
"""
