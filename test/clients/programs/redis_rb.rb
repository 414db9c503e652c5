# The checked workload with redis-rb. What it prints and what it is given: README.md beside this file.

require 'json'
require 'redis'
require 'set'

ROLE, HOST, PORT, PREFIX, PACE_MS, PROTOCOL, STOP_FILE = ARGV
BATCH = 16
SCRIPT = "return redis.call('RPUSH', KEYS[1], ARGV[1])".freeze

def say(**line)
  $stdout.puts(JSON.generate(line))
  $stdout.flush
end

def over?
  sleep(PACE_MS.to_i / 1000.0)
  File.exist?(STOP_FILE)
end

def ready
  say(ready: "redis-rb #{Redis::VERSION}, Ruby #{RUBY_VERSION}")
end

def entry(number)
  "#{PREFIX}:#{ROLE}##{number}"
end

# Steps of one command each: the block gets the number and gives what to report beside it, or nil for EXEC's nil.
def numbered
  ready
  number = 0
  until over?
    begin
      more = yield number
      more.nil? ? say(again: number) : say(ack: number, **more)
    rescue Redis::BaseError => e
      say(fail: number, error: "#{e.class}: #{e.message}")
    end
    number += 1
  end
end

def single(client)
  numbered do |number|
    {
      reply: client.rpush("#{PREFIX}:single", entry(number)),
      count: client.incr("#{PREFIX}:count"),
      read: client.lindex("#{PREFIX}:single", -1)
    }
  end
end

def pipeline(client)
  ready
  number = 0
  until over?
    numbers = (number...number + BATCH).to_a
    begin
      replies = client.pipelined do |pipe|
        numbers.each { |one| pipe.rpush("#{PREFIX}:pipeline", entry(one)) }
      end
      numbers.zip(replies) { |one, reply| say(ack: one, reply: reply) }
    rescue Redis::BaseError => e
      numbers.each { |one| say(fail: one, error: "#{e.class}: #{e.message}") }
    end
    number += BATCH
  end
end

def both(pipe, number)
  pipe.rpush("#{PREFIX}:transaction", entry(number))
  pipe.incr("#{PREFIX}:version")
end

def transaction(client)
  numbered do |number|
    replies =
      if number.odd?
        client.watch("#{PREFIX}:version") do |watched|
          watched.get("#{PREFIX}:version")
          watched.multi { |pipe| both(pipe, number) }
        end
      else
        client.multi { |pipe| both(pipe, number) }
      end
    replies && { reply: replies[0], version: replies[1] }
  end
end

def script(client)
  sha = client.script(:load, SCRIPT)
  numbered do |number|
    arguments = [["#{PREFIX}:script"], [entry(number)]]
    { reply: number.odd? ? client.evalsha(sha, *arguments) : client.eval(SCRIPT, *arguments) }
  end
end

def produce(client)
  numbered do |number|
    client.rpush("#{PREFIX}:queue", entry(number))
    {}
  end
  client.rpush("#{PREFIX}:queue", 'end')
end

def consume(client)
  ready
  loop do
    _, item = client.blpop("#{PREFIX}:queue", timeout: 0)
    return if item == 'end'

    say(got: item)
  rescue Redis::BaseError => e
    say(error: "#{e.class}: #{e.message}")
  end
end

def scan(client)
  numbered do
    { keys: client.scan_each(match: "#{PREFIX}:scan:*", count: 50).to_set.size }
  end
end

def publish(client)
  numbered do |number|
    client.publish("#{PREFIX}:news", number.to_s)
    {}
  end
  client.publish("#{PREFIX}:news", 'end')
end

def heard(client, text, pattern)
  return say(heard: text) unless text == 'end'

  pattern ? client.punsubscribe : client.unsubscribe
end

def subscribe(client)
  client.subscribe("#{PREFIX}:news") do |on|
    on.subscribe { ready }
    on.message { |_channel, text| heard(client, text, false) }
  end
end

def psubscribe(client)
  client.psubscribe("#{PREFIX}:n*") do |on|
    on.psubscribe { ready }
    on.pmessage { |_pattern, _channel, text| heard(client, text, true) }
  end
end

client = Redis.new(host: HOST, port: PORT.to_i, protocol: PROTOCOL.to_i, timeout: 30, reconnect_attempts: 0)
client.ping
send(ROLE, client)
say(done: true)
