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
