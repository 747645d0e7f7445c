# Lays out the file tree of a simulated Mac at $root, from what the host sees by now; part of its set-up. No /proc and no /sys;
# /usr/bin, /usr/sbin and /usr/libexec made of links to the machine's commands, without those a Mac lacks and with its own; /Users,
# /Library, /private and so on as macOS has them. What the Mac's commands need of the machine lies under /mnt, where nobody looks.
# Set before: root, home and node (a path each), home_now (where the home lies until then), commands (FILE:PLACE ...), hidden.
mkdir -p "$root"
mount -t tmpfs -o mode=755 lab "$root"
cd "$root"

# Folders of the machine that a Mac does not have, or has by itself, are left out.
lay() {
  for entry in "$1"/*; do
    name=${entry##*/}
    case " $2 " in *" $name "*) continue ;; esac
    if [ -L "$entry" ]; then cp -P "$entry" ".$1/$name"; elif [ -d "$entry" ]; then mkdir ".$1/$name"; mount --rbind "$entry" ".$1/$name"; fi
  done
}
lay '' 'proc sys dev usr etc var tmp home root run mnt old_root lost+found'

mkdir -p mnt/host mnt/sshd mnt/bin mnt/sbin mnt/libexec mnt/proc
touch mnt/node
mount --rbind /mnt/host mnt/host
mount --rbind /mnt/sshd mnt/sshd
mount --bind /mnt/node mnt/node
mount --rbind /proc mnt/proc
for folder in bin sbin libexec; do [ ! -d /usr/$folder ] || mount --rbind /usr/$folder mnt/$folder; done

mkdir usr usr/bin usr/sbin usr/libexec usr/libexec/ApplicationFirewall
lay /usr 'bin sbin libexec'
for folder in bin sbin libexec; do ls -A mnt/$folder | sed "s,^,/mnt/$folder/," | xargs -r ln -s -t usr/$folder; done
for name in $hidden; do echo usr/bin/$name usr/sbin/$name; done | xargs rm -f
for command in $commands; do name=${command##*/}; echo usr/bin/$name usr/sbin/$name; done | xargs rm -f
for command in $commands; do ln -sf "/mnt/host/mac/commands/${command%%:*}" "${command#*:}"; done

# /etc, /var and /tmp lead below /private there.
mkdir -p private/etc private/var private/tmp private/run/sshd
chmod 1777 private/tmp
# Where macOS notes who logs in, as far as it is looked at: that it changes.
ln -s /mnt/host/mac/utmpx private/run/utmpx
for name in etc var tmp run; do ln -s private/$name $name; done
mount --rbind /etc private/etc
mount --rbind /var private/var

# The console belongs to who sits before the screen.
mkdir -p dev/pts
for name in null zero full random urandom tty; do touch dev/$name; mount --bind /dev/$name dev/$name; done
mount -t devpts -o newinstance,ptmxmode=666,mode=620 lab dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /mnt/host/mac/console dev/console
ln -s /mnt/proc/self/fd dev/fd
for name in stdin:0 stdout:1 stderr:2; do ln -s fd/${name#*:} dev/${name%:*}; done

mkdir -p Applications Volumes System/Library/CoreServices System/Volumes Library/Logs/DiagnosticReports Library/Preferences Users/Shared
ln -s / System/Volumes/Data
mount --bind /mnt/host/mac/reports Library/Logs/DiagnosticReports
mount --bind /mnt/host/mac/shared Users/Shared
mkdir -p ".$home"
mount --rbind "$home_now" ".$home"
[ -e ".$node" ] || { mkdir -p ".${node%/*}" && touch ".$node" && mount --bind /mnt/node ".$node"; }

# Macs know this locale; here it is the same as C's.
if [ -d /usr/lib/locale/C.utf8 ]; then
  mount -t tmpfs -o mode=755 lab usr/lib/locale
  for name in C.utf8 en_US.utf8; do mkdir usr/lib/locale/$name; mount --bind /usr/lib/locale/C.utf8 usr/lib/locale/$name; done
fi
cd /
