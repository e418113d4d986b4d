"""Serves the review page on this machine until it is stopped."""

from __future__ import annotations

import getpass
import signal
import socket
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from typing import TYPE_CHECKING

from lesionvis.errors import LesionvisError, SettingsError

if TYPE_CHECKING:
    from lesionvis.review.reviewed_run import ReviewedRun


def serve_review(
    opened: Callable[[], AbstractContextManager[ReviewedRun]],
    port: int,
    tell: Callable[[str], None],
    *,
    opens_browser: bool,
) -> None:
    """Serve the review page on 127.0.0.1 until it is stopped from the keyboard.

    Parameters
    ----------
    opened : callable
        Opens the run.
    port : int
        Port to listen at; 0 for any that is free.
    tell : callable
        Is told the address.
    opens_browser : bool
        Open the address in the browser of the system.

    Raises
    ------
    SettingsError
        If a library is missing, or the port is in use.
    LesionvisError
        If the run cannot be opened.
    """
    try:
        import uvicorn

        from lesionvis.review.guard import HOST, Guard
        from lesionvis.review.server import review_app
    except ModuleNotFoundError as error:
        raise SettingsError(
            f'The review page needs more libraries ({error.name}): pip install "lesionvis[review]".'
        ) from error
    with closing(_listening(HOST, port)) as listener:
        guard = Guard(listener.getsockname()[1])
        problems: list[Exception] = []
        app = review_app(lambda: _problem_kept(opened, problems), guard)

        class Server(uvicorn.Server):
            """Server that tells its address once it answers."""

            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                if self.started:
                    tell(guard.address)
                    if opens_browser:
                        webbrowser.open(guard.address)

        # No access log: addresses hold names of photos, and the first one the token.
        # Uvicorn ends in good order and then raises the signal again, which would end the program halfway.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):  # the server has ended in good order by then
            Server(uvicorn.Config(app, log_level="critical", access_log=False, lifespan="on")).run([listener])
    if problems:
        raise problems[0]


def user_name() -> str:
    """Name of the person at this machine.

    Returns
    -------
    str
        "somebody" where the system does not tell.
    """
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return "somebody"


@contextmanager
def _problem_kept(
    opened: Callable[[], AbstractContextManager[ReviewedRun]], problems: list[Exception]
) -> Iterator[ReviewedRun]:
    """Open the run, and keep what is wrong with it for the caller: the server only logs it."""
    try:
        with opened() as run:
            yield run
    except LesionvisError as error:
        problems.append(error)
        raise


def _listening(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(
            f"Port {port} cannot be used ({reason}); give another, or none for any free one."
        ) from error
    return listener
