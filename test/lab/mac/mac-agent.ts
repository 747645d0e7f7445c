import { createHash, randomUUID } from "node:crypto"
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { HostPlatform, Payload, PayloadSource } from "../../../src/ssh/payload.ts"

/**
 * Goes before the agent's code on a simulated Mac: the Node there is Linux's and must say that it is macOS's. What Node reads from
 * /proc, which is not there, is read where the lab's commands read it.
 */
const BEFORE_AGENT = `
import __labOs from "node:os"
import { readFileSync as __labRead } from "node:fs"
import { syncBuiltinESMExports as __labSync } from "node:module"
for (const [name, value] of [["platform", "darwin"], ["arch", "arm64"]]) Object.defineProperty(process, name, { value, enumerable: true, configurable: true })
Object.assign(__labOs, { platform: () => "darwin", arch: () => "arm64", type: () => "Darwin", release: () => "25.1.0", machine: () => "arm64" })
const __labUsage = process.memoryUsage
const __labResident = () => Number(/^VmRSS:\\s+(\\d+)/m.exec(__labRead("/mnt/proc/self/status", "latin1"))?.[1] ?? 0) * 1024
process.memoryUsage = Object.assign(() => {
  try { return __labUsage() } catch { return { rss: __labResident(), heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 } }
}, { rss: __labResident })
__labSync()
`

/**
 * A source of payloads for servers whose Macs are simulated: those get this machine's Node and terminal part where macOS's would
 * lie, and an agent that takes its way for macOS. Other hosts get what they always get.
 */
export function macPayloads(source: PayloadSource, cacheFolder: string): PayloadSource {
  const own: HostPlatform = process.arch === "arm64" ? "linux-arm64" : "linux-x64"
  const disguised = new Map<Payload, Promise<Payload>>()
  return async (platform, signal) => {
    if (platform !== "darwin-arm64") return source(platform, signal)
    const payload = await source(own, signal)
    // The source gives the same one each time, and several Macs may come at once.
    const found = disguised.get(payload) ?? disguise(payload, own, cacheFolder)
    disguised.set(payload, found)
    return found
  }
}

async function disguise(payload: Payload, own: HostPlatform, cacheFolder: string): Promise<Payload> {
  const [bundle, ...extras] = payload.agent
  const text = `${BEFORE_AGENT}${await readFile(bundle.source, "utf8")}`
  const sha256 = createHash("sha256").update(text).digest("hex")
  const folder = join(cacheFolder, "agent")
  const source = join(folder, `lab-mac-${sha256.slice(0, 32)}.mjs`)
  await mkdir(folder, { recursive: true })
  // Several servers, and several joins of one, may make it at once.
  const draft = `${source}.${randomUUID()}`
  await writeFile(draft, text)
  await rename(draft, source)
  const place = `agent/lab-mac-${sha256.slice(0, 32)}`
  const terminal = extras.map((file) => ({
    ...file,
    path: `${place}/${file.path.split("/").slice(2).join("/").replace(own, "darwin-arm64")}`,
  }))
  // node-pty's helper is asked for there; this Linux part does without, and any program will do.
  const helper = terminal.map((file) => ({
    ...file,
    path: file.path.replace(/[^/]+$/, "spawn-helper"),
    permissions: "755" as const,
  }))
  return {
    platform: "darwin-arm64",
    node: { ...payload.node, path: payload.node.path.replace(own, "darwin-arm64") },
    agent: [
      { ...bundle, source, bytes: (await stat(source)).size, sha256, path: `${place}/agent.mjs` },
      ...terminal,
      ...helper,
    ],
  }
}
