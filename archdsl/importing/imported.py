"""From a captured network to a text that was held against it: what `archdsl import` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.architecture import Architecture
from archdsl.diagnostics.codes import importing as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Source
from archdsl.elaborate.files.project import Project
from archdsl.importing.agreement import differences
from archdsl.importing.aten import ATEN
from archdsl.importing.blocks import fold
from archdsl.importing.calls import Held, Lifted
from archdsl.importing.captured import Captured
from archdsl.importing.lifting import lift
from archdsl.importing.renaming import rename_table
from archdsl.importing.rows import settled
from archdsl.importing.writing import Written, write

if TYPE_CHECKING:
    from archdsl_torch.verifying import Verified


@dataclass(frozen=True, eq=False, slots=True)
class Imported:
    """A network that came in: its text, the architecture that it elaborates to, and how it compares with its
    source. `keys` has the key in the source of each weight; `verified` is None until it is asked for.
    """

    text: str
    architecture: Architecture
    keys: Mapping[str, Held]
    captured: Captured = field(repr=False)
    verified: Verified | None = None

    @property
    def renamed(self) -> Mapping[str, str]:
        """Keys of the source that are called otherwise in the text, as lines of a rename table."""
        return {held.key: ours for ours, held in self.keys.items() if held.key != ours}

    def weights(self) -> dict[str, Any]:
        """A state dict with the source's numbers under the text's keys."""
        from archdsl_torch.verifying import weights_of

        return weights_of(self.architecture.graph, self.captured, self.keys)

    def save(self, path: str | Path) -> None:
        """Writes the text, and beside it a rename table where keys differ."""
        from archdsl.whole_files import write_text

        write_text(Path(path), self.text)
        if self.renamed:
            write_text(Path(path).with_suffix(".rename"), self.rename_table())

    def rename_table(self) -> str:
        """The rename table: a line a layer, or one with numbers for several."""
        return rename_table(
            {held.key: ours for ours, held in self.keys.items()}, self.captured.name
        )


def import_captured(captured: Captured, *, verify: bool = True) -> Imported:
    """The text of a captured network.

    Raises DiagnosticError: E1401 for what cannot be said, E1404 where text and source differ.
    """
    lifted = lifted_from(captured)
    written = write(fold(lifted))
    architecture = elaborated(written)
    wrong = differences(architecture.graph, lifted, written.keys)
    _refuse(captured, wrong)
    found = Imported(written.text, architecture, written.keys, captured)
    if not verify:
        return found
    from archdsl_torch.verifying import verify as compare

    verified = compare(architecture.graph, captured, written.keys)
    _refuse(captured, verified.problems())
    return Imported(written.text, architecture, written.keys, captured, verified)


def lifted_from(captured: Captured) -> Lifted:
    """A captured network in primitives, by the rows of where it came from. Raises DiagnosticError E1401."""
    if captured.form == "aten":
        return lift(captured, ATEN, settled)
    from archdsl.importing.onnx_rows import ONNX, evaluate

    return lift(captured, ONNX, settled, evaluate)


def elaborated(written: Written) -> Architecture:
    """The architecture of a written text."""
    project = Project()
    module = project.importer.load_text(
        Source(f"{written.model}.arch", written.text), Path.cwd()
    )
    graph = project.elaborate(module, written.model)
    return Architecture(graph.graph, graph.warnings)


def _refuse(captured: Captured, problems: Sequence[str]) -> None:
    if problems:
        more = f", and {len(problems) - 3} more" if len(problems) > 3 else ""
        message = (
            f"the text of {captured.name} is not the model: {'; '.join(problems[:3])}{more}"
        )
        raise DiagnosticError(codes.UNVERIFIED.error(None, message))
