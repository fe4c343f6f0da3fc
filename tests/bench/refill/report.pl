#!/usr/bin/perl
# report.pl [--json]: the rows of psd-bench-refill as tables with ratios, and the goals. docs/performance.md says what
# each of them means.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/..";
use Rows qw(read_rows row value number ratio table goal print_goals print_json);

my @databases = (
  ['sqlite.1000' => 'SQLite, 1 000 meters'],
  ['sqlite.100000' => 'SQLite, 100 000 meters'],
  ['sqlite.1000000' => 'SQLite, 1 000 000 meters'],
  ['postgresql.1000' => 'PostgreSQL, 1 000 meters'],
);
my @ways = (
  ['64' => '64 sessions'],
  ['256' => '256 sessions'],
  ['handshake' => '64 at once, handshakes included'],
);

sub measured {
  return grep { defined row("refill.$_->[0].64.rate") } @databases;
}

sub print_database {
  my ($database, $words) = @{$_[0]};
  my @lines = (['', 'a second', 'group', 'calls alone', 'ratio', 'bare rows', 'p50', 'p95', 'p99', 'max', 'server', 'KMS', 'PSDs']);
  for my $way (@ways) {
    my $key = "refill.$database.$way->[0]";
    push @lines, [$way->[1], (map { number(row("$key.$_")) } qw(rate group)), number(row("ledger.$database.$way->[0]")),
      ratio(row("$key.rate"), row("ledger.$database.$way->[0]")), number(row("bare.$database.$way->[0]")),
      (map { number(row("$key.$_") / 1000) } qw(p50 p95 p99 max)), (map { number(row("$key.$_")) } qw(server kms psds))];
  }
  table("$words: durable refills; latency in milliseconds, processor time of one in microseconds", @lines);
}

# The best that open sessions reach.
sub best {
  my ($database) = @_;
  my ($best) = sort { $b <=> $a } map { value("refill.$database.$_.rate") / value("ledger.$database.$_") } qw(64 256);
  return $best;
}

sub goals {
  return map { goal("$_->[1]: refills, to the data center's calls alone", best($_->[0]), -0.6, 'times') } measured();
}

read_rows();
if (@ARGV && $ARGV[0] eq '--json') {
  print_json(goals());
} else {
  print_database($_) for measured();
  print_goals(goals());
}
