"""Code that runs in Lambda on behalf of constructs; templates hold its text, so it needs no asset and no build."""
