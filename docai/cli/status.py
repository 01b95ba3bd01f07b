"""Exit statuses; docs/commands.md promises them."""

DONE, SOME_FAILED, WRONG_USAGE, NOTHING_READ, MISSING, INTERRUPTED = 0, 1, 2, 3, 4, 130
