"""What the design page says of the code, held against the code: imports, scripts, sizes, plug-ins, the environment."""

import ast
import hashlib
import importlib
import importlib.util
import marshal
import re
import subprocess
import sys
import tomllib
import types
from functools import cache
from pathlib import Path

import pytest
import yaml
from omtrace import readers
from omtrace.analyses import Method
from omtrace.derivations import Derivation
from omtrace.faults import Fault
from omtrace.figures import Figure
from omtrace.instruments import Instrument
from omtrace.job import recorded
from omtrace.readers import Reader
from omtrace.report.exports import Format
from omtrace.store import write_text
from omtrace.validation.crosschecks import CrossCheck

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "workflow/omtrace"
MODULES = sorted(PACKAGE.rglob("*.py"))
SCRIPTS = sorted((ROOT / "workflow/scripts").glob("*.py"))
LONGEST_MODULE, LONGEST_FUNCTION, LONGEST_SCRIPT = 500, 50, 15  # lines, lines, statements
MOST_ANY, MOST_TUPLES, MOST_LONG = 48, 41, 47
# Participles and pronouns that say nothing of the thing that they name, and how often they still do.
VAGUE, MOST_VAGUE = ("found", "told", "kept", "asked", "chosen", "one"), 480
HEAVY = ("pandas", "scipy", "matplotlib", "statsmodels", "formulaic", "pandera", "pyarrow", "numpy")

# part: what its modules declare, its type, and the modules that are no plug-ins
PLUGINS = {
    "readers": ("READER", Reader, {"lookup"}),
    "instruments": ("INSTRUMENT", Instrument, set()),
    "validation.crosschecks": ("CROSSCHECK", CrossCheck, set()),
    "derivations": ("DERIVATION", Derivation, {"records"}),
    "analyses": ("METHOD", Method, {"run", "selection"}),
    "figures": ("FIGURE", Figure, set()),
    "report.exports": ("FORMAT", Format, set()),
}


def short(path):
    return path.relative_to(ROOT).as_posix()


@cache  # most tests ask for every module
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path):
    """Everything that a file imports, within functions too, as dotted names."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{short(path)}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from names if node.module == "omtrace" else [node.module]


# the table of parts


@cache
def parts():
    """part -> row of the table on the design page; `statistics` stands above `derive`, as the page says below it."""
    page = (ROOT / "docs/design.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("| `")]
    rows = {name: row for row, line in enumerate(lines) for name in re.findall(r"`(\w+)/?`", line.split("|")[1])}
    rows["statistics"] = rows["derivations"] - 0.5
    return rows


def part_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_the_table_names_every_part_and_no_other():
    assert set(parts()) == {part_of(path) for path in MODULES} - {"__init__"}


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_a_module_imports_only_from_its_own_row_and_the_parts_above(path):
    rows = parts()
    used = {name.split(".")[1] for name in imported(path) if name.startswith("omtrace.")}
    mine = rows.get(part_of(path), -1)
    below = sorted(part for part in used if rows[part] > mine)
    assert not below, f"{short(path)} imports {below}"


@pytest.mark.parametrize(
    ("part", "allowed"),
    [
        ("statistics", {"statistics"}),
        ("simulate", {"simulate", "store", "faults"}),
        ("store", {"classes"}),
    ],
)
def test_what_is_to_know_nothing_of_the_rest_does_not_import_it(part, allowed):
    used = {
        name.split(".")[1]
        for path in MODULES
        if part_of(path) == part
        for name in imported(path)
        if name.startswith("omtrace.")
    }
    assert used <= allowed


def test_model_and_store_work_without_pandas():
    modules = [name for path in MODULES if part_of(path) in ("model", "store", "faults") for name in imported(path)]
    top = {name.split(".")[0] for name in modules}
    assert "pandas" not in {
        name.split(".")[0] for path in MODULES if part_of(path) == "model" for name in imported(path)
    }
    assert top <= {*sys.stdlib_module_names, "omtrace", "numpy", "pandas", "pyarrow", "pydantic", "yaml"}


# scripts


def statements(body):
    """How many statements, the nested ones included, the docstring not."""
    return sum(1 for node in ast.walk(ast.Module(body, [])) if isinstance(node, ast.stmt)) - bool(
        ast.get_docstring(ast.Module(body, []))
    )


def test_there_is_a_script_for_each_rule_that_runs_one():
    rules = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "workflow/rules").glob("*.smk"))
    assert {path.name for path in SCRIPTS} == set(re.findall(r'"\.\./scripts/(\w+\.py)"', rules))
    for path in SCRIPTS:
        assert re.search(rf"^\s*rule {path.stem}:", rules, re.MULTILINE), path.stem
        assert ast.get_docstring(tree(path)) == f"Rule {path.stem}."


@pytest.mark.parametrize("path", SCRIPTS, ids=short)
def test_a_script_is_a_few_statements_without_definitions_loops_or_branches(path):
    body = tree(path).body
    assert statements(body) <= LONGEST_SCRIPT
    forbidden = (
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.ClassDef,
        ast.Lambda,
        ast.For,
        ast.While,
        ast.If,
        ast.IfExp,
        ast.Try,
        ast.Match,
        ast.comprehension,
        ast.BoolOp,
    )
    assert not [node for node in ast.walk(tree(path)) if isinstance(node, forbidden)]
    work = [node for node in body[1:] if not isinstance(node, (ast.Import, ast.ImportFrom))]
    (only,) = work
    assert isinstance(only, ast.With) and ast.unparse(only.items[0]).removesuffix(" as job") == "recorded(snakemake)"


# sizes


def docstring_lines(node):
    """The lines of a function's docstring: what describes its parameters makes it no longer to read."""
    first = node.body[0]
    return first.end_lineno - first.lineno + 1 if ast.get_docstring(node) is not None else 0


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_modules_and_functions_stay_small(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE
    functions = [node for node in ast.walk(tree(path)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    length = {node.name: node.end_lineno - node.lineno + 1 - docstring_lines(node) for node in functions}
    assert not {name: lines for name, lines in length.items() if lines > LONGEST_FUNCTION}


def test_types_say_what_is_passed_on():
    """Uses of ``Any``, bare tuples returned, and functions of more than five parameters: the bars only fall."""
    nodes = [node for path in MODULES for node in ast.walk(tree(path))]
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    returned = [ast.unparse(node.returns).strip("'\"") for node in functions if node.returns]
    arguments = [[*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs] for node in functions]
    assert sum(isinstance(node, ast.Name) and node.id == "Any" for node in nodes) <= MOST_ANY
    assert sum(text.startswith("tuple[") and not text.endswith("...]") for text in returned) <= MOST_TUPLES
    assert sum(len([a for a in given if a.arg not in ("self", "cls")]) > 5 for given in arguments) <= MOST_LONG


def test_names_say_what_a_thing_is():
    """Variables and parameters of the names in ``VAGUE``: the bar only falls."""
    nodes = [node for path in MODULES for node in ast.walk(tree(path))]
    names = [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    names += [node.arg for node in nodes if isinstance(node, ast.arg)]
    assert sum(name in VAGUE for name in names) <= MOST_VAGUE


@pytest.mark.parametrize("path", [*MODULES, *SCRIPTS], ids=short)
def test_what_is_public_has_a_docstring(path):
    module = tree(path)
    assert ast.get_docstring(module)
    for node in module.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name


@pytest.mark.parametrize("path", [*MODULES, *SCRIPTS], ids=short)
def test_no_module_is_named_for_nothing_or_changes_where_imports_are_found(path):
    assert path.stem not in ("utils", "helpers", "misc", "common")
    attributes = {ast.unparse(node) for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}
    assert "sys.path" not in attributes


# plug-ins


def plugins(part):
    return sorted(p.stem for p in PACKAGE.joinpath(*part.split(".")).glob("[!_]*.py") if p.stem not in PLUGINS[part][2])


@pytest.mark.parametrize("part", PLUGINS)
def test_a_plugin_declares_exactly_one_object_of_the_right_type(part):
    name, kind, others = PLUGINS[part]
    assert plugins(part)
    for module in plugins(part):
        found = {
            key: value
            for key, value in vars(importlib.import_module(f"omtrace.{part}.{module}")).items()
            if isinstance(value, kind)
        }
        assert list(found) == [name], f"{part}/{module}.py"
        assert readers.plugin(part, module, name) is found[name]
    for module in others:
        assert not hasattr(importlib.import_module(f"omtrace.{part}.{module}"), name)
        with pytest.raises(Fault, match=f"there is no {name.lower()} '{module}'"):
            readers.plugin(part, module, name)


@pytest.mark.parametrize("name", ["_text", "__init__", "../store", "delimited.py", "Delimited", "", "delimited\n"])
def test_only_a_plain_name_is_a_plugin(name):
    with pytest.raises(Fault, match="there is no reader"):
        readers.plugin("readers", name, "READER")


def test_options_are_closed_and_described():
    for part in ("readers", "validation.crosschecks", "derivations", "analyses"):
        for module in plugins(part):
            options = readers.plugin(part, module, PLUGINS[part][0]).options
            assert options.model_config["extra"] == "forbid" and options.model_config["frozen"]
            for name, field in options.model_fields.items():
                assert field.description, f"{part}/{module}.py: {name}"


def test_importing_every_plugin_loads_no_heavy_library():
    names = [f"omtrace.{part}.{module}" for part in PLUGINS for module in plugins(part)]
    code = f"import {', '.join(names)}, sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "workflow", capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


# what a script does around its call


class Files(list):
    """Files by name and by place, as Snakemake hands them to a script."""

    def __init__(self, named):
        super().__init__(named.values())
        self.items = named.items
        for name, files in named.items():
            setattr(self, name, files)


def fake(folder, scriptdir, outputs=None):
    outputs = Files(outputs or {"made": folder / "out/file"})
    inputs = Files({"stage": str(folder / "study/stages/some.json")})
    log, study = [folder / "logs/job.log"], {"study": "tiny"}
    return types.SimpleNamespace(
        log=log, input=inputs, output=outputs, scriptdir=scriptdir, wildcards=study, rule="score_export"
    )


def test_a_job_that_ends_says_so(tmp_path, capsys):
    with recorded(fake(tmp_path, ROOT / "workflow/scripts")):
        pass
    assert capsys.readouterr().err == "tiny: score_export finished\n"
    assert (tmp_path / "logs/job.log").read_text(encoding="utf-8") == "finished\n"


@pytest.mark.parametrize("name", ["file", "file/within"])
def test_the_listing_of_a_job_has_the_digest_of_each_file_that_it_made(tmp_path, name):
    outputs = {"made": tmp_path / "study/file", "listing": tmp_path / "study/stages/some.sha256"}
    write_text(tmp_path / "study/stages/some.json", "{}")
    with recorded(fake(tmp_path, ROOT / "workflow/scripts", outputs)):
        (tmp_path / "study" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "study" / name).write_bytes(b"1\n")
    stage = f"{hashlib.sha256(b'{}').hexdigest()}  stages/some.json\n"
    line = f"{hashlib.sha256(b'1' + bytes([10])).hexdigest()}  {name}\n"
    assert outputs["listing"].read_text(encoding="utf-8") == stage + line


def test_byte_code_that_is_not_its_sources_stops_the_job(tmp_path, monkeypatch, capsys):
    """As a file of byte code that somebody puts beside a module while a run is going."""
    planted = Path(importlib.util.cache_from_source(str(PACKAGE / "provenance/keys.py")))
    real = importlib.util.cache_from_source
    monkeypatch.setattr("omtrace.job.cache_from_source", lambda path: tmp_path / Path(real(path)).name)
    scripts = ROOT / "workflow/scripts"
    with recorded(fake(tmp_path, scripts)):
        import omtrace.provenance.keys  # noqa: F401
    source = (PACKAGE / "provenance/keys.py").read_text(encoding="utf-8")
    for text, code in ((source, 0), (source.replace("SHIFT = 32", "SHIFT = 31"), 1)):
        (tmp_path / planted.name).write_bytes(bytes(16) + marshal.dumps(compile(text, "keys.py", "exec")))
        if code:
            assert text != source
            with pytest.raises(SystemExit), recorded(fake(tmp_path, scripts)):
                pass
            assert "byte code that is not that of keys.py" in capsys.readouterr().err
        else:
            with recorded(fake(tmp_path, scripts)):
                pass


def test_a_fault_becomes_lines_and_an_exit_code(tmp_path, capsys):
    with pytest.raises(SystemExit) as caught, recorded(fake(tmp_path, ROOT / "workflow/scripts")):
        raise Fault("one", "two")
    assert caught.value.code == 1
    assert capsys.readouterr().err == "omtrace: one\nomtrace: two\n"
    assert (tmp_path / "logs/job.log").read_text(encoding="utf-8") == "omtrace: one\nomtrace: two\n"


def test_another_error_is_not_hidden(tmp_path):
    with pytest.raises(ZeroDivisionError), recorded(fake(tmp_path, ROOT / "workflow/scripts")):
        raise ZeroDivisionError


def test_another_clones_package_is_refused_before_anything_is_done(tmp_path, capsys):
    done = []
    with pytest.raises(SystemExit), recorded(fake(tmp_path, tmp_path / "workflow/scripts")):
        done.append(True)
    assert not done and "not this checkout's" in capsys.readouterr().err


# the environment

CONDA = {"matplotlib": "matplotlib-base", "pandera": "pandera-pandas"}  # PyPI name: conda-forge name
OUTSIDE = {"snakemake"}  # runs the jobs, and is not in their environment


def locked(name="requirements"):
    """name -> (version, number of hashes) of every requirement in a lock."""
    text = (ROOT / f"envs/{name}.lock").read_text(encoding="utf-8")
    joined = re.sub(r"\s*\\\n\s*", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    found = {}
    for line in filter(None, map(str.strip, joined.splitlines())):
        match = re.fullmatch(r"([a-z0-9._-]+)==([0-9][\w.!+]*)(?: ;[^-]*)?((?: --hash=sha256:[0-9a-f]{64})*)", line)
        assert match, line
        found[match[1]] = (match[2], match[3].count("--hash"))
    return found


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def names(requirements):
    return {re.match(r"[A-Za-z0-9_.-]+", requirement)[0].lower() for requirement in requirements}


@pytest.mark.parametrize("name", ["requirements", "cluster", "storage", "signing"])
def test_a_lock_names_every_file_by_its_hash_and_no_index(name):
    text = (ROOT / f"envs/{name}.lock").read_text(encoding="utf-8")
    assert "://" not in text and "index" not in text and "@ " not in text
    assert all(hashes > 0 for _, hashes in locked(name).values())


def test_the_lock_holds_what_the_project_asks_for():
    wanted = names(project()["project"]["dependencies"]) | names(project()["dependency-groups"]["test"])
    assert wanted <= set(locked())


@pytest.mark.parametrize("name", ["cluster", "storage", "signing"])
def test_the_lock_of_an_optional_group_adds_what_it_asks_for_and_repeats_nothing(name):
    assert names(project()["dependency-groups"][name]) <= set(locked(name))
    for package in set(locked(name)) & set(locked()):  # but what Windows alone has of the first, in the same version
        of_windows = rf"^{package}=={re.escape(locked(name)[package][0])} ; .*os_name == 'nt'"
        text = (ROOT / "envs/requirements.lock").read_text(encoding="utf-8")
        assert re.search(of_windows, text, re.MULTILINE), package


def test_the_conda_environment_has_the_versions_of_the_lock():
    content = yaml.safe_load((ROOT / "envs/pipeline.yaml").read_text(encoding="utf-8"))
    conda = dict(entry.split("=") for entry in content["dependencies"])
    assert content["channels"] == ["conda-forge", "nodefaults"]
    assert conda.pop("python") >= re.search(r"[\d.]+", project()["project"]["requires-python"])[0]
    wanted = names(project()["project"]["dependencies"]) - OUTSIDE
    assert conda == {CONDA.get(name, name): locked()[name][0] for name in wanted}


def test_what_the_package_imports_is_a_declared_dependency():
    modules = {"pyyaml": "yaml", "python-calamine": "python_calamine", "python-stdnum": "stdnum"}
    declared = {modules.get(name, name) for name in names(project()["project"]["dependencies"])}
    used = {name.split(".")[0] for path in [*MODULES, *SCRIPTS] for name in imported(path)}
    with_jinja = {"markupsafe"}  # it comes with jinja2, which has no Markup of its own any more
    apart = names(project()["dependency-groups"]["signing"])  # what an environment of its own has: make signing
    assert used - set(sys.stdlib_module_names) - {"omtrace"} - with_jinja - apart == declared - {"snakemake"}
