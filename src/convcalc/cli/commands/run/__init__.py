"""`convcalc run`: where it computes, and what it writes."""
