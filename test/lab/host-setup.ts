import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { SshdBinary } from "../../src/ssh/sshd-binary.ts"
import { macRootScript, writeMacCommands } from "./mac/mac-root.ts"
import type { MacModel } from "./mac/models.ts"

/** What a simulated host is made of, seen from this machine. */
export interface HostPlan {
  readonly name: string
  readonly folder: string
  readonly kind: "linux" | "mac"
  readonly mac: MacModel
  readonly user: string
  readonly shell: string
  /** Whether it gets namespaces, and so a file tree of its own. */
  readonly apart: boolean
  readonly port: number
  readonly diskBytes: number | null
  readonly password: string | null
  readonly sshd: SshdBinary
  readonly authorizedKeys: readonly string[]
}

/** The account's number on hosts with namespaces; no machine has it by itself. */
export const HOST_UID = 2001
/** Where a host with namespaces finds the lab's files: /mnt is its own. */
const INSIDE = "/mnt/host"

/** The folder of a host as its own sshd sees it. */
export function insideFolder(plan: HostPlan): string {
  return plan.apart ? INSIDE : plan.folder
}

export function homeInside(plan: HostPlan): string {
  if (!plan.apart) return join(plan.folder, "home")
  return plan.kind === "mac" ? `/Users/${plan.user}` : `/home/${plan.user}`
}

/** Writes the files a host starts from. Repeatable: a restart changes the boot id alone. */
export function writeHostFiles(plan: HostPlan, bootId: string): void {
  const write = (name: string, text: string, mode = 0o644) => writeFileSync(join(plan.folder, name), text, { mode })
  mkdirSync(join(plan.folder, "home"), { recursive: true })
  write("boot_id", `${bootId}\n`)
  write("machine-id", `${createHash("sha256").update(plan.folder).digest("hex").slice(0, 32)}\n`)
  write("hostname", `${plan.name}\n`)
  write("hosts", `127.0.0.1 localhost ${plan.name}\n::1 localhost\n`)
  write(
    "passwd",
    `root:x:0:0:root:/root:/bin/sh\n${plan.user}:${passwordField(plan)}:${HOST_UID}:${HOST_UID}::${homeInside(plan)}:${plan.shell}\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n`,
  )
  write("group", `root:x:0:\n${plan.user}:x:${HOST_UID}:\nnogroup:x:65534:\n`)
  write("authorized_keys", `${plan.authorizedKeys.join("\n")}\n`)
  write("sshd_config", sshdConfig(plan))
  if (plan.kind === "mac") writeMacCommands(plan.folder)
  if (plan.apart) write("setup.sh", setupScript(plan))
}

/** An sshd that is not root reads no shadow file, and takes the hash in passwd itself. */
function passwordField({ password }: HostPlan): string {
  if (password === null) return "x"
  const hash = "print crypt($ARGV[0], '$6$' . 'windfall$')"
  return execFileSync("perl", ["-e", hash, password]).toString()
}

/** The environment a Mac's sshd gives: see reference on PATH and AcceptEnv in macOS's own sshd_config. */
function sshdConfig(plan: HostPlan): string {
  const folder = insideFolder(plan)
  return [
    `ListenAddress ${plan.apart ? "0.0.0.0" : "127.0.0.1"}`,
    `Port ${plan.port}`,
    `HostKey ${folder}/host_key`,
    // The lab's own way in, and the account's file as on any machine.
    `AuthorizedKeysFile ${folder}/authorized_keys${plan.apart ? ` ${homeInside(plan)}/.ssh/authorized_keys` : ""}`,
    "PidFile none",
    "UsePAM no",
    "StrictModes no",
    `PasswordAuthentication ${plan.password === null ? "no" : "yes"}`,
    "KbdInteractiveAuthentication no",
    "PermitUserEnvironment no",
    "AcceptEnv LANG LC_*",
    "PrintMotd no",
    "PrintLastLog no",
    "UseDNS no",
    "MaxStartups 100",
    "LogLevel VERBOSE",
    `SetEnv PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=${homeInside(plan)}`,
    ...sshdIn(plan).configuration,
    "",
  ].join("\n")
}

/** The sshd as the host sees it: an unpacked one is shown under /mnt, as its real place may be hidden. */
export function sshdIn(plan: HostPlan): SshdBinary {
  const { sshd } = plan
  if (!plan.apart || sshd.origin === "installed") return sshd
  const root = sshd.path.slice(0, -"/usr/sbin/sshd".length)
  const move = (text: string) => text.replaceAll(root, "/mnt/sshd")
  return {
    path: move(sshd.path),
    libraryPath: sshd.libraryPath === null ? null : move(sshd.libraryPath),
    configuration: sshd.configuration.map(move),
    origin: sshd.origin,
  }
}

/**
 * What is done inside the new namespaces before anything else: the machine's own homes, /tmp and /run are out of sight,
 * and the host's names, accounts and boot id lie over the machine's.
 */
function setupScript(plan: HostPlan): string {
  // A Mac's tree is laid out later: until then its home lies where others have theirs.
  const home = `/home/${plan.user}`
  const disk = plan.diskBytes === null ? null : `size=${plan.diskBytes},mode=700,uid=$uid,gid=$uid`
  const lines = [
    "set -e",
    "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
    `uid=${HOST_UID}; grep -q 4294967295 /proc/self/uid_map || uid=0`,
    "mount -t tmpfs -o mode=755 lab /mnt",
    "mkdir /mnt/host /mnt/sshd",
    `mount --bind '${plan.folder}' /mnt/host`,
  ]
  if (plan.sshd.origin === "unpacked") {
    lines.push(`mount --bind '${plan.sshd.path.slice(0, -"/usr/sbin/sshd".length)}' /mnt/sshd`)
  }
  lines.push(
    // Windfall may use the Node that runs here, where hosts can see it: it is shown even if it lies in a hidden folder.
    `touch /mnt/node && mount --bind '${process.execPath}' /mnt/node`,
    "for folder in /home /run; do mount -t tmpfs -o mode=755 lab $folder; done",
    "for folder in /tmp /var/tmp; do mount -t tmpfs -o mode=1777 lab $folder; done",
    `mkdir -p /run/sshd ${home}`,
    disk === null ? `mount --bind /mnt/host/home ${home}` : `mount -t tmpfs -o ${disk} lab ${home}`,
    ...(disk === null ? [] : [`cp -a /mnt/host/home/. ${home}/`]),
    `[ -e '${process.execPath}' ] || { mkdir -p '${dirname(process.execPath)}' && touch '${process.execPath}' && mount --bind /mnt/node '${process.execPath}'; }`,
    "for file in passwd group hosts hostname machine-id; do [ ! -e /etc/$file ] || mount --bind /mnt/host/$file /etc/$file; done",
    "mount --bind /mnt/host/boot_id /proc/sys/kernel/random/boot_id",
    `hostname ${plan.name}`,
  )
  if (plan.kind === "mac")
    lines.push(...macRootScript({ home: homeInside(plan), homeNow: home, nodePath: process.execPath }))
  return `${lines.join("\n")}\n`
}
