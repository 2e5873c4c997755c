"""What is wrong with a text, and how it is said: sources and spans, diagnostics and their codes, suggestions,
rendering.

    source = Source("net.arch", text)
    span = Span(source, 19, 25)
    diagnostic = names.UNKNOWN_NAME.error(span, "unknown name `kernal`", help="did you mean `kernel`?")
    print(render(diagnostic))

The lowest room of the house: it imports no other, and every room reports through it.
"""
