import { KEY_FILE } from "./key-file.ts"

/**
 * Functions for POSIX sh with Perl, run as the account that lets a server in, by whoever is there: an owner's pasted line, a `host add`.
 *
 * - `let_in LINE KEY FROM SERVER` is `add_key`, which adds to its answer what of Windfall was there before: `none`, `folder` (of other
 *   servers) or `server`.
 * - `take_back KEY SERVER BEFORE` takes all of a join that came to nothing off again, also while the far end of the server's ssh still
 *   writes there, and whether that server lives or not. KEY is empty where the line was there before.
 */
export const TAKE_BACK = `${KEY_FILE}
before_of() {
  if [ ! -e "$HOME/.windfall" ] && [ ! -L "$HOME/.windfall" ]; then echo none
  elif [ -e "$HOME/.windfall/servers/$1" ]; then echo server
  else echo folder; fi
}
let_in() {
  # It takes a moment, and is whole or not at all.
  trap '' INT HUP TERM
  if [ -e "$HOME/.windfall" ] || [ -L "$HOME/.windfall" ]; then
    [ -d "$HOME/.windfall" ] || { refuse "~/.windfall is there, and is no folder" "Move it away: mv ~/.windfall ~/.windfall.old"; return 1; }
  elif [ ! -w "$HOME" ]; then
    refuse "the home folder cannot be written" "Open it: chmod u+w ~"
    return 1
  fi
  was=$(before_of "$4")
  word=$(add_key "$1" "$2" "$3") || { printf '%s\\n' "$word"; return 1; }
  printf '%s %s\\n' "$word" "$was"
}
# Ends the server's shells here, what they started, and its agents; prints their numbers.
end_of_server() {
  perl -e '
    my ($home, $server) = @ARGV;
    my (%children, %mine);
    for (qx(ps -axww -o pid= -o ppid= -o uid= -o command= 2>/dev/null)) {
      my ($pid, $parent, $uid, $command) = /^\\s*(\\d+)\\s+(\\d+)\\s+(\\d+)\\s+(.*?)\\s*$/ or next;
      push @{$children{$parent}}, $pid;
      $mine{$pid} = $command if $uid == $<;
    }
    my $shell = "sh -s windfall-$server";
    my @found = grep {
      my $command = $mine{$_};
      $command =~ m{^(?:\\S*/)?\\Q$shell\\E$} ||
        index($command, "$home/.windfall/") >= 0 && index($command, $server) >= 0 && $command =~ /agent\\.mjs|^\\S*perl/;
    } keys %mine;
    my %seen;
    while (defined(my $pid = shift @found)) {
      next if $pid == $$ || $seen{$pid}++;
      push @found, @{$children{$pid} || []};
    }
    my @all = grep { exists $mine{$_} } keys %seen;
    kill KILL => @all;
    print join(" ", @all);
  ' "$HOME" "$1" </dev/null
}
wipe() {
  for path; do
    [ -e "$path" ] || [ -L "$path" ] || continue
    busy=$path
    rm -rf "$path" 2>/dev/null || { chmod -R u+rwx "$path"; rm -rf "$path"; } 2>/dev/null
  done
}
take_back() {
  # What is given up is taken back to the end.
  trap '' INT HUP TERM PIPE
  quiet=0 tries=0
  while [ "$quiet" -lt 5 ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { printf '%s\\n' "\${problem:-refused something still writes into ~/.windfall | }"; return 1; }
    busy= problem=
    # Nobody comes in any more from here on; on a full disk once the folder is gone.
    [ -z "$1" ] || problem=$(drop_keys -F -e "$1") || { busy=key; [ "$tries" -lt 10 ] || tries=99; }
    [ "$3" = server ] || [ -z "$(end_of_server "$2")" ] || busy=processes
    case $3 in
    none) wipe "$HOME/.windfall" ;;
    folder) wipe "$HOME/.windfall/servers/$2" "$HOME"/.windfall/incoming/*."$2" ;;
    esac
    quiet=$((quiet + 1))
    [ -z "$busy" ] || quiet=0
    sleep 0.2
  done
  [ "$3" != folder ] || rmdir "$HOME/.windfall/incoming" 2>/dev/null
  return 0
}
`
