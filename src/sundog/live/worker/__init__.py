"""Python workers: the zygote that forks them, and what runs inside the user's interpreter."""
