"""Models come in: an `nn.Module`, a `.pt2` or an `.onnx` as text that a person would have written, verified.

Begin with `import_captured` in `imported`. `capture`, `pt2` and `onnx_file` give one neutral graph
(`captured`), `opening` says which of them a source needs. `lifting` makes calls of primitives of it, by the
rows in `aten` and `onnx_rows`, which have `rows` in common; `builder` brings dimensions to where an operation
wants them, and `values` explains how positions become letters. `regions`, `templates` and `blocks` fold equal
modules into blocks, `bodies` and `writing` print them, and `agreement` holds the text against what was
lifted. Only `capture` imports torch, when it is called; outputs are compared in
`archdsl_torch.verifying`.
"""
