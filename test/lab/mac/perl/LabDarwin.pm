# Lets Perl programs written for macOS run on the lab's Linux: what macOS's kernel takes is put into the form this one takes.
# Loaded by the simulated Mac's /usr/bin/perl before anything else.
package LabDarwin;
use strict;

BEGIN {
  $^O = 'darwin';
  # sys/fcntl.h of macOS: struct flock is start, length, pid, type, whence. 99 is F_PUNCHHOLE.
  my ($getlk, $setlk, $setlkw) = (5, 6, 7);
  my $is_arm = (-e '/lib/ld-linux-aarch64.so.1');
  *CORE::GLOBAL::fcntl = sub (*$$) {
    my ($file, $command) = @_;
    my $handle = ref $file || ref \$file eq 'GLOB' ? $file : do { no strict 'refs'; my $from = caller; *{ $file =~ /::/ ? $file : "${from}::$file" } };
    if ($command == 99) {
      my (undef, undef, $offset, $length) = unpack('L L q q', $_[2]);
      return CORE::syscall($is_arm ? 47 : 285, fileno $handle, 3, $offset, $length) == 0 ? '0 but true' : undef;
    }
    return CORE::fcntl($handle, $command, $_[2]) if $command != $getlk && $command != $setlk && $command != $setlkw;
    my ($start, $length, $pid, $type, $whence) = unpack('q q i s s', $_[2]);
    my $lock = pack('s s x4 q q i x4', $type, $whence, $start, $length, $pid);
    my $done = CORE::fcntl($handle, $command, $lock);
    ($type, $whence, $start, $length, $pid) = unpack('s s x4 q q i', $lock);
    $_[2] = pack('q q i s s', $start, $length, $pid, $type, $whence) if $done && $command == $getlk;
    return $done;
  };
  # Numbers of system calls are macOS's: getrusage is 117, and its memory is in bytes. There are no others, prctl least of all.
  *CORE::GLOBAL::syscall = sub {
    if ($_[0] == 117) {
      my $who = $_[1];
      my $usage = "\0" x 256;
      my $done = CORE::syscall($is_arm ? 165 : 98, $who, $usage);
      my $bytes = 1024 * unpack('x32 q', $usage);
      substr($_[2], 0, 256) = substr($usage, 0, 32) . pack('q', $bytes) . substr($usage, 40, 216);
      return $done;
    }
    $! = 38;
    return -1;
  };
}

1;
