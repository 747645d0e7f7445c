/** N simulated hosts on one Linux machine, each with an OpenSSH server of its own. Nothing of it outlives the lab. */
import { execFile } from "node:child_process"
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import net from "node:net"
import { tmpdir, userInfo } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { findSshd } from "../../src/ssh/sshd-binary.ts"
import { LabHost } from "./lab-host.ts"
import { findLabMode, isRealRoot, type LabMode, SYSTEM_ENV } from "./lab-mode.ts"
import { MACS, type MacModel } from "./mac/models.ts"
import { LabNetwork } from "./network.ts"

export { LabHost } from "./lab-host.ts"
export type { LabMode } from "./lab-mode.ts"
export type { LabMac } from "./mac/lab-mac.ts"
export { MACS } from "./mac/models.ts"

const run = promisify(execFile)
/** Where an unpacked sshd is kept: the clone's own cache. */
export const LAB_CACHE = join(import.meta.dirname, "../../.cache")

export interface LabHostOptions {
  readonly name?: string
  /** `mac`: commands answer like a Mac's. Only with namespaces. */
  readonly kind?: "linux" | "mac"
  /** @default MACS.studio */
  readonly mac?: MacModel
  readonly user?: string
  /** Login shell; default /bin/sh. Only with namespaces. */
  readonly shell?: string
  /** Puts a relay before it that delays each direction by so much. */
  readonly delayMs?: number
  readonly mbit?: number
  /** The account's password: sshd then takes it, too. Only with namespaces. */
  readonly password?: string
  /** Gives it a disk of its own of this size (for its home), that can be full. Only with namespaces. */
  readonly diskBytes?: number
}

export interface LabOptions {
  readonly hosts: number | readonly LabHostOptions[]
  /** Default: the best this account may use. */
  readonly mode?: LabMode
  /** Must not exist yet, or be empty; it is removed at the end. Default: a new one under the system's folder for such. */
  readonly folder?: string
  readonly cacheFolder?: string
  readonly signal?: AbortSignal
  /** Public key lines that may enter besides the lab's own key. */
  readonly authorizedKeys?: readonly string[]
}

/** A running lab. */
export interface Lab extends AsyncDisposable {
  readonly mode: LabMode
  readonly hosts: readonly LabHost[]
  readonly folder: string
  /** The lab's own key, which every host accepts. */
  readonly identityFile: string
  /** What this mode can show: a new boot id at restart, a disk that fills, names, homes and processes kept apart. */
  readonly apart: boolean
  /** The cable between the switch and this machine, where a server is. */
  readonly ownCable: Pick<LabNetwork, "sentBytes" | "shapeUplink">
}

/** Starts the hosts. @throws when no sshd can be had, with what to install */
export async function startLab(options: LabOptions): Promise<Lab> {
  const mode = options.mode ?? (await findLabMode())
  options.signal?.throwIfAborted()
  const sshd = await findSshd(options.cacheFolder ?? LAB_CACHE, options.signal)
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "windfall-lab-"))
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o711) // the hosts' account passes through
  const hosts: LabHost[] = []
  let network: LabNetwork | undefined
  const stop = async () => {
    await Promise.all(hosts.map((host) => host[Symbol.asyncDispose]()))
    await network?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    network = await LabNetwork.start(mode, folder)
    const identityFile = join(folder, "id_ed25519")
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "windfall-lab", "-f", identityFile])
    const publicKey = readFileSync(`${identityFile}.pub`, "utf8").trim()
    const apart = mode !== "ports"
    const wanted = typeof options.hosts === "number" ? Array.from({ length: options.hosts }, () => ({})) : options.hosts
    for (const [index, host] of (wanted as readonly LabHostOptions[]).entries()) {
      if (
        !apart &&
        (host.kind === "mac" || host.shell !== undefined || host.diskBytes !== undefined || host.password !== undefined)
      )
        throw new Error(
          "Cannot simulate a Mac, a login shell, a disk or a password: this account may not make namespaces here",
        )
      const name = host.name ?? `${host.kind === "mac" ? "mac" : "host"}${index + 1}`
      const plan = {
        name,
        folder: join(folder, name),
        kind: host.kind ?? "linux",
        mac: host.mac ?? MACS.studio,
        user: apart ? (host.user ?? "worker") : userInfo().username,
        shell: host.shell ?? "/bin/sh",
        apart,
        port: apart ? 22 : await freePort(),
        diskBytes: host.diskBytes ?? null,
        password: host.password ?? null,
        sshd,
        authorizedKeys: [publicKey, ...(options.authorizedKeys ?? [])],
      } as const
      hosts.push(new LabHost(index + 1, plan, network, identityFile, host.delayMs ?? null))
    }
    if (!apart && isRealRoot()) await preparePrivilegeSeparation()
    const macs = hosts.filter(({ kind }) => kind === "mac")
    // They hear of each other, as Macs with Remote Login do.
    for (const { mac } of macs) mac.set({ bonjour: macs.map((other) => other.mac.state.computerName) })
    for (const host of hosts) {
      options.signal?.throwIfAborted()
      await host.start()
    }
    for (const [index, host] of (wanted as readonly LabHostOptions[]).entries()) {
      if (host.mbit !== undefined) await hosts[index]?.shape(host.mbit)
    }
  } catch (error) {
    await stop()
    throw error
  }
  let stopped: Promise<void> | undefined
  return {
    mode,
    hosts,
    folder,
    identityFile: join(folder, "id_ed25519"),
    apart: mode !== "ports",
    ownCable: network,
    [Symbol.asyncDispose]: () => {
      stopped ??= stop()
      return stopped
    },
  }
}

/** sshd run by root drops to an account of its own, in an empty folder: both come with an installed openssh-server. */
async function preparePrivilegeSeparation(): Promise<void> {
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 })
  await run("id", ["sshd"], { env: { ...SYSTEM_ENV } }).catch(() => {
    throw new Error(
      "Cannot run sshd as root without namespaces: the account sshd is missing (apt-get install openssh-server)",
    )
  })
}

async function freePort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
