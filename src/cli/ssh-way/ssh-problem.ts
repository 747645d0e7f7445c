import { WindfallError } from "../../protocol/errors.ts"
import { fs } from "../builtin.ts"
import { readSshAddress, type SshAddress } from "./ssh-address.ts"

interface Rule {
  readonly pattern: RegExp
  readonly reason: string
  readonly hint: (address: SshAddress) => string
}

/** ssh's own words, first match wins. */
const RULES: readonly Rule[] = [
  {
    pattern: /HOST IDENTIFICATION HAS CHANGED/i,
    reason: "ssh finds another host key than it knows",
    hint: () => "Do not go on before its keeper has told you why; then remove the old key with ssh-keygen -R",
  },
  {
    pattern: /Host key verification failed|No \S+ host key is known/i,
    reason: "ssh does not know its host key yet",
    hint: (address) => `Log in once by hand and compare the key: ${byHand(address)}`,
  },
  {
    pattern: /Permission denied|Too many authentication failures/i,
    reason: "ssh does not get in there without asking you",
    hint: (address) => `It must work by itself: ssh-copy-id ${words(address)}, then try ${byHand(address)}`,
  },
  {
    pattern: /Could not resolve hostname/i,
    reason: "ssh does not know the name",
    hint: (address) => `Is it spelled right, or missing in ~/.ssh/config? Try ${byHand(address)}`,
  },
  {
    pattern: /connect to host .* (Connection refused|timed out|No route to host|Network is unreachable)/i,
    reason: "ssh does not get there",
    hint: (address) => `Is it on and in reach, and its sshd running? Try ${byHand(address)}`,
  },
  {
    pattern: /open failed: connect failed/i,
    reason: "ssh gets there, but no server listens on that port",
    hint: ({ serverPort }) =>
      `On that machine: windfall up --detach. One that listens on another port than ${serverPort}: windfall login ssh://SERVER/PORT`,
  },
  {
    pattern: /open failed: administratively prohibited/i,
    reason: "its sshd forbids to forward connections",
    hint: () =>
      "Its keeper can allow it (AllowTcpForwarding in sshd_config), or start the server with: windfall up --lan",
  },
]

/** Why there is no way through ssh, from what it has written. */
export function sshProblem(address: SshAddress, said: string, cause?: unknown): WindfallError {
  const rule = RULES.find(({ pattern }) => pattern.test(said))
  const last = said.trim().split("\n").at(-1)?.trim().slice(0, 300)
  const reason = rule?.reason ?? (last ? `ssh says: ${last}` : "ssh did not get there")
  return new WindfallError("server_unreachable", `Cannot reach the server at ${address.url}: ${reason}`, {
    hint: rule?.hint(address) ?? `Try ${byHand(address)}`,
    cause,
  })
}

/** Why a connection came to nothing that ssh had taken: it writes down what it found at the far end. */
export function farEndProblem(url: string, logFile: string, cause: unknown): WindfallError {
  let said = ""
  try {
    said = fs.readFileSync(logFile, "utf8")
  } catch {
    // Then there is nothing to tell but that it broke.
  }
  const address = readSshAddress(url)
  if (/open failed/.test(said)) return sshProblem(address, said, cause)
  return new WindfallError("server_unreachable", `Cannot reach the server at ${url}: the connection broke`, {
    hint: "Try again. If it listens with a certificate (windfall up --lan), log in with the line that it prints",
    cause,
  })
}

function byHand(address: SshAddress): string {
  return `ssh ${words(address)}`
}

function words({ destination, port }: SshAddress): string {
  return `${port === null ? "" : `-p ${port} `}${destination}`
}
