"""What importing a handler costs: a measurement in the function's own interpreter, and what it is made of."""
