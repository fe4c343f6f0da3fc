#!/usr/bin/perl
# Somebody on the line between Host and meter server. It knows frames (docs/handshake.md) and has no keys.
#
#   meddle.pl record FILE SERVER    passes everything on, and writes the Host's frames to FILE
#   meddle.pl replay FILE SERVER    passes everything on, but the Host's audit response: instead, the one in FILE
#   meddle.pl again FILE SERVER     calls the server itself, with the sign-on in FILE
#   meddle.pl pretend SERVER        greets as the server does, and answers the sign-on with a response of its own making
#   meddle.pl hold FRAME[:N] SERVER [PATH]   passes everything on, but holds the N-th frame of that type (a number of
#                                   apdu-spec/session.def), either way, until SIGUSR1 comes; says "held" meanwhile
#
# Where it waits for a Host it prints "listening on HOST:PORT", and serves one connection. It says what error signals it saw.
# With hold, SERVER may be the path of a Unix socket, and so may be where it waits itself, PATH: that of a key management
# system, whose callers speak in frames as well. It serves one connection after the other then, until it is ended.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();

use constant { SIGN_ON => 2, SIGN_ON_RESPONSE => 3, AUDIT_RESPONSE => 4, ERROR_SIGNAL => 8 };
use constant M2_BYTES => 121;

sub read_exactly {
  my ($socket, $count) = @_;
  my $bytes = '';
  while (length $bytes < $count) {
    my $got = sysread($socket, $bytes, $count - length $bytes, length $bytes);
    return undef unless $got;
  }
  return $bytes;
}

# (type, body), or nothing at the end.
sub read_frame {
  my ($socket) = @_;
  my $head = read_exactly($socket, 3) // return;
  my ($length, $type) = unpack 'nC', $head;
  my $body = read_exactly($socket, $length) // return;
  say_signal($body) if $type == ERROR_SIGNAL;
  return ($type, $body);
}

sub write_frame {
  my ($socket, $type, $body) = @_;
  print {$socket} pack('nC', length $body, $type), $body;
}

sub say_signal {
  my ($body) = @_;
  my ($signal, $step) = unpack 'Cn', $body;
  print "error signal $signal, step $step\n";
}

sub call {
  my ($server) = @_;
  my $socket = IO::Socket::INET->new(PeerAddr => $server, Proto => 'tcp') or die "meddle: $server: $@\n";
  $socket->autoflush(1);
  return $socket;
}

sub await_host {
  my $host = wait_anywhere()->accept or die "meddle: nobody calls\n";
  $host->autoflush(1);
  return $host;
}

sub recorded {
  my ($file, $wanted) = @_;
  open(my $in, '<', $file) or die "meddle: $file: $!\n";
  while (my $line = <$in>) {
    my ($type, $hex) = split ' ', $line;
    return pack 'H*', $hex // '' if $type == $wanted;
  }
  die "meddle: no frame of type $wanted in $file\n";
}

# Passes frames on, both ways, until one side hangs up; the Host's go through $change, the server's past $watch.
sub pass_on {
  my ($host, $server, $change, $watch) = @_;
  my $both = IO::Select->new($host, $server);
  while (my @ready = $both->can_read) {
    for my $from (@ready) {
      my ($type, $body) = read_frame($from);
      return unless defined $type;
      if ($from == $host) {
        write_frame($server, $type, $change->($type, $body));
      } else {
        $watch->($type) if $watch;
        write_frame($host, $type, $body);
      }
    }
  }
}

sub do_record {
  my ($file, $server) = @_;
  open(my $out, '>', $file) or die "meddle: $file: $!\n";
  my $host = await_host();
  pass_on($host, call($server), sub { printf {$out} "%d %s\n", $_[0], unpack 'H*', $_[1]; return $_[1] });
}

sub do_replay {
  my ($file, $server) = @_;
  my $old = recorded($file, AUDIT_RESPONSE);
  my $host = await_host();
  pass_on($host, call($server), sub { return $_[0] == AUDIT_RESPONSE ? $old : $_[1] });
}

sub do_again {
  my ($file, $server) = @_;
  my $socket = call($server);
  read_frame($socket);    # the greeting, which is another one each time
  write_frame($socket, SIGN_ON, recorded($file, SIGN_ON));
  my ($type) = read_frame($socket) or die "meddle: the server hangs up without a word\n";
  print "the server took it\n" if $type != ERROR_SIGNAL;
}

# A response of the right form. What it should be sealed with is known to the card and to the holder of K2.
sub do_pretend {
  my ($server) = @_;
  my ($type, $greeting) = read_frame(call($server));
  my $host = await_host();
  write_frame($host, $type, $greeting);
  read_frame($host) or return;
  write_frame($host, SIGN_ON_RESPONSE, join '', map { chr int rand 256 } 1 .. M2_BYTES);
  read_frame($host);
}

# Whoever waits for the word "held" knows that the frame has been sent and has not arrived.
sub await_leave {
  my $everything = POSIX::SigSet->new;
  print "held\n";
  POSIX::sigsuspend($everything);
}

sub call_local {
  my ($path) = @_;
  return IO::Socket::UNIX->new(Peer => $path);
}

sub wait_at {
  my ($path) = @_;
  my $listener = IO::Socket::UNIX->new(Listen => 1, Local => $path) or die "meddle: $path: $!\n";
  print "listening on $path\n";
  return $listener;
}

sub wait_anywhere {
  my $listener = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => 0) or die "meddle: $@\n";
  printf "listening on 127.0.0.1:%d\n", $listener->sockport;
  return $listener;
}

sub do_hold {
  my ($which, $server, $path) = @_;
  my ($wanted, $left) = (split(/:/, $which), 1);
  my $look = sub { await_leave() if $_[0] == $wanted && --$left == 0; return $_[1] };
  local $SIG{USR1} = sub { };
  POSIX::sigprocmask(POSIX::SIG_BLOCK, POSIX::SigSet->new(POSIX::SIGUSR1));
  my $listener = defined $path ? wait_at($path) : wait_anywhere();
  while (my $host = $listener->accept) {
    my $to = $server =~ m{:\d+$} ? call($server) : call_local($server);
    pass_on($host, $to, $look, $look) if $to;    # else nobody is there, and the caller is told by the end of his call
  }
}

my %modes = (record => [\&do_record, 2], replay => [\&do_replay, 2], again => [\&do_again, 2], pretend => [\&do_pretend, 1],
  hold => [\&do_hold, 2, 3]);
$| = 1;
$SIG{PIPE} = 'IGNORE';
my $mode = $modes{shift @ARGV // ''};
die "usage: meddle.pl record|replay|again FILE SERVER | pretend SERVER | hold FRAME[:N] SERVER [PATH]\n"
  unless $mode && @ARGV >= $mode->[1] && @ARGV <= ($mode->[2] // $mode->[1]);
$mode->[0]->(@ARGV);
