"""Why every number is what it is: formulas with the numbers put in, and single outputs computed."""
