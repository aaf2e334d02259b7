"""The TensorRT double has the real surface, in both versions, and the product touches nothing beyond it."""

from __future__ import annotations

import ast
import inspect
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.edge.tensorrt_double import VERSIONS, Behaviour, cuda_module, tensorrt_module

ROOT = Path(__file__).parents[2]
RECORDS = ROOT.parent / "shared/tensorrt"
PRODUCT = sorted((ROOT / "edge/engines/tensorrt").glob("*.py"))


@pytest.fixture(params=sorted(VERSIONS))
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def record(version: str) -> dict[str, Any]:
    file = RECORDS / f"surface-{version}.json"
    if not file.is_file():
        pytest.skip("the records of the real TensorRT bindings (../shared/tensorrt) are not on this machine")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


@pytest.fixture
def double(version: str) -> ModuleType:
    return tensorrt_module(version, Behaviour())


def offered_by(double: ModuleType) -> dict[str, type]:
    return {name: thing for name, thing in vars(double).items() if inspect.isclass(thing)}


def members_of(cls: type) -> dict[str, Any]:
    return {name: value for name, value in vars(cls).items() if not name.startswith("_")}


def parameters(function: Any) -> list[tuple[str, bool]]:
    """Names, and whether there is a default."""
    found = inspect.signature(function).parameters.values()
    return [(p.name, p.default is not p.empty) for p in found]


@pytest.mark.data
def test_every_name_the_double_offers_is_real(double: ModuleType, record: dict[str, Any]) -> None:
    """Classes, methods with their arguments and defaults, properties, enum members with their numbers."""
    for name, cls in offered_by(double).items():
        real = record["classes"][name]
        for member, value in members_of(cls).items():
            if real["kind"] == "enum":
                assert int(value) == real["members"][member], f"{name}.{member}"
            elif inspect.isfunction(value):
                texts = [[(p["name"], "default" in p) for p in o["params"]] for o in real["methods"][member]]
                assert parameters(value) in texts, f"{name}.{member}"
            else:
                assert member in real.get("properties", {}) or member in real.get("attributes", {}), f"{name}.{member}"
        assert real["constructible"] == ("No constructor defined" not in _said_when_made(cls)), name


def _said_when_made(cls: type) -> str:
    try:
        cls(None)
    except Exception as error:
        return str(error)
    return ""


@pytest.mark.data
def test_what_cannot_be_written_on_the_real_thing_cannot_be_here(double: ModuleType, record: dict[str, Any]) -> None:
    """A property that the double lets code assign is writable in the record, and unknown ones are refused."""
    assert record["classes"]["IBuilderConfig"]["properties"]["progress_monitor"]["writable"]
    config = double.IBuilderConfig._make()
    config.progress_monitor = None
    with pytest.raises(AttributeError):
        config.max_workspace_size = 1


@pytest.mark.data
def test_functions_and_version_are_real(double: ModuleType, record: dict[str, Any]) -> None:
    """`nptype` and `__version__` as the package has them."""
    assert double.__version__ == record["module"]["__version__"]
    assert [p["name"] for p in record["module"]["functions"]["nptype"][0]["params"]] == ["trt_type"]


def test_the_cuda_double_has_the_calls_of_cuda_bindings() -> None:
    """Same names and arguments as the installed cuda-bindings, whose import needs no GPU."""
    real = pytest.importorskip("cuda.bindings.runtime")
    double = cuda_module(Behaviour())
    for name, value in vars(double).items():
        if inspect.isfunction(value):
            assert len(parameters(value)) == len(parameters(getattr(real, name))), name
        elif not name.startswith("_"):
            assert hasattr(real, name), name
    assert int(real.cudaMemcpyKind.cudaMemcpyHostToDevice) == double.cudaMemcpyKind.cudaMemcpyHostToDevice
    assert int(real.cudaMemcpyKind.cudaMemcpyDeviceToHost) == double.cudaMemcpyKind.cudaMemcpyDeviceToHost
    assert (real.cudaStreamNonBlocking, real.cudaHostAllocDefault) == (1, 0)


def test_every_name_the_product_touches_is_offered(double: ModuleType) -> None:
    """`trt.A.B` in the product resolves on both doubles; only what is asked for with `getattr` may be absent."""
    chains = {chain for file in PRODUCT for chain in _chains(ast.parse(file.read_text(encoding="utf-8")))}
    assert ("Builder",) in chains
    for chain in chains:
        found: Any = double
        for name in chain:
            found = getattr(found, name)


def _chains(tree: ast.AST) -> set[tuple[str, ...]]:
    """The attributes behind the name `trt` or `self._trt`, outermost chains only."""
    found = set()
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inner:
            names = ast.unparse(node).removeprefix("self._trt.").removeprefix("trt.").split(".")
            if ast.unparse(node).startswith(("trt.", "self._trt.")):
                found.add(tuple(names))
    return found
