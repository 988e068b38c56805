"""`python -m analyser` is the console script `analyser`."""

from analyser.cli import main

if __name__ == "__main__":
    main()
