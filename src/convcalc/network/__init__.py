"""Networks of validated layers: the graph, and everything that makes another of one."""
