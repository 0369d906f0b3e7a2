"""Runs the emulator, inside its private environment, the way sundog needs it.

This package is copied out of sundog and imported as `sundog_launcher` by the private environment's interpreter. It sees
the standard library and the emulator, never sundog. `main.py` is the way in.
"""
