"""Many publishers and many subscribers with redis-py: every message once and in order. See README.md beside this file."""

import json
import os
import platform
import select
import sys
import threading
import time

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

role, host, port, prefix, pace_ms, protocol, stop_file = sys.argv[1:8]
publishers = int(os.environ["SEGUE_HALL_PUBLISHERS"])
listeners = int(os.environ["SEGUE_HALL_LISTENERS"])
processes = int(os.environ["SEGUE_HALL_PROCESSES"])
threads = 5
# Rounds that may be under way: messages are in flight all the time, and nobody is buried under them.
window = 3
channels = [f"{prefix}:c:{number}" for number in range(publishers)]
shards = [f"{prefix}:s:{number}" for number in range(publishers)]


def say(**line):
    print(json.dumps(line), flush=True)


def ready():
    say(ready=f"redis-py {redis.__version__}, Python {platform.python_version()}")


def connect():
    client = redis.Redis(
        host, int(port), protocol=int(protocol), decode_responses=True, retry=Retry(NoBackoff(), 0)
    )
    client.ping()
    return client


class Listener:
    """One subscriber, by channels, by a pattern or by sharded channels, with what it has heard of each channel."""

    def __init__(self, number):
        self.client = connect()
        self.pubsub = self.client.pubsub()
        subscribe, names = (
            (self.pubsub.subscribe, channels),
            (self.pubsub.psubscribe, [f"{prefix}:c:*"]),
            (self.pubsub.ssubscribe, shards),
        )[number % 3]
        subscribe(*names)
        self.name = f"listener {number}"
        self.next = {name: 0 for name in (shards if number % 3 == 2 else channels)}
        self.open = len(self.next)
        self.heard = 0
        for _ in names:
            self.pubsub.get_message(timeout=30)

    def drain(self):
        while (message := self.pubsub.get_message(timeout=0)) is not None:
            self.take(message["channel"], message["data"])

    def take(self, channel, text):
        expected = self.next[channel]
        if text.startswith("end "):
            self.open -= 1
            self.complain("lost", channel, text, int(text[4:]) - expected)
            return
        number = int(text)
        self.heard += 1
        self.complain("lost", channel, number, number - expected)
        if number < expected:
            self.complain("doubled" if number == expected - 1 else "reordered", channel, number, 1)
        self.next[channel] = max(expected, number + 1)

    def complain(self, finding, channel, what, count):
        if count > 0:
            text = f"{self.name} heard {what} on {channel} after {self.next[channel] - 1}"
            say(finding=finding, text=text, missing=count)


def listen():
    everybody = [Listener(number) for number in range(listeners)]
    by_socket = {one.pubsub.connection._sock.fileno(): one for one in everybody}
    poll = select.poll()
    for socket in by_socket:
        poll.register(socket, select.POLLIN)
    notes = connect()
    ready()
    told = 0
    while any(one.open for one in everybody):
        for socket, _ in poll.poll():
            by_socket[socket].drain()
        rounds = sum(one.heard for one in everybody) // (listeners * publishers)
        if rounds > told:
            notes.hset(f"{prefix}:heard", str(os.getpid()), rounds)
            say(round=rounds)
            told = rounds
    say(messages=sum(one.heard for one in everybody))


class Broadcast:
    """All publishers, each with a connection of its own and two channels, in a few threads."""

    def __init__(self):
        self.clients = [connect() for _ in range(publishers)]
        self.heard = 0
        self.is_over = False
        self.moved = threading.Condition()

    def publish(self, numbers):
        clients = [(number, self.clients[number]) for number in numbers]
        count = 0
        while True:
            with self.moved:
                self.moved.wait_for(lambda: self.is_over or count < self.heard + window)
            if self.is_over:
                break
            self.send(clients, str(count), count)
            count += 1
            if numbers[0] == 0:
                say(round=count)
        self.send(clients, f"end {count}", None)

    def send(self, clients, text, count):
        for number, client in clients:
            for publish, channel in ((client.publish, channels[number]), (client.spublish, shards[number])):
                try:
                    publish(channel, text)
                except redis.RedisError as error:
                    say(fail=count or 0, error=f"{type(error).__name__}: {error}")

    def run(self):
        notes = connect()
        shares = [range(first, publishers, threads) for first in range(threads)]
        workers = [threading.Thread(target=self.publish, args=(share,), daemon=True) for share in shares]
        ready()
        for worker in workers:
            worker.start()
        while not os.path.exists(stop_file):
            time.sleep(max(int(pace_ms), 5) / 1000)
            rounds = [int(one) for one in notes.hvals(f"{prefix}:heard")]
            with self.moved:
                self.heard = min(rounds) if len(rounds) == processes else 0
                self.moved.notify_all()
        with self.moved:
            self.is_over = True
            self.moved.notify_all()
        for worker in workers:
            worker.join()


if role == "listen":
    listen()
else:
    Broadcast().run()
say(done=True)
