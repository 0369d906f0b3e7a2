"""What runs in the user's interpreter: standard library only, Python 3.9 and later.

Nothing here imports sundog: `start.py` loads this folder by its path, as the package `_sundog_worker`, into whichever
interpreter runs the user's handlers.
"""
