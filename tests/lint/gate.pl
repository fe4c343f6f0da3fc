#!/usr/bin/perl
# What no compiler refuses and this project does: banned calls, fixed sleeps, back doors, unfinished work.
#
#   gate.pl ROOT [FILE...]    checks the sources below ROOT (or the named files, relative to ROOT)
#
# Prints one line a finding and exits 1 if there is any.
use strict;
use warnings;
use File::Find;

# What the card's core may include from outside: it has to run without an operating system.
my %core_headers = map { $_ => 1 } qw(assert.h limits.h stdalign.h stdbool.h stddef.h stdint.h string.h);
my $secret = qr/(?<![a-z])(?:pin|puk|mac|tag|key|secret|digest|cryptogram|token|password)s?(?![a-z])/i;

# [where (a pattern on the path), what (a pattern on a line of code without comments), why]
my $c = qr/\.[ch]$/;
my $ours = qr{^(?:apdu-spec|card|reader|server)/.*\.[ch]$};
my $core = qr{^card/(?!port/|emulator/).*\.[ch]$};
my @code_rules = (
  [$c, qr/\b(?:strn?cpy|strn?cat|v?sprintf|gets|ato[ifl]+|alloca|strtok|s?rand|mktemp|tmpnam|system)\s*\(/,
    'banned call'],
  [$c, qr/\b(?:u?sleep|(?:clock_)?nanosleep)\s*\(/, 'fixed sleep: wait for the event'],
  [$ours, qr/\bmemcmp\s*\(.*$secret/, 'secrets are compared in constant time (psd_equal)'],
  [qr{^(?!card/crypto/).*\.[ch]$}, qr/^\s*#\s*include\s*<(?:tomcrypt|tommath|gmp)/,
    'only card/crypto may include the cryptographic libraries'],
  [$core, qr/\b(?:[mc]alloc|realloc|free|fopen|printf|time|clock|getenv|socket)\s*\(/,
    'the core of the card uses no operating system'],
  [qr{^(?:card|apdu-spec)/.*\.[ch]$}, qr/^\s*#\s*(?:if|ifdef|ifndef|elif)\b.*(?:TEST|FUZZ)/,
    'no test build of the card: swap the ports'],
  [qr{(?:^|/)CMakeLists\.txt$|\.cmake$}, qr/\bfile\s*\(\s*GLOB/i, 'sources are listed one by one'],
  [qr{(?:^run|\.sh|^tests/e2e/[^.]+|^\.ci/run)$}, qr/(?:^|[;&|\s(])u?sleep\s+[\d.\$]/,
    'fixed sleep: wait for the event'],
);

# Blanks comments, keeping the line numbers. String and character literals stay.
sub without_comments {
  my ($text) = @_;
  $text =~ s{("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(/\*.*?\*/|//[^\n]*)}
            { defined $1 ? $1 : $2 =~ s/[^\n]//gr }gse;
  return $text;
}

sub may_include {
  my ($path, $header) = @_;
  return 1 if $core_headers{$header};
  # The libraries, and call_once for their tables.
  return $path =~ m{^card/crypto/} && $header =~ /^(?:tomcrypt|tommath|gmp|threads)\b/;
}

sub unfinished {
  my ($text) = @_;
  return $text =~ /\b(?:TODO|FIXME|XXX|HACK)\b/;
}

sub check_file {
  my ($root, $path) = @_;
  open(my $in, '<', "$root/$path") or die "gate: $path: $!\n";
  local $/;
  my $text = <$in>;
  close $in;
  return () if $text =~ /\0/;

  my @findings;
  my $code = $path =~ $c ? without_comments($text) : $text =~ s/^\s*#(?!!).*$//gmr;
  my @rules = grep { $path =~ $_->[0] } @code_rules;
  my $number = 0;
  for my $line (split /\n/, $code, -1) {
    $number++;
    for my $rule (@rules) {
      push @findings, "$path:$number: $rule->[2]" if $line =~ $rule->[1];
    }
    my ($header) = $line =~ /^\s*#\s*include\s*<([^>]+)>/;
    if (defined $header && $path =~ $core && !may_include($path, $header)) {
      push @findings, "$path:$number: the core of the card may not include <$header>";
    }
  }
  $number = 0;
  for my $line (split /\n/, $text, -1) {
    $number++;
    push @findings, "$path:$number: unfinished work" if unfinished($line);
  }
  return @findings;
}

# Everything below ROOT but what is built, hidden, data, or these rules themselves.
sub all_files {
  my ($root) = @_;
  my @files;
  find({
      no_chdir => 1,
      wanted => sub {
        my $path = $File::Find::name =~ s{^\Q$root\E/?}{}r;
        if (-d && $path =~ m{^(?:build|\.git|seeds|tests/lint|tests/fuzz/corpus)$}) {
          $File::Find::prune = 1;
        } elsif (-f _ && $path !~ m{(?:^|/)corpus/}) {
          push @files, $path;
        }
      },
    }, $root);
  return sort @files;
}

my $root = shift @ARGV or die "usage: gate.pl ROOT [FILE...]\n";
$root =~ s{/+$}{};
my @files = @ARGV ? @ARGV : all_files($root);
@files or die "gate: nothing to check in $root\n";
my @findings = map { check_file($root, $_) } @files;
print "$_\n" for @findings;
printf "%d files, %d findings\n", scalar @files, scalar @findings;
exit(@findings ? 1 : 0);
