#!/usr/bin/perl
# report.pl [--json]: the rows of a run, "key value" a line on standard input, as tables with ratios, and the goals.
# docs/performance.md says what each of them means.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Rows qw(read_rows row value number ratio table greatest goal print_goals print_json);

# Signatures a second over a bare socket of the fastest other card that was measured (docs/performance.md).
my %peer = (p256_sign => 1164, rsa_sign => 970);

read_rows();

my @paths = (
  [vpcd_plain => 'vpcd, null card, no quick acknowledgement'],
  [vpcd_null => 'vpcd, null card'],
  [vpcd => 'vpcd, the card'],
  [ifd => 'IFD handler, the card'],
  [socket_null => 'bare socket, null card'],
  [socket => 'bare socket, the card'],
  [process => 'in process, the card'],
);

sub print_paths {
  my @lines = (['', 'SELECT', 'p99', 'GET DATA', 'p99', '2 kB', 'p99', '64 kB', 'p99', 'SELECT / null card by vpcd']);
  for my $path (@paths) {
    my ($key, $words) = @$path;
    my @cells = map { my $command = $_; map { number(row("path.$key.$command.$_")) } qw(p50 p99) }
      qw(select get_data 2k 64k);
    push @lines, [$words, @cells, ratio(row("path.$key.select.p50"), row('path.vpcd_null.select.p50'))];
  }
  table('A command and its answer, microseconds, median and 99th percentile', @lines);

  @lines = (['', 'alone', 'two at once', 'ratio']);
  for my $pair ([vpcd_null => 'vpcd, null cards'], [vpcd => 'vpcd, two cards of one process'],
    [ifd => 'IFD handler'], [socket_null => 'bare sockets, null cards'],
    [socket => 'bare sockets, two cards of one process'], [process => 'in process, two threads']) {
    my ($alone, $all) = map { row("together.$pair->[0].$_") } qw(alone all);
    push @lines, [$pair->[1], number($alone), number($all), ratio($all, $alone)];
  }
  table('Two cards at once: GET DATA, microseconds, median', @lines);
}

# Each asks for one thing: a file, an object, a record.
my @single = (
  [select => 'SELECT'],
  [get_data_ram => 'GET DATA, registers'],
  [get_data => 'GET DATA, identity (a record of the store)'],
  [read_binary => 'READ BINARY, registers'],
  [read_record => 'READ RECORD, newest of the log'],
  [verify_status => 'VERIFY without data: tries left'],
  [manage_channel => 'MANAGE CHANNEL, refused'],
  ['2k' => 'GENERAL AUTHENTICATE, 2 kB, refused'],
  [unknown => 'an unknown instruction'],
);

sub print_process {
  my @lines = (['', 'median', 'p99']);
  for my $command (@single, [get_data_all => 'GET DATA, all objects']) {
    push @lines, [$command->[1], map { number(value("path.process.$command->[0].$_")) } qw(p50 p99)];
  }
  table('In process, without cryptography and without a commit, microseconds', @lines);
  table('Power, microseconds',
    ['', 'median', 'p99'],
    ['power on, a new card', map { number(value("power_on.new.$_")) } qw(p50 p99)],
    ['power on, after thousands of commits', map { number(value("power_on.used.$_")) } qw(p50 p99)],
    ['start of psd-card to ATR over a socket', map { number(value("program.start.$_")) } qw(p50 p99)],
    ['  start to end of a program that does nothing', map { number(value("program.nothing.$_")) } qw(p50 p99)]);
  my $medium = value('rate.medium');
  table('A second',
    ['', 'durable', 'to fdatasync alone', '--no-sync'],
    ['fdatasync of one page', number($medium), '1.00', ''],
    ['commits of 100 bytes', number(value('rate.commit.sync')), ratio(value('rate.commit.sync'), $medium),
      number(value('rate.commit.no_sync'))],
    ['VERIFY, right PIN: two commits', number(value('rate.verify.sync')), ratio(value('rate.verify.sync'), $medium),
      number(value('rate.verify.no_sync'))]);
}

my @operations = (
  [p256_generate => 'P-256 key pair (ours with its pairwise test)'],
  [p256_sign => 'P-256 sign'],
  [p256_verify => 'P-256 verify'],
  [p256_agree => 'P-256 ECDH'],
  [rsa_generate => 'RSA-2048 key pair'],
  [rsa_sign => 'RSA-2048 PSS sign'],
  [rsa_verify => 'RSA-2048 PSS verify'],
  [rsa_encrypt => 'RSA-2048 OAEP encrypt'],
  [rsa_decrypt => 'RSA-2048 OAEP decrypt'],
  [cmac => 'CMAC-256, 64 bytes'],
  [hmac => 'HMAC-SHA-256, 64 bytes'],
  [ccm => 'CCM-256, 256 bytes'],
  [drbg => 'HMAC_DRBG, 32 bytes'],
  [sha256 => 'SHA-256, 1 kB'],
);

sub print_crypto {
  my @lines = (['', 'GMP', 'libtommath', 'OpenSSL', 'GMP / OpenSSL']);
  for my $operation (@operations) {
    my ($name, $words) = @$operation;
    my ($gmp, $ltm) = map { row("crypto.$_.$name") } qw(gmp ltm);
    my $openssl = row("crypto.openssl_gmp.$name") // row("crypto.openssl_ltm.$name");
    push @lines, [$words, number($gmp), number($ltm), number($openssl), ratio($gmp, $openssl)];
  }
  table('Cryptography, microseconds of processor time an operation', @lines);
}

# Bytes of RAM a card needs on bare metal: its context, and the stack below psd_card_transmit.
sub ram {
  return value('size.context') + value('size.variables') + value('size.stack');
}

sub further {
  my $count = value('memory.further_cards');
  return (value('memory.' . ($count + 1)) - value('memory.1')) / $count;
}

sub print_sizes {
  table('Size',
    ['resident memory of psd-card, one card', number(value('memory.1')) . ' KiB'],
    ['  of it its own, not files shared with others', number(value('memory_own.1')) . ' KiB'],
    ['each further card, of ' . value('memory.further_cards'), number(further()) . ' KiB'],
    ['card library without cryptography: code and constants', number(value('size.code')) . ' bytes'],
    ['  variables', number(value('size.variables')) . ' bytes'],
    ['RAM of a card: context', number(value('size.context')) . ' bytes'],
    ['  deepest stack of the commands in process', number(value('size.stack')) . ' bytes'],
    ['processor time of idle cards at sockets', number(value('idle.socket')) . ' us a second'],
    ['  of one in a reader that pcscd polls', number(value('idle.reader')) . ' us a second']);
}

# What a signing command will cost at least: the signature, and a command's way there and back.
sub signatures {
  my ($operation) = @_;
  my $sign = row("crypto.gmp.$operation") // value("crypto.ltm.$operation");
  my $way = value('path.socket.select.p50');
  return ($sign, $way, 1e6 / ($sign + $way));
}

sub print_signatures {
  my @lines = (['', 'sign', 'round trip', 'at most a second', 'fastest peer', 'ratio']);
  for my $operation ([p256_sign => 'P-256'], [rsa_sign => 'RSA-2048']) {
    my ($sign, $way, $rate) = signatures($operation->[0]);
    my $fastest = $peer{$operation->[0]};
    push @lines, [$operation->[1], number($sign), number($way), number($rate), number($fastest), ratio($rate, $fastest)];
  }
  table("Signatures over a socket: no command signs yet, so this is the library's operation and a round trip, apart",
    @lines);
}

sub goals {
  my $single = greatest(map { value("path.process.$_->[0].p50") } @single);
  my @short = qw(select get_data 2k);
  my $null = greatest(map { value("path.vpcd.$_.p50") / value("path.vpcd_null.$_.p50") } @short);
  my $handler = greatest(map { value("path.ifd.$_.p50") / value("path.vpcd.$_.p50") } @short);
  my $two = value('together.process.all') / value('together.process.alone');
  # The last two are not measured yet, only bounded.
  my @goals = (
    ['vpcd: the card, to the null card', $null, 1.15, 'times'],
    ['IFD handler, to vpcd', $handler, 0.5, 'times'],
    ['in process, without cryptography: one object', $single, 2, 'us'],
    ['in process, without cryptography: all objects at once', value('path.process.get_data_all.p50'), 2, 'us'],
    ['two cards of one process at once, to one alone', $two, 1.25, 'times'],
    ['start to ATR', value('program.start.p50') / 1000, 5, 'ms'],
    ['idle cards', value('idle.socket'), 0, 'us a second'],
    ['resident memory, first card', value('memory.1') / 1024, 4, 'MiB'],
    ['resident memory, each further card', further(), 256, 'KiB'],
    ['code of the card library, cryptography apart', value('size.code') / 1024, 96, 'KiB'],
    ['RAM of a card', ram() / 1024, 24, 'KiB'],
    ['P-256 signatures over a socket, at most', (signatures('p256_sign'))[2], -$peer{p256_sign}, 'a second', 'bound'],
    ['RSA-2048 signatures over a socket, at most', (signatures('rsa_sign'))[2], -$peer{rsa_sign}, 'a second', 'bound'],
  );
  return map { goal(@$_) } @goals;
}

if (@ARGV && $ARGV[0] eq '--json') {
  print_json(goals());
} else {
  print_paths();
  print_process();
  print_crypto();
  print_signatures();
  print_sizes();
  print_goals(goals());
}
