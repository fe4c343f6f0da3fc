# What the reports share: the rows of a run ("key value" a line), numbers and tables for people, goals with a verdict.
package Rows;
use strict;
use warnings;
use Exporter 'import';
use JSON::PP;
our @EXPORT_OK = qw(read_rows row value number ratio table greatest goal print_goals print_json);

my %row;

# Reads the rows from standard input. Of a key that comes several times the median counts.
sub read_rows {
  my %samples;
  while (my $line = <STDIN>) {
    my ($key, $value) = $line =~ /^(\S+) (\S+)$/ or die "report: what is this row? $line";
    push @{$samples{$key}}, $value + 0;
  }
  %row = map { my @sorted = sort { $a <=> $b } @{$samples{$_}}; ($_ => $sorted[$#sorted / 2]) } keys %samples;
  return;
}

# Undefined for one that is not there.
sub row {
  my ($key) = @_;
  return $row{$key};
}

sub value {
  my ($key) = @_;
  return $row{$key} // die "report: no row $key\n";
}

# Three digits, or all that stand before the point.
sub number {
  my ($x) = @_;
  return '-' if !defined $x;
  my $digits = $x == int $x || $x >= 100 ? 0 : $x >= 10 ? 1 : $x >= 1 ? 2 : 3;
  my $text = sprintf '%.*f', $digits, $x;
  1 while $text =~ s/^(\d+)(\d{3})/$1 $2/;
  return $text;
}

sub ratio {
  my ($a, $b) = @_;
  return defined $a && defined $b ? sprintf('%.2f', $a / $b) : '-';
}

# The first column is left-aligned, the others right.
sub table {
  my ($title, @lines) = @_;
  my @width;
  for my $line (@lines) {
    for my $i (0 .. $#$line) {
      my $length = length $line->[$i];
      $width[$i] = $length if $length > ($width[$i] // 0);
    }
  }
  print "\n$title\n";
  for my $line (@lines) {
    my @cells = map { sprintf '%*s', $_ == 0 ? -$width[0] : $width[$_], $line->[$_] } 0 .. $#$line;
    print '  ', join('   ', @cells) =~ s/\s+$//r, "\n";
  }
  return;
}

sub greatest {
  my ($greatest) = sort { $b <=> $a } @_;
  return $greatest;
}

sub verdict {
  my ($measured, $limit, $bound) = @_;
  my $good = $limit < 0 ? $measured > -$limit : $measured <= $limit;
  return $good && $bound ? 'open' : $good ? 'met' : 'NOT MET';
}

# Words, what was measured, the most that is allowed (below zero: what must be exceeded), unit, and whether it is a bound
# only and not a measurement.
sub goal {
  my ($words, $measured, $limit, $unit, $bound) = @_;
  return {
    goal => $words, measured => $measured, ($limit < 0 ? 'more_than' : 'at_most') => abs $limit, unit => $unit,
    verdict => verdict($measured, $limit, $bound),
  };
}

sub print_goals {
  my @lines = (['', 'measured', 'goal', '', '']);
  for my $goal (@_) {
    my $limit = exists $goal->{at_most} ? "<= $goal->{at_most}" : "> $goal->{more_than}";
    push @lines, [$goal->{goal}, number($goal->{measured}), $limit, $goal->{unit}, $goal->{verdict}];
  }
  table('Goals', @lines);
  return;
}

sub print_json {
  print JSON::PP->new->canonical->pretty->encode({rows => \%row, goals => [@_]});
  return;
}

1;
