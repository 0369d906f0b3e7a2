"""What a command does once its options are read: synth, the cloud, deploys, the live session and the store, put together.

`deploy` and `live` know nothing of each other; they meet here.
"""
