"""`python -m sundog`."""

from sundog.cli import main

if __name__ == "__main__":
    main()
