# The checked workload with Perl's Redis.pm. What it prints and what it is given: README.md beside this file.

use strict;
use warnings;
use Redis;
use Time::HiRes qw(usleep);

my ($role, $host, $port, $prefix, $pace_ms, undef, $stop_file) = @ARGV;
my $batch = 16;
my $script = q{return redis.call('RPUSH', KEYS[1], ARGV[1])};
$| = 1;

sub text {
  my $text = shift;
  $text =~ s/["\\\x00-\x1f]/'/g;
  return $text;
}
sub ready { print qq({"ready":"Redis.pm $Redis::VERSION, Perl @{[sprintf '%vd', $^V]}"}\n) }
sub is_over { usleep($pace_ms * 1000); return -e $stop_file }
sub entry { return "$prefix:$role#$_[0]" }

# Steps of one command each: the code gets the number and gives what to report beside it, or undef for EXEC's nil.
sub numbered {
  my $step = shift;
  ready();
  for (my $number = 0; !is_over(); $number++) {
    my @more = eval { $step->($number) };
    if ($@) { print qq({"fail":$number,"error":"@{[text($@)]}"}\n) }
    elsif (!@more) { print qq({"again":$number}\n) }
    else { print qq({"ack":$number,$more[0]}\n) }
  }
}

my $redis = Redis->new(server => "$host:$port", reconnect => 0, cnx_timeout => 5);

my %roles = (
  single => sub {
    numbered(sub {
      my $position = $redis->rpush("$prefix:single", entry($_[0]));
      my $count = $redis->incr("$prefix:count");
      my $read = $redis->lindex("$prefix:single", -1);
      return qq("reply":$position,"count":$count,"read":"$read");
    });
  },
  pipeline => sub {
    ready();
    for (my $first = 0; !is_over(); $first += $batch) {
      for my $number ($first .. $first + $batch - 1) {
        $redis->rpush("$prefix:pipeline", entry($number), sub {
          my ($reply, $error) = @_;
          if (defined $error) { print qq({"fail":$number,"error":"@{[text($error)]}"}\n) }
          else { print qq({"ack":$number,"reply":$reply}\n) }
        });
      }
      eval { $redis->wait_all_responses; 1 } or print qq({"error":"@{[text($@)]}"}\n);
    }
  },
  transaction => sub {
    numbered(sub {
      if ($_[0] % 2) { $redis->watch("$prefix:version"); $redis->get("$prefix:version") }
      $redis->multi;
      $redis->rpush("$prefix:transaction", entry($_[0]));
      $redis->incr("$prefix:version");
      my @replies = $redis->exec;
      return defined $replies[0] ? qq("reply":$replies[0],"version":$replies[1]) : ();
    });
  },
  script => sub {
    my $sha = $redis->script_load($script);
    numbered(sub {
      my @more = (1, "$prefix:script", entry($_[0]));
      my $reply = $_[0] % 2 ? $redis->evalsha($sha, @more) : $redis->eval($script, @more);
      return qq("reply":$reply);
    });
  },
  produce => sub {
    numbered(sub { return '"length":' . $redis->rpush("$prefix:queue", entry($_[0])) });
    $redis->rpush("$prefix:queue", 'end');
  },
  consume => sub {
    ready();
    while (1) {
      my (undef, $item) = eval { $redis->blpop("$prefix:queue", 0) };
      if ($@) { print qq({"error":"@{[text($@)]}"}\n); next }
      last if $item eq 'end';
      print qq({"got":"$item"}\n);
    }
  },
  scan => sub {
    numbered(sub {
      my ($cursor, %seen) = (0);
      do {
        ($cursor, my $keys) = $redis->scan($cursor, 'MATCH', "$prefix:scan:*", 'COUNT', 50);
        $seen{$_} = 1 for @$keys;
      } while ($cursor ne '0');
      return '"keys":' . keys %seen;
    });
  },
  publish => sub {
    numbered(sub { return '"receivers":' . $redis->publish("$prefix:news", "$_[0]") });
    $redis->publish("$prefix:news", 'end');
  },
  subscribe => sub { listen_to('subscribe', "$prefix:news") },
  psubscribe => sub { listen_to('psubscribe', "$prefix:n*") },
);

sub listen_to {
  my ($command, $what) = @_;
  my $is_over = 0;
  $redis->$command($what, sub {
    my $text = shift;
    if ($text eq 'end') { $is_over = 1 }
    else { print qq({"heard":"$text"}\n) }
  });
  ready();
  $redis->wait_for_messages(1) until $is_over;
}

$roles{$role}->();
print qq({"done":true}\n);
