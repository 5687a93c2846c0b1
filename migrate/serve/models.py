"""The bodies of the JSON API, in and out, with the examples that its document shows."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from migrate.codes.claims import CLAIMS, Verdict
from migrate.codes.inquiry import SHOWN, Answer, AnswerName, sentences
from migrate.codes.requests import FIELDS, LONGEST, MOST_SCANS, REQUIRED

_CODE = "7041 2233 4455 6677 8912"
_PLAIN = "70412233445566778912"


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class InquiryIn(_In):
    """A code to look up."""

    code: str = Field(
        max_length=200,
        description="The code as typed: 20 digits of any script; spaces, dashes and dots are dropped.",
        examples=[_CODE],
    )


class Words(BaseModel):
    """One sentence in Persian and in English."""

    fa: str
    en: str


class Facts(BaseModel):
    """What is shown of a valid code: '' where the registry says nothing."""

    first_name: str
    last_name: str
    degree: str = Field(
        description="associate, bachelor, master, professional_doctorate, doctorate; "
        "as the registry has it where no list knows it."
    )
    field_of_study: str
    university: str
    year: str = Field(description="Year of graduation, Solar Hijri.")
    document: Literal["", "provisional", "diploma"]


class InquiryOut(BaseModel):
    """The answer to a code."""

    answer: AnswerName = Field(
        description="`mistyped`: 20 digits whose check digits do not fit, and no such code; "
        "`malformed`: not 20 digits, see `reason`."
    )
    code: str = Field(description="The 20 digits that were looked up; '' where malformed.")
    facts: Facts | None = Field(description="Of a valid code; null in every other case.")
    superseded_by: str | None = Field(description="Of a superseded code: look this one up.")
    reason: Literal["", "empty", "too_short", "too_long", "not_digits"]
    title: Words


class Claims(_In):
    """What is claimed, as it stands on a document; leave out what is not to be compared."""

    first_name: str | None = Field(default=None, max_length=200, examples=["مریم"])
    last_name: str | None = Field(default=None, max_length=200, examples=["احمدی"])
    national_id: str | None = Field(default=None, max_length=30, examples=["0012345679"])
    degree: str | None = Field(default=None, max_length=100, examples=["لیسانس"])
    field_of_study: str | None = Field(default=None, max_length=200)
    university: str | None = Field(default=None, max_length=200)
    year: str | None = Field(default=None, max_length=20, examples=["1362"])
    document: str | None = Field(default=None, max_length=100, examples=["diploma"])


class MatchIn(_In):
    """A code, and what somebody claims of the degree behind it; at least one claim."""

    code: str = Field(max_length=200, examples=[_CODE])
    claims: Claims


class MatchOut(BaseModel):
    """Whether claims agree; no fact of the degree is in it."""

    answer: AnswerName
    code: str
    fields: dict[str, Verdict] = Field(
        description="For a valid code, each claim's name and yes, no or cannot (be compared): one "
        "side is missing, not understood, or less exact than the other. Else empty."
    )
    superseded_by: str | None
    reason: Literal["", "empty", "too_short", "too_long", "not_digits"]
    title: Words


class BulkRow(InquiryOut):
    """The answer to one row of a file."""

    row: int = Field(description="Number of the row in the file, the heading's included, from 1.")


class BulkOut(BaseModel):
    """The answers to a file, a row each, in its order."""

    rows: list[BulkRow]
    counts: dict[str, int] = Field(description="How many rows got which answer.")


class Health(BaseModel):
    """Whether the service can answer."""

    status: Literal["ok", "unavailable"]
    database: bool


class ScanIn(_In):
    """A scan: its SHA-256, and its path within the folder of scans."""

    sha256: str = Field(pattern="^[0-9A-Fa-f]{64}$")
    path: str = Field(min_length=1, max_length=LONGEST)


def _request_model() -> type[BaseModel]:
    text = dict[str, Any](max_length=LONGEST)
    fields: dict[str, Any] = {
        name: (str, Field(**text))
        if name in REQUIRED
        else (str | None, Field(default=None, **text))
        for name in FIELDS
    }
    fields["scans"] = (list[ScanIn], Field(default_factory=list, max_length=MOST_SCANS))
    model: type[BaseModel] = create_model(
        "RequestIn",
        __base__=_In,
        __doc__="A graduate's request for a code: identity and diploma, as they stand on paper.",
        **fields,
    )
    return model


RequestIn = _request_model()


class Step(BaseModel):
    """A state that a request came to, and when (ISO 8601 in UTC)."""

    state: str
    at: str
    words: Words


class ReceiptOut(BaseModel):
    """What whoever sends a request gets: the tracking number is told once, here."""

    tracking_no: str = Field(examples=["7K3M9QWX4T2BHN5C"])
    state: str = Field(description="received; refused, where the policy does not allow it.")
    rule: str = Field(description="The rule of the policy by which it was received or refused.")
    words: Words
    instead: Words | None = Field(description="What to do instead, where it is refused.")
    repeated: bool = Field(description="Whether the very same request was there already.")


class StatusOut(BaseModel):
    """How far a request has come; nothing of its data, and no code."""

    tracking_no: str
    state: str = Field(description="received, linking, with_university, refused or issued.")
    since: str = Field(description="ISO 8601 in UTC.")
    rule: str | None
    words: Words
    instead: Words | None
    case_id: str | None = Field(description="What the university knows it by.")
    history: list[Step]


def inquiry_out(answer: Answer) -> dict[str, Any]:
    """An answer as the API gives it, by the fields of :class:`InquiryOut`."""
    return {
        "answer": answer.answer,
        "code": answer.code,
        "facts": {name: answer.shown.get(name, "") for name in SHOWN} if answer.shown else None,
        "superseded_by": answer.superseded_by,
        "reason": answer.reason,
        "title": title_of(answer),
    }


def title_of(answer: Answer) -> dict[str, str]:
    """An answer's title in both languages."""
    return {"fa": sentences(answer, "fa")[0], "en": sentences(answer, "en")[0]}


_TITLE = {"fa": "این کد معتبر است", "en": "This code is valid"}
VALID_EXAMPLE = {
    "answer": "valid",
    "code": _PLAIN,
    "facts": {
        "first_name": "مریم",
        "last_name": "احمدی",
        "degree": "bachelor",
        "field_of_study": "شیمی",
        "university": "دانشگاه شیراز",
        "year": "1362",
        "document": "diploma",
    },
    "superseded_by": None,
    "reason": "",
    "title": _TITLE,
}
NOT_FOUND_EXAMPLE = {
    "answer": "not_found",
    "code": _PLAIN,
    "facts": None,
    "superseded_by": None,
    "reason": "",
    "title": {"fa": "چنین کدی پیدا نشد", "en": "No such code was found"},
}
MATCH_EXAMPLE = {
    "answer": "valid",
    "code": _PLAIN,
    "fields": {"first_name": "yes", "last_name": "yes", "degree": "no", "university": "cannot"},
    "superseded_by": None,
    "reason": "",
    "title": _TITLE,
}
assert set(CLAIMS) == set(Claims.model_fields)
