"""The checked workload with redis-py. What it prints and what it is given: README.md beside this file."""

import json
import os
import platform
import sys
import time

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

role, host, port, prefix, pace_ms, protocol, stop_file = sys.argv[1:8]
batch = 16
script = "return redis.call('RPUSH', KEYS[1], ARGV[1])"


def say(**line):
    print(json.dumps(line), flush=True)


def is_over():
    time.sleep(int(pace_ms) / 1000)
    return os.path.exists(stop_file)


def connect():
    client = redis.Redis(
        host,
        int(port),
        protocol=int(protocol),
        decode_responses=True,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=None if role in ("consume", "subscribe", "psubscribe") else 30,
    )
    client.ping()
    return client


def ready():
    say(ready=f"redis-py {redis.__version__}, Python {platform.python_version()}")


def numbered(step):
    """Steps of one command each: `step` gets the number and says what to report beside it."""
    ready()
    number = 0
    while not is_over():
        try:
            say(ack=number, **step(number))
        except redis.WatchError:
            say(again=number)
        except redis.RedisError as error:
            say(fail=number, error=f"{type(error).__name__}: {error}")
        number += 1


def entry(number):
    return f"{prefix}:{role}#{number}"


def single(client):
    def step(number):
        position = client.rpush(f"{prefix}:single", entry(number))
        return {
            "reply": position,
            "count": client.incr(f"{prefix}:count"),
            "read": client.lindex(f"{prefix}:single", -1),
        }

    numbered(step)


def pipeline(client):
    ready()
    number = 0
    while not is_over():
        numbers = range(number, number + batch)
        pipe = client.pipeline(transaction=False)
        for one in numbers:
            pipe.rpush(f"{prefix}:pipeline", entry(one))
        try:
            for one, reply in zip(numbers, pipe.execute(raise_on_error=False)):
                if isinstance(reply, Exception):
                    say(fail=one, error=str(reply))
                else:
                    say(ack=one, reply=reply)
        except redis.RedisError as error:
            for one in numbers:
                say(fail=one, error=f"{type(error).__name__}: {error}")
        number += batch


def transaction(client):
    def step(number):
        with client.pipeline(transaction=True) as pipe:
            if number % 2 == 1:
                pipe.watch(f"{prefix}:version")
                pipe.get(f"{prefix}:version")
                pipe.multi()
            pipe.rpush(f"{prefix}:transaction", entry(number))
            pipe.incr(f"{prefix}:version")
            position, version = pipe.execute()
            return {"reply": position, "version": version}

    numbered(step)


def scripts(client):
    sha = client.script_load(script)

    def step(number):
        keys = [1, f"{prefix}:script", entry(number)]
        return {"reply": client.evalsha(sha, *keys) if number % 2 else client.eval(script, *keys)}

    numbered(step)


def produce(client):
    def step(number):
        client.rpush(f"{prefix}:queue", entry(number))
        return {}

    numbered(step)
    client.rpush(f"{prefix}:queue", "end")


def consume(client):
    ready()
    while True:
        try:
            _, item = client.blpop([f"{prefix}:queue"], timeout=0)
            if item == "end":
                return
            say(got=item)
        except redis.RedisError as error:
            say(error=f"{type(error).__name__}: {error}")


def scan(client):
    def step(_number):
        return {"keys": len(set(client.scan_iter(match=f"{prefix}:scan:*", count=50)))}

    numbered(step)


def publish(client):
    def step(number):
        client.publish(f"{prefix}:news", str(number))
        return {}

    numbered(step)
    client.publish(f"{prefix}:news", "end")


def listen(client, how):
    pubsub = client.pubsub()
    if how == "subscribe":
        pubsub.subscribe(f"{prefix}:news")
    else:
        pubsub.psubscribe(f"{prefix}:n*")
    for message in pubsub.listen():
        if message["type"] == how:
            ready()
        elif message["data"] == "end":
            return
        else:
            say(heard=message["data"])


client = connect()
roles = {
    "single": single,
    "pipeline": pipeline,
    "transaction": transaction,
    "script": scripts,
    "produce": produce,
    "consume": consume,
    "scan": scan,
    "publish": publish,
    "subscribe": lambda client: listen(client, "subscribe"),
    "psubscribe": lambda client: listen(client, "psubscribe"),
}
roles[role](client)
say(done=True)
