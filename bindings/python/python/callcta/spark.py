"""Campaigns from Apache Spark: a data frame's rows into a journal in PostgreSQL.

    >>> from callcta.spark import Callcta
    >>> spark.dataSource.register(Callcta)                               # doctest: +SKIP
    >>> (frame.write.format("callcta")                                   # doctest: +SKIP
    ...     .option("journal", "postgresql://db.example/callcta")
    ...     .option("campaign", "autumn")
    ...     .option("message", "card.json")
    ...     .option("send", "true")       # left out: only loads, for whoever runs the campaign
    ...     .mode("append").save())

The journal is the queue, and the only truth. Tasks may be repeated, run side by side and die at any
time: a row is known by its `key` alone, and is sent once. How the campaign stands is told by
`callcta.campaign.Campaign(journal, campaign="autumn").status()`.

Needs `callcta[spark]` on the driver and on each executor. See the guide for the options.
"""

from __future__ import annotations

import difflib
import importlib
import os
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from pyspark.sql import Row
from pyspark.sql.datasource import (
    DataSource,
    DataSourceStreamWriter,
    DataSourceWriter,
    WriterCommitMessage,
)
from pyspark.sql.types import (
    BooleanType,
    ByteType,
    CharType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    ShortType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
    VarcharType,
)

from callcta import _native
from callcta._campaign_rows import message_text
from callcta.campaign import Campaign, CampaignError, InputError, Plan, Standing
from callcta.errors import InvalidArgumentError

__all__ = ["Callcta"]

_IDS = ("psid", "key", "page")
_TEXTS = (StringType, CharType, VarcharType)
_WHOLE = (ByteType, ShortType, IntegerType, LongType)
_TIMES = (TimestampType, TimestampNTZType)
_CELLS = (*_TEXTS, *_WHOLE, *_TIMES, BooleanType, DateType, DecimalType, DoubleType, FloatType)

#: What Spark itself puts among the options of a stream.
_OF_SPARK = frozenset({"checkpointlocation", "queryname"})
_SECRETS = frozenset({"access_token", "token", "password", "app_secret", "headers", "proxy"})


def _flag(text: str) -> bool:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    raise ValueError("true or false")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("a number") from None


def _count(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("a whole number") from None


def _pace(text: str) -> float | None:
    return None if text.lower() == "none" else _number(text)


_PLACE: dict[str, Callable[[str], Any]] = {"journal": str, "campaign": str}
_PLAN: dict[str, Callable[[str], Any]] = {
    "page_id": str,
    "skip_invalid": _flag,
    "allow_repeated": _flag,
    "ids_confirmed": _flag,
}
_RUN: dict[str, Callable[[str], Any]] = {
    "pace": _pace,
    "workers": _count,
    "suppress": str,
    "journal_patience": _number,
    "lease_time": _number,
}
_CLIENT: dict[str, Callable[[str], Any]] = {
    "base_url": str,
    "version": str,
    "token_placement": str,
    "timeout": _number,
    "connect_timeout": _number,
    "body_limit": _count,
    "max_idle_connections": _count,
    "user_agent": str,
    "proxy_from_env": _flag,
    "extra_ca_pem": str,
}
_OPTIONS: dict[str, Callable[[str], Any]] = {
    **_PLACE,
    "message": str,
    **_PLAN,
    "send": _flag,
    "tokens": str,
    "token_provider": str,
    **_RUN,
    **_CLIENT,
}


def _read(options: Mapping[str, str]) -> dict[str, Any]:
    """The options by name, each of its type; quotes nothing of them."""
    read: dict[str, Any] = {}
    for given, text in options.items():
        name = given.lower()
        if name in _OF_SPARK:
            continue
        if name in _SECRETS:
            raise InvalidArgumentError(
                f"{name} is no option, since plans and logs of Spark show those: tokens come from "
                "token_provider, a folder (tokens) or CALLCTA_ACCESS_TOKEN_ and the Page's id, "
                "passwords from PGPASSFILE, each on the executors"
            )
        if name not in _OPTIONS:
            near = difflib.get_close_matches(name, _OPTIONS, 1)
            hint = f"did you mean {near[0]}?" if near else f"they are: {', '.join(_OPTIONS)}"
            raise InvalidArgumentError(f"there is no option {name}; {hint}")
        try:
            read[name] = _OPTIONS[name](text)
        except ValueError as error:
            raise InvalidArgumentError(f"the option {name} must be {error}") from None
    for name in ("journal", "message"):
        if not read.get(name):
            raise InvalidArgumentError(f"the option {name} is missing")
    if "tokens" in read and "token_provider" in read:
        raise InvalidArgumentError("tokens come from a folder (tokens) or from token_provider")
    return read


def _provider(name: str) -> Callable[[str], str | None]:
    """The function of a name such as `package.module:function`."""
    module, _, function = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise InvalidArgumentError(
            f"the option token_provider must be module:function, which can be imported on the "
            f"driver and the executors: {type(error).__name__}"
        ) from error
    if not callable(found):
        raise InvalidArgumentError("the option token_provider names what can't be called")
    get: Callable[[str], str | None] = found
    return get


@dataclass
class _Job:
    """What each task needs, and no secret. It is pickled."""

    place: dict[str, Any]
    message: str
    plan: dict[str, Any]
    sends: bool
    tokens: str | None
    token_provider: str | None
    run: dict[str, Any]
    client: dict[str, Any]
    columns: list[str] = field(default_factory=list[str])
    #: Columns whose times Spark gives in the zone of the machine, without saying so.
    moments: list[int] = field(default_factory=list[int])

    @classmethod
    def of(cls, options: Mapping[str, str]) -> _Job:
        """Reads the options, and asks nobody else."""
        read = _read(options)

        def some(names: Mapping[str, Any]) -> dict[str, Any]:
            return {name: read[name] for name in names if name in read}

        job = cls(
            some(_PLACE),
            message_text(read["message"]),
            some(_PLAN),
            read.get("send", False),
            read.get("tokens"),
            read.get("token_provider"),
            some(_RUN),
            some(_CLIENT),
        )
        told = _native._place((job.place["journal"], job.place.get("campaign"), False))
        if not told["shared"]:
            raise InvalidArgumentError(
                "the journal must be in PostgreSQL, postgresql://…, where all executors reach it"
            )
        if told["password"]:
            raise InvalidArgumentError(
                "the journal's address has a password, which plans and logs of Spark would show: "
                "give it by PGPASSFILE, on the driver and the executors"
            )
        job.campaign._ask("check_run", **job.run, client=job.client)
        if job.token_provider is not None:
            _provider(job.token_provider)
        return job

    @property
    def campaign(self) -> Campaign:
        return Campaign(self.place["journal"], campaign=self.place.get("campaign"))

    def begin(self, schema: StructType) -> _Job:
        """Checks that these columns fit, and makes the campaign; on the driver."""
        for column in schema.fields:
            _check_column(column.name, column.dataType)
        self.columns = schema.fieldNames()
        types = [column.dataType for column in schema.fields]
        self.moments = [at for at, kind in enumerate(types) if isinstance(kind, TimestampType)]
        self.campaign.create(self.message, self.columns, page_id=self.plan.get("page_id"))
        return self

    def load(self, rows: Iterator[Row]) -> None:
        """Adds the rows of a task that aren't there yet, as they come."""
        first = next(rows, None)
        if first is None:
            return
        cells = map(self._cells, chain([first], rows))
        plan = self.campaign.plan(cells, self.message, **self.plan)
        if not plan.ok:
            raise InputError(_refusal(plan))

    def _cells(self, row: Sequence[Any]) -> dict[str, Any]:
        cells = dict(zip(self.columns, row, strict=True))
        for at in self.moments:
            moment = row[at]
            if isinstance(moment, datetime):
                cells[self.columns[at]] = moment.astimezone(UTC)
        return cells

    def send(self) -> Standing:
        """Works at the campaign until nothing is left for this worker or for others."""
        client = dict(self.client)
        secret = os.environ.get("CALLCTA_APP_SECRET")
        if secret:
            client["app_secret"] = secret
        return self.campaign.run(self._token(), **self.run, **client)

    def _token(self) -> Callable[[str], str | None]:
        if self.token_provider is not None:
            return _provider(self.token_provider)
        if self.tokens is not None:
            folder = Path(self.tokens)
            return lambda page: _text(folder / page)
        return _from_environment


def _text(path: Path) -> str | None:
    return path.read_text().strip() if path.is_file() else None


def _from_environment(page: str) -> str | None:
    token = os.environ.get(f"CALLCTA_ACCESS_TOKEN_{page}")
    if token is None and os.environ.get("CALLCTA_PAGE_ID") == page:
        token = os.environ.get("CALLCTA_ACCESS_TOKEN")
    return token


def _check_column(name: str, kind: DataType) -> None:
    if name in _IDS and not isinstance(kind, (*_TEXTS, *_WHOLE)):
        whole = isinstance(kind, DecimalType) and kind.scale == 0
        if not whole:
            raise InputError(
                f"the column {name} is {kind.simpleString()}; ids are texts or whole numbers"
            )
    if name == "window_until" and isinstance(kind, TimestampNTZType):
        raise InputError("the column window_until is a time without a zone")
    if not isinstance(kind, _CELLS):
        raise InputError(
            f"the column {name} is {kind.simpleString()}, which no placeholder takes; leave it out "
            "or make it a text"
        )


def _refusal(plan: Plan) -> str:
    """Why the rows of a task were not taken."""
    wrong = [
        f"{it.place or 'row'}: {it.message} ({it.rule}, {it.rows} rows)"
        for it in plan.findings
        if it.weight != "warning"
    ]
    return "no row of this partition was loaded: " + "; ".join(wrong[:5])


@dataclass
class _Told(WriterCommitMessage):
    """Why a worker left something undone, as a hint; what was done only the journal knows."""

    why: dict[str, str] = field(default_factory=dict[str, str])


class _Writer(DataSourceWriter):
    def __init__(self, job: _Job) -> None:
        self._job = job

    def write(self, iterator: Iterator[Row]) -> WriterCommitMessage:
        self._job.load(iterator)
        if not self._job.sends:
            return _Told()
        standing = self._job.send()
        why = {f"Page {page}": text for page, text in standing.paused.items()}
        if standing.ended == "drained":
            why["the campaign"] = "was paused"
        return _Told(why)

    def commit(self, messages: list[WriterCommitMessage | None]) -> None:
        if not self._job.sends:
            return
        states = self._job.campaign.status().states
        left = {state: states[state] for state in ("queued", "in_flight") if states[state]}
        if not left:
            return
        why: dict[str, str] = {}
        for message in messages:
            if isinstance(message, _Told):
                why.update(message.why)
        all_states = ", ".join(f"{count} {state}" for state, count in states.items() if count)
        hints = "".join(f"; {what}: {text}" for what, text in sorted(why.items())[:5])
        raise CampaignError(
            f"the campaign has not been sent to its end: {all_states}{hints}. To go on, write the "
            "same again, or run the campaign"
        )


class _StreamWriter(DataSourceStreamWriter):
    def __init__(self, job: _Job) -> None:
        self._job = job

    def write(self, iterator: Iterator[Row]) -> WriterCommitMessage:
        self._job.load(iterator)
        return _Told()


class Callcta(DataSource):
    """The data source `callcta`, for `spark.dataSource.register`.

    It can be written only, by `mode("append")`, and by `writeStream`, which loads. What is wrong
    with options, columns or the message is told before anything is loaded, and the campaign made.
    """

    def __init__(self, options: MutableMapping[str, str]) -> None:
        """Reads the options."""
        super().__init__(options)
        self._job = _Job.of(options)

    @classmethod
    def name(cls) -> str:
        """As it is called in `format`."""
        return "callcta"

    def writer(self, schema: StructType, overwrite: bool) -> DataSourceWriter:
        """Writes a frame."""
        _check_append(overwrite)
        return _Writer(self._job.begin(schema))

    def streamWriter(  # noqa: N802 (as Spark calls it)
        self, schema: StructType, overwrite: bool
    ) -> DataSourceStreamWriter:
        """Writes a stream."""
        _check_append(overwrite)
        if self._job.sends:
            raise InvalidArgumentError(
                "a stream only loads, since its next rows would wait for the pace: leave the "
                "option send out, and run the campaign beside it"
            )
        return _StreamWriter(self._job.begin(schema))


def _check_append(overwrite: bool) -> None:
    if overwrite:
        raise InvalidArgumentError(
            'rows are only ever added: write with mode("append"), a stream with '
            'outputMode("append")'
        )
