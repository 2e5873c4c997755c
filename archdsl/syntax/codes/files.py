"""Codes about files and the command line: E09xx."""
