/**
 * A lab to play with. `npm run lab -- up 4` starts it and stays until Ctrl-C; from another terminal,
 * `npm run lab -- cut 2` and the other words of HELP work on it.
 */
import { existsSync, readFileSync, rmSync } from "node:fs"
import net from "node:net"
import { tmpdir, userInfo } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fingerprintOf } from "../../src/ssh/host-key.ts"
import { type Lab, type LabHost, type LabHostOptions, type LabMode, startLab } from "./lab.ts"

const HELP = `npm run lab -- up [N] [--mode root|user|ports] [--mac N] [--key FILE.pub]
    starts N hosts (2), some of them simulated Macs (to ask over ssh, not to join), and stays until Ctrl-C
npm run lab -- cut|restore|restart|sleep|wake|processes|log HOST
npm run lab -- shape HOST MBIT     (0: as fast as it goes)
npm run lab -- delay HOST MS       (modes user and ports)
HOST is a number from 1.`

/** The tests' servers send it Linux's runtime instead (test/support/hosts-bench.ts); a real one has no such setting. */
const MAC_LIMIT =
  "A simulated Mac: it answers as one over ssh (uname, sw_vers, sysctl) and runs no macOS programs, so `host add` fails once it has sent macOS's Node."

const socketPath = join(tmpdir(), `windfall-lab-${userInfo().uid}.sock`)

async function up(words: readonly string[]): Promise<void> {
  const option = (name: string) => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined)
  const count = Number(words.find((word) => /^\d+$/.test(word)) ?? 2)
  const macs = Number(option("--mac") ?? 0)
  const keyFile = option("--key")
  const mode = option("--mode") as LabMode | undefined
  const hosts = Array.from({ length: count }, (_, i): LabHostOptions => ({ kind: i < macs ? "mac" : "linux" }))
  const stopped = new AbortController()
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopped.abort())
  await using lab = await startLab({
    hosts,
    signal: stopped.signal,
    ...(mode === undefined ? {} : { mode }),
    ...(keyFile === undefined ? {} : { authorizedKeys: [readFileSync(keyFile, "utf8").trim()] }),
  })
  if (existsSync(socketPath)) rmSync(socketPath)
  const control = net.createServer((socket) => {
    createInterface({ input: socket }).once("line", (line) => {
      obey(lab, line.split(" ")).then(
        (answer) => socket.end(`${answer}\n`),
        (error: Error) => socket.end(`${error.message}\n`),
      )
    })
  })
  await new Promise<void>((resolve) => control.listen(socketPath, resolve))
  console.log(describe(lab, keyFile !== undefined))
  if (!stopped.signal.aborted) await new Promise((resolve) => stopped.signal.addEventListener("abort", resolve))
  control.close()
}

function describe(lab: Lab, takesKey: boolean): string {
  const lines = [`${lab.hosts.length} hosts (mode ${lab.mode}). They accept the key ${lab.identityFile}:`]
  for (const host of lab.hosts) {
    const add = `./windfall host add ${host.user}@${host.address} --port ${host.port} --name ${host.name} --fingerprint ${fingerprintOf(host.hostKey)}`
    lines.push(
      "",
      `  ${host.name}  ${host.hostKey}`,
      `  ssh -i ${lab.identityFile} -p ${host.port} ${host.user}@${host.address}`,
      `  ${host.kind === "mac" ? MAC_LIMIT : add}`,
    )
  }
  lines.push("")
  if (!takesKey)
    lines.push("Windfall has a key of its own: start the lab with --key DATA/ssh/id_ed25519.pub to let it in.")
  lines.push("Ctrl-C stops everything.")
  return lines.join("\n")
}

async function obey(lab: Lab, [word = "", number = "", value = ""]: readonly string[]): Promise<string> {
  const host: LabHost | undefined = lab.hosts[Number(number) - 1]
  if (host === undefined) return `There is no host ${number}: 1 to ${lab.hosts.length}`
  const acts: Record<string, () => unknown> = {
    cut: () => host.cut(),
    restore: () => host.restore(),
    restart: () => host.restart(),
    sleep: () => host.sleep(),
    wake: () => host.wake(),
    shape: () => host.shape(Number(value) || null),
    delay: () => host.delay(Number(value)),
    processes: () => host.processes().map(({ pid, command }) => `${pid} ${command}`),
    log: () => host.sshdLog,
  }
  const act = acts[word]
  if (act === undefined) return HELP
  const answer = await act()
  return Array.isArray(answer) ? answer.join("\n") : `${word}: ${host.name}`
}

async function tell(words: readonly string[]): Promise<void> {
  const socket = net.connect(socketPath)
  socket.on("error", () => {
    console.error("No lab is running: npm run lab -- up 4")
    process.exitCode = 2
  })
  socket.end(`${words.join(" ")}\n`)
  socket.pipe(process.stdout)
}

const words = process.argv.slice(2)
if (words[0] === "up") await up(words.slice(1))
else if (words.length >= 2) await tell(words)
else console.log(HELP)
