"""One module a command, each with a `command`; imported when its command is called."""
