"""What both clients have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, Self

from callcta import _native
from callcta._retry import Retries, RetryEvent
from callcta._sends import Sends
from callcta.errors import InvalidArgumentError


class ClientBase:
    """What both clients have in common: one Page, its token, and one pool of connections.

    Nothing is connected, and no thread started, before the first send.

    Attributes:
        page_id: The Page that sends.
    """

    _sends: Sends

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
        headers: Mapping[str, str] | None = None,
        proxy: str | None = None,
        proxy_from_env: bool | None = None,
        extra_ca_pem: str | None = None,
        attempts: int | None = None,
        base_delay: float | None = None,
        max_delay: float | None = None,
        retry_unknown: bool | None = None,
        on_retry: Callable[[RetryEvent], object] | None = None,
        calling_not_enabled_codes: Sequence[tuple[int, int | None]] | None = None,
        share_connections: ClientBase | None = None,
        workers: int | None = None,
        capacity: int | None = None,
    ) -> None:
        """Connects to nothing yet.

        Args:
            page_id: The Page that sends; digits only.
            access_token: A Page access token. It isn't shown anywhere.
            app_secret: With it each request carries an `appsecret_proof`.
            base_url: The Graph API's address, such as an emulator's. `https`, unless the host is
                this machine. Defaults to `https://graph.facebook.com`.
            version: The Graph API version, such as the default `v26.0`; an empty text leaves it
                out.
            use_me: Whether to post to `/me/messages`. Defaults to False.
            token_placement: `header`, the default, `query` or `body`.
            timeout: Seconds for one whole request and its answer; a retry has its own. Defaults to
                30.
            connect_timeout: Seconds for connecting, TLS included. Defaults to 10.
            body_limit: Largest answer that is read, in bytes. Defaults to 1 MiB.
            max_idle_connections: Most idle connections that are kept. Defaults to 64.
            user_agent: The `User-Agent`. Defaults to `callcta/` and the version.
            headers: Further headers of each request, such as those of tracing; none that callcta
                sets itself. They are never logged.
            proxy: The proxy's URL. None by default, whatever the environment says.
            proxy_from_env: Whether the environment counts, as with curl: `HTTPS_PROXY`, or
                `ALL_PROXY` without it, unless `NO_PROXY` has the host.
            extra_ca_pem: Certificates (PEM) that are trusted beside the built-in ones.
            attempts: Most requests per send, the first included. Defaults to 3. Only what provably
                didn't arrive is tried again.
            base_delay: Seconds, upper bound of the first wait, doubled with each try. Defaults to
                0.5.
            max_delay: Longest wait before a next try, in seconds. Defaults to 30.
            retry_unknown: Whether to try again when the message may have been delivered. **This can
                deliver it twice.** Defaults to False.
            on_retry: Called with a `RetryEvent` before the wait for each next try, on the thread
                that sends, in the context (`contextvars`) of the call. An exception in it is
                reported as unraisable and changes nothing. But what is no `Exception`, such as a
                `KeyboardInterrupt`, ends a blocking `send`.
            calling_not_enabled_codes: Further pairs of code and subcode (or None) that mean that
                the Page has not enabled audio calling.
            share_connections: A client whose connections this one uses too, closed with the last
                of them: for many Pages in one process. What concerns connections is as it is there:
                `connect_timeout`, `max_idle_connections`, proxies and certificates.
            workers: Most threads that send for one `send_many`, or for all sends that are awaited.
                Defaults to 64.
            capacity: Most messages that wait for them; more are refused. Defaults to 100,000.

        Raises:
            InvalidArgumentError: A setting can't be used.
        """
        self.page_id: Final = page_id
        settings = dict(locals())  # not the frame's own, to which a debugger adds
        del settings["self"]
        own = "page_id", "access_token", "on_retry", "share_connections", "workers", "capacity"
        retries = None if on_retry is None else Retries(on_retry)
        # The native client has a weak reference only.
        self._tell_retry = settings["on_retry"] = retries and retries.tell
        if share_connections is not None:
            other: Any = share_connections
            if not isinstance(other, ClientBase):
                raise InvalidArgumentError("share_connections must be a client")
            settings["share_connections"] = other._sends.native
        native = _native._Client(settings, *map(settings.pop, own))
        self._sends = Sends(native, retries)
        self._prepare()

    @classmethod
    def from_env(cls, **settings: Any) -> Self:
        """A client with the settings of the environment, so that going live needs no edit.

        They are `CALLCTA_PAGE_ID` and `CALLCTA_ACCESS_TOKEN`, which are required, and
        `CALLCTA_APP_SECRET`, `CALLCTA_BASE_URL` and `CALLCTA_CA_FILE`, the name of a file with
        `extra_ca_pem`.

        Args:
            **settings: Further ones, as for the constructor; they win over the environment's.

        Raises:
            InvalidArgumentError: Something is missing, `CALLCTA_BASE_URL` is empty, or a setting
                can't be used.
        """
        found: dict[str, Any] = {**_native._environment()}
        return cls(**(found | settings))

    def set_access_token(self, access_token: str) -> None:
        """Makes requests with another token from now on, also those of sends under way.

        Raises:
            InvalidArgumentError: It can't be used; the old one stays.
        """
        self._sends.set_access_token(access_token)

    def _prepare(self) -> None:
        """Makes what only one kind of client needs."""

    def __repr__(self) -> str:
        """Shows no token."""
        return f"{type(self).__name__}(page_id={self.page_id!r})"
