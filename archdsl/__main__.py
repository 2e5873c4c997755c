"""`python -m archdsl` is the `archdsl` command."""

from archdsl.cli.main import main

if __name__ == "__main__":
    main()
