"""`python -m docai` is the `docai` command."""

from docai.cli import main

if __name__ == "__main__":
    main()
