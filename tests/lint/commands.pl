#!/usr/bin/perl
# What a compilation database holds.
#
#   commands.pl unique DATABASE            the database with one entry for each file
#   commands.pl files DATABASE             the files, one a line
#   commands.pl preprocess DATABASE FILE   the file's command, and the file preprocessed by it
use strict;
use warnings;
use JSON::PP;

my ($verb, $database, $file) = @ARGV;
open(my $in, '<', $database) or die "$database: $!\n";
my $entries = do { local $/; decode_json(<$in>) };
close $in;

if ($verb eq 'unique') {
  my %seen;
  print JSON::PP->new->canonical->encode([grep { !$seen{$_->{file}}++ } @$entries]);
} elsif ($verb eq 'files') {
  print "$_\n" for sort map { $_->{file} } @$entries;
} elsif ($verb eq 'preprocess') {
  my ($entry) = grep { $_->{file} eq $file } @$entries or die "$file: not in $database\n";
  my $command = $entry->{command} =~ s/ -o \S+ -c / -E /r =~ s/^\S*ccache //r;
  print "$command\n";
  chdir $entry->{directory} or die "$entry->{directory}: $!\n";
  system($command) == 0 or die "$file: cannot be preprocessed\n";
} else {
  die "commands.pl: unique, files or preprocess is expected\n";
}
