# A job that keeps a ledger of its own, outside of everything Windfall owns: a line when it starts and one when it ends,
# each on the disk before it goes on. Its output and its files follow from its arguments, so that a test knows each byte.
# Arguments: ledger, name, lines, pause in ms, KiB of flood, KiB of output file, exit code, 1 when it has an input file.
use strict;
use warnings;
use Fcntl;
use IO::Handle;
my ( $ledger, $name, $lines, $pause, $flood, $made, $code, $reads ) = @ARGV;
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

note( 'start', $attempt );
if ($reads) {
    open my $file, '<:raw', 'input' or leave(79);
    my $text = do { local $/; <$file> };
    say_all( *STDOUT, sprintf "%s input %d %d\n", $name, length $text, unpack '%32C*', $text );
}
for my $line ( 1 .. $lines ) {
    say_all( *STDOUT, "$name line $line\n" );
    say_all( *STDERR, "$name note $line\n" );
    select undef, undef, undef, $pause / 1000;
}
for my $block ( 1 .. $flood ) {
    say_all( *STDOUT, sprintf( "%-31s\n", "$name flood $block" ) x 32 );
    select undef, undef, undef, 0.01 if $block % 16 == 0;
}
if ($made) {
    mkdir 'out';
    open my $file, '>:raw', 'out/made' or leave(77);
    for my $block ( 1 .. $made ) { print {$file} sprintf( "%-31s\n", "$name made $block" ) x 32 or leave(77) }
    close $file or leave(77);
}
leave($code);
