"""Opens a Hugging Face model, from a folder or by its name: weights from safetensors, no code of the model's own.

A name is first brought to a folder in the hub's cache, so that one set of checks serves both. A folder given by the
user is never looked up on the network; HF_HUB_OFFLINE=1 keeps names off it too.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection
from pathlib import Path
from typing import Any

import huggingface_hub
import msgspec
import torch
import transformers
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, RepositoryNotFoundError
from torch import nn

from compress.errors import TeacherError

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"  # of weights that lie in several files
_FETCHED = ["*.json", "*.txt", "*.model", "*.jinja", "model.safetensors", "model-*.safetensors"]


def find_folder(name: str) -> Path:
    """The folder of a model given by its folder or its hub name, with config and weights in place.

    Raises TeacherError where there is neither, where weights are missing or pickled, or where the model would need
    code of its own.
    """
    folder = Path(name).expanduser()
    if not folder.is_dir():
        if folder.exists():
            raise TeacherError(f"{name} is a file; give the folder it lies in, with config.json beside it")
        if folder.is_absolute() or name.startswith((".", "~")):
            raise TeacherError(f"there is no folder {name}; give a Hugging Face folder with config.json and weights")
        folder = _fetch(name)
    _check_weights(folder)
    _refuse_own_code(folder)
    return folder


def called(name: str, folder: Path) -> str:
    """What people call the model: its folder's own name, or its name on the hub."""
    return folder.resolve().name if Path(name).expanduser().is_dir() else name


def model_files(folder: Path) -> list[Path]:
    """The files that make the model what it is: weights, configuration, tokenizer."""
    return sorted([*folder.glob("*.safetensors"), *folder.glob("*.json")])


def open_config(folder: Path) -> Any:
    """The model's configuration. Raises TeacherError where transformers does not know its kind."""
    try:
        return transformers.AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # transformers raises almost anything for a file it cannot use
        raise TeacherError(f"cannot use {folder / 'config.json'}: {first_line(error)}") from error


def open_model(folder: Path, kind: Any, dtype: torch.dtype | str = torch.float32) -> tuple[Any, frozenset[str]]:
    """The model, frozen, in evaluation mode, and the names of the weights its file lacks.

    kind: the transformers class that opens it, such as `transformers.AutoModel`. dtype "auto" keeps the file's.
    """
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model, told = kind.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                dtype=dtype,
                output_loading_info=True,
            )
    except Exception as error:  # as above
        raise TeacherError(f"cannot load the model in {folder}: {first_line(error)}") from error
    assert isinstance(model, nn.Module)
    return model.eval().requires_grad_(False), frozenset(told["missing_keys"])


def refuse_untrained(folder: Path, missing: Collection[str]) -> None:
    """Raise TeacherError where weights are missing: transformers would draw them at random."""
    if missing:
        raise TeacherError(
            f"the weights of {folder} do not fit its config.json: {len(missing)} are missing, "
            f"such as {min(missing)}; copy both files again from one model"
        )


def open_tokenizer(folder: Path) -> Any:
    """The tokenizer that lies beside the model. Raises TeacherError where there is none that can be used."""
    hint = "copy tokenizer.json and tokenizer_config.json there from the same model"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tokenizer = transformers.AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
    except Exception as error:  # as above
        raise TeacherError(f"{folder} has no tokenizer that can be used ({first_line(error)}); {hint}") from error
    # transformers makes an empty tokenizer of a kind it knows where all files are missing
    if not any((folder / file).is_file() for file in ("tokenizer.json", *tokenizer.vocab_files_names.values())):
        raise TeacherError(f"{folder} has no tokenizer; {hint}")
    return tokenizer


def first_line(error: Exception) -> str:
    """What an error of another library says, in one line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _fetch(name: str) -> Path:
    """The hub's files in the local cache, as the hub's own client keeps them."""
    try:
        return Path(huggingface_hub.snapshot_download(name, allow_patterns=_FETCHED))
    except RepositoryNotFoundError as error:
        raise TeacherError(f"there is no folder {name} here, and the hub knows no model of that name") from error
    except (HFValidationError, LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise TeacherError(
            f"there is no folder {name} here, and no model of that name in the hub's cache or within reach "
            f"({type(error).__name__}); check the spelling, or copy the model's folder to this machine"
        ) from error


def _check_weights(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise TeacherError(f"{folder} is not a Hugging Face model folder: it has no config.json")
    if any((folder / name).is_file() for name in (WEIGHTS, INDEX)):
        return
    if list(folder.glob("*.bin")):
        raise TeacherError(
            f"{folder} has its weights only as a pickle (*.bin), which can run code; "
            "save it again with model.save_pretrained(folder), which writes model.safetensors"
        )
    raise TeacherError(f"{folder} has no weights (model.safetensors); copy them there, or save the model again")


def _refuse_own_code(folder: Path) -> None:
    """Configurations name code of their own under `auto_map`; none of it is ever run, so it is said at once."""
    for file in sorted(folder.glob("*.json")):
        if file.name.endswith("config.json") and "auto_map" in read_json(file):
            raise TeacherError(
                f"{file} asks for code of the model's own (auto_map), which edgevl never runs; "
                "take a model that transformers knows by itself"
            )


def read_json(file: Path) -> dict[str, Any]:
    """A configuration file's keys. Raises TeacherError where it is not a JSON object."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except (msgspec.DecodeError, OSError) as error:
        raise TeacherError(f"{file} is not valid JSON: {first_line(error)}") from error
