# The first process of a simulated host: prepares it, starts its sshd, and takes everything that runs there with it when
# it goes. It obeys lines on stdin (start, freeze, thaw) and answers each with one line on stdout. The end of stdin, which
# comes however the lab ends, is the end of the host. Arguments: setup script ("" for none), then sshd and its arguments.
use strict;
use warnings;
use POSIX ();

my ( $setup, @sshd ) = @ARGV;
my %frozen;

$| = 1;
$SIG{$_} = 'IGNORE' for qw(INT TERM HUP PIPE);    # Ctrl-C in a terminal reaches the whole group: only the lab decides
$SIG{CHLD} = sub { 1 while waitpid( -1, POSIX::WNOHANG() ) > 0 };

# Outside a PID namespace orphans would go to the machine's init: become their reaper instead (prctl PR_SET_CHILD_SUBREAPER).
my $machine = ( POSIX::uname() )[4];
syscall( $machine eq 'aarch64' ? 167 : 157, 36, 1, 0, 0, 0 ) if $$ != 1;

# Everything below this process, with its state letter.
sub descendants {
    my ( %children, %state );
    opendir my $proc, '/proc' or return;
    for my $pid ( grep { /^\d+$/ } readdir $proc ) {
        open my $file, '<', "/proc/$pid/stat" or next;
        my $line = <$file> // next;
        my ( $state, $parent ) = $line =~ /.*\) (\S) (\d+)/s or next;
        push @{ $children{$parent} }, $pid;
        $state{$pid} = $state;
    }
    my @found = @{ $children{$$} // [] };
    for ( my $i = 0 ; $i < @found ; $i++ ) { push @found, @{ $children{ $found[$i] } // [] } }
    return map { [ $_, $state{$_} ] } @found;
}

sub run_setup {
    return if $setup eq '';
    local $SIG{CHLD} = 'DEFAULT';
    system( '/bin/sh', $setup ) == 0 or do { print "failed\n"; exit 1 };
}

sub start {
    my $pid = fork // do { print "failed\n"; exit 1 };
    if ( $pid == 0 ) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE CHLD);
        open STDIN,  '<', '/dev/null';
        open STDOUT, '>', '/dev/null';
        { exec @sshd }
        POSIX::_exit(127);
    }
}

# Stops what runs, over and over until all of it stands: a process may fork while we look, and stops only when it has
# its turn. What the kernel holds (state D) stops as soon as it is let go; nobody waits for that.
sub freeze {
    for ( 1 .. 1000 ) {
        my @running = grep { $_->[1] !~ /[TtZX]/ } descendants();
        for ( grep { !$frozen{ $_->[0] } } @running ) { kill 'STOP', $_->[0]; $frozen{ $_->[0] } = 1 }
        last unless grep { $_->[1] ne 'D' } @running;
        select undef, undef, undef, 0.002;
    }
}

# What was stopped before the freeze stays stopped.
sub thaw {
    kill 'CONT', keys %frozen;
    %frozen = ();
}

sub kill_all {
    my $idle = 0;
    while ( $idle < 2 ) {
        my @left = grep { $_->[1] ne 'Z' } descendants();
        $idle = @left ? 0 : $idle + 1;
        kill 'KILL', map { $_->[0] } @left;
        select undef, undef, undef, 0.005 if @left;
    }
}

run_setup();
my %act = ( start => \&start, freeze => \&freeze, thaw => \&thaw );
print "up\n";
my $input = '';
while (1) {
    my $got = sysread STDIN, my $chunk, 4096;
    next if !defined $got && $!{EINTR};
    last unless $got;
    $input .= $chunk;
    while ( $input =~ s/^(.*)\n// ) {
        my $do = $act{$1} // next;
        $do->();
        print "$1\n";
    }
}
kill_all();
