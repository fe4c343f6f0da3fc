#!/usr/bin/perl
# Seeds for psd-fuzz-apdu and psd-fuzz-scp03 from the test vectors.
#
#   seeds-from-vectors.pl OUT VECTOR...
#
# Writes to OUT/apdu and OUT/scp03, a few commands a file, in the form that fuzz_apdu.c and fuzz_scp03.c describe.
use strict;
use warnings;
use File::Basename;
use File::Path qw(make_path);

my @states = qw(MANUFACTURED INITIALIZED AUTHORIZED OPERATIONAL INSPECTION_DUE LOCKED FAULTED WITHDRAWN ZEROIZED);
my %state_index = map { $states[$_] => $_ } 0 .. $#states;
my $commands_a_file = 8;
my $select = "\x0B\x00\xA4\x04\x00\x05\xF0PSD\x01\x00";

# The bytes of a command; undef if it has wildcards.
sub bytes_of {
  my ($text) = @_;
  $text =~ s/\s+//g;
  1 while $text =~ s/([0-9A-F]{2})\{(\d+)\}/$1 x $2/ie;
  return $text =~ /^(?:[0-9A-F]{2})*$/i ? pack('H*', $text) : undef;
}

# A command in clear: a step of fuzz_apdu.c.
sub clear_step {
  my ($command) = @_;
  my $length = length $command;
  return $length < 0xF0 ? chr($length) . $command : $length < 0x10000 ? "\xF0" . pack('n', $length) . $command : undef;
}

# A command to be secured: a step of fuzz_scp03.c.
sub secured_step {
  my ($command) = @_;
  my ($cla, $ins, $p1, $p2, $rest) = unpack('C4 a*', $command);
  my $extended = length $rest > 2 && substr($rest, 0, 1) eq "\0";
  my $data = '';
  my $lc_size = $extended ? 3 : 1;
  if (length $rest > $lc_size) {
    my $nc = $extended ? unpack('x n', $rest) : ord $rest;
    $data = substr $rest, $lc_size, $nc;
    $rest = substr $rest, $lc_size + length $data;
  }
  my $step = (($cla & 0x80) ? 0x08 : 0) | (($cla & 0x10) ? 0x10 : 0) | ($extended ? 0x20 : 0) | (length $rest ? 0x40 : 0);
  my $length = length $data < 0xFF ? chr length $data : "\xFF" . pack('n', length $data);
  return pack('C4', $step, $ins, $p1, $p2) . $length . $data;
}

sub write_seed {
  my ($folder, $name, $content) = @_;
  make_path($folder);
  open(my $out, '>:raw', "$folder/$name") or die "$folder/$name: $!\n";
  print $out $content;
  close $out or die "$folder/$name: $!\n";
}

sub convert {
  my ($out, $path) = @_;
  my $name = basename($path, '.apdu');
  my (@clear, @secured);
  my $state = 0;
  my $level = 4;
  open(my $in, '<', $path) or die "$path: $!\n";
  while (my $line = <$in>) {
    $line =~ s/#.*//;
    if ($line =~ /^state (\w+)/) {
      $state = $state_index{$1} // die "$path: no state $1\n";
    } elsif ($line =~ /^\@reset/) {
      push @clear, "\xF1";
    } elsif ($line =~ /^\@secure (\d\d)/) {
      push @secured, "\x04" . chr({'01' => 0, '03' => 1, '11' => 2, '13' => 3, '33' => 4}->{$1} // 4);
    } elsif ($line =~ /^(S )?\s*([^=]*?)\s*=>/) {
      my $command = bytes_of($2);
      next unless defined $command;
      my $step = $1 ? (length $command >= 4 ? secured_step($command) : undef) : clear_step($command);
      push @{$1 ? \@secured : \@clear}, $step if defined $step;
    }
  }
  close $in;
  for (my $i = 0; my @some = splice @clear, 0, $commands_a_file; $i++) {
    write_seed("$out/apdu", "$name-$i", chr($state) . "\x02" . $select . join('', @some));
  }
  for (my $i = 0; my @some = splice @secured, 0, $commands_a_file; $i++) {
    write_seed("$out/scp03", "$name-$i", chr($state) . "\0" . chr($level) . join('', @some));
  }
}

my ($out, @vectors) = @ARGV;
@vectors or die "usage: seeds-from-vectors.pl OUT VECTOR...\n";
convert($out, $_) for @vectors;
