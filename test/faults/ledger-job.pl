# A job that keeps a ledger of its own, outside of everything Windfall owns: a line when it starts and one when it ends,
# each on the disk before it goes on. Its output and its files follow from its arguments, so that a test knows each byte.
# Arguments: ledger, name, lines, pause in ms, KiB of flood, KiB of output file, exit code, 1 when it has an input file, folder of
# its data or "", what its Python says when all packages are there or "", port or 0, KiB that it serves there.
use strict;
use warnings;
use Fcntl;
use IO::Handle;
use Socket;
my ( $ledger, $name, $lines, $pause, $flood, $made, $code, $reads, $data, $python, $port, $served ) = @ARGV;
my $attempt = $ENV{WINDFALL_ATTEMPT_NUMBER};

sub note {
    sysopen( my $file, $ledger, O_WRONLY | O_APPEND | O_CREAT, 0644 ) or exit 78;
    syswrite( $file, "@_\n" ) or exit 78;
    $file->sync;
    close $file;
}

# What cannot be written ends the job, and the ledger says so: nothing it says is lost without its knowing.
sub leave { note( 'end', $attempt, $_[0] ); exit $_[0] }

sub say_all {
    my ( $to, $text ) = @_;
    for ( my $at = 0 ; $at < length $text ; ) {
        my $written = syswrite $to, $text, length($text) - $at, $at;
        leave(77) unless defined $written;
        $at += $written;
    }
}

sub block { sprintf( "%-31s\n", "$name $_[0] $_[1]" ) x 32 }

sub content {
    open my $file, '<:raw', $_[0] or leave(79);
    local $/;
    return <$file>;
}

# Whoever connects gets all of it, then says in a word whether somebody comes again.
sub serve {
    local $SIG{PIPE} = 'IGNORE';
    local $SIG{ALRM} = sub { leave(80) };
    alarm 75;
    socket( my $door, PF_INET, SOCK_STREAM, 0 ) or leave(80);
    setsockopt( $door, SOL_SOCKET, SO_REUSEADDR, 1 );
    bind( $door, pack_sockaddr_in( $port, INADDR_LOOPBACK ) ) or leave(80);
    listen( $door, 16 ) or leave(80);
    my $all = join '', map { block( 'served', $_ ) } 1 .. $served;
    my $word = '';
    while ( $word ne "enough\n" ) {
        accept( my $caller, $door ) or next;
        my $at = 0;
        while ( $at < length $all ) { $at += syswrite( $caller, $all, 65536, $at ) // last }
        shutdown( $caller, 1 );
        $word = <$caller> // '';
    }
    alarm 0;
}

note( 'start', $attempt );
if ($reads) {
    my $text = content('input');
    say_all( *STDOUT, sprintf "%s input %d %d\n", $name, length $text, unpack '%32C*', $text );
}
if ( length $data ) { say_all( *STDOUT, content($_) ) for sort glob "$data/*" }
if ( length $python ) {
    my $text = `python -c '$python'`;
    leave(79) if $?;
    say_all( *STDOUT, $text );
}
for my $line ( 1 .. $lines ) {
    say_all( *STDOUT, "$name line $line\n" );
    say_all( *STDERR, "$name note $line\n" );
    select undef, undef, undef, $pause / 1000;
}
for my $number ( 1 .. $flood ) {
    say_all( *STDOUT, block( 'flood', $number ) );
    select undef, undef, undef, 0.01 if $number % 16 == 0;
}
if ($made) {
    mkdir 'out';
    open my $file, '>:raw', 'out/made' or leave(77);
    for my $number ( 1 .. $made ) { print {$file} block( 'made', $number ) or leave(77) }
    close $file or leave(77);
}
serve() if $port;
leave($code);
