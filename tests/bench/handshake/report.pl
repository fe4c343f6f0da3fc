#!/usr/bin/perl
# report.pl [--json]: the rows of psd-bench-handshake as tables with ratios, and the goals. docs/performance.md says what
# each of them means.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/..";
use Rows qw(read_rows row value number ratio table greatest goal print_goals print_json);

my @sizes = (1000, 100_000, 1_000_000);
my @ways = (
  [p256 => 'p256'],
  [p256_plain => 'p256, no forward secrecy'],
  [p256_ecdsa => 'p256, audit signed with ECDSA'],
  [rsa => 'rsa'],
  [shared => 'shared'],
);
my @peers = (
  [tls_mutual => 'OpenSSL, P-256 certificates both ways'],
  [rustls_mutual => 'rustls and ring, P-256 certificates both ways'],
  [tls_psk_dhe => 'OpenSSL, psk_dhe_ke'],
  [tls_psk => 'OpenSSL, psk_ke'],
);

# Server and key management system together; undefined where there is no such row.
sub both {
  my ($size, $way, $connections) = @_;
  my ($server, $kms) = map { row("handshake.$size.$way.$connections.$_") } qw(server kms);
  return defined $server ? $server + $kms : undef;
}

sub print_peers {
  my @lines = (['', 'in memory', 'fresh TCP']);
  push @lines, [$_->[1], number(row("$_->[0].memory")), number(row("$_->[0].tcp"))] for @peers;
  table('TLS 1.3, the server\'s end: processor time of a full handshake, microseconds', @lines);
}

sub print_size {
  my ($size) = @_;
  for my $connections (qw(fresh kept)) {
    my @lines = (['', 'server', 'KMS', 'both', 'a second', 'TLS mutual', 'rustls', 'psk_dhe_ke', 'psk_ke']);
    for my $way (@ways) {
      my $both = both($size, $way->[0], $connections);
      push @lines, [$way->[1], (map { number(row("handshake.$size.$way->[0].$connections.$_")) } qw(server kms)),
        number($both), number(row("handshake.$size.$way->[0].$connections.rate")),
        map { ratio(row("$_.tcp"), $both) } qw(tls_mutual rustls_mutual tls_psk_dhe tls_psk)];
    }
    table(number($size) . " PSDs, $connections connections: processor time of a handshake, microseconds;"
        . ' peers over fresh TCP as multiples', @lines);
  }
}

sub print_flat {
  my @lines = (['', (map { number($_) } @sizes), 'last / first']);
  for my $way (@ways) {
    my @both = map { both($_, $way->[0], 'fresh') } @sizes;
    push @lines, [$way->[1], (map { number($_) } @both), ratio($both[-1], $both[0])];
  }
  table('Server and KMS together over fresh connections, by PSDs in the database, microseconds', @lines);
}

sub print_rest {
  my @lines = ([number(value('idle.sessions')) . ' idle sessions: resident memory of psd-server',
    number(value('idle.resident') / 1024) . ' MiB']);
  push @lines, ['real cards (psd-fleet), fresh connections: handshakes', number(row('fleet.rate')) . ' a second'],
    ['  their latency, median', number(row('fleet.p50')) . ' us'],
    ['  99th percentile', number(row('fleet.p99')) . ' us']
    if defined row('fleet.rate');
  table('Beside it', @lines);
}

# How often the slowest of the sizes goes into the peer.
sub factor {
  my ($peer, $way) = @_;
  return value($peer) / greatest(map { both($_, $way, 'fresh') } @sizes);
}

sub goals {
  my $rise = greatest(map { my $way = $_->[0]; defined both($sizes[0], $way, 'fresh')
        ? both($sizes[-1], $way, 'fresh') / both($sizes[0], $way, 'fresh') : () } @ways);
  return (
    goal('p256: OpenSSL\'s mutual TLS takes, over fresh TCP', factor('tls_mutual.tcp', 'p256'), -4, 'times as long'),
    (defined row('rustls_mutual.tcp')
      ? goal('p256: rustls takes, over fresh TCP', factor('rustls_mutual.tcp', 'p256'), -1.5, 'times as long') : ()),
    goal('shared: OpenSSL\'s psk_ke takes, over fresh TCP', factor('tls_psk.tcp', 'shared'), -1.5, 'times as long'),
    goal('1 000 000 PSDs, to 1 000: the largest rise', $rise, 1.1, 'times'),
    goal('10 000 idle sessions: resident memory of psd-server',
      value('idle.resident') / 1024 * 10_000 / value('idle.sessions'), 200, 'MiB'),
  );
}

read_rows();
if (@ARGV && $ARGV[0] eq '--json') {
  print_json(goals());
} else {
  print_peers();
  print_size($_) for @sizes;
  print_flat();
  print_rest();
  print_goals(goals());
}
