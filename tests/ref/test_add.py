from __future__ import annotations

import numpy as np
from hypothesis import given

from ember_infer_core import ElementwiseAddParams
from ember_infer_core.conformance.definition import defined
from ember_infer_core.conformance.strategies import calls_of
from ember_infer_ref import RefBackend
from tests.ref.cases import result_of


@given(params=calls_of("add"))
def test_it_is_the_definition_broadcast_as_numpy_does(params: ElementwiseAddParams) -> None:
    expected = defined("add", params)
    assert expected.shape == params.output_shape
    np.testing.assert_array_equal(result_of(RefBackend().add, params), expected)


@given(params=calls_of("add").filter(lambda params: params.dtype == np.int8))
def test_all_pairs_by_table_and_by_formula(params: ElementwiseAddParams) -> None:
    values = np.arange(-128, 128).astype(np.int8)
    params.input1, params.input2 = values.reshape(256, 1), values
    params.input1_shape, params.input2_shape, params.output_shape = (256, 1), (256,), (256, 256)
    params.output = np.empty((256, 256), np.int8)
    expected = defined("add", params)
    np.testing.assert_array_equal(result_of(RefBackend().add, params), expected)
    np.testing.assert_array_equal(result_of(RefBackend().add, params, runs=2), expected)
