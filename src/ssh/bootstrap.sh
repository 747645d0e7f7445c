# What the server says to a host's /bin/sh on stdin. The lines before this one set the wf_... variables.
# POSIX sh, for macOS's sh and dash alike. All of it is one compound command: the shell has read it to the end before it
# does anything, so that whatever comes on stdin later belongs to the programs started here, never to the shell.
{
PATH=/usr/bin:/bin:/usr/sbin:/sbin:/run/current-system/sw/bin
export PATH
unset CDPATH ENV BASH_ENV LD_PRELOAD DYLD_INSERT_LIBRARIES PERL5OPT PERL5LIB NODE_OPTIONS
LC_ALL=C; export LC_ALL
umask 077
say() { printf '%s %s\n' "$wf_mark" "$*"; }
fail() { say fail "$*"; exit 1; }
# Profile files may have printed half a line.
printf '\n'
[ -n "${HOME-}" ] && [ -d "$HOME" ] || fail no_home "the account has no home folder"
case $wf_root in /*) root=$wf_root ;; *) root=$HOME/$wf_root ;; esac

sha256_of() {
  for tool in /usr/bin/sha256sum /sbin/sha256sum sha256sum; do
    if command -v "$tool" >/dev/null 2>&1; then "$tool" <"$1" | cut -c 1-64; return; fi
  done
  if [ -x /usr/bin/shasum ]; then /usr/bin/shasum -a 256 <"$1" | cut -c 1-64; return; fi
  perl -MDigest::SHA -e 'print Digest::SHA->new(256)->addfile($ARGV[0], "b")->hexdigest' "$1" </dev/null 2>/dev/null && return
  openssl dgst -sha256 -r <"$1" 2>/dev/null | cut -c 1-64
}
bytes_of() { wc -c <"$1" | tr -d ' '; }

# Jobs have the same account: one may have closed what is ours, by mistake or not. From the top down, as what lies below a closed
# folder cannot be opened before it.
reopen() {
  for folder in "$root" "$root/runtime" "$root/runtime"/* "$root/agent" "$root/agent"/* "$root/tools" "$root/tools"/* "$root/incoming" "$root/servers" "$root/servers/$wf_server"; do
    [ -d "$folder" ] && [ ! -L "$folder" ] && chmod u+rwx "$folder" 2>/dev/null
  done
}

probe() {
  say fact home "$HOME"
  say fact user "$(id -un 2>/dev/null </dev/null)"
  say fact system "$(uname -s)"
  say fact machine "$(uname -m)"
  if [ "$(uname -s)" = Darwin ]; then
    say fact version "$(sw_vers -productVersion </dev/null)"
    sysctl -i hw.optional.arm64 sysctl.proc_translated kern.hv_vmm_present hw.model machdep.cpu.brand_string hw.memsize </dev/null 2>/dev/null |
      sed -n "s/^\([a-z0-9_.]*\): */$wf_mark fact \1 /p"
    say fact gpuCores "$(ioreg -r -d 1 -w 0 -c IOAccelerator </dev/null 2>/dev/null | sed -n 's/^.*"gpu-core-count" = \([0-9]\{1,3\}\)$/\1/p' | head -n 1)"
    case " $(id -Gn </dev/null) " in *' admin '*) say fact admin yes ;; esac
    say fact console "$(stat -f %Su /dev/console </dev/null 2>/dev/null)"
  else
    say fact version "$(sed -n 's/^PRETTY_NAME="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' /etc/os-release 2>/dev/null | head -n 1)"
    ldd --version 2>&1 </dev/null | grep -qi musl && say fact libc musl
  fi
  say fact perl "$(perl -MPOSIX -MFcntl -e 'print $]' </dev/null 2>&1 | head -n 1)"
  folder=$root
  while [ ! -d "$folder" ]; do folder=${folder%/*}; [ -n "$folder" ] || folder=/; done
  say fact existing "$folder"
  [ -w "$folder" ] && say fact writable yes
  say fact diskFreeKb "$(df -Pk "$folder" </dev/null | tail -n 1 | awk '{ print $4 }')"
  [ -e "$root" ] && say fact root present
  [ -e "$root/servers/$wf_server" ] && say fact server present
  [ -e "$root/claim" ] && say fact claim "$(head -c 300 "$root/claim" | tr '\n' ' ')"
  say done
}

# A file of the same content at the same place as on the server's machine (a host that is that machine, or a home folder
# shared by network): used where it lies, if nobody but root and this account could have put or could change it.
offered() {
  [ -n "$wf_offer" ] && [ -x "$wf_offer" ] && [ "$(bytes_of "$wf_offer")" = "$wf_node_bytes" ] || return 1
  perl -e '
    my $path = shift;
    while (1) {
      my @stat = lstat $path or exit 1;
      exit 1 unless $stat[4] == 0 || $stat[4] == $<;
      exit 1 if $stat[2] & 022 && !(-d _ && $stat[2] & 01000);
      last if $path eq "/";
      $path =~ s{/[^/]*$}{};
      $path = "/" if $path eq "";
    }' "$wf_offer" </dev/null || return 1
  [ "$(sha256_of "$wf_offer")" = "$wf_node_sha256" ] || return 1
  say offered # That took a second: where the link is gone meanwhile, this ends the shell before it changes anything.
  mkdir -p "$root/${wf_node%/*}" && ln -sf "$wf_offer" "$root/$wf_node" && say placed "$wf_node"
}

node_is_there() {
  [ -x "$root/$wf_node" ] && [ "$(bytes_of "$root/$wf_node")" = "$wf_node_bytes" ] || return 1
  [ "$wf_thorough" = no ] || [ "$(sha256_of "$root/$wf_node")" = "$wf_node_sha256" ]
}

# wf_files: one "SHA256 PATH" a line, of everything of the agent.
start() {
  missing=
  node_is_there || offered || { say missing "$wf_node"; missing=yes; }
  rest=$wf_files
  while [ -n "$rest" ]; do
    line=${rest%%"$wf_newline"*}
    rest=${rest#"$line"}; rest=${rest#"$wf_newline"}
    path=$root/${line#* }
    [ -f "$path" ] && [ ! -L "$path" ] && [ "$(sha256_of "$path")" = "${line%% *}" ] || { say missing "${line#* }"; missing=yes; }
  done
  [ -z "$missing" ] || { say incomplete; exit 0; }
  [ "$wf_mode" = start ] || { say complete; exit 0; }
  # What no server has used for three months goes, and so does what this one has half sent of an older version.
  rm -f "$root"/incoming/*."$wf_server"
  rmdir "$root/incoming" 2>/dev/null
  touch "$root/${wf_node%/*}" "$root/${wf_agent%/*}"
  set -- "$root/runtime" "$root/agent"
  [ ! -d "$root/tools" ] || set -- "$@" "$root/tools"
  find "$@" -mindepth 1 -maxdepth 1 -mtime +90 -exec rm -rf {} + </dev/null
  # What the owner of the host set for certificates and proxies stays; nothing else does.
  set -- HOME="$HOME" USER="${USER-}" LOGNAME="${LOGNAME-${USER-}}" SHELL="${SHELL-/bin/sh}" PATH=/usr/bin:/bin:/usr/sbin:/sbin LANG="${LANG-}"
  for name in TZ SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS REQUESTS_CA_BUNDLE CURL_CA_BUNDLE GIT_SSL_CAINFO http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    eval "value=\${$name-}"
    [ -z "$value" ] || set -- "$@" "$name=$value"
  done
  # The owner's own way out, which needs no server.
  [ "$(cat "$root/leave" 2>/dev/null)" = "$wf_leave" ] || { printf '%s\n' "$wf_leave" >"$root/leave.new" && mv -f "$root/leave.new" "$root/leave"; }
  # Caches and copies: nothing for backups or for the search. Once, and never where somebody has taken it back. tmutil needs no
  # administrator for this: it puts an extended attribute on the folder (tmutil(8), addexclusion without -p).
  if [ ! -e "$root/.metadata_never_index" ] && command -v tmutil >/dev/null 2>&1; then
    tmutil addexclusion "$root" </dev/null >/dev/null 2>&1
    : >"$root/.metadata_never_index"
  fi
  cd "$root" || fail no_root "cannot enter $root"
  say start
  # No other flags of V8: with one that changes compiled code, the code that Node has ready for itself is compiled anew (4 MB).
  exec /usr/bin/env -i "$@" "$root/$wf_node" --disable-warning=ExperimentalWarning --expose-gc "$root/$wf_agent" --root "$root" --server "$wf_server" $wf_options
}

# Takes one file: says how much of it is here, appends what then comes on stdin, and puts it in place when it is right.
# A new file and a rename: overwriting a signed program in place gets it killed on macOS.
receive() {
  target=$root/$wf_path
  part=$root/incoming/$wf_sha256.$wf_server
  mkdir -p "$root/incoming" "${target%/*}" || fail disk "cannot make ${target%/*}"
  touch "$part" || fail disk "cannot write $part"
  say offset "$(bytes_of "$part")"
  cat >>"$part" || fail disk "cannot write $part: is the disk full?"
  [ "$(bytes_of "$part")" -ge "$wf_bytes" ] || exit 1 # the link broke: the next try goes on from here
  if [ "$(sha256_of "$part")" != "$wf_sha256" ]; then rm -f "$part"; say mismatch; exit 1; fi
  chmod "$wf_permissions" "$part" && mv -f "$part" "$target" || fail disk "cannot put $target in place"
  rmdir "$root/incoming" 2>/dev/null
  say received
}

# Takes back what a join that came to nothing has put here, or what a host that leaves the pool still has. wf_remove: one
# path below the root a line. Folders of attempts are results that somebody may still want: they stay, and what is around them.
remove() {
  # A copy of this server's data folder may have the host by now: then what has this server's id there is that one's.
  if [ -f "$root/servers/$wf_server/holder" ] && ! grep -q "\"$wf_place\"" "$root/servers/$wf_server/holder"; then
    say removed
    return
  fi
  attempts=$(ls -A "$root/servers/$wf_server/attempts" 2>/dev/null)
  rest=$wf_remove
  while [ -n "$rest" ]; do
    line=${rest%%"$wf_newline"*}
    rest=${rest#"$line"}; rest=${rest#"$wf_newline"}
    [ "$line" = "servers/$wf_server" ] && [ -n "$attempts" ] && continue
    # Environments are read-only, and jobs leave what they like.
    rm -rf "${root:?}/$line" 2>/dev/null || { chmod -R u+rwx "$root/$line" 2>/dev/null; rm -rf "${root:?}/$line"; }
    folder=${line%/*}
    while [ "$folder" != "$line" ]; do
      rmdir "$root/$folder" 2>/dev/null || break
      line=$folder folder=${folder%/*}
    done
  done
  rm -f "$root"/incoming/*."$wf_server" "$root"/claim.[0-9]*
  # The claim is a JSON line that names its server.
  [ "$wf_unclaim" = no ] || { grep -q "\"$wf_server\"" "$root/claim" 2>/dev/null && rm -f "$root/claim"; }
  rmdir "$root/incoming" "$root/servers" "$root/agent" "$root/runtime" 2>/dev/null
  # As long as anything is here, its owner has the way out, and that knows whose key lines there are.
  if [ -d "$root/servers" ] || [ -d "$root/agent" ] || [ -d "$root/runtime" ]; then
    [ "$wf_unclaim" = no ] || printf '%s\n' "$wf_server" >>"$root/forgotten"
  else
    rm -f "$root/leave" "$root/leave.new" "$root/forgotten" "$root/.metadata_never_index"
  fi
  rmdir "$root" 2>/dev/null
  say removed
}

# Whose owner has taken Windfall off gets nothing of it again, unless it is made to join anew.
stay_out() {
  [ ! -e "$root/leaving" ] || fail left "it is being taken out of the pool there"
  [ "$wf_joined" = no ] || [ -d "$root/servers/$wf_server" ] || fail left "it was taken out of the pool there: Windfall's folder is gone"
}

reopen
case $wf_mode in
check | start | receive) stay_out ;;
esac
case $wf_mode in
probe) probe ;;
check | start) start ;;
receive) receive ;;
remove) remove ;;
esac
exit 0
}
