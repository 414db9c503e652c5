-- The checked workload with redis-lua. What it prints and what it is given: README.md beside this file.

local redis = require('redis')
local socket = require('socket')

local role, host, port, prefix, pace_ms, _, stop_file = unpack(arg)
local batch = 16
local script = "return redis.call('RPUSH', KEYS[1], ARGV[1])"
io.stdout:setvbuf('line')

local function say(text, ...) print(text:format(...)) end
local function quoted(text) return (tostring(text):gsub('["\\%c]', "'")) end
local function ready() say('{"ready":"%s, %s"}', redis._VERSION, _VERSION) end
local function entry(number) return ('%s:%s#%d'):format(prefix, role, number) end

local function is_over()
  socket.sleep(tonumber(pace_ms) / 1000)
  local file = io.open(stop_file)
  if file then file:close() end
  return file ~= nil
end

-- Steps of one command each: `step` gets the number and gives what to report beside it, or nil for EXEC's nil.
local function numbered(step)
  ready()
  local number = 0
  while not is_over() do
    local worked, more = pcall(step, number)
    if not worked then say('{"fail":%d,"error":"%s"}', number, quoted(more))
    elseif more == nil then say('{"again":%d}', number)
    else say('{"ack":%d%s}', number, more) end
    number = number + 1
  end
end

local client = redis.connect(host, tonumber(port), 5)
client.network.socket:settimeout(nil)
local roles = {}

function roles.single()
  numbered(function(number)
    local position = client:rpush(prefix .. ':single', entry(number))
    local count = client:incr(prefix .. ':count')
    local read = client:lindex(prefix .. ':single', -1)
    return (',"reply":%d,"count":%d,"read":"%s"'):format(position, count, read)
  end)
end

function roles.pipeline()
  ready()
  local number = 0
  while not is_over() do
    local worked, replies = pcall(client.pipeline, client, function(pipe)
      for at = 0, batch - 1 do pipe:rpush(prefix .. ':pipeline', entry(number + at)) end
    end)
    for at = 0, batch - 1 do
      local reply = worked and replies[at + 1]
      if type(reply) == 'number' then say('{"ack":%d,"reply":%d}', number + at, reply)
      else say('{"fail":%d,"error":"%s"}', number + at, quoted(worked and 'no number' or replies)) end
    end
    number = number + batch
  end
end

function roles.transaction()
  numbered(function(number)
    if number % 2 == 1 then
      client:watch(prefix .. ':version')
      client:get(prefix .. ':version')
    end
    client:multi()
    client:rpush(prefix .. ':transaction', entry(number))
    client:incr(prefix .. ':version')
    local replies = client:exec()
    return replies and (',"reply":%d,"version":%d'):format(replies[1], replies[2])
  end)
end

function roles.script()
  local sha = client:script('load', script)
  numbered(function(number)
    local reply
    if number % 2 == 1 then reply = client:evalsha(sha, 1, prefix .. ':script', entry(number))
    else reply = client:eval(script, 1, prefix .. ':script', entry(number)) end
    return (',"reply":%d'):format(reply)
  end)
end

function roles.produce()
  numbered(function(number) return (',"length":%d'):format(client:rpush(prefix .. ':queue', entry(number))) end)
  client:rpush(prefix .. ':queue', 'end')
end

function roles.consume()
  ready()
  while true do
    local worked, item = pcall(client.blpop, client, prefix .. ':queue', 0)
    if not worked then say('{"error":"%s"}', quoted(item))
    elseif item[2] == 'end' then return
    else say('{"got":"%s"}', item[2]) end
  end
end

function roles.scan()
  numbered(function()
    local cursor, seen, keys = 0, {}, 0
    repeat
      local found = client:scan(cursor, { match = prefix .. ':scan:*', count = 50 })
      cursor = found[1]
      for _, key in ipairs(found[2]) do
        if not seen[key] then keys = keys + 1 end
        seen[key] = true
      end
    until tostring(cursor) == '0'
    return (',"keys":%d'):format(keys)
  end)
end

function roles.publish()
  numbered(function(number) return (',"receivers":%d'):format(client:publish(prefix .. ':news', tostring(number))) end)
  client:publish(prefix .. ':news', 'end')
end

local function listen(what)
  for message, abort in client:pubsub(what) do
    if message.kind == 'subscribe' or message.kind == 'psubscribe' then ready()
    elseif message.payload == 'end' then abort()
    elseif message.kind == 'message' or message.kind == 'pmessage' then say('{"heard":"%s"}', message.payload) end
  end
end

function roles.subscribe() listen({ subscribe = { prefix .. ':news' } }) end
function roles.psubscribe() listen({ psubscribe = { prefix .. ':n*' } }) end

roles[role]()
print('{"done":true}')
