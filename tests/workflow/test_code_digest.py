"""The digest of a step's library: it follows every import, changes with every file in it, and with no other."""

import ast
import shutil
from pathlib import Path

import pytest
from omtrace.provenance import code

ROOT = Path(code.PACKAGE).parent


def imported(path):
    """The package's modules that a file imports, read by the parser of Python itself."""
    names = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative imports are not followed"
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    parts = [name.split(".") for name in names if name.split(".")[0] == "omtrace"]
    longer = {".".join(name[:n]) for name in parts for n in range(1, len(name) + 1)}
    return {name for name in longer if file_of(name)}


def file_of(name):
    path = ROOT.joinpath(*name.split("."))
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


FILES = sorted([*code.PACKAGE.rglob("*.py"), *(ROOT / "scripts").glob("*.py")])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_quick_look_at_imports_sees_what_the_parser_sees(path):
    assert set(code.imports_of(path)) == {file_of(name) for name in imported(path)}


def test_every_way_to_write_an_import_is_seen(tmp_path):
    path = tmp_path / "x.py"
    path.write_text(
        "from omtrace.provenance import (\n    ledger,  # (why), not manifest\n    code as other,\n)\n"
        "from omtrace import plugins, \\\n    faults\n"
        "import omtrace.store as s, omtrace.job\n"
        "def f():\n    from omtrace.derivations import mean  # late\n"
        "# from omtrace.derivations import days\n"
        '"""import omtrace,"""\n',
        encoding="utf-8",
    )
    code.imports_of.cache_clear()
    assert set(code.imports_of(path)) == {
        file_of(name)
        for name in (
            "omtrace",
            "omtrace.provenance",
            "omtrace.provenance.ledger",
            "omtrace.provenance.code",
            "omtrace.plugins",
            "omtrace.faults",
            "omtrace.store",
            "omtrace.job",
            "omtrace.derivations",
            "omtrace.derivations.mean",
        )
    }


def test_the_closure_is_followed_to_its_end():
    script = ROOT / "scripts/validate_exports.py"
    found = {p.relative_to(ROOT).as_posix() for p in code.closure([script], ["readers.delimited", "schemas.diary"])}
    wanted, seen = [script, file_of("omtrace.readers.delimited"), file_of("omtrace.schemas.diary")], set()
    while wanted:
        path = wanted.pop()
        if path not in seen:
            seen.add(path)
            wanted += [file_of(name) for name in imported(path)]
    words = (ROOT / "omtrace/validation/identifiers/lists").iterdir()
    assert found == {p.relative_to(ROOT).as_posix() for p in (*seen, *words)}
    assert "omtrace/validation/checks.py" in found  # imported within a function
    assert "omtrace/readers/softmax.py" not in found


def test_lists_of_words_belong_to_the_package_that_uses_them():
    found = {path.name for path in code.closure([code.PACKAGE / "validation/identifiers/__init__.py"])}
    assert found >= {"given.txt", "family.txt"}


def test_templates_belong_to_the_package_that_uses_them():
    found = {p.name for p in code.closure([ROOT / "scripts/render_results.py"])}
    assert found >= {p.name for p in (code.PACKAGE / "report/templates").iterdir() if p.is_file()}


def test_an_unknown_plugin_is_left_to_the_step_that_asks_for_it():
    assert code.closure([], ["schemas.nothing"]) == []


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A copy of the package, at another place, that the digests are made of."""
    shutil.copytree(ROOT / "omtrace", tmp_path / "omtrace", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "PACKAGE", tmp_path / "omtrace")
    yield tmp_path
    forget()


def forget():
    for function in vars(code).values():
        if hasattr(function, "cache_clear"):
            function.cache_clear()


def digest(root):
    forget()
    return code.library_digest([root / "scripts/derive_datasets.py"], ["derivations.mean"])


def test_the_digest_does_not_depend_on_the_place(clone, monkeypatch):
    there = digest(clone)
    monkeypatch.setattr(code, "PACKAGE", ROOT / "omtrace")
    assert digest(ROOT) == there


def test_the_digest_works_through_a_link(clone, tmp_path_factory, monkeypatch):
    link = tmp_path_factory.mktemp("link") / "workflow"
    link.symlink_to(clone)
    there = digest(clone)
    monkeypatch.setattr(code, "PACKAGE", link / "omtrace")
    assert digest(link) == there


@pytest.mark.parametrize(
    "name", ["derivations/mean.py", "derivations/records.py", "store.py", "model/__init__.py", "__init__.py"]
)
def test_an_edit_of_a_file_in_the_closure_changes_the_digest(clone, name):
    before = digest(clone)
    path = clone / "omtrace" / name
    path.write_bytes(path.read_bytes() + b"\n")
    assert digest(clone) != before


def test_an_edit_elsewhere_or_another_time_stamp_does_not(clone):
    before = digest(clone)
    path = clone / "omtrace/derivations/days.py"
    path.write_bytes(path.read_bytes() + b"\n")
    (clone / "omtrace/derivations/mean.py").touch()
    assert digest(clone) == before
