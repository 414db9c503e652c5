/* The checked workload with hiredis. What it prints and what it is given: README.md beside this file. */

#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BATCH = 16, TEXT_MAX = 200 };

static const char SCRIPT[] = "return redis.call('RPUSH', KEYS[1], ARGV[1])";

static const char *role, *host, *prefix, *stop_file;
static int port, pace_ms;
static redisContext *context;

static void ready(void) {
  printf("{\"ready\":\"hiredis %d.%d.%d, C\"}\n", HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
}

static int is_over(void) {
  usleep(pace_ms * 1000);
  return access(stop_file, F_OK) == 0;
}

/* Server errors and hiredis' own hold nothing that JSON would not take, but for quotes and backslashes. */
static void say_error(const char *what, long number, const char *text) {
  if (number >= 0) printf("{\"%s\":%ld,\"error\":\"", what, number);
  else printf("{\"error\":\"");
  for (; *text != '\0'; text++) putchar(*text == '"' || *text == '\\' || *text < ' ' ? '\'' : *text);
  printf("\"}\n");
}

static void connect_anew(void) {
  if (context != NULL) redisFree(context);
  struct timeval patience = {5, 0};
  context = redisConnectWithTimeout(host, port, patience);
  if (context == NULL || context->err) {
    say_error("fail", -1, context == NULL ? "out of memory" : context->errstr);
    exit(1);
  }
}

/* The reply, or NULL after the error was told. The caller frees it. */
static redisReply *told(long number, redisReply *reply) {
  if (reply == NULL) {
    say_error("fail", number, context->errstr);
    connect_anew();
    return NULL;
  }
  if (reply->type != REDIS_REPLY_ERROR) return reply;
  say_error("fail", number, reply->str);
  freeReplyObject(reply);
  return NULL;
}

static redisReply *ask(long number, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  redisReply *reply = redisvCommand(context, format, arguments);
  va_end(arguments);
  return told(number, reply);
}

/* For answers that say nothing but that it worked. */
static int did(redisReply *reply) {
  if (reply == NULL) return 0;
  freeReplyObject(reply);
  return 1;
}

static void single(void) {
  ready();
  for (long number = 0; !is_over(); number++) {
    redisReply *position = ask(number, "RPUSH %s:single %s:single#%ld", prefix, prefix, number);
    redisReply *count = position ? ask(number, "INCR %s:count", prefix) : NULL;
    redisReply *read = count ? ask(number, "LINDEX %s:single -1", prefix) : NULL;
    if (read != NULL)
      printf("{\"ack\":%ld,\"reply\":%lld,\"count\":%lld,\"read\":\"%s\"}\n", number, position->integer, count->integer,
             read->type == REDIS_REPLY_STRING ? read->str : "");
    if (read) freeReplyObject(read);
    if (count) freeReplyObject(count);
    if (position) freeReplyObject(position);
  }
}

static void pipeline(void) {
  ready();
  for (long number = 0; !is_over(); number += BATCH) {
    for (long one = number; one < number + BATCH; one++)
      redisAppendCommand(context, "RPUSH %s:pipeline %s:pipeline#%ld", prefix, prefix, one);
    for (long one = number; one < number + BATCH; one++) {
      void *answer = NULL;
      redisReply *reply = told(one, redisGetReply(context, &answer) == REDIS_OK ? answer : NULL);
      if (reply == NULL) continue;
      printf("{\"ack\":%ld,\"reply\":%lld}\n", one, reply->integer);
      freeReplyObject(reply);
    }
  }
}

static int prepare_transaction(long number) {
  if (number % 2 == 1) {
    if (!did(ask(number, "WATCH %s:version", prefix))) return 0;
    if (!did(ask(number, "GET %s:version", prefix))) return 0;
  }
  if (!did(ask(number, "MULTI"))) return 0;
  if (!did(ask(number, "RPUSH %s:transaction %s:transaction#%ld", prefix, prefix, number))) return 0;
  return did(ask(number, "INCR %s:version", prefix));
}

static void transaction(void) {
  ready();
  for (long number = 0; !is_over(); number++) {
    if (!prepare_transaction(number)) {
      connect_anew(); /* which ends what was begun */
      continue;
    }
    redisReply *replies = ask(number, "EXEC");
    if (replies == NULL) continue;
    if (replies->type == REDIS_REPLY_NIL) printf("{\"again\":%ld}\n", number);
    else
      printf("{\"ack\":%ld,\"reply\":%lld,\"version\":%lld}\n", number, replies->element[0]->integer,
             replies->element[1]->integer);
    freeReplyObject(replies);
  }
}

static void script(void) {
  redisReply *loaded = ask(0, "SCRIPT LOAD %s", SCRIPT);
  if (loaded == NULL) exit(1);
  ready();
  for (long number = 0; !is_over(); number++) {
    const char *command = number % 2 ? "EVALSHA" : "EVAL";
    redisReply *reply = ask(number, "%s %s 1 %s:script %s:script#%ld", command, number % 2 ? loaded->str : SCRIPT, prefix,
                            prefix, number);
    if (reply == NULL) continue;
    printf("{\"ack\":%ld,\"reply\":%lld}\n", number, reply->integer);
    freeReplyObject(reply);
  }
}

static void produce(void) {
  ready();
  for (long number = 0; !is_over(); number++)
    if (did(ask(number, "RPUSH %s:queue %s:produce#%ld", prefix, prefix, number))) printf("{\"ack\":%ld}\n", number);
  did(ask(-1, "RPUSH %s:queue end", prefix));
}

static void consume(void) {
  ready();
  for (;;) {
    redisReply *reply = ask(-1, "BLPOP %s:queue 0", prefix);
    if (reply == NULL) continue;
    const char *item = reply->type == REDIS_REPLY_ARRAY ? reply->element[1]->str : "nil";
    if (strcmp(item, "end") == 0) return;
    printf("{\"got\":\"%s\"}\n", item);
    freeReplyObject(reply);
  }
}

/* Keys are numbered, so that each can be ticked off. Returns 0 after an error. */
static int scan_once(long number, char *seen, int most) {
  char cursor[TEXT_MAX] = "0";
  do {
    redisReply *reply = ask(number, "SCAN %s MATCH %s:scan:* COUNT 50", cursor, prefix);
    if (reply == NULL) return 0;
    snprintf(cursor, sizeof cursor, "%s", reply->element[0]->str);
    redisReply *keys = reply->element[1];
    for (size_t at = 0; at < keys->elements; at++) {
      int index = atoi(strrchr(keys->element[at]->str, ':') + 1);
      if (index >= 0 && index < most) seen[index] = 1;
    }
    freeReplyObject(reply);
  } while (strcmp(cursor, "0") != 0);
  return 1;
}

static void scan(void) {
  enum { MOST = 100000 };
  char *seen = malloc(MOST);
  ready();
  for (long number = 0; !is_over(); number++) {
    memset(seen, 0, MOST);
    if (!scan_once(number, seen, MOST)) continue;
    int keys = 0;
    for (int index = 0; index < MOST; index++) keys += seen[index];
    printf("{\"ack\":%ld,\"keys\":%d}\n", number, keys);
  }
  free(seen);
}

static void publish(void) {
  ready();
  for (long number = 0; !is_over(); number++)
    if (did(ask(number, "PUBLISH %s:news %ld", prefix, number))) printf("{\"ack\":%ld}\n", number);
  did(ask(-1, "PUBLISH %s:news end", prefix));
}

static void listen_to(const char *command, const char *what) {
  if (!did(ask(-1, "%s %s:%s", command, prefix, what))) exit(1);
  ready();
  for (;;) {
    void *answer = NULL;
    if (redisGetReply(context, &answer) != REDIS_OK) {
      say_error("fail", -1, context->errstr);
      exit(1);
    }
    redisReply *message = answer;
    const char *text = message->element[message->elements - 1]->str;
    if (strcmp(text, "end") == 0) return;
    printf("{\"heard\":\"%s\"}\n", text);
    freeReplyObject(message);
  }
}

static void subscribe(void) { listen_to("SUBSCRIBE", "news"); }
static void psubscribe(void) { listen_to("PSUBSCRIBE", "n*"); }

static const struct {
  const char *name;
  void (*run)(void);
} roles[] = {
    {"single", single},   {"pipeline", pipeline}, {"transaction", transaction}, {"script", script},
    {"produce", produce}, {"consume", consume},   {"scan", scan},               {"publish", publish},
    {"subscribe", subscribe}, {"psubscribe", psubscribe},
};

int main(int count, char **arguments) {
  if (count < 8) return 2;
  role = arguments[1];
  host = arguments[2];
  port = atoi(arguments[3]);
  prefix = arguments[4];
  pace_ms = atoi(arguments[5]);
  stop_file = arguments[7];
  setvbuf(stdout, NULL, _IOLBF, 0);
  connect_anew();
  for (size_t at = 0; at < sizeof roles / sizeof roles[0]; at++)
    if (strcmp(roles[at].name, role) == 0) {
      roles[at].run();
      printf("{\"done\":true}\n");
      return 0;
    }
  return 2;
}
