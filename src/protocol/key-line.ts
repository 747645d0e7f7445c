import type { ServerId } from "./ids.ts"

/**
 * What the server's key may do on a host: run commands, with a terminal or without. No forwarding of ports, agents or
 * windows, and no file of the account that sshd would run by itself (sshd(8), AUTHORIZED_KEYS FILE FORMAT).
 */
const MAY = "restrict,pty"

/** The line for a host's authorized_keys that lets this server in. @param publicKey as in a .pub file, its comment is replaced */
export function keyLine(publicKey: string, server: ServerId): string {
  const [type = "", key = ""] = publicKey.trim().split(/\s+/)
  return `${MAY} ${type} ${key} ${keyComment(server)}`
}

/** By this the line is known as a server's, whatever stands before it. */
export function keyComment(server: ServerId): string {
  return `windfall ${server}`
}

/** The key itself in a line of authorized_keys: what two lines that let the same in have in common. */
export function keyOf(line: string): string {
  return line.split(" ").find((word) => word.startsWith("AAAA")) ?? ""
}

/** For a person to paste on the host: the same line is never there twice, and other lines stay as they are. */
export function pasteLines(line: string): string[] {
  const file = "~/.ssh/authorized_keys"
  return [
    "mkdir -p ~/.ssh && chmod 700 ~/.ssh",
    `grep -qsF ${keyOf(line)} ${file} || echo '${line}' >> ${file}`,
    `chmod 600 ${file}`,
  ]
}

/**
 * A function for POSIX sh: `add_key LINE KEY FROM` puts LINE into the account's authorized_keys in place of every other line
 * with KEY, bound to the address FROM where that is not empty. Prints `added` or `there`. A file that cannot be read, or a
 * full disk, changes nothing: others may depend on that file to get in.
 */
export const ADD_KEY = `add_key() {
  umask 077
  line=$1
  [ -z "$3" ] || line="from=\\"$3\\",$line"
  keys=$HOME/.ssh/authorized_keys
  mkdir -p "$HOME/.ssh" && chmod 700 "$HOME/.ssh" || return 1
  if [ -e "$keys" ]; then
    [ -r "$keys" ] || { echo "$keys cannot be read" >&2; return 1; }
    if grep -qxF -- "$line" "$keys"; then chmod 600 "$keys"; echo there; return 0; fi
  fi
  new=$keys.windfall.$$
  { { [ ! -e "$keys" ] || grep -vF -- "$2" "$keys" || [ $? -eq 1 ]; } && printf '%s\\n' "$line"; } >"$new" || { rm -f "$new"; return 1; }
  chmod 600 "$new"
  # A link leads to a file that others look after, and stays one.
  if [ -L "$keys" ]; then cat "$new" >"$keys" && rm -f "$new"; else mv -f "$new" "$keys"; fi || return 1
  echo added
}
`
