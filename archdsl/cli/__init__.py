"""The command line: a thin shell that reads arguments and files, asks the core, and prints."""
