/**
 * A lab to play with. `npm run lab -- up 4 --mac 2` starts it and stays until Ctrl-C; from another terminal,
 * `npm run lab -- owner mac-2 returns` and the other words of HELP work on it.
 */
import { readFileSync } from "node:fs"
import { tmpdir, userInfo } from "node:os"
import { join } from "node:path"
import { fingerprintOf } from "../../src/ssh/host-key.ts"
import { startPool } from "../support/pool.ts"
import { askControl, openControl } from "./control.ts"
import { type Lab, type LabHostOptions, type LabMode, MACS, startLab } from "./lab.ts"
import { MAC_WORDS } from "./mac/mac-words.ts"
import { HOST_WORDS, obey } from "./obey.ts"

const HELP = `npm run lab -- up [N] [--mac N] [--server] [--mode root|user|ports] [--key FILE.pub]
    starts N hosts (2), the first of them simulated Macs, and stays until Ctrl-C; with a server that has them for hosts, or
    without one. Only that server can have the Macs for hosts: it knows that they are simulated.
npm run lab -- WORD HOST ...       HOST is a name, or a number from 1
    ${HOST_WORDS}
  of Macs
${Object.entries(MAC_WORDS)
  .map(([word, { usage }]) => `    ${word} ${usage}`.trimEnd())
  .join("\n")}`

/** A real server sends macOS's Node; the one that `--server` starts sends this machine's. */
const MAC_LIMIT =
  "A simulated Mac: `host add` of a server of your own fails once it has sent macOS's Node. Use up --server."

const MODELS = [MACS.studio, MACS.max, MACS.mini, MACS.air, MACS.pro]
const socketPath = join(tmpdir(), `windfall-lab-${userInfo().uid}.sock`)

async function up(words: readonly string[]): Promise<void> {
  const option = (name: string) => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined)
  const values = ["--mac", "--mode", "--key"].map((name) => words.indexOf(name) + 1).filter((at) => at > 0)
  const macs = Number(option("--mac") ?? 0)
  const count = Math.max(Number(words.find((word, at) => /^\d+$/.test(word) && !values.includes(at)) ?? 2), macs)
  const keyFile = option("--key")
  const mode = option("--mode") as LabMode | undefined
  const hosts = Array.from({ length: count }, (_, i): LabHostOptions => {
    if (i >= macs) return { name: `host-${i + 1}` }
    return { name: `mac-${i + 1}`, kind: "mac", mac: MODELS[i % MODELS.length] ?? MACS.studio }
  })
  const stopped = new AbortController()
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopped.abort())
  const options = {
    hosts,
    signal: stopped.signal,
    ...(mode === undefined ? {} : { mode }),
    ...(keyFile === undefined ? {} : { authorizedKeys: [readFileSync(keyFile, "utf8").trim()] }),
  }
  let running: Lab | undefined
  // Before any host starts: one lab at a time is steered from here.
  await using _control = await openControl(socketPath, async (line) => {
    if (running === undefined) throw new Error("The lab is still starting")
    return obey(running.hosts, line)
  }).catch((error: Error) => {
    console.error(error.message)
    process.exit(2)
  })
  await using pool = words.includes("--server") ? await startPool({ ...options, server: { labMacs: true } }) : undefined
  await using own = pool === undefined ? await startLab(options) : undefined
  const lab = pool?.lab ?? own
  if (lab === undefined) return
  running = lab
  console.log(describe(lab, pool === undefined ? null : pool, keyFile !== undefined))
  if (!stopped.signal.aborted) await new Promise((resolve) => stopped.signal.addEventListener("abort", resolve))
}

function describe(
  lab: Lab,
  server: { readonly url: string; readonly token: string } | null,
  takesKey: boolean,
): string {
  const lines = [`${lab.hosts.length} hosts (mode ${lab.mode}). They accept the key ${lab.identityFile}:`]
  for (const host of lab.hosts) {
    const add = `./windfall host add ${host.user}@${host.address} --port ${host.port} --name ${host.name} --fingerprint ${fingerprintOf(host.hostKey)}`
    lines.push(
      "",
      `  ${host.name}  ${host.hostKey}`,
      `  ssh -i ${lab.identityFile} -p ${host.port} ${host.user}@${host.address}`,
    )
    if (server === null) lines.push(`  ${host.kind === "mac" ? MAC_LIMIT : add}`)
  }
  lines.push("")
  if (server !== null) {
    lines.push(
      "Its server has them all for hosts:",
      `  export WINDFALL_URL=${server.url} WINDFALL_TOKEN=${server.token}`,
    )
  } else if (!takesKey) {
    lines.push("Windfall has a key of its own: start the lab with --key DATA/ssh/id_ed25519.pub to let it in.")
  }
  lines.push("Ctrl-C stops everything.")
  return lines.join("\n")
}

async function tell(words: readonly string[]): Promise<void> {
  const answer = await askControl(socketPath, words)
  if (answer?.done) return console.log(answer.text)
  console.error(answer?.text ?? "No lab is running: npm run lab -- up 4")
  process.exitCode = 2
}

const words = process.argv.slice(2)
if (words[0] === "up") await up(words.slice(1))
else if (words.length >= 2) await tell(words)
else {
  console.log(HELP)
  if (words.length > 0 && !/^(-h|(--)?help)$/.test(words[0] ?? "")) process.exitCode = 2
}
