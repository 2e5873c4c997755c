"""Two forms of one document, text and YAML, and the tree that both are of.

Begin with `parser.parse`, and with `ast` for what it gives. Reading text: `decoding`, `tokens`, `table`
(`grammar/arch.lark` as data), `reading`, `nodes`. Where a text is wrong lark reads it: `lark_parser`,
`machine`, `trees`; `repair` and `recovery` read on, and `complaints`, `habits`, `misspellings` and `slips`
know what was meant. Writing text: `formatter`, on `spelling` and `alignment`. YAML: `yaml_form`, which shows
it, on `yaml_tree`, `yaml_shape`, `yaml_reader`, `yaml_writer`; `forms` says once for both what each
declaration holds.
"""
