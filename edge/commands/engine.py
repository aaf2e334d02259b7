"""`edgevl engine`: build TensorRT engines for a bundle, on the device that will run them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def engine_command(
    bundle: Annotated[Path, typer.Argument(help="The bundle to build for.")],
    variant: Annotated[str, typer.Option(help="Which variant; `all` builds one engine for each.")] = "all",
    batch: Annotated[int, typer.Option(min=1, max=256, help="Most pictures in one go; 1 is best for one camera.")] = 1,
    tool: Annotated[str, typer.Option(help="`bindings`, `trtexec`, or `auto`: the bindings where they load.")] = "auto",
    again: Annotated[bool, typer.Option("--again", help="Build also where an engine that fits is there.")] = False,
    workspace_mb: Annotated[int, typer.Option(min=0, help="Memory the builder may use; 0 is all there is.")] = 0,
) -> None:
    """Build TensorRT engines for a bundle on this machine's GPU.

    An engine is kept only where the golden frames agree; then `edgevl run` prefers it by itself. It lies beside the
    bundle, in BUNDLE.engines, and fits this bundle, this GPU and this TensorRT only. Takes minutes; Ctrl-C stops it,
    and the next start is quicker. Not run on a GPU yet: see docs/tensorrt.md.

    Example:  edgevl engine bundles/line3
    """
    from edge.bundle.load import load_bundle
    from edge.engines.tensorrt.bar import BuildBars, build_progress
    from edge.engines.tensorrt.make import EngineOptions, batches_up_to, make_engine, named_tool
    from edge.errors import EngineError

    console, errors = Console(), Console(stderr=True)
    loaded = load_bundle(bundle)
    options = EngineOptions(batches_up_to(batch), named_tool(tool), again, workspace_mb)
    names = [v.name for v in loaded.manifest.variants if v.made_for != "cpu"] if variant == "all" else [variant]
    failures: list[EngineError] = []
    for name in names:
        try:
            with build_progress(errors) as progress:
                made = make_engine(loaded, name, options, BuildBars(progress, f"TensorRT engine of {name}"))
        except EngineError as error:
            failures.append(error)
            continue
        console.print(made.sentence(), highlight=False, markup=False, soft_wrap=True)
    for failure in failures[: len(names) - 1]:  # TensorRT need not take every variant: some are made for the CPU
        errors.print(f"left out: {failure}", highlight=False, markup=False, soft_wrap=True)
    if len(failures) == len(names):
        raise failures[-1]
