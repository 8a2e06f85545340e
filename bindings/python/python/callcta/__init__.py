"""Puts a Call Now button into a Messenger conversation and tells what became of it.

>>> from callcta import AudioCallButton, ButtonTemplate, Client
>>> client = Client("1234567890", "a Page access token")
>>> message = ButtonTemplate("Need help?", [AudioCallButton("Call Now", expires_in_days=5)])
>>> message.validate()
[]
"""

from __future__ import annotations

import atexit

from callcta import _native
from callcta._native import *
from callcta.errors import *

TYPE_CHECKING = False  # pyright: ignore[reportConstantRedefinition]
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from typing import Final, Literal, Self, Unpack

    from callcta.options import SendOptions

__version__ = _native.VERSION
atexit.register(_native._end)


def validate_request(
    to: str | Recipient, message: Message, **options: Unpack[SendOptions]
) -> list[Violation]:
    """Checks a message together with who it goes to and its options, as `send` does.

    Returns:
        Violations in the order of the wire form: those of severity `error` keep the message from
        being sent, a `warning` doesn't.
    """
    return _native._validate_request(to, message, dict(options))


class Outcome:
    """What became of one message of `send_many`: a receipt or an error.

    Attributes:
        index: The place of the message in what was given, from 0.
        to: Who it was for.
        message: The message.
        receipt: What the send returned, or None.
        error: Why it failed, or None.
    """

    __slots__ = __match_args__ = ("index", "to", "message", "receipt", "error")

    def __init__(
        self,
        index: int,
        to: str | Recipient,
        message: Message,
        receipt: Receipt | None,
        error: CallCtaError | None,
    ) -> None:
        """Made by `send_many`."""
        self.index, self.to, self.message = index, to, message
        self.receipt, self.error = receipt, error

    def __repr__(self) -> str:
        """Leaves out who is written to and what is said."""
        return f"Outcome(index={self.index}, {self.receipt or self.error!r})"


class ClientBase:
    """What both clients have in common: one Page, its token, and one pool of connections.

    Nothing is connected, and no thread started, before the first send.

    Attributes:
        page_id: The Page that sends.

    Args:
        page_id: The Page that sends; digits only.
        access_token: A Page access token. It isn't shown anywhere.
        app_secret: With it each request carries an `appsecret_proof`.
        base_url: The Graph API's address, such as an emulator's. `https`, unless the host is this
            machine. Defaults to `https://graph.facebook.com`.
        version: The Graph API version, such as the default `v26.0`; an empty text leaves it out.
        use_me: Whether to post to `/me/messages`. Defaults to False.
        token_placement: `header`, the default, `query` or `body`.
        timeout: Seconds for one whole request and its answer; a retry has its own. Defaults to 30.
        connect_timeout: Seconds for connecting, TLS included. Defaults to 10.
        body_limit: Largest answer that is read, in bytes. Defaults to 1 MiB.
        max_idle_connections: Most idle connections that are kept. Defaults to 64.
        user_agent: The `User-Agent`. Defaults to `callcta/` and the version.
        proxy: The proxy's URL. None by default, whatever the environment says.
        proxy_from_env: Whether `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` count.
        extra_ca_pem: Certificates (PEM) that are trusted beside the built-in ones.
        attempts: Most requests per send, the first included. Defaults to 3. Only what provably
            didn't arrive is tried again.
        base_delay: Seconds, upper bound of the first wait, doubled with each try. Defaults to 0.5.
        max_delay: Longest wait before a next try, in seconds. Defaults to 30.
        retry_unknown: Whether to try again when the message may have been delivered. **This can
            deliver it twice.** Defaults to False.
        on_retry: Called with a `RetryEvent` before the wait for each next try, on the thread that
            sends. An exception in it is reported as unraisable and changes nothing. But what is no
            `Exception`, such as a `KeyboardInterrupt`, comes out of a blocking `send` at its end,
            in place of what became of the message.
        calling_not_enabled_codes: Further pairs of code and subcode (or None) that mean that the
            Page has not enabled audio calling.
        workers: Most threads that send for one `send_many`, or for all sends that are awaited.
            Defaults to 64.
        capacity: Most messages that wait for them; more are refused. Defaults to 100,000.

    Raises:
        InvalidArgumentError: A setting can't be used.
    """

    _closed = False

    def __init__(
        self,
        page_id: str,
        access_token: str,
        *,
        app_secret: str | None = None,
        base_url: str | None = None,
        version: str | None = None,
        use_me: bool | None = None,
        token_placement: Literal["header", "query", "body"] | None = None,
        timeout: float | None = None,
        connect_timeout: float | None = None,
        body_limit: int | None = None,
        max_idle_connections: int | None = None,
        user_agent: str | None = None,
        proxy: str | None = None,
        proxy_from_env: bool | None = None,
        extra_ca_pem: str | None = None,
        attempts: int | None = None,
        base_delay: float | None = None,
        max_delay: float | None = None,
        retry_unknown: bool | None = None,
        on_retry: Callable[[RetryEvent], object] | None = None,
        calling_not_enabled_codes: Sequence[tuple[int, int | None]] | None = None,
        workers: int | None = None,
        capacity: int | None = None,
    ) -> None:
        """Connects to nothing yet."""
        self.page_id: Final = page_id
        settings = dict(locals())  # not the frame's own, to which a debugger adds
        del settings["self"]
        own = "page_id", "access_token", "on_retry", "workers", "capacity"
        if on_retry is not None:
            if not callable(on_retry):
                raise InvalidArgumentError("on_retry must be callable", delivery="not_sent")

            # The native client has a weak reference only, which not every callable allows.
            def tell(error: CallCtaError, attempt: int, wait: float) -> None:
                on_retry(RetryEvent(error, attempt, wait))

            settings["on_retry"] = tell
        self._on_retry = settings["on_retry"]
        self._native = _native._Client(settings, *map(settings.pop, own))
        self._outboxes = set[_native._Outbox]()
        self._prepare()

    def _prepare(self) -> None:
        """Makes what only one kind of client needs."""

    def __repr__(self) -> str:
        """Shows no token."""
        return f"{type(self).__name__}(page_id={self.page_id!r})"

    def _check_open(self) -> None:
        if self._closed:
            raise CancelledError("the client is closed", delivery="not_sent")

    def _limit(self, lookahead: int | None) -> int:
        """How many messages may be under way: never more than an outbox takes."""
        limit = 2 * self._native.workers if lookahead is None else max(lookahead, 1)
        return min(limit, self._native.capacity)

    def _start(self, pace: float | None, options: SendOptions) -> _native._Outbox:
        """An outbox that is closed with the client, until it goes to `_end`."""
        outbox = self._native.outbox(pace, options)
        self._outboxes.add(outbox)
        return outbox

    def _end(self, outbox: _native._Outbox) -> None:
        """Cancels what still waits in an outbox."""
        outbox.close()
        self._outboxes.discard(outbox)

    def _close(self) -> None:
        self._closed = True  # first: whoever comes too late for the loop sees it
        for outbox in list(self._outboxes):
            outbox.close()
        self._native.close()


class Client(ClientBase):
    """Sends messages for one Page and waits for the answers.

    The arguments are those of `ClientBase`. Several threads can use a client at once and really run
    in parallel; so can the child of a fork. Ctrl-C takes effect when the send in progress ends,
    all its tries and the waits between them included.
    """

    def send(
        self, to: str | Recipient, message: Message, **options: Unpack[SendOptions]
    ) -> Receipt:
        """Sends a message and waits for the platform's answer.

        Args:
            to: A PSID, or another form of recipient.
            message: What to say.
            **options: See `callcta.options.SendOptions`; none is sent unless given.

        Returns:
            The message's id and the Page's usage figures.

        Raises:
            InvalidMessageError: A documented rule is broken; nothing was sent.
            CallCtaError: Any other failure. `error.delivery` tells whether the message may have
                arrived.
        """
        return self._native.send(to, message, options)

    def send_many(
        self,
        messages: Iterable[tuple[str | Recipient, Message]],
        *,
        pace: float | None = PACE,
        lookahead: int | None = None,
        **options: Unpack[SendOptions],
    ) -> Generator[Outcome, None, None]:
        """Sends many messages over several threads, in order for each recipient.

        Nothing is sent before the first outcome is asked for. Leaving the loop early cancels what
        still waits. So does an exception of `messages`, an item that isn't such a pair, or closing
        the client; it is raised when the outcomes of all that was read before it have come.

        Args:
            messages: Pairs of recipient and message; read as the sends go on.
            pace: How many messages may start per second; all `send_many` of a client keep it
                together, a plain `send` doesn't count. Fewer start when the platform's answers say
                that much of a limit is used up. Defaults to `PACE` (40): above it a Page's inbox
                stops showing messages until there are fewer. None for no bound; 300 is the most
                that the platform documents.
            lookahead: How many messages may be under way at most, up to `capacity`. Defaults to
                twice `workers`.
            **options: For every message; see `SendOptions`.

        Yields:
            One outcome for each message, in the order in which they become known.

        Raises:
            InvalidArgumentError: The pace is less than one message a day or no finite
                number, or an option can't be used.
            CancelledError: The client is closed.
        """
        from select import POLLIN, poll

        self._check_open()
        limit = self._limit(lookahead)
        outbox, completions = self._start(pace, options), _native._Completions()
        waiting = poll()
        waiting.register(completions.fileno(), POLLIN)
        pending: dict[int, tuple[str | Recipient, Message]] = {}

        def known(timeout: int | None) -> Iterator[Outcome]:
            if waiting.poll(timeout):
                for index, receipt, error in completions.take(limit):
                    yield Outcome(index, *pending.pop(index), receipt, error)

        end: Exception | None = None
        try:
            items = enumerate(messages)
            while True:
                yield from known(None if len(pending) >= limit else 0)
                try:
                    index, (to, message) = next(items)
                    self._check_open()
                    outbox.submit(completions, index, to, message, options)
                except Exception as error:
                    end = error
                    break
                pending[index] = to, message
            if not isinstance(end, StopIteration):
                outbox.close()
            while pending:
                yield from known(None)
            if not isinstance(end, StopIteration):
                raise end
        finally:
            end = None  # it refers to this frame, and so to itself
            self._end(outbox)

    def close(self) -> None:
        """Closes every connection. Sends in flight end at once, later ones fail."""
        self._close()

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the client."""
        self.close()
