"""Pure data that the parts of sundog hand to each other. No I/O beyond reading the user's settings file."""
