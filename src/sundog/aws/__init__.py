"""AWS clients: the only package that imports botocore, and the only one that knows which cloud it talks to."""
