"""A trained model: what linking learned, as a small JSON file that knows its model and its own hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from migrate.errors import InputError
from migrate.linkage.artefact import write_whole
from migrate.linkage.calibration import Calibration
from migrate.linkage.estimate import Probabilities
from migrate.linkage.model import LinkageModel

if TYPE_CHECKING:
    from migrate.linkage.link import Linkage

# of the file and of what its numbers mean: raise it when either changes
FORMAT = 1
_KIND = "trained linkage model"


@dataclass(frozen=True)
class Trained:
    """What one linkage learned, for another to use without learning.

    ``learned``: m, u, stranger, joint and priors. ``model_version`` and ``model_digest`` tell the
    declarative model. ``records`` and ``pairs`` are those that had a candidate, and the candidates,
    in training; ``labels`` the labelled pairs that took part. ``calibration`` is None where none was
    learned. Term frequencies are not here: they are the reference table's, and counted each time.
    """

    learned: Probabilities
    model_version: int
    model_digest: str
    records: int
    pairs: int
    labels: int = 0
    calibration: Calibration | None = None

    @property
    def sha256(self) -> str:
        """SHA-256 of the content as canonical JSON: sorted keys, no spaces, shortest floats."""
        return _hash(_content(self))


def trained_of(
    linkage: Linkage, *, labels: int = 0, calibration: Calibration | None = None
) -> Trained:
    """What a linkage learned. ``labels`` is how many labelled pairs it learned with."""
    record = linkage.left
    return Trained(
        learned=linkage.learned,
        model_version=linkage.model.version,
        model_digest=linkage.model.digest,
        records=int((record[1:] != record[:-1]).sum()) + (len(record) > 0),
        pairs=len(record),
        labels=labels,
        calibration=calibration,
    )


def write_trained(path: Path, trained: Trained) -> None:
    """Write a trained model as indented UTF-8 JSON, whole or not at all; the same bytes each time."""
    content = _content(trained)
    text = json.dumps(
        content | {"sha256": _hash(content)}, ensure_ascii=False, indent=1, sort_keys=True
    )
    write_whole(path, (text + "\n").encode())


def read_trained(path: Path, model: LinkageModel) -> Trained:
    """Read a trained model, every number bit for bit as it was written.

    Raises InputError where the file is none, is of another format, was edited after it was written
    (its hash does not fit), belongs to another declarative model than ``model``, or lacks a level.
    """
    content = _read(path)
    said = content.pop("sha256", None)
    if content.get("format") != FORMAT:
        raise InputError(
            f"a trained model of format {content.get('format')}; this version reads {FORMAT}",
            file=path,
            fix="Train it again",
        )
    if said != _hash(content):
        raise InputError(
            "this trained model was changed after it was written: its SHA-256 does not fit",
            file=path,
            found=said,
            fix="Take the file as it was, or train again",
        )
    try:
        trained = _trained(content)
        if trained.model_digest != model.digest:
            raise InputError(
                f"trained for another linkage model: version {trained.model_version}, sha256 "
                f"{trained.model_digest[:12]}…; this one is version {model.version}, sha256 "
                f"{model.digest[:12]}…",
                file=path,
                fix="Train it again with this model",
            )
        _check(trained.learned, model)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError("a trained model that cannot be used", file=path, found=error) from error
    return trained


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"), parse_constant=_refuse)
    except OSError as error:
        raise InputError(
            "this trained model cannot be read", file=path, found=error.strerror
        ) from error
    # UnicodeDecodeError and JSONDecodeError are ValueErrors
    except (ValueError, RecursionError) as error:
        raise InputError("this is not a trained model: no JSON", file=path, found=error) from error
    if not isinstance(content, dict) or content.get("kind") != _KIND:
        raise InputError(
            f'this is not a trained model: its "kind" is not "{_KIND}"',
            file=path,
            fix="Give a file that was written after training",
        )
    return content


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _content(trained: Trained) -> dict[str, Any]:
    learned = trained.learned
    return {
        "kind": _KIND,
        "format": FORMAT,
        "model": {"version": trained.model_version, "sha256": trained.model_digest},
        "trained_on": {
            "records": trained.records,
            "pairs": trained.pairs,
            "labels": trained.labels,
        },
        "m": _lists(learned.m),
        "u": _lists(learned.u),
        "stranger": _lists(learned.stranger),
        "joint": learned.joint.tolist(),
        "priors": {name: float(prior) for name, prior in learned.priors.items()},
        "calibration": None if trained.calibration is None else asdict(trained.calibration),
    }


def _lists(arrays: Mapping[str, Any]) -> dict[str, list[float]]:
    return {name: np.asarray(values, np.float64).tolist() for name, values in arrays.items()}


def _hash(content: Mapping[str, Any]) -> str:
    # NaN and infinity are no JSON, and no probability
    canonical = json.dumps(
        content, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def _trained(content: Mapping[str, Any]) -> Trained:
    def arrays(name: str) -> dict[str, Any]:
        return {key: np.array(values, np.float64) for key, values in content[name].items()}

    priors = {name: float(prior) for name, prior in content["priors"].items()}
    learned = Probabilities(
        m=arrays("m"),
        u=arrays("u"),
        priors=priors,
        stranger=arrays("stranger"),
        joint=np.array(content["joint"], np.float64),
    )
    correction = content["calibration"]
    if correction is not None:
        correction = Calibration(
            said=tuple(correction["said"]),
            meant=tuple(correction["meant"]),
            floor=correction["floor"],
            ceiling=correction["ceiling"],
            labels=correction["labels"],
        )
        if len(correction.said) != len(correction.meant):
            raise ValueError("calibration")
    on = content["trained_on"]
    return Trained(
        learned,
        int(content["model"]["version"]),
        content["model"]["sha256"],
        int(on["records"]),
        int(on["pairs"]),
        int(on["labels"]),
        correction,
    )


def _check(learned: Probabilities, model: LinkageModel) -> None:
    """A probability for every level of every field, and a prior for every group; or ValueError."""
    for field in model.fields:
        for name, arrays in (("m", learned.m), ("u", learned.u)):
            values = arrays[field.name]
            if values.shape != (len(field.levels),) or not ((values > 0) & (values <= 1)).all():
                raise ValueError(f"{name} of field {field.name}")
    for group in model.groups:
        if not 0 < learned.priors[group.name] < 1:
            raise ValueError(f"prior of group {group.name}")
    if len(model.groups) == 2:
        nested = model.groups[1]
        for field in model.group_fields(nested.name):
            if learned.stranger[field.name].shape != (len(field.levels),):
                raise ValueError(f"stranger of field {field.name}")
        if learned.joint.shape != (3 ** len(nested.together),):
            raise ValueError("joint")
