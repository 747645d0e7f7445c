import { writeSync } from "node:fs"
import { userInfo } from "node:os"
import { join } from "node:path"
import { getHeapStatistics } from "node:v8"
import { watchHeap } from "../base/heap-watch.ts"
import { toWindfallError } from "../protocol/errors.ts"
import { OWNER_FOLDER } from "../protocol/owner-request.ts"
import { Agent } from "./agent.ts"
import type { AgentContext } from "./agent-context.ts"
import { type AgentArguments, readArguments } from "./arguments.ts"
import { keepBallast } from "./ballast.ts"
import { claimHost } from "./claim.ts"
import { DataShelf } from "./data/data-shelf.ts"
import { findModelFile, modelFolders } from "./data/found-models.ts"
import { keepDisk } from "./disk/keep-disk.ts"
import { takeSupervisorLines } from "./ending.ts"
import { Environments } from "./environments.ts"
import { watchFirewall } from "./firewall-watch.ts"
import { Forker } from "./forker.ts"
import { hashMachine } from "./hash-machine.ts"
import { HighWater } from "./high-water.ts"
import { Holder } from "./holder.ts"
import { HostCache } from "./host-cache.ts"
import { hostClock } from "./host-clock.ts"
import { hostFolder, makeHostFolder } from "./host-folder.ts"
import { launchAgain } from "./launch.ts"
import { LeftoverWatch } from "./leftover-watch.ts"
import { MemoryNews } from "./memory-news.ts"
import { toleranceOf } from "./memory-watch.ts"
import { OutputSender } from "./output-sender.ts"
import { type HostOwner, type OwnerPlace, openOwner } from "./owner/open-owner.ts"
import { OwnerProbe } from "./owner/owner-probe.ts"
import type { Platform } from "./platform/platform.ts"
import { PortAccess } from "./port-access.ts"
import { ServerLink } from "./server-link.ts"
import { stdioDuplex } from "./stdio-duplex.ts"
import { makeStubFolder } from "./stub-folder.ts"
import { terminalAttempt } from "./terminal-attempt.ts"
import { serveTerminal } from "./terminal-route.ts"
import { Trash } from "./trash.ts"
import { serveTunnel } from "./tunnel-route.ts"

const GREETING = "WINDFALL-AGENT"

/** What an agent is given by the process it runs in. */
export interface AgentProcess {
  readonly platform: () => Platform
  readonly environment: Readonly<Record<string, string | undefined>>
  /** What starts this program again: its node and its file. */
  readonly program: readonly string[]
  /** Hexadecimal and never the same: what the processes it starts are known by. */
  readonly token: string
  /** Where it has to do with the host's owner; `null` for nowhere, absent for where this system has it. */
  readonly owner?: OwnerPlace | null
}

/** Runs an agent on this process's standard input and output. `parameters` are those of its command line. Never throws. */
export async function runAgent(parameters: readonly string[], around: AgentProcess): Promise<void> {
  try {
    process.umask(0o077)
    // The session's end must not end what keeps the limits of running jobs.
    process.on("SIGHUP", () => {})
    process.on("SIGTERM", () => process.exit(0))
    process.on("SIGINT", () => process.exit(0))
    const agent = await open(readArguments(parameters), around)
    process.on("SIGCONT", () => agent.woke())
    process.on("SIGUSR2", () => agent.ownerLeaves())
    writeSync(1, `${GREETING} ok\n`)
    agent.serve(stdioDuplex())
    watchHeap(getHeapStatistics)
  } catch (error) {
    const refusal = toWindfallError(error, "start the agent")
    writeSync(1, `${GREETING} refused ${JSON.stringify(refusal.toBody())}\n`)
    process.exit(3)
  }
}

/** Takes the host's folder for this process and reads what is there. */
async function open(
  { root, server, instance, clockOffset, takeOver }: AgentArguments,
  { platform: findPlatform, environment, program, token, owner: ownerPlace }: AgentProcess,
): Promise<Agent> {
  const platform = findPlatform()
  const clock = hostClock(clockOffset)
  const folder = hostFolder(root, server)
  makeHostFolder(folder)
  await claimHost(folder, server, takeOver, clock.now(), platform)
  const holder = new Holder({ folder, server, instance, clock, bootId: platform.bootId })
  holder.check()
  let agent: Agent | undefined
  const forker: Forker = new Forker({
    folder,
    platform,
    clockOffsetMs: clock.offsetMs(),
    token,
    onLines: (lines) => takeSupervisorLines(context, lines),
    onRestart: () => launchAgain(context),
  })
  await forker.open()
  keepBallast(folder.ballast)
  const [facts, stubs, id] = await Promise.all([platform.facts(root), platform.stubs(), platform.machineId()])
  const { shell, homedir } = userInfo()
  const ownPlace = platform.system === "darwin" ? { root: "", folder: OWNER_FOLDER } : null
  const place = ownerPlace === undefined ? ownPlace : ownerPlace
  const now = () => ({ wallMs: clock.now(), sleepCountingMs: clock.sleepCountingMs() })
  const probe = place === null ? null : new OwnerProbe({ root: place.root, memoryBytes: facts.memoryBytes, now })
  const link = new ServerLink()
  const trash = new Trash(folder.trash)
  const attempts: AgentContext["attempts"] = new Map()
  const cache = new HostCache(folder.cache, platform.bootId)
  const data = DataShelf.open(
    {
      folder: folder.data,
      bootId: platform.bootId,
      onChange: (roots) => link.send({ type: "data", roots }),
      find: (name, bytes, signal) =>
        findModelFile(modelFolders(environment.HOME ?? homedir, folder.shared), name, bytes, signal),
    },
    (path) => trash.discard(path),
  )
  const environments = new Environments({ folder, facts, discard: (path) => trash.discard(path) })
  const context: AgentContext = {
    server,
    folder,
    holder,
    clock,
    platform: probe === null ? platform : { ...platform, ...platform.sharing(() => probe.sysctl()) },
    forker,
    link,
    output: new OutputSender(link, (path, offset, lengthBytes) => forker.punch(path, offset, lengthBytes)),
    cache,
    data,
    environments,
    ...keepDisk({
      folder,
      clock,
      cache,
      data,
      environments,
      trash,
      attempts,
      onChange: (disk) => link.send({ type: "disk", disk }),
      onProblem: (error) =>
        link.send({ type: "notice", message: `Cannot keep to the disk's budget: ${(error as Error).message}` }),
    }),
    trash,
    highWater: new HighWater(folder.highWater),
    leftovers: new LeftoverWatch({
      path: folder.leftovers,
      ballast: folder.ballast,
      platform,
      toleranceBytes: toleranceOf(facts.memoryBytes),
      onChange: (leftovers) => link.send({ type: "leftovers", leftovers }),
    }),
    jobHost: {
      facts: { ...facts, home: environment.HOME ?? homedir },
      homes: folder.homes,
      shared: folder.shared,
      shell: shell ?? "/bin/sh",
      stubFolder: makeStubFolder(join(folder.base, "stubs"), stubs),
      environment,
    },
    program,
    attempts,
    refusal: () => owner.refusal(),
    ...(probe === null
      ? {}
      : {
          admit: (leaseBytes: number) => owner.admit(leaseBytes),
          memoryNews: new MemoryNews(facts.memoryBytes, async () => agent?.sampleNow()),
        }),
    mayDarken: () => owner.mayDarken(),
    changed: () => agent?.changed(),
    supervisorDied: (attempt) => agent?.supervisorDied(attempt),
  }
  watchFirewall(context)
  const owner: HostOwner = openOwner(context, facts, probe, place)
  const ports = new PortAccess(context)
  const told = { facts, machine: id === null ? null : hashMachine(server, id) }
  agent = new Agent(context, told, {
    leave: () => process.exit(0),
    owner,
    terminals: (stream, path) => {
      stream.respond({ ":status": 200, "content-type": "application/octet-stream" })
      void serveTerminal(path, stream, {
        find: (sequence) => terminalAttempt(context, sequence),
        program: context.program,
        clock,
      })
    },
    tunnels: (stream, path) => serveTunnel(path, stream, { context, ports }),
  })
  return agent
}
