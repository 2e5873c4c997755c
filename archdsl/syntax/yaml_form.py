"""The other form of a document, in YAML: structure as YAML, expressions as text. Lossless both ways but for
comments.

    arch: 1
    declarations:
      - use: std
        names: [glore, project as proj]
      - const: bn
        value: batch_norm(eps = 1e-3)
      - fn: double
        params: [x]
        value: 2 * x
      - block: branch
        params: [width, "act: layer = relu"]
        body:
          - input: ["x: [b, c = 3]", y]
          - param: cls
            shape: [c = width]
            init: trunc_normal(0.02)
          - kernel ~: "[1x1, 3x3]"
          - a, b: [x, y -> act]
          - for: (i, n)
            in: enumerate(rows)
            as: row
            do: [{x: x -> conv(n)}]
          - if: width > 8
            then: [{x: x -> relu}]
            else: []
          - require: macs <= 2.0G
          - output: x
      - space: s
        value: branch(8)
        with: [found, {kernel: 3x3}]
      - genotype: found
        of: s
        set:                                    # a mapping if every edit settles a choice, else a list
          group[0]: {kernel: 3x3, channels: 24}
      - genotype: other
        of: s
        set:
          - {set: kernel, to: 3x3}
          - {narrow: channels, to: "[8, 16]"}
          - {group: "group[0]", edits: {kernel: 3x3}}
          - {after: [a, b], insert: glore}
          - {before: [a], insert: glore}
          - {replace: [a], by: glore}
          - {remove: [a]}
      - search: plan
        of: s
        plan:
          - strategy: darts()
          - step: one
            plan:
              - open: ["group[*]"]
              - fix: channels
                to: "8"
              - freeze: [stem]
              - budget: macs <= 2.0G
              - epochs: "600"
          - {set: open, to: "1"}                # a setting that is named like an entry

A file with one declaration may leave out the list: its keys stand beside `arch`. A list needs no quotes,
`value: [1, 2]`. `grammar/document.schema.json` has these shapes, and `yaml_shape` holds documents to it; the
text of each form is in `forms`.
"""

from __future__ import annotations

from archdsl.syntax.yaml_reader import from_yaml
from archdsl.syntax.yaml_writer import to_yaml

__all__ = ["from_yaml", "to_yaml"]
