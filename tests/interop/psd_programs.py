"""The real programs, started for a test in a folder of its own."""

import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

PATIENCE = 60


def program(name):
    """The path of a program, from the environment (PSD_CARD and so on)."""
    return os.environ[name]


def full_disk():
    """A limit on the size of files, which tests set, is to be an error like that of a full disk, and no signal."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


class Program:
    """A running program; its standard error goes to a file, and is awaited there."""

    def __init__(self, arguments, log, says):
        self.log = log
        with open(log, "wb") as errors:
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                                            preexec_fn=full_disk)
        self.wait_for(says)

    def wait_for(self, says, times=1):
        """Until it has said something so often."""
        end = time.monotonic() + PATIENCE
        exited, watch = os.pidfd_open(self.process.pid), select.poll()
        watch.register(exited, select.POLLIN)
        try:
            while self.said().count(says) < times:
                if watch.poll(10):
                    raise RuntimeError(f"it ended: {self.said()}")
                if time.monotonic() > end:
                    raise RuntimeError(f"it does not say {says}: {self.said()}")
        finally:
            os.close(exited)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Ends it in order; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


class Bench:
    """A folder and what runs in it; everything ends with it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="psd-")
        os.chmod(self.folder, 0o700)
        self.running = []

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        descriptor = os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def start(self, name, arguments, says):
        running = Program(arguments, self.path(name + ".log"), says)
        self.running.append(running)
        return running

    def result(self, *arguments):
        """Runs a program to its end."""
        return subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE,
                              check=False)

    def run(self, *arguments, expect=0):
        """The same, which has to end with that status; what it said."""
        done = self.result(*arguments)
        if done.returncode != expect:
            raise AssertionError(f"{arguments}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def blank_card(self, name, serial):
        """A card without keys, listening: the path of its socket."""
        self.run(program("PSD_CARD"), "init", "--state", self.path(name + ".state"), "--serial", serial)
        self.start(name, [program("PSD_CARD"), "run", "--state", self.path(name + ".state"), "--no-sync", "--listen",
                          self.path(name)], "listening")
        return self.path(name)

    def close(self):
        for running in reversed(self.running):
            running.kill()
        shutil.rmtree(self.folder)
