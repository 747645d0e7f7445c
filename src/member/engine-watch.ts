import type { EngineRole, RankedEndpoint } from "../hive/engines/engine-adapter.ts"
import type { EngineProcess } from "./engine-process.ts"
import type { FirstLoss } from "./first-loss.ts"
import { Loss } from "./loss.ts"
import type { MemberContext } from "./member-context.ts"
import { isStopped } from "./process-state.ts"
import { ticks } from "./ticks.ts"

/** Of pulses: where there is no /proc, each look starts a process. */
const LOOK_EVERY = 3
/** Stopped at so many looks in a row: one that is told to go on with this process may do so a moment later. */
const LOOKS = 2

/** Why a process of the engine ended, by what it said. `isCertain`: it is not only the echo of something that went wrong elsewhere. */
export function lossOf(
  context: Pick<MemberContext, "adapter" | "rank" | "places">,
  role: EngineRole,
  end: { readonly exitCode: number | null; readonly signal: string | null },
  lastLines: readonly string[],
  workers: readonly RankedEndpoint[],
): { readonly loss: Loss; readonly isCertain: boolean } {
  const { code, reason, endpoint } = context.adapter.explainEnd(role, end, lastLines)
  const worker = workers.find(({ address, port }) => `${address}:${port}` === endpoint)
  const member = worker?.rank ?? (code === "member_lost" || code === "unreachable" ? null : context.rank)
  const where = member === null ? "" : `member ${member} (${context.places[member]?.host}): `
  const seen = end.signal === null ? {} : { signal: end.signal }
  // Whoever kills it may be about to kill this program, too, and its host says why.
  const isAlone = context.places.length === 1 && end.signal !== "SIGKILL"
  return {
    loss: new Loss(code, member, `${where}${reason}`, undefined, seen),
    isCertain: member !== null && (isAlone || code !== "engine_ended"),
  }
}

/** Tells when a process of the engine ends, until the signal is aborted. */
export function watchEnd(
  context: MemberContext,
  engine: EngineProcess,
  workers: readonly RankedEndpoint[],
  end: FirstLoss,
  signal: AbortSignal,
): void {
  const { role } = engine.launch
  void engine.ended.then((how) => {
    if (signal.aborted) return
    const { loss, isCertain } = lossOf(context, role, how, engine.lastLines, workers)
    // The head feels what happens to others; a worker only what happens to itself, but for one of a ring.
    if ((role === "worker" && loss.code !== "member_lost") || isCertain) end.fail(loss)
    else end.suspect(loss)
  })
}

/** Tells when somebody has stopped a process of the engine, until it ends or the signal is aborted. */
export function watchStops(context: MemberContext, engine: EngineProcess, end: FirstLoss, signal: AbortSignal): void {
  const { clock, order, rank, places } = context
  const { role } = engine.launch
  const over = new AbortController()
  void engine.ended.then(() => over.abort())
  let looks = 0
  const everyMs = order.limits.pulseMs * LOOK_EVERY
  void ticks(clock, everyMs, order.limits.silentMs / 2, AbortSignal.any([signal, over.signal]), async (isLate) => {
    const stopped = !isLate && engine.pid !== null && (await isStopped(engine.pid))
    looks = stopped ? looks + 1 : 0
    if (looks < LOOKS || signal.aborted || engine.isOver) return
    const reason = `member ${rank} (${places[rank]?.host}): its ${role} was stopped by somebody`
    end.fail(new Loss("engine_stopped", rank, reason))
  })
}
