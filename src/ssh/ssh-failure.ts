import { type ErrorCode, WindfallError } from "../protocol/errors.ts"
import type { ChildExit } from "./child-link.ts"

/** What is known where ssh was called from. */
export interface SshCaller {
  /** The server's own platform: macOS refuses the local network in a way of its own. */
  readonly platform: NodeJS.Platform
  /** The program that macOS holds responsible for this server, for people: "Terminal", or Node's path. */
  readonly app: string
  /** What the host is called in the pool; absent while it joins. */
  readonly host?: string
}

interface Rule {
  readonly pattern: RegExp
  readonly code: ErrorCode
  readonly reason: (match: RegExpExecArray) => string
  readonly hint?: string | ((address: string, caller: SshCaller) => string)
}

const LET_IN =
  "Put the server's public key into ~/.ssh/authorized_keys there; on a Mac the account must also be allowed under Sharing > Remote Login"

/** An owner's `leave` takes the key line as well: from outside that looks like a key that was lost. */
function goneOrShut(host: string): string {
  return `Either it was taken out of the pool there (then: windfall host rm ${host} --forget), or the key line in ~/.ssh/authorized_keys there was lost, or the account is no longer allowed under Sharing > Remote Login`
}

/** ssh's own words, first match wins. They are not translated and have been the same for many years. */
const RULES: readonly Rule[] = [
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for \S+ has changed|host key .* has been revoked/i,
    code: "host_key_changed",
    reason: () => "it shows another host key than the one pinned when it joined",
    hint: (address, caller) =>
      `If the machine was reinstalled, run: ${rekeyLine(address, caller)}. Else somebody may be in between: do not connect`,
  },
  {
    pattern: /No \S+ host key is known for|Host key verification failed/i,
    code: "host_key_changed",
    reason: () => "it does not show the host key that was pinned",
    hint: (address, caller) => `Compare the keys, then run: ${rekeyLine(address, caller)}`,
  },
  {
    pattern: /Too many authentication failures/i,
    code: "authentication_refused",
    reason: () => "too many keys were offered before the right one",
    hint: "Name the key in ~/.ssh/config of the server's account: Host MAC, IdentityFile ..., IdentitiesOnly yes",
  },
  {
    // Before its disk is unlocked a Mac takes no key (apple_ssh_and_filevault(7)). Nobody has locked the server out.
    pattern: /Permission denied \((?:keyboard-interactive|password)(?:,(?:keyboard-interactive|password))*\)/i,
    code: "host_unreachable",
    reason: () => "it takes a password only. A Mac whose disk is still locked (FileVault) after a restart does that",
    hint: "Unlock it: log in at its screen; from macOS 26 on also by ssh, with the password of an account that may",
  },
  {
    pattern: /Permission denied(?: \(([^)]*)\))?/i,
    code: "authentication_refused",
    reason: (match) => `it accepts none of the server's keys${match[1] === undefined ? "" : ` (it takes ${match[1]})`}`,
    hint: (_address, { host }) => (host === undefined ? LET_IN : goneOrShut(host)),
  },
  {
    pattern: /identity file .* bad permissions|UNPROTECTED PRIVATE KEY/i,
    code: "authentication_refused",
    reason: () => "ssh does not use a private key that others can read",
    hint: "chmod 600 the key file named in the server's log",
  },
  {
    pattern: /Could not resolve hostname ([^:]+): (.+)/i,
    code: "host_unreachable",
    reason: (match) => `the name ${match[1]} is not known (${match[2]?.trim()})`,
    hint: "Check the spelling, or use its address; a Mac answers to NAME.local in the same network",
  },
  {
    pattern: /Connection refused/i,
    code: "host_unreachable",
    reason: () => "nothing listens for ssh there",
    hint: "On a Mac: System Settings > General > Sharing > Remote Login",
  },
  {
    pattern: /Connection timed out|Operation timed out|Timeout, server .* not responding|timed out/i,
    code: "host_unreachable",
    reason: () => "it does not answer",
    hint: "Is it switched on, awake and in this network?",
  },
  {
    pattern: /No route to host|Network is unreachable|Host is down/i,
    code: "host_unreachable",
    reason: (match) => match[0].toLowerCase(),
    hint: "Is it switched on, awake and in this network?",
  },
  {
    pattern: /Bad configuration option|terminating, \d+ bad configuration|Bad owner or permissions on/i,
    code: "host_unreachable",
    reason: () => "ssh does not accept its configuration",
    hint: "Run ssh to that machine by hand as the server's account: it names the line",
  },
  {
    pattern: /This account is currently not available|no longer available/i,
    code: "authentication_refused",
    reason: () => "the account may not run commands",
    hint: "Give it a login shell",
  },
  {
    pattern: /kex_exchange_identification|Connection (closed|reset) by|Connection to \S+ closed|Broken pipe/i,
    code: "host_unreachable",
    reason: () => "the connection was closed",
    hint: "A Mac takes 42 ssh connections at a time; a busy or restarting machine closes them too",
  },
  {
    pattern: /ENOENT/,
    code: "host_unreachable",
    reason: () => "there is no ssh program on the server",
    hint: "Install OpenSSH's client",
  },
]

/**
 * Tells from ssh's last words why `doing` failed, as an error for people with what to do next.
 * On a macOS server EHOSTUNREACH is mostly not the network's: macOS 15 and newer answer so to programs without the
 * Local Network permission (Apple TN3179).
 */
export function sshFailure(exit: ChildExit, address: string, caller: SshCaller): WindfallError {
  const said = lastWords(exit.stderr)
  const details = { ssh: said, exitCode: exit.code }
  if (caller.platform === "darwin" && /No route to host/i.test(exit.stderr)) {
    return new WindfallError(
      "local_network_denied",
      `Cannot reach ${address}: macOS answers "No route to host", probably because ${caller.app} may not use the local network`,
      {
        hint: `Switch on ${caller.app} under System Settings > Privacy & Security > Local Network, then start the server again`,
        details,
      },
    )
  }
  for (const rule of RULES) {
    const match = rule.pattern.exec(exit.stderr)
    if (match === null) continue
    const hint = typeof rule.hint === "function" ? rule.hint(address, caller) : rule.hint
    return new WindfallError(rule.code, `Cannot reach ${address}: ${rule.reason(match)}`, { hint, details })
  }
  const how = exit.signal === null ? `ended with ${exit.code}` : `was killed by ${exit.signal}`
  return new WindfallError("host_unreachable", `Cannot reach ${address}: ssh ${how}${said === "" ? "" : `: ${said}`}`, {
    details,
  })
}

/** What pins another key: of a host that joins, none is pinned yet. */
function rekeyLine(address: string, { host }: SshCaller): string {
  return host === undefined ? `windfall host add ${address}` : `windfall host rekey ${host}`
}

function lastWords(stderr: string): string {
  const lines = stderr
    .split(/[\r\n]+/)
    .map((line) => line.replace(/[^\x20-\x7e]/g, "").trim())
    .filter((line) => line !== "" && !/^Warning: Permanently added/.test(line))
  return lines.slice(-3).join("; ").slice(0, 500)
}
