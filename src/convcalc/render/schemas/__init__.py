"""What the JSON documents of the commands hold, as types, from which their schemas are derived.

derive     a type becomes a JSON Schema
commands   which types each command's documents have
layers     a layer, its figures, the totals
reports    documents of a network: shape, flops, rf, summary, memory, roofline, diff
answers    solve, sizes, check, sweep
reference  devices, layers, networks, weights, calibrate
computing  run and explain
"""
