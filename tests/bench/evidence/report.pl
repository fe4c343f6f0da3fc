#!/usr/bin/perl
# report.pl [--json]: the rows of psd-bench-evidence as tables with ratios, and the goals. docs/performance.md says what each
# of them means.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/..";
use Rows qw(read_rows row value number ratio table greatest goal print_goals print_json);

my @profiles = qw(dsa p256 compact);
my @sizes = (10_000, 100_000, 1_000_000, 10_000_000);

# What an indicium takes beside its commit, by its signature.
sub over_signature {
  my ($profile) = @_;
  my ($whole, $commit, $signature) = map { value("indicium.$profile.ram.$_.p50") } qw(whole commit signature);
  return ($whole - $commit) / $signature;
}

sub print_parts {
  my @lines = (['', 'indicium', 'signature', 'share', 'tokens', 'commit', 'indicium less commit / signature', 'a second']);
  for my $profile (@profiles) {
    my %part = map { $_ => value("indicium.$profile.ram.$_.p50") } qw(whole signature tokens commit);
    push @lines, [$profile, (map { number($part{$_}) } qw(whole signature)), ratio($part{signature}, $part{whole}),
      (map { number($part{$_}) } qw(tokens commit)), ratio($part{whole} - $part{commit}, $part{signature}),
      number(1e6 / $part{whole})];
  }
  table('An indicium in process, memory in RAM: microseconds of processor time', @lines);
}

sub print_ways {
  my @ways = (
    [quick => 'in process, state file, --no-sync'],
    [socket_quick => 'psd-card at a socket, --no-sync'],
    [durable => 'in process, durable'],
    [socket => 'psd-card at a socket, durable'],
    [ifd => 'IFD handler behind pcscd, durable'],
  );
  my @lines = (['', (map { ("$_: a second", 'p50, us', 'p99') } @profiles), 'p256: to a sync alone']);
  for my $way (@ways) {
    my ($name, $words) = @$way;
    my $durable = $words =~ /durable/;
    push @lines, [$words, (map { my $profile = $_; map { number(row("indicium.$profile.$name.$_")) } qw(rate p50 p99) } @profiles),
      $durable ? ratio(row("indicium.p256.$name.rate"), row('indicium.medium.rate')) : '-'];
  }
  push @lines, ['a page written and synced, alone', number(row('indicium.medium.rate'))];
  table('Indicia on the clock', @lines);
}

# Pieces a second on one core, by processor time, to the verifications that OpenSSL makes in as much of it.
sub to_raw {
  my ($cores, $kind) = @_;
  return value("verify.$cores.raw.us") / value("verify.$cores.$kind.us");
}

sub print_verify {
  my @kinds = ([raw => 'ECDSA P-256 alone, by OpenSSL'], [plain => 'psd-verify batch, nothing remembered'],
    [sqlite => 'psd-verify batch, SQLite, durable']);
  my @lines = (['', 'one core', 'us each', 'to ECDSA', 'all cores', 'us each', 'to ECDSA', 'all / one']);
  for my $kind (@kinds) {
    my ($name, $words) = @$kind;
    push @lines, [$words, (map { my $cores = $_; (number(row("verify.$cores.$name.rate")), number(row("verify.$cores.$name.us")),
        ratio(value("verify.$cores.raw.us"), value("verify.$cores.$name.us"))) } qw(one all)),
      ratio(row("verify.all.$name.rate"), row("verify.one.$name.rate"))];
  }
  table('Pieces verified a second; processor time each, and OpenSSL\'s to it (' . value('verify.cores') . ' cores)', @lines);
  @lines = (['', '10 000 pieces', '200 000', 'ratio']);
  for my $kind (@kinds[1, 2]) {
    my @memory = map { row("verify.memory.$kind->[0].$_") } (10_000, 200_000);
    push @lines, [$kind->[1], (map { number($_ / 1024) } @memory), ratio($memory[1], $memory[0])];
  }
  table('The most memory of psd-verify, MiB', @lines);
  print '  from the start to the end of the first piece of each of 1 000 meters: ', number(value('verify.one.begin')), " ms\n";
}

sub print_tokens {
  my @lines = (['', 'us', 'a second', 'to OpenSSL\'s CMAC']);
  for my $way ([judged => 'one token of a piece, judged'], [both => 'a token of a piece with both, judged'],
    [made => 'key of the meter and token, made'], [openssl => 'the same two CMACs by OpenSSL\'s own']) {
    my $us = value("tokens.$way->[0].p50");
    push @lines, [$way->[1], number($us), number(1e6 / $us), ratio(value('tokens.openssl.p50'), $us)];
  }
  table('Tokens by the table of a day, one core: processor time', @lines);
}

# Microseconds as milliseconds.
sub milliseconds {
  my ($key) = @_;
  my $us = row($key);
  return defined $us ? number($us / 1000) : '-';
}

sub print_codes {
  my @lines = (['', 'ms', 'to the symbol alone']);
  for my $what (['symbol.matrix' => 'Data Matrix, modules alone (libzint)'], ['symbol.pdf417' => 'PDF417, modules alone'],
    ['stamp.png' => 'stamp, PNG, 300 dots an inch'], ['stamp.svg' => 'stamp, SVG'], ['stamp.pdf' => 'stamp, PDF'],
    ['envelope.png' => 'envelope, PNG, 300 dots an inch'], ['envelope.svg' => 'envelope, SVG'], ['envelope.pdf' => 'envelope, PDF']) {
    push @lines, [$what->[1], milliseconds("codes.$what->[0].p50"),
      ratio(row("codes.$what->[0].p50"), row('codes.symbol.matrix.p50'))];
  }
  table('Symbols and pictures of an indicium of 113 bytes: processor time', @lines);
  @lines = (['', 'psd-verify', 'right', 'zxing once', 'right', 'libdmtx', 'right', 'libdmtx / psd-verify']);
  for my $picture ([stamp => 'stamp'], [stamp_askew => 'stamp, askew and soiled'], [pdf417 => 'stamp with PDF417'],
    [pdf417_askew => 'the same, askew and soiled'], [envelope => 'envelope'], [envelope_askew => 'envelope, askew and soiled']) {
    my $key = "codes.read.$picture->[0]";
    push @lines, [$picture->[1], (map { milliseconds("$key.$_.p50"), ratio(row("$key.$_.right"), 1) } qw(psd zxing dmtx)),
      ratio(row("$key.dmtx.p50"), row("$key.psd.p50"))];
  }
  table('Pictures read, ms of processor time; the share that was read right', @lines);
}

sub print_seen {
  my ($name, $words) = @_;
  my $bare = value("seen.$name.bare");
  my @lines = (['', 'new, us each', 'to a bare row', 'to the first', 'seen, us each', 'bytes each', 'levels', 'resident, MiB']);
  my @seen = grep { defined row("seen.$name.$_.new") } @sizes;
  for my $size (@seen) {
    my $key = "seen.$name.$size";
    push @lines, [number($size) . ' pieces', number(row("$key.new")), ratio(row("$key.new"), $bare),
      ratio(row("$key.new"), row("seen.$name.$seen[0].new")), number(row("$key.again")), number(row("$key.bytes")),
      number(row("$key.levels")), $name eq 'sqlite' ? number(row("$key.resident") / 1024) : '-'];
  }
  push @lines, ['a bare row of 100 bytes', number($bare), '1.00'];
  table("Pieces seen, on $words: groups of 4 096, durable", @lines);
}

sub measured {
  my ($key) = @_;
  return defined row($key);
}

sub goals {
  my @goals;
  push @goals, map { goal("$_: an indicium less its commit, to its signature", over_signature($_), 1.2, 'times') } qw(dsa p256)
    if measured('indicium.p256.ram.whole.p50');
  push @goals, goal('verification, a core: to ECDSA alone', to_raw('one', 'plain'), -0.85, 'times'),
    goal('verification with SQLite, a core: to ECDSA alone', to_raw('one', 'sqlite'), -0.85, 'times'),
    goal('verification: all cores to one, by what ECDSA alone has of them',
      value('verify.all.plain.rate') / value('verify.one.plain.rate') / value('verify.all.raw.rate') * value('verify.one.raw.rate'),
      -0.9, 'times'),
    (map { goal("memory, $_: 200 000 pieces to 10 000", value("verify.memory.$_.200000") / value("verify.memory.$_.10000"), 1.1, 'times') }
      qw(plain sqlite))
    if measured('verify.one.plain.rate');
  push @goals, goal('tokens judged, a core', 1e6 / value('tokens.judged.p50'), -300_000, 'a second')
    if measured('tokens.judged.p50');
  return @goals;
}

read_rows();
if (@ARGV && $ARGV[0] eq '--json') {
  print_json(goals());
} else {
  do { print_parts(); print_ways() } if measured('indicium.p256.ram.whole.p50');
  print_verify() if measured('verify.one.plain.rate');
  print_tokens() if measured('tokens.judged.p50');
  print_codes() if measured('codes.symbol.matrix.p50');
  print_seen('sqlite', 'SQLite') if measured('seen.sqlite.bare');
  print_seen('postgresql', 'PostgreSQL') if measured('seen.postgresql.bare');
  print_goals(goals());
}
