/**
 * What a job's sshd runs in the place of every command, as Perl, which every Mac has. `sh` could not carry a variable with an
 * odd name, and `env` would show secrets in its arguments. Parameters: a file of `NAME=value` ended by NUL, and the folder to
 * start in.
 */
export const SSH_ENTRY = `use strict;
use warnings;
my ( $file, $work ) = @ARGV;
my $asked = $ENV{SSH_ORIGINAL_COMMAND};
my %kept = map { $_ => $ENV{$_} } grep { /^(?:COLORTERM|LC_\\w+|SSH_(?:CLIENT|CONNECTION|TTY))$/ } keys %ENV;
$kept{TERM} = $ENV{TERM} if defined $ENV{SSH_TTY} && defined $ENV{TERM};
open my $in, '<:raw', $file or die "windfall: the job has ended\\n";
my %job = map { split /=/, $_, 2 } split /\\0/, do { local $/; <$in> };
close $in;
%ENV = ( %job, %kept );
chdir $work or die "windfall: cannot enter the job's folder: $!\\n";
my $shell = $ENV{SHELL} // '/bin/sh';
exec { $shell } $shell, defined $asked ? ( '-c', $asked ) : ('-i');
die "windfall: cannot start $shell: $!\\n";
`
