"""Notebooks of docs/, executed: ``python tests/notebooks.py docs/NAME.ipynb`` runs one and writes its outputs into it.

Outputs are kept as text, so that the pages can be read without running anything; the tests run them again and compare.
"""

import sys
from pathlib import Path
from typing import Any


def executed(path: Path) -> Any:
    """A notebook after it was run from the top, in the folder of the notebook."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    return notebook


def texts(notebook: Any) -> list[list[str]]:
    """The printed text and the value of each code cell."""
    return [
        [output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def write(path: Path) -> None:
    """Run a notebook and keep it with its outputs, without what differs from run to run."""
    import nbformat

    notebook = executed(path)
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        cell.metadata = {}
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("text/html", None)
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        write(Path(name))
