"""What a call refuses, in words."""

from collections.abc import Callable

import pytest
from omtrace.faults import Fault


def refusal(call: Callable, *given: object, **options: object) -> str:
    """What the fault says that a call ends with."""
    with pytest.raises(Fault) as caught:
        call(*given, **options)
    return str(caught.value)
