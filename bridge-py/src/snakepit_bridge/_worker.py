"""The worker: puts the rooms together, from the bootstrap line to the exit."""

from __future__ import annotations

import atexit
import hmac
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from threading import Thread

from snakepit_bridge import _bootstrap, _descriptors
from snakepit_bridge._bootstrap import Settings, StartFailure
from snakepit_bridge._descriptors import Descriptors
from snakepit_bridge._hello import hello
from snakepit_bridge._peer import failures
from snakepit_bridge._peer.peer import Peer
from snakepit_bridge._protocol.enums import PROTOCOL_VERSION, LogLevel, SessionEndReason
from snakepit_bridge._protocol.frames import PING, PONG, SESSION_END, SHUTDOWN, Frame
from snakepit_bridge._runtime import children, own_signals
from snakepit_bridge._runtime.adapter_place import AdapterPlace, attempt
from snakepit_bridge._runtime.aside import Aside
from snakepit_bridge._runtime.black_box import BlackBox
from snakepit_bridge._runtime.dispatcher import Dispatcher
from snakepit_bridge._runtime.ending import Ending, end_loop
from snakepit_bridge._runtime.event_loop import EventLoop
from snakepit_bridge._runtime.interrupts import Interrupts
from snakepit_bridge._runtime.main_thread import MainThread
from snakepit_bridge._runtime.output import Relay
from snakepit_bridge._runtime.script import become_script
from snakepit_bridge._runtime.sessions import SessionTable
from snakepit_bridge._runtime.stopping import Stopper, on_sigterm
from snakepit_bridge._runtime.thread_interrupts import throw_swallowed_again
from snakepit_bridge._runtime.tool_threads import ToolThreads
from snakepit_bridge._runtime.wire_jobs import WireJobs
from snakepit_bridge._wire.frames_msgpack import MsgpackFrames
from snakepit_bridge._wire.pipe import Pipe
from snakepit_bridge.base_adapter import BaseAdapter
from snakepit_bridge.errors import ProtocolError, ToolDefinitionError
from snakepit_bridge.tools.adapter import AdapterReference, Source, import_source, tools_of
from snakepit_bridge.tools.table import ToolTable
from snakepit_bridge.tools.thread_safety import check_thread_safety

_SIGTERM_GRACE_S = 2.0

# For what is still to be sent when the main thread is done.
_LAST_WORDS_S = 0.5

# The status of a worker that cannot go on.
_BROKEN = 70


class Worker:
    """One worker process. ``run`` is called on the main thread; when it returns the process has to end."""

    def __init__(self, settings: Settings, descriptors: Descriptors, ending: Ending) -> None:
        self._settings = settings
        self._descriptors = descriptors
        self._ending = ending
        self._relay = Relay(BlackBox.claim(), partial(_bootstrap.tell_log, descriptors.answer))
        self._interrupts = Interrupts(partial(self._relay.emit, LogLevel.WARNING, "snakepit"))
        self._aside = Aside(self._relay.after_call, self._report)
        self._loop = EventLoop(settings.worker, self._aside, self._die)
        self._wire = _descriptors.claim_wire() if settings.transport.get("kind") == "pipe" else None
        self._jobs = WireJobs()
        jobs = self._jobs if self._wire is not None else None
        self._main = MainThread(settings.worker, self._interrupts, self._loop, self._aside, jobs)
        self._pings = 0

    def run(self) -> None:
        """Serves until the host is done with it. Raises ``StartFailure`` when it cannot start."""
        settings = self._settings
        sys.setswitchinterval(0.0005)
        _descriptors.watch(self._descriptors.lifeline, self._ending.host_gone)
        self._relay.install()
        # The first that is registered is called last: a line that `atexit` left without its newline is told too.
        atexit.register(self._relay.flush)
        # Whoever sends it to all processes of a program means the host, which says what becomes of the worker. A
        # function, not SIG_IGN: the tools' own children start with the default again.
        own_signals.take(signal.SIGINT, lambda *_: None, signal.default_int_handler)
        children.tell(self._descriptors)
        children.tell(self._relay)
        children.at_end(self._relay.flush)
        children.watch()
        source, place = self._import()
        tools = self._discover(source, place.instance)
        self._notices = [spec.notice for spec in tools if spec.notice]
        self._initialize(place)
        self._interrupts.install()
        throw_swallowed_again()
        self._sessions = SessionTable(lambda record: self._main.settle(place, record))
        self._threads = ToolThreads(settings.threads, settings.worker, self._main, self._loop, self._aside)
        sync = self._threads if settings.threads else self._main
        dispatcher = Dispatcher(tools, place, self._sessions, self._main, self._loop, sync)
        self._peer = Peer(first_id=2, serve=dispatcher.serve, control=self._control, greet=self._greet)
        self._stopper = Stopper(self._peer, self._main.stop, self._ending)
        self._peer.line.add(hello(settings.incarnation, settings.worker_token, tools))
        address, hang_up = self._listen() if self._wire is None else self._speak(self._wire)
        on_sigterm(partial(self._stopper.request, _SIGTERM_GRACE_S))
        self._ending.when_gone = partial(self._stopper.request, 0.0)
        _bootstrap.answer(self._descriptors.answer, settings.incarnation, address)
        self._main.serve()
        self._ending.begin()
        self._cleanup(place)
        self._relay.flush()
        self._relay.detach()
        self._peer.outbox.close()
        hang_up()
        # What threads of ours hold lives on to the end, and what only they hold would not be closed.
        dispatcher.forget()

    # The start, stage by stage.

    def _import(self) -> tuple[Source, AdapterPlace]:
        settings = self._settings
        reference = AdapterReference(settings.adapter_file, settings.adapter_module, settings.adapter_attribute)
        try:
            become_script(reference, settings.cwd)
            source = import_source(reference, settings.cwd)
            children.end_if_child()
        except ToolDefinitionError as error:
            raise StartFailure("tools", str(error)) from error
        except BaseException as error:
            children.end_if_child()
            raise StartFailure("adapter", _message(error)) from error
        try:
            place = AdapterPlace.of(source.adapter)
            children.end_if_child()
            return source, place
        except BaseException as error:
            children.end_if_child()
            raise StartFailure("initialize", _message(error)) from error

    def _discover(self, source: Source, adapter: BaseAdapter | None) -> ToolTable:
        try:
            tools = tools_of(source, adapter)
            if threads := self._settings.threads:
                check_thread_safety(tools, source, threads)
            return tools
        except ToolDefinitionError as error:
            raise StartFailure("tools", str(error)) from error
        except Exception as error:
            raise StartFailure("adapter", _message(error)) from error

    def _initialize(self, place: AdapterPlace) -> None:
        try:
            place.start(partial(self._main.invoke, None))
        except BaseException as error:
            raise StartFailure("initialize", _message(error)) from error

    def _speak(self, wire: int) -> tuple[str, Callable[[], None]]:
        """Takes up the pipe that the host gave. Returns its name and the way to end it."""
        pipe = Pipe(wire, MsgpackFrames(), self._peer)
        sender = Thread(target=pipe.send_all, name="snakepit-sender", daemon=True)
        self._peer.outbox.send_now = pipe.send_now
        self._jobs.read(pipe, self._lost)
        sender.start()
        self._attached()

        def hang_up() -> None:
            sender.join(_LAST_WORDS_S)
            pipe.finish(_LAST_WORDS_S)

        return "pipe", hang_up

    def _lost(self, fault: BaseException | None) -> None:
        self._detached(fault)
        self._peer.lost()

    def _listen(self) -> tuple[str, Callable[[], None]]:
        """Listens for the host. Returns the address and the way to stop."""
        from snakepit_bridge._wire.grpc_server import GrpcServer, TcpAddress, UnixAddress

        transport = self._settings.transport
        server = GrpcServer(self._peer, self._settings.host_token, self._attached, self._detached)
        try:
            if transport.get("kind") != "grpc":
                raise ValueError(f"expected transport kind 'grpc' or 'pipe', got {transport.get('kind')!r}")
            if "socket" in transport:
                return server.listen(UnixAddress(transport["socket"])), partial(server.stop, _LAST_WORDS_S)
            first, last = transport["ports"]
            address = TcpAddress(transport.get("host", "127.0.0.1"), int(first), int(last))
            return server.listen(address), partial(server.stop, _LAST_WORDS_S)
        except Exception as error:
            raise StartFailure("listen", _message(error)) from error

    # The attachment.

    def _attached(self) -> None:
        self._relay.attach(self._peer.line)
        for notice in self._notices:
            self._relay.emit(LogLevel.WARNING, "snakepit", notice)

    def _detached(self, fault: BaseException | None) -> None:
        self._relay.detach()
        if fault is not None:
            self._relay.emit(0, "snakepit", f"the attachment ended: {type(fault).__name__}: {fault}")
        self._stopper.request(0.0)

    def _greet(self, said: Frame) -> None:
        _, protocol, incarnation, token = said[:4]
        if protocol != PROTOCOL_VERSION:
            raise ProtocolError(f"this worker speaks protocol {PROTOCOL_VERSION}, the host speaks {protocol}")
        if not hmac.compare_digest(token.encode(), self._settings.host_token.encode()):
            raise ProtocolError("the host's Hello has another token")
        if incarnation != self._settings.incarnation:
            raise ProtocolError("the host's Hello is meant for another incarnation")

    def _control(self, frame: Frame) -> None:
        kind = frame[0]
        if kind == PING:
            self._pong(frame[1])
        elif kind == SESSION_END:
            reason = "expired" if frame[2] == SessionEndReason.EXPIRED else "ended"
            self._sessions.end(frame[1], reason)
        elif kind == SHUTDOWN:
            self._stopper.request(frame[1] / 1000)
        # Telemetry has no reader yet.

    def _pong(self, nonce: int) -> None:
        # That this line is run counts by itself: the interpreter runs bytecode. What comes beyond one for each ping is
        # the progress of the threads that run the tools. Nothing wakes up to count.
        self._pings += 1
        self._peer.line.add((PONG, nonce, self._pings + self._main.steps + self._loop.steps + self._threads.steps))

    # The end.

    def _cleanup(self, place: AdapterPlace) -> None:
        self._sessions.end_all("worker_stopping")
        self._main.drain()
        attempt(self._report, "cleanup", place.stop, partial(self._main.invoke, None))
        end_loop(self._loop)
        self._threads.stop()

    def _report(self, step: str, error: BaseException) -> None:
        self._relay.emit(LogLevel.ERROR, "snakepit", failures.told(f"{step} raised", error))

    def _die(self, error: BaseException) -> None:
        """There is no event loop any more, and no call that needs one would end: the host gets a new worker."""
        self._relay.emit(LogLevel.CRITICAL, "snakepit", failures.told("the event loop is broken:", error))
        os._exit(_BROKEN)


def _message(error: BaseException) -> str:
    try:
        return str(error) or type(error).__name__
    except Exception:
        return type(error).__name__
