import { createHash } from "node:crypto"
import { existsSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { WindfallError } from "../protocol/errors.ts"
import type { SshSettings, SshTarget } from "./ssh-settings.ts"

/** The name hosts go by in our known_hosts files, whatever address led there. */
const ALIAS = "windfall-host"

/**
 * The arguments for one ssh child that runs `command` on a host. The account's own configuration stays in force for
 * everything but what Windfall relies on; first come first served in ssh, so what is on the command line wins.
 * @throws {WindfallError} invalid_input when the address could be taken for something else
 */
export function sshArguments(settings: SshSettings, target: SshTarget, command: string): string[] {
  const pinned = quoted(knownHostsFile(settings, target.hostKey))
  return withOptions(settings, target, command, ["StrictHostKeyChecking=yes", `UserKnownHostsFile=${pinned}`])
}

/**
 * The arguments for an ssh that writes the host's key into an empty known_hosts file and then gives up: it offers no key
 * and no password. It goes the way every later ssh goes, over aliases and jump hosts.
 */
export function keyLookArguments(
  settings: SshSettings,
  target: Pick<SshTarget, "address" | "port">,
  into: string,
): string[] {
  return withOptions(settings, target, "exit", [
    "StrictHostKeyChecking=accept-new",
    `UserKnownHostsFile=${quoted(into)}`,
    "HashKnownHosts=no",
    "HostKeyAlgorithms=^ssh-ed25519",
    "PreferredAuthentications=none",
  ])
}

function withOptions(
  settings: SshSettings,
  target: Pick<SshTarget, "address" | "port">,
  command: string,
  hostKeyOptions: readonly string[],
): string[] {
  checkAddress(target.address)
  return [
    "-T",
    // Older OpenSSH lacks these, and with them the feature to switch off. Must come before the options it is about.
    ...options("IgnoreUnknown=SessionType,StdinNull,ForkAfterAuthentication,KnownHostsCommand,UpdateHostKeys"),
    ...(settings.configFile === null ? [] : ["-F", settings.configFile]),
    ...(target.port === null ? [] : ["-p", `${target.port}`]),
    ...["-i", settings.identityFile],
    // Never asks anybody anything.
    ...options("BatchMode=yes", "NumberOfPasswordPrompts=0", "PermitLocalCommand=no"),
    // Only the pinned key is right, and nothing is learned on the way.
    ...options(...hostKeyOptions),
    ...options("GlobalKnownHostsFile=/dev/null", `HostKeyAlias=${ALIAS}`, "CheckHostIP=no", "UpdateHostKeys=no"),
    ...options("VerifyHostKeyDNS=no", "KnownHostsCommand=none"),
    // A connection of its own that carries one command and nothing else.
    ...options("ControlMaster=no", "ControlPath=none", "ControlPersist=no", "ClearAllForwardings=yes"),
    ...options("ForwardAgent=no", "ForwardX11=no", "Tunnel=no", "RequestTTY=no", "RemoteCommand=none"),
    ...options("SessionType=default", "StdinNull=no", "ForkAfterAuthentication=no", "EscapeChar=none"),
    // The link's own pings are quicker; these end an ssh whose server is gone.
    ...options(`ConnectTimeout=${Math.ceil(settings.connectTimeoutMs / 1000)}`, "ConnectionAttempts=1"),
    ...options("ServerAliveInterval=30", "ServerAliveCountMax=3", "TCPKeepAlive=yes", "LogLevel=INFO"),
    "--",
    target.address,
    command,
  ]
}

function options(...lines: readonly string[]): string[] {
  return lines.flatMap((line) => ["-o", line])
}

/** ssh reads the values of its options as words, with quotes. */
function quoted(path: string): string {
  return `"${path}"`
}

/**
 * ssh takes a word that begins with `-` for an option, and an address is also put into other commands.
 * @throws {WindfallError} invalid_input
 */
export function checkAddress(address: string): void {
  if (/^[A-Za-z0-9_.][\w.+-]*(@[A-Za-z0-9_:.[\]][\w.:%[\]-]*)?$/.test(address) && address.length <= 255) return
  throw new WindfallError("invalid_input", `Cannot use ${JSON.stringify(address.slice(0, 80))}: it is no ssh address`, {
    hint: "Write user@machine, or a Host of the server account's ~/.ssh/config",
  })
}

/** @throws {WindfallError} invalid_input when it is not one public key */
export function checkHostKey(hostKey: string): void {
  if (/^[a-z0-9@.-]{3,60} [A-Za-z0-9+/]{16,16000}={0,2}$/.test(hostKey)) return
  throw new WindfallError("invalid_input", `Cannot use ${JSON.stringify(hostKey.slice(0, 60))} as a host key`, {
    hint: "A host key looks like: ssh-ed25519 AAAAC3Nza...",
  })
}

/** A file that pins exactly this key. Named by its content, so it is never changed and never stale. */
function knownHostsFile(settings: SshSettings, hostKey: string): string {
  checkHostKey(hostKey)
  const name = createHash("sha256").update(hostKey).digest("hex").slice(0, 24)
  const path = join(settings.knownHostsFolder, name)
  if (!existsSync(path)) {
    const own = `${path}.${process.pid}`
    writeFileSync(own, `${ALIAS} ${hostKey}\n`, { mode: 0o600 })
    renameSync(own, path)
  }
  return path
}
