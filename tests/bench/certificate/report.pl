#!/usr/bin/perl
# report.pl [--json]: the rows of psd-bench-certificate as tables with ratios, and the goals. docs/performance.md says what
# each of them means.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/..";
use Rows qw(read_rows row value number ratio table greatest goal print_goals print_json);

my @services = (
  [stamp => 'p256', 'postmark, P-256', 'signature'],
  [stamp => 'rsa', 'postmark, RSA-2048', 'signature'],
  [sign => 'p256', 'signature, P-256', 'signature'],
  [sign => 'rsa', 'signature, RSA-2048', 'signature'],
  [pay => 'p256', 'payment, P-256', 'signature'],
  [validate => 'p256', 'postmark validated, P-256', 'two verifications'],
  [request => 'p256', 'certificate request, P-256', 'key pair, signature'],
  [issue => 'p256', 'certificate issued by an agent, P-256', 'key pair, agreement, signature'],
);
my @clients = (1, 4, 16);
my @cards = (1, 2, 4);
# A commit of these writes more than the one that is measured.
my %larger = map { $_ => 1 } qw(pay request issue);

sub measured {
  my ($key) = @_;
  return defined row($key);
}

# What a service takes beside its commit, by the operations of its keys.
sub over_crypto {
  my ($service, $algorithm) = @_;
  my ($whole, $commit, $crypto) = map { value("service.$service.$algorithm.ram.$_.p50") } qw(whole commit crypto);
  return ($whole - $commit) / $crypto;
}

sub print_services {
  my @lines = (['', 'service', 'keys\' operations', '', 'share', 'commit', 'less commit / operations', 'a second', 'stack, bytes']);
  for my $service (@services) {
    my ($name, $algorithm, $words, $operations) = @$service;
    my %part = map { $_ => value("service.$name.$algorithm.ram.$_.p50") } qw(whole crypto commit);
    push @lines, [$words, number($part{whole}), number($part{crypto}), $operations, ratio($part{crypto}, $part{whole}),
      $larger{$name} ? '-' : number($part{commit}), $larger{$name} ? '-' : ratio($part{whole} - $part{commit}, $part{crypto}),
      number(1e6 / $part{whole}), number(row("service.$name.$algorithm.stack"))];
  }
  table('Services in process, memory in RAM: microseconds of processor time', @lines);
}

sub print_ways {
  my @ways = (
    [quick => 'in process, state file, --no-sync'],
    [socket_quick => 'psd-card at a socket, --no-sync'],
    [durable => 'in process, durable'],
    [socket => 'psd-card at a socket, durable'],
    [vpcd => 'psd-card by vpcd, behind pcscd, durable'],
    [ifd => 'IFD handler behind pcscd, durable'],
  );
  for my $service ([stamp => 'Postmarks'], [sign => 'Signatures']) {
    my ($name, $words) = @$service;
    my @lines = (['', (map { ("$_: a second", 'p50, us', 'p99') } ('P-256', 'RSA-2048')), 'P-256: to its signature alone', 'to a sync alone']);
    for my $way (@ways) {
      my ($path, $path_words) = @$way;
      push @lines, [$path_words, (map { my $algorithm = $_; map { number(row("service.$name.$algorithm.$path.$_")) } qw(rate p50 p99) } qw(p256 rsa)),
        ratio(row("service.$name.p256.$path.rate"), 1e6 / value("service.$name.p256.ram.crypto.p50")),
        $path_words =~ /durable/ ? ratio(row("service.$name.p256.$path.rate"), row('service.medium.rate')) : '-'];
    }
    push @lines, ['a page written and synced, alone', number(row('service.medium.rate'))];
    table("$words on the clock", @lines);
  }
}

sub deepest {
  return greatest(map { row("service.$_->[0].$_->[1].stack") } @services);
}

sub print_size {
  my @lines = (
    ['card library without cryptography: code and constants', number(value('size.code')), 'bytes'],
    ['  variables', number(value('size.variables')), 'bytes'],
    ['RAM of a card: context', number(value('service.context')), 'bytes'],
    ['  deepest stack of a service', number(deepest()), 'bytes'],
    ['  deepest of postmarks and signatures',
      number(greatest(map { row("service.$_->[0].$_->[1].stack") } grep { $_->[0] =~ /^(stamp|sign)$/ } @services)), 'bytes'],
  );
  table('Size', @lines);
}

sub print_issue {
  my @lines = (['', 'us of processor time', 'to X509_sign', 'a second', 'p50, us', 'p99']);
  push @lines, ['X509_sign by OpenSSL, alone', number(value('issue.raw.p50')), '1.00'];
  push @lines, ['KMS_ISSUE in process', number(value('issue.within.p50')), ratio(value('issue.within.p50'), value('issue.raw.p50'))];
  for my $way ([alone => 'psd-kms at its socket, one after the other'], [flow => 'psd-kms at its socket, 32 under way']) {
    my ($name, $words) = @$way;
    push @lines, [$words, number(value("issue.$name.kms")), ratio(value("issue.$name.kms"), value('issue.raw.p50')),
      number(value("issue.$name.rate")), number(value("issue.$name.p50")), number(value("issue.$name.p99"))];
  }
  table('Certificates issued', @lines);
}

sub print_ocsp {
  my @lines = (['', 'a second', 'p50, us', 'p99', 'us of processor time', 'to OCSP_basic_sign', 'resident, MiB']);
  push @lines, ['OCSP_basic_sign by OpenSSL, alone', '-', '-', '-', number(value('ocsp.raw.p50')), '1.00', '-'];
  for my $count (@clients) {
    my $key = "ocsp.$count";
    push @lines, ["psd-server over HTTP, clients: $count", (map { number(value("$key.$_")) } qw(rate p50 p99 cpu)),
      ratio(value("$key.cpu"), value('ocsp.raw.p50')), number(value("$key.resident") / 1024)];
  }
  table('OCSP', @lines);
}

sub print_stamps {
  my $alone = value('service.stamp.p256.alone_quick.rate');
  my @lines = (['', 'a second', 'to one card\'s own', 'p50, us', 'p99', 'psd tsa: us of processor time', 'resident, MiB']);
  push @lines, ['one card at its socket, alone', number($alone), '1.00', number(value('service.stamp.p256.alone_quick.p50')),
    number(value('service.stamp.p256.alone_quick.p99')), '-', '-'];
  for my $cards (@cards) {
    for my $count (@clients) {
      my $key = "tsa.$cards.$count";
      push @lines, ["cards: $cards, clients: $count", number(value("$key.rate")), ratio(value("$key.rate"), $alone),
        (map { number(value("$key.$_")) } qw(p50 p99 cpu)), number(value("$key.resident") / 1024)];
    }
  }
  table('Time stamps over HTTP, P-256, --no-sync', @lines);
}

sub goals {
  my @goals;
  push @goals, (map { goal("$_->[2]: less its commit, to its signature", over_crypto(@$_[0, 1]), 1.2, 'times') }
      grep { $_->[0] =~ /^(stamp|sign)$/ } @services),
    goal('code of the card library, cryptography apart', value('size.code') / 1024, 96, 'KiB'),
    goal('RAM of a card', (value('service.context') + deepest()) / 1024, 24, 'KiB')
    if measured('service.context');
  return @goals;
}

read_rows();
if (@ARGV && $ARGV[0] eq '--json') {
  print_json(goals());
} else {
  do { print_services(); print_ways(); print_size() } if measured('service.context');
  print_issue() if measured('issue.raw.p50');
  print_ocsp() if measured('ocsp.raw.p50');
  print_stamps() if measured('tsa.1.1.rate');
  print_goals(goals());
}
