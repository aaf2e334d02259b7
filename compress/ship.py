"""Ship: the report for people, and the bundle for the device."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
import numpy as np

from compress.data.dataset import Dataset
from compress.data.pictures import Pictures, read_pictures
from compress.data.sizing import usual_size
from compress.data.titles import taken_from_lexicon, titled
from compress.good_parts.unknown import known_classes, knows_defects
from compress.int8.quantise import balanced_choice
from compress.judge.answers import embed_with
from compress.new_class.known import FILE as KNOWN
from compress.new_class.known import Known, learn_known, save_known
from compress.pack import Graph, pack
from compress.progress import Reporter
from compress.report.record import RunReport, write_report
from compress.report.report import write_html
from compress.stages.judging import Chain
from edge.bundle.load import Bundle
from edge.bundle.manifest import FORMAT_VERSION, ClassSpec, InputSpec, Manifest
from edge.quality import QualityLimits, limits_of, measure

_GOLDEN_FRAMES = 8


def ship(out: Path, chain: Chain, dataset: Dataset, report: RunReport, reporter: Reporter) -> Bundle:
    """Write `out` with all variants, golden frames from validation, and the report."""
    spec = chain.pruned.config.input
    train, val = read_pictures(dataset, "train", spec), read_pictures(dataset, "val", spec)
    usual = _usual_quality(dataset, train)
    golden_NHWC = val.image_NHWC[balanced_choice(val.label_N, _GOLDEN_FRAMES, report.trained.seed)]
    ms = {row.name: row.ms for row in report.rows}
    graphs = (
        Graph("float32", chain.graphs.pruned, "float32", ms["pruned"]),
        Graph("int8", chain.int8.file, "int8", ms["int8"], made_for="cpu"),
        *chain.for_gpu,
    )
    with tempfile.TemporaryDirectory() as temporary:
        known = Path(temporary) / KNOWN
        extras = (Path(temporary) / "report.json", Path(temporary) / "report.html", chain.graphs.explain, known)
        save_known(_known(chain, report, train, val), known)
        write_report(report, extras[0])
        write_html(report, dataset.root, extras[1])
        draft = msgspec.structs.replace(_draft(chain, dataset, report), quality=usual)
        bundle = pack(out, draft, graphs, np.ascontiguousarray(golden_NHWC), extras)
    if names := taken_from_lexicon(bundle.manifest.classes, dataset.root):
        reporter.say(names)
    reporter.say(f"bundle {bundle.manifest.bundle_id} is in {out}; the report for people is {out / 'report.html'}")
    return bundle


def _usual_quality(dataset: Dataset, train: Pictures) -> QualityLimits:
    """What pictures have in common by which an unfit one is told.

    Where only good parts teach, detail is left to the anomaly: nothing shows how smooth a defect may make a part, and
    it must not pass for blur.
    """
    usual = limits_of([measure(image_HWC) for image_HWC in train.image_NHWC])
    if knows_defects(dataset):
        return usual
    return msgspec.structs.replace(usual, least_detail_x=0.0, least_detail_y=0.0)


def _known(chain: Chain, report: RunReport, train: Pictures, val: Pictures) -> Known:
    """What the bundle remembers of its classes, as the variant sees them that it recommends."""
    shipped = chain.files[report.shipped_name]
    embedded = (embed_with(shipped, train.image_NHWC), train.label_N, embed_with(shipped, val.image_NHWC), val.label_N)
    return learn_known(*embedded)


def _draft(chain: Chain, dataset: Dataset, report: RunReport) -> Manifest:
    trained = report.trained
    classes = (ClassSpec(known.name, known.kind) for known in known_classes(dataset))
    return Manifest(
        format_version=FORMAT_VERSION,
        name=report.name,
        created=trained.created,
        edgevl_version=trained.edgevl_version,
        input=InputSpec(trained.input_height, trained.input_width),
        classes=titled(classes, dataset.root),
        embedding_dim=chain.teacher.dim,
        decision=report.shipped_rule,
        variants=(),
        default_variant=report.shipped.variant,
        teacher=f"{trained.teacher} ({trained.teacher_architecture})",
        files={},
        trained_on=usual_size(dataset, trained.seed),
        explain=chain.graphs.explain.name,
        known=KNOWN,
    )
