#!/bin/sh
# Commands whose options differ on macOS: what only GNU's have is refused, as there, and noted.
name=${0##*/}
refuse() {
  printf '%s\tgnu\t%s\t%s\n' "$(/mnt/bin/date +%s)000" "$name" "$1" >>/mnt/host/mac/record
  echo "$name: illegal option -- ${1#-}" >&2
  exit 64
}
case $name in
date) only='-[!ujrvIRfn]*' ;;
ls) only='-*[DINQXZk]*' ;;
cp) only='-*[bdsuTtxZ]*' ;;
mv) only='-*[bStTuZ]*' ;;
rm) only='-*[!dfiIPRrvWx]*' ;;
ln) only='-*[bdrStT]*' ;;
head | tail) only='-[!cfFrbqnv0-9]*' ;;
du) only='-*[bBlD0]*' ;;
sed) only='-[!aEilnrsuef]*' ;;
xargs) only='-[!0EIJLnPpRrStsxo]*' ;;
readlink) only='-*[emqsvz]*' ;;
mktemp) only='-[!dqtup]*' ;;
base64) only='-w*' ;;
touch) only='-*[!Aacdfhmrt]*' ;;
*) only='-0never' ;;
esac
for word; do
  case $word in
  --) break ;;
  --*) refuse "$word" ;;
  -?*) case $word in $only) refuse "$word" ;; esac ;;
  *) [ "$name" != find ] || continue; case $name in xargs | sed) break ;; esac ;;
  esac
done
case $name in
date)
  # -r SECONDS here, a file's name there.
  case ${1-} in
  -r) case $2 in *[!0-9]*) ;; *) seconds=$2; shift 2; exec /mnt/bin/date -d "@$seconds" "$@" ;; esac ;;
  -u) case ${2-} in -r) seconds=$3; shift 3; exec /mnt/bin/date -u -d "@$seconds" "$@" ;; esac ;;
  -j | -v*) refuse "$1" ;; # the lab has not been taught these
  esac ;;
find)
  for word; do case $word in -printf | -fprintf | -regextype | -daystart | -readable | -writable | -executable) refuse "$word" ;; esac; done ;;
sed)
  # -i with an extension of its own, which may be empty.
  case ${1-} in
  -i) [ $# -ge 2 ] || refuse -i; extension=$2; shift 2; exec /mnt/bin/sed -i"$extension" "$@" ;;
  esac ;;
mktemp)
  case ${1-} in
  -t) exec /mnt/bin/mktemp "${TMPDIR:-/tmp}/$2.XXXXXXXX" ;;
  -d) case ${2-} in -t) exec /mnt/bin/mktemp -d "${TMPDIR:-/tmp}/$3.XXXXXXXX" ;; esac ;;
  esac ;;
base64)
  case ${1-} in -D) shift; exec /mnt/bin/base64 -d "$@" ;; esac ;;
cp)
  # -c clones, where the file system can; -X leaves extended attributes.
  case ${1-} in -*[cX]*) flags=$(printf %s "$1" | /mnt/bin/tr -d cX); shift; [ "$flags" = - ] || set -- "$flags" "$@" ;; esac ;;
esac
exec "/mnt/bin/$name" "$@"
