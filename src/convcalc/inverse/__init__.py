"""The inverse questions: layers and sizes that give what is wanted, grids of them, budgets."""
