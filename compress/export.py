"""Export: the student as an ONNX graph that takes camera bytes and gives the outputs of the contract."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch

from compress.deployed import Deployed
from compress.normality import DeployedWithNormality, Normality
from compress.quiet import quiet
from compress.student_model import AnyStudent
from edge.engines.contract import ANOMALY_OUTPUTS

OPSET = 20  # the newest that JetPack 6's TensorRT 10.3 parses
OUTPUTS = ("prob", "embedding", "map")


def export(student: AnyStudent, temperature: float, file: Path, normality: Normality | None = None) -> None:
    """Write the float32 graph: `image` uint8 [N, H, W, 3] -> prob, embedding, map (see `edge.bundle`).

    normality: what good parts look like; the graph then gives anomaly and anomaly_map too.
    """
    size = student.config.input
    model = deployed(student, temperature, normality)
    example = torch.zeros(2, size.height, size.width, 3, dtype=torch.uint8)
    with quiet():
        torch.onnx.export(
            model,
            (example,),
            str(file),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=1024)},),
            input_names=["image"],
            output_names=list(OUTPUTS if normality is None else OUTPUTS + ANOMALY_OUTPUTS),
            opset_version=OPSET,
            external_data=False,
            verbose=False,
        )
    tidy(file)


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
