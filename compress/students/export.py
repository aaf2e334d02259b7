"""Export: the student as an ONNX graph that takes camera bytes and gives the outputs of the contract."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from torch import nn

from compress.good_parts.normality import DeployedWithNormality, Normality
from compress.quiet import quiet
from compress.students.deployed import Deployed
from compress.students.explain import OUTPUTS as EXPLAINING
from compress.students.explain import Explaining
from compress.students.student_model import AnyStudent
from edge.bundle.manifest import InputSpec
from edge.engines.contract import ANOMALY_OUTPUTS

OPSET = 20  # the newest that JetPack 6's TensorRT 10.3 parses
OUTPUTS = ("prob", "embedding", "map")
_OURS = "answer_"  # keeps our outputs apart from values of a model that are called the same, such as "embedding"


def export(student: AnyStudent, temperature: float, file: Path, normality: Normality | None = None) -> None:
    """Write the float32 graph: `image` uint8 [N, H, W, 3] -> prob, embedding, map (see `edge.bundle`).

    normality: what good parts look like; the graph then gives anomaly and anomaly_map too.
    """
    outputs = OUTPUTS if normality is None else OUTPUTS + ANOMALY_OUTPUTS
    _write(deployed(student, temperature, normality), student.config.input, outputs, file)


def export_explaining(student: AnyStudent, temperature: float, file: Path) -> None:
    """Write the float32 graph of `edge.inspection.explain`: `image` uint8 [N, H, W, 3] -> prob, tokens, cam."""
    _write(Explaining(student, temperature).eval(), student.config.input, EXPLAINING, file)


def _write(model: nn.Module, size: InputSpec, outputs: tuple[str, ...], file: Path) -> None:
    example = torch.zeros(2, size.height, size.width, 3, dtype=torch.uint8)
    with quiet():
        torch.onnx.export(
            model,
            (example,),
            str(file),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=1024)},),
            input_names=["image"],
            output_names=[_OURS + name for name in outputs],
            opset_version=OPSET,
            external_data=False,
            verbose=False,
        )
    _name_outputs(file, outputs)
    tidy(file)


def _name_outputs(file: Path, outputs: tuple[str, ...]) -> None:
    """Give a graph's outputs their names, in place; values inside that had them get others."""
    model = onnx.load(file)
    names = {name: f"{name}_inside" for name in outputs} | {_OURS + name: name for name in outputs}
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for value in (*model.graph.output, *model.graph.initializer):
        value.name = names.get(value.name, value.name)
    onnx.save(model, file)


def deployed(student: AnyStudent, temperature: float, normality: Normality | None) -> Deployed:
    """The module that is exported."""
    if normality is None:
        return Deployed(student, temperature).eval()
    return DeployedWithNormality(student, temperature, normality).eval()


def tidy(file: Path) -> None:
    """Take out of a graph what is not part of it, in place: shapes, paths, domains that no node uses."""
    model = onnx.load(file)
    del model.graph.value_info[:]  # the exporter's shapes confuse later shape inference
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    for node in model.graph.node:
        del node.metadata_props[:]  # paths of source files on this machine
        node.doc_string = ""
    used = {node.domain for node in model.graph.node}
    kept = [opset for opset in model.opset_import if opset.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, file)
