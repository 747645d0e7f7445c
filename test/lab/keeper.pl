# Outlives the lab by a moment: when stdin ends, however the lab ended, it removes the lab's folder. In the modes with
# namespaces it is also the process that keeps the switch's network namespace. Argument: the folder.
use strict;
use warnings;
use File::Path ();

my ($folder) = @ARGV;
$SIG{$_} = 'IGNORE' for qw(INT TERM HUP PIPE);
$| = 1;
print "up\n";
1 while sysread( STDIN, my $ignored, 4096 ) // $!{EINTR};

# The hosts end at the same moment and may still be writing.
for ( 1 .. 100 ) {
    File::Path::remove_tree( $folder, { error => \my $problems } );
    last unless -e $folder;
    select undef, undef, undef, 0.05;
}
