from __future__ import annotations

import gc
import linecache

import pytest

from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_ref import RefBackend
from ember_infer_tools.tflite_writer import pack_model
from tests.support.samples import two_branches


def generated_sources() -> set[str]:
    gc.collect()
    return {filename for filename in linecache.cache if filename.startswith("<ember")}


@pytest.mark.usefixtures("tflm_wheel")
def test_generated_source_lives_as_long_as_its_model() -> None:
    """A program that makes class after class must not collect their sources without end."""
    before = generated_sources()
    content = pack_model(two_branches())

    @ember_model(content)
    class Model(QuantizedModel): ...

    Model.bind(RefBackend()).run()
    assert len(generated_sources() - before) == 2
    del Model
    assert not generated_sources() - before
