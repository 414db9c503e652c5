<?php
// The checked workload with phpredis. What it prints and what it is given: README.md beside this file.

[, $role, $host, $port, $prefix, $paceMs, , $stopFile] = $argv;
const BATCH = 16;
const SCRIPT = "return redis.call('RPUSH', KEYS[1], ARGV[1])";

function say(array $line): void
{
    fwrite(STDOUT, json_encode($line) . "\n");
}

function is_over(): bool
{
    global $paceMs, $stopFile;
    usleep($paceMs * 1000);
    clearstatcache();
    return file_exists($stopFile);
}

function ready(): void
{
    say(['ready' => 'phpredis ' . phpversion('redis') . ', PHP ' . PHP_VERSION]);
}

function entry(int $number): string
{
    global $prefix, $role;
    return "$prefix:$role#$number";
}

/** phpredis answers false where the server answered with an error. */
function answered(Redis $client, mixed $reply): mixed
{
    $error = $client->getLastError();
    if ($error === null) return $reply;
    $client->clearLastError();
    throw new RedisException($error);
}

/** Steps of one command each; $step gets the number and returns what to report beside it, or null for EXEC's nil. */
function numbered(callable $step): void
{
    ready();
    for ($number = 0; !is_over(); $number++) {
        try {
            $more = $step($number);
            say($more === null ? ['again' => $number] : ['ack' => $number, ...$more]);
        } catch (RedisException $error) {
            say(['fail' => $number, 'error' => $error->getMessage()]);
        }
    }
}

function single(Redis $client, string $prefix): void
{
    numbered(fn (int $number) => [
        'reply' => answered($client, $client->rPush("$prefix:single", entry($number))),
        'count' => answered($client, $client->incr("$prefix:count")),
        'read' => answered($client, $client->lIndex("$prefix:single", -1)),
    ]);
}

function pipeline(Redis $client, string $prefix): void
{
    ready();
    for ($number = 0; !is_over(); $number += BATCH) {
        try {
            $client->pipeline();
            for ($one = $number; $one < $number + BATCH; $one++) $client->rPush("$prefix:pipeline", entry($one));
            $replies = $client->exec();
            foreach ($replies as $at => $reply) {
                if (is_int($reply)) say(['ack' => $number + $at, 'reply' => $reply]);
                else say(['fail' => $number + $at, 'error' => $client->getLastError() ?? 'no number']);
            }
        } catch (RedisException $error) {
            for ($one = $number; $one < $number + BATCH; $one++)
                say(['fail' => $one, 'error' => $error->getMessage()]);
        }
    }
}

function transaction(Redis $client, string $prefix): void
{
    numbered(function (int $number) use ($client, $prefix) {
        if ($number % 2 === 1) {
            answered($client, $client->watch("$prefix:version"));
            answered($client, $client->get("$prefix:version"));
        }
        $replies = $client->multi()->rPush("$prefix:transaction", entry($number))->incr("$prefix:version")->exec();
        answered($client, $replies);
        return is_array($replies) ? ['reply' => $replies[0], 'version' => $replies[1]] : null;
    });
}

function script(Redis $client, string $prefix): void
{
    $sha = $client->script('load', SCRIPT);
    numbered(function (int $number) use ($client, $prefix, $sha) {
        $arguments = [["$prefix:script", entry($number)], 1];
        $reply = $number % 2 ? $client->evalSha($sha, ...$arguments) : $client->eval(SCRIPT, ...$arguments);
        return ['reply' => answered($client, $reply)];
    });
}

function produce(Redis $client, string $prefix): void
{
    numbered(function (int $number) use ($client, $prefix) {
        answered($client, $client->rPush("$prefix:queue", entry($number)));
        return [];
    });
    $client->rPush("$prefix:queue", 'end');
}

function consume(Redis $client, string $prefix): void
{
    ready();
    while (true) {
        try {
            $item = answered($client, $client->blPop(["$prefix:queue"], 0))[1] ?? null;
            if ($item === 'end') return;
            say($item === null ? ['error' => 'BLPOP was answered with nothing'] : ['got' => $item]);
        } catch (RedisException $error) {
            say(['error' => $error->getMessage()]);
        }
    }
}

function scan(Redis $client, string $prefix): void
{
    numbered(function () use ($client, $prefix) {
        $seen = [];
        $cursor = null;
        while (($keys = answered($client, $client->scan($cursor, "$prefix:scan:*", 50))) !== false)
            foreach ($keys as $key) $seen[$key] = true;
        return ['keys' => count($seen)];
    });
}

function publish(Redis $client, string $prefix): void
{
    numbered(function (int $number) use ($client, $prefix) {
        answered($client, $client->publish("$prefix:news", (string) $number));
        return [];
    });
    $client->publish("$prefix:news", 'end');
}

/** phpredis keeps the confirmation of a subscription to itself: that it is ready is said before it is. */
function heard(string $text, callable $leave): void
{
    if ($text === 'end') $leave();
    else say(['heard' => $text]);
}

function subscribe(Redis $client, string $prefix): void
{
    ready();
    $client->subscribe(["$prefix:news"], fn ($_client, $_channel, $text) => heard($text, fn () => $client->unsubscribe(["$prefix:news"])));
}

function psubscribe(Redis $client, string $prefix): void
{
    ready();
    $client->psubscribe(["$prefix:n*"], fn ($_client, $_pattern, $_channel, $text) => heard($text, fn () => $client->punsubscribe(["$prefix:n*"])));
}

$client = new Redis();
$client->connect($host, (int) $port, 5);
$client->setOption(Redis::OPT_MAX_RETRIES, 0);
$client->setOption(Redis::OPT_SCAN, Redis::SCAN_RETRY);
$client->setOption(Redis::OPT_READ_TIMEOUT, in_array($role, ['consume', 'subscribe', 'psubscribe']) ? -1 : 30);
$client->ping();
$role($client, $prefix);
say(['done' => true]);
