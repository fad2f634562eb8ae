"""What happens in a cluster, as it happens: the JobManager's event stream, and part files that get their names."""
import ctypes
import os
import struct
import subprocess
import threading
import time

# The phase that begins with an event of a checkpoint; `between` begins with nothing else for a while.
PHASES = {"checkpoint.triggered": "trigger", "checkpoint.answered": "acknowledge", "checkpoint.acknowledged": "metadata",
          "checkpoint.completed": "notify", "part.finished": "commit", "checkpoint.aborted": "between"}
ALL_PHASES = ["between", "trigger", "acknowledge", "metadata", "notify", "commit"]
SHORT_MS = 20  # what `notify` and `commit` last at most: nothing is published when they end
IN_MOVED_TO = 0x80


class Events:
    """A list of (milliseconds since the epoch, kind, value) that grows."""

    def __init__(self):
        self.changed = threading.Condition()
        self.list = []
        self.follower = None

    def follow(self, program, address):
        """Begins, or begins again with another JobManager."""
        self.unfollow()
        since = self.mark()
        self.follower = subprocess.Popen([program, address], stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.readStream, args=[self.follower.stdout], daemon=True).start()
        self.wait("the event stream", lambda events: any(kind == "opened" for _, kind, _ in events), since)

    def unfollow(self):
        if self.follower is not None:
            self.follower.kill()
            self.follower.wait()

    def watch(self, directory):
        """Notes files that get a name without a leading dot in the directory."""
        libc = ctypes.CDLL(None, use_errno=True)
        fd = libc.inotify_init1(os.O_CLOEXEC)
        if fd < 0 or libc.inotify_add_watch(fd, os.fsencode(directory), IN_MOVED_TO) < 0:
            raise OSError(ctypes.get_errno(), f"cannot watch {directory}")
        threading.Thread(target=self.readNames, args=[fd], daemon=True).start()

    def readStream(self, stream):
        for line in stream:
            at, kind, value = line.split()
            self.add(int(at), kind, value)

    def readNames(self, fd):
        while True:
            data = os.read(fd, 65536)
            while data:
                length = struct.unpack_from("iIII", data)[3]
                if not data[16:17] == b".":
                    self.add(time.time_ns() // 1_000_000, "part.finished", "-")
                data = data[16 + length:]

    def add(self, at, kind, value):
        with self.changed:
            self.list.append((at, kind, value))
            self.changed.notify_all()

    def mark(self):
        with self.changed:
            return len(self.list)

    def wait(self, what, condition, since=0, seconds=120):
        """Returns the first true value of condition(events since `since`)."""
        with self.changed:
            value = self.changed.wait_for(lambda: condition(self.list[since:]), seconds)
            if not value:
                raise AssertionError(f"timed out after {seconds} s: {what}; last events: {self.list[-20:]}")
            return value

    def phaseAt(self, at):
        """The phase of the newest checkpoint at a time, once everything from before has arrived."""
        with self.changed:
            past = [(when, kind) for when, kind, _ in self.list if when <= at and kind in PHASES]
        if not past:
            return "between"
        when, kind = max(past, key=lambda event: event[0])
        phase = PHASES[kind]
        return "between" if phase in ("notify", "commit") and at - when > SHORT_MS else phase
