"""Command line: parsing, printing and exit codes."""
