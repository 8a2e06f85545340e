"""What the calling side is asked with, and what it tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, Literal, Self, TypeAlias

from callcta._native import Violation, _read_settings, _validate_settings

Object: TypeAlias = Mapping[str, Any]


def _split(wire: Object, types: Mapping[str, type]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that have the type they should, and the others."""
    own: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in wire.items():
        fits = name in types and isinstance(value, types[name])
        (own if fits else extra)[name] = value
    return own, extra


def _wire(extra: Object, **fields: Any) -> dict[str, Any]:
    """What is set, and the rest."""
    return {**extra, **{name: value for name, value in fields.items() if value is not None}}


@dataclass(frozen=True, repr=False)
class _Fact:
    """Shows what there is: not what is None, empty or its own default."""

    def __repr__(self) -> str:
        shown: list[str] = []
        for each in fields(self):
            value = getattr(self, each.name)
            is_default = each.default is not MISSING and value == each.default
            if each.repr and value is not None and value != {} and not is_default:
                shown.append(f"{each.name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"


@dataclass(frozen=True, repr=False)
class OpenHours(_Fact):
    """The hours of one day.

    Attributes:
        day_of_week: `MONDAY` to `SUNDAY`.
        open_time: From when on people can call, as `hhmm`.
        close_time: Until when people can call, as `hhmm`.
        extra: Fields that callcta doesn't know.
    """

    day_of_week: str | None
    open_time: str | None
    close_time: str | None
    extra: Object = field(default_factory=dict[str, Any], kw_only=True)

    @classmethod
    def from_dict(cls, wire: Object) -> Self:
        """Reads the wire form."""
        names = "day_of_week", "open_time", "close_time"
        own, extra = _split(wire, dict.fromkeys(names, str))
        return cls(*(own.get(name) for name in names), extra=extra)

    def to_dict(self) -> dict[str, Any]:
        """The wire form."""
        return _wire(
            self.extra,
            day_of_week=self.day_of_week,
            open_time=self.open_time,
            close_time=self.close_time,
        )


@dataclass(frozen=True, repr=False)
class CallHours(_Fact):
    """When people can call. Setting them replaces all hours; a day that is missing is closed.

    Attributes:
        timezone_id: The IANA name of a time zone, such as `Africa/Lagos`.
        weekly_operating_hours: The days that aren't closed; None if not told.
        extra: Fields that callcta doesn't know.
    """

    timezone_id: str | None
    weekly_operating_hours: Sequence[OpenHours] | None = ()
    extra: Object = field(default_factory=dict[str, Any], kw_only=True)

    @classmethod
    def from_dict(cls, wire: Object) -> Self:
        """Reads the wire form."""
        own, extra = _split(wire, {"timezone_id": str, "weekly_operating_hours": list})
        days: list[Any] | None = own.get("weekly_operating_hours")
        if days is not None and not all(isinstance(day, dict) for day in days):
            extra["weekly_operating_hours"] = days
            days = None
        hours = None if days is None else tuple(map(OpenHours.from_dict, days))
        return cls(own.get("timezone_id"), hours, extra=extra)

    def to_dict(self) -> dict[str, Any]:
        """The wire form."""
        days = self.weekly_operating_hours
        hours = None if days is None else [day.to_dict() for day in days]
        return _wire(self.extra, timezone_id=self.timezone_id, weekly_operating_hours=hours)


@dataclass(frozen=True, repr=False, kw_only=True)
class CallSettings(_Fact):
    """Call settings of a Page, to read or to change. None is not told, or left as it is.

    Attributes:
        audio_enabled: Whether people can call at all: the switch behind the call button.
        video_enabled: Whether video calls are on.
        icon_enabled: Whether the call icon is shown in the conversation.
        call_routing: Who is rung when a person calls: `META`, Meta's own inbox, or `PARTNERS`, the
            app by its webhook. An object where there is more to it than a `ring_target`.
        call_hours: When people can call.
        extra: Fields that callcta doesn't know.
    """

    audio_enabled: bool | None = None
    video_enabled: bool | None = None
    icon_enabled: bool | None = None
    call_routing: Literal["META", "PARTNERS"] | str | Object | None = None
    call_hours: CallHours | None = None
    extra: Object = field(default_factory=dict[str, Any])

    @classmethod
    def from_dict(cls, wire: Object) -> Self:
        """Reads the wire form: the body of a request, or what the platform told."""
        flags = "audio_enabled", "video_enabled", "icon_enabled"
        types = dict.fromkeys(flags, bool) | {"call_routing": dict, "call_hours": dict}
        own, extra = _split(wire, types)
        routing = own.pop("call_routing", None)
        if routing is not None and set(routing) == {"ring_target"}:
            target = routing["ring_target"]
            routing = target if isinstance(target, str) else routing
        hours = own.pop("call_hours", None)
        return cls(
            call_routing=routing,
            call_hours=None if hours is None else CallHours.from_dict(hours),
            extra=extra,
            **own,
        )

    @classmethod
    def from_json(cls, json: str) -> Self:
        """Reads the wire form from JSON.

        Raises:
            InvalidMessageError: `json` is not a JSON object, or would not be kept as it is.
        """
        return cls.from_dict(_read_settings(json))

    def to_dict(self) -> dict[str, Any]:
        """The wire form: the body of a request."""
        routing = self.call_routing
        return _wire(
            self.extra,
            audio_enabled=self.audio_enabled,
            video_enabled=self.video_enabled,
            icon_enabled=self.icon_enabled,
            call_routing={"ring_target": routing} if isinstance(routing, str) else routing,
            call_hours=None if self.call_hours is None else self.call_hours.to_dict(),
        )

    def validate(self) -> list[Violation]:
        """Everything that is wrong with the settings, in the order of the wire form.

        Returns:
            Violations: those of severity `error` keep them from being sent, a `warning` doesn't.
        """
        return _validate_settings(self.to_dict())


@dataclass(frozen=True, repr=False)
class CallLimit(_Fact):
    """How often something may be done.

    Attributes:
        time_period: An ISO 8601 duration, such as `PT24H`.
        max_allowed: How often in that time.
        current_usage: How often it was done.
    """

    time_period: str | None
    max_allowed: int | None
    current_usage: int | None


@dataclass(frozen=True, repr=False)
class CallAction(_Fact):
    """Something that the Page may or may not do now.

    Attributes:
        name: `send_call_permission_request`, `start_call`, or another, in lower case.
        can_perform: Whether it may be done; None if not told.
        limits: How often it may be done.
    """

    name: str
    can_perform: bool | None
    limits: tuple[CallLimit, ...]


@dataclass(frozen=True, repr=False)
class CallPermissions(_Fact):
    """What the Page may do about calling one person.

    Attributes:
        status: `has_permission`, `no_permission`, or another, in lower case.
        expiration: Until when the permission holds, in Unix milliseconds, if told.
        actions: What may be done now.
    """

    status: str | None
    expiration: int | None
    actions: tuple[CallAction, ...]

    @property
    def has_permission(self) -> bool:
        """Whether the person has given the Page permission to call."""
        return self.status == "has_permission"

    def can(self, action: str) -> bool | None:
        """Whether an action, such as `start_call`, may be done now; None if that isn't told."""
        return next((known.can_perform for known in self.actions if known.name == action), None)

    def to_dict(self) -> dict[str, Any]:
        """The attributes as what JSON can hold."""
        actions = [
            asdict(action) | {"limits": [asdict(limit) for limit in action.limits]}
            for action in self.actions
        ]
        return {"status": self.status, "expiration": self.expiration, "actions": actions}


@dataclass(frozen=True, repr=False)
class FeatureStatus(_Fact):
    """Whether the Page may use a feature of the platform.

    Attributes:
        feature: The feature, such as `messenger_api_calling`.
        status: `enabled`, or another, in lower case.
    """

    feature: str
    status: str

    @property
    def is_enabled(self) -> bool:
        """Whether the Page may use it."""
        return self.status == "enabled"

    def to_dict(self) -> dict[str, Any]:
        """The attributes as what JSON can hold."""
        return asdict(self)


@dataclass(frozen=True, repr=False)
class Subscription(_Fact):
    """An app that is told what happens on the Page.

    Attributes:
        app_id: The app.
        name: Its name.
        fields: The webhook fields that it is told of, such as `calls`.
    """

    app_id: str | None
    name: str | None
    fields: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The attributes as what JSON can hold."""
        return {"app_id": self.app_id, "name": self.name, "fields": list(self.fields)}


@dataclass(frozen=True, repr=False)
class CallSession(_Fact):
    """What the platform answered to `accept` or `connect`.

    Its `repr` shows no session description: it holds addresses.

    Attributes:
        call_id: The call; of an accepted one the id that was given.
        answer: The platform's answer to the offer (SDP), unchanged.
        renegotiation: A session description (SDP) to go on with, if there is one, unchanged.
        raw: The whole answer.
    """

    call_id: str
    answer: str | None = field(repr=False)
    renegotiation: str | None = field(repr=False)
    raw: Any = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The attributes as what JSON can hold."""
        return {
            "call_id": self.call_id,
            "answer": self.answer,
            "renegotiation": self.renegotiation,
            "raw": self.raw,
        }


@dataclass(frozen=True, repr=False)
class MediaTrack(_Fact):
    """A track of a call, to be switched on or off.

    Attributes:
        msid: Its id in the session description.
        label: `default_audio`, `default_video`, `screen_audio` or `screen_video`.
        enabled: Whether it is on.
    """

    msid: str
    label: str
    enabled: bool


def permissions_of(told: Any) -> CallPermissions:
    """What the core told of permissions."""

    def action(action: Any) -> CallAction:
        limits = tuple(CallLimit(**limit) for limit in action["limits"])
        return CallAction(action["name"], action["can_perform"], limits)

    return CallPermissions(told["status"], told["expiration"], tuple(map(action, told["actions"])))


def subscriptions_of(told: Any) -> tuple[Subscription, ...]:
    """What the core told of subscriptions."""
    return tuple(Subscription(app["app_id"], app["name"], tuple(app["fields"])) for app in told)


def update_of(
    call_id: str,
    offer: str | None,
    tracks: Iterable[MediaTrack],
    from_version: int | None,
    to_version: int | None,
) -> dict[str, Any]:
    """The arguments of a media update."""
    return {
        "call_id": call_id,
        "offer": offer,
        "tracks": [asdict(track) for track in tracks],
        "from_version": from_version,
        "to_version": to_version,
    }
