import { orAborted } from "../base/or-aborted.ts"
import type { EngineSite } from "../hive/engines/engine-adapter.ts"
import { freePort, whyNotListening } from "./engine-ports.ts"
import { EngineProcess } from "./engine-process.ts"
import { lossOf } from "./engine-watch.ts"
import type { FoundEngine } from "./find-engine.ts"
import { seconds } from "./head-meeting.ts"
import { boundKept } from "./kept-weights.ts"
import { Loss } from "./loss.ts"
import type { MemberContext } from "./member-context.ts"

/** A port can be taken between being found free and being used. */
const TRIES = 3
const LOOK_MS = 10
/** One that did not get its port ends within this. */
const UNBOUND_MS = 25
/** For a line that is on its way. */
const LINE_MS = 1_000

export interface RunningWorker {
  readonly engine: EngineProcess
  /** 0: of those that nobody but the engine may try. */
  readonly port: number
  readonly protocol: string | null
}

/**
 * Starts what must be up on this host before the head, and waits until it listens. `null` where there is nothing of the kind.
 * @param started is called with each process as soon as it is there
 * @throws {Loss} or the signal's reason
 */
export async function startWorker(
  context: MemberContext,
  found: FoundEngine,
  site: EngineSite,
  address: string,
  signal: AbortSignal,
  started: (engine: EngineProcess) => void,
): Promise<RunningWorker | null> {
  const { adapter, order, rank, places } = context
  if (site.cacheFolder !== null) await boundKept(site.cacheFolder, order.cacheBytes)
  for (let tries = 1; ; tries += 1) {
    const port = await freePort()
    signal.throwIfAborted()
    const launch = adapter.worker(site, { address, port })
    if (launch === null) return null
    let protocol: string | null = null
    const said = Promise.withResolvers<void>()
    const engine = new EngineProcess(context, found, launch)
    engine.onLine((line) => {
      const found = adapter.readProtocol(line)
      if (found === null) return
      protocol = found
      said.resolve()
    })
    started(engine)
    const isUp = await orAborted(listens(context, engine, address, port), signal)
    if (isUp) {
      if (launch.listens !== null) await Promise.race([said.promise, context.clock.sleep(LINE_MS, { signal })])
      return { engine, port: launch.listens === null ? 0 : port, protocol }
    }
    if (!engine.isOver) {
      const reason = `its worker did not listen within ${seconds(order.limits.workerMs)}`
      throw new Loss("start_too_long", rank, `member ${rank} (${places[rank]?.host}): ${reason}`)
    }
    const { loss } = lossOf(context, "worker", await engine.ended, engine.lastLines, [])
    if (loss.code !== "port_taken" || tries === TRIES) throw loss
  }
}

/** Whether it listens in time; false at once when it ends. */
async function listens(
  { clock, order }: MemberContext,
  engine: EngineProcess,
  address: string,
  port: number,
): Promise<boolean> {
  const untilMs = clock.monotonicMs() + order.limits.workerMs
  if (engine.launch.listens === null) return true
  while (!engine.isOver && clock.monotonicMs() < untilMs) {
    const reason = await whyNotListening({ address, port }, LINE_MS)
    // Whose port it is shows only in that the process goes on: one that did not get it ends.
    if (reason === null) return !(await endsWithin(engine, UNBOUND_MS, clock))
    await endsWithin(engine, LOOK_MS, clock)
  }
  return false
}

async function endsWithin(engine: EngineProcess, ms: number, clock: MemberContext["clock"]): Promise<boolean> {
  await Promise.race([engine.ended, clock.sleep(ms)])
  return engine.isOver
}
