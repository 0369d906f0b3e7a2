"""The checks of `sundog doctor`: each looks at one thing that sundog needs and says how to mend it.

A check returns what it found and never raises for what it looks at. What it asks of the machine comes in as parameters.
"""
