"""A YAML file of a study as plain values."""

from pathlib import Path
from typing import Any

from omtrace.faults import Fault


def read_document(path: Path) -> Any:
    """The content of a file. Raises Fault for one that is missing, unreadable, or has a key twice."""
    import yaml

    try:
        return _parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Fault(f"{path}: there is no such plan; add it, or take the study out of config/config.yaml") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Fault(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from None


def _parsed(text: str) -> Any:
    """YAML as plain values. Raises YAMLError, also for a key that stands twice (the last one would win silently)."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        def construct_mapping(self, node, deep=False):  # type: ignore[no-untyped-def]
            seen = set()
            for key, _ in node.value:
                if isinstance(key.value, str) and key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands twice", key.start_mark)
                seen.add(str(key.value))
            return super().construct_mapping(node, deep)

    return yaml.load(text, Loader=Loader)
