"""`convcalc explain`: one output of a layer or a network, computed step by step."""
