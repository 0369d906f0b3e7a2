"""Packaging of the code of functions for AWS Lambda, and the tools that it takes."""
