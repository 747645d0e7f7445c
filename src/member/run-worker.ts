import { orAborted } from "../base/or-aborted.ts"
import type { EngineSite } from "../hive/engines/engine-adapter.ts"
import { checkModel } from "./check-model.ts"
import type { EngineProcess, StoppedBy } from "./engine-process.ts"
import { engineSite } from "./engine-site.ts"
import { watchEnd, watchStops } from "./engine-watch.ts"
import { findEngine } from "./find-engine.ts"
import { listeningPrograms, refuseWhereFirewallAsks } from "./firewall.ts"
import { FirstLoss } from "./first-loss.ts"
import { KeptAnswers } from "./kept-answers.ts"
import { boundKept } from "./kept-weights.ts"
import { asLoss, Loss } from "./loss.ts"
import type { MemberContext } from "./member-context.ts"
import { MemberMeeting } from "./member-meeting.ts"
import type { PulseMessage } from "./pulse-message.ts"
import { lostNews } from "./run-head.ts"
import { startWorker } from "./start-worker.ts"
import { WorkerTunnels } from "./worker-tunnels.ts"

/**
 * A member that is not the head: comes to the head, starts its engine when all versions agree, and ends it when the head is gone.
 * @returns the loss that ended it; `null` when it was asked to, or the head was
 */
export async function runWorker(context: MemberContext): Promise<Loss | null> {
  const { order, rank, clock, tell, asked, hurried } = context
  const end = new FirstLoss(clock)
  const quiet = new AbortController()
  const begin = Promise.withResolvers<void>()
  const stop = Promise.withResolvers<void>()
  const engines: EngineProcess[] = []
  const sites: EngineSite[] = []
  let told: Loss | null = null
  let joined: Promise<void> | null = null
  let hasBegun = false
  const hear = (message: PulseMessage) => {
    if (message.type === "begin") {
      hasBegun = true
      begin.resolve()
    } else if (message.type === "stop") stop.resolve()
    else if (message.type === "lost") told = new Loss(message.code, message.member, message.reason, message.hint)
  }
  using tunnels = order.network?.kind === "tunnel" ? new WorkerTunnels(context) : null
  // Before it begins a head may go for what this member is about to find here, too.
  const headGone = (loss: Loss) => (hasBegun || told !== null ? end.fail(loss) : end.suspect(loss))
  const meeting = new MemberMeeting(context, hear, headGone, tunnels)

  const kept = KeptAnswers.of(context.adapter, context.environment, () => clock.now())
  const work = async (): Promise<void> => {
    const finding = findEngine(context.adapter, order.engineFolder, rank, context.environment, end.signal, kept)
    finding.catch(() => {})
    await tunnels?.listen()
    await checkModel(context)
    // The head may be a moment behind, and an engine takes its time to say what it is.
    joined = meeting.join(order.limits.gatherMs, asked)
    joined.catch(() => {})
    const found = await finding
    const site = await engineSite(context, found)
    sites.push(site)
    if (tunnels === null) await refuseWhereFirewallAsks(context, listeningPrograms(context, found))
    await joined
    meeting.send({ type: "here", version: found.version })
    await begin.promise
    tell({ hive: "starting", rank, step: "workers" })
    const address = tunnels === null ? (context.places[rank]?.address ?? "") : "127.0.0.1"
    const ending = AbortSignal.any([end.signal, quiet.signal])
    const worker = await startWorker(context, found, site, address, ending, (engine) => {
      engines.push(engine)
      watchStops(context, engine, end, quiet.signal)
    })
    if (worker !== null) watchEnd(context, worker.engine, [], end, quiet.signal)
    if (tunnels !== null) tunnels.enginePort = worker?.port ?? null
    meeting.send({ type: "listening", port: worker?.port ?? 0, protocol: worker?.protocol ?? null })
    await new Promise<never>(() => {})
  }
  const leave = leaving(context, meeting)
  try {
    await orAborted(Promise.race([work(), stop.promise, leave]), end.signal)
  } catch (error) {
    if (!asked.aborted) await kept?.forget()
    // What asked this member to end may have ended its engine, too.
    if (!asked.aborted) await report(context, meeting, joined, end, asLoss(error, rank))
  }
  const loss: Loss | null = asked.aborted ? told : (told ?? end.loss)
  if (loss !== null) tell(lostNews(loss, rank))
  quiet.abort()
  let by: StoppedBy = "never_began"
  for (const engine of engines.toReversed()) by = await engine.stop({ clock, hurried }, order.limits)
  const { cacheFolder } = sites[0] ?? {}
  if (typeof cacheFolder === "string") await boundKept(cacheFolder, order.cacheBytes)
  meeting.send({ type: "stopped" })
  meeting.end()
  tell({ hive: "stopped", rank, by })
  return loss
}

/** Has the head know, which may know better. */
async function report(
  context: MemberContext,
  meeting: MemberMeeting,
  joined: Promise<void> | null,
  end: FirstLoss,
  loss: Loss,
): Promise<void> {
  const { order } = context
  end.fail(loss)
  // Its engine is missing: the head waits for it, and is told why.
  if (!meeting.wasMet && loss.code !== "member_missing") {
    await (joined ?? meeting.join(order.limits.gatherMs, context.asked)).catch(() => {})
  }
  const { code, message, member, hint, seen } = end.loss ?? loss
  meeting.send({ type: "lost", code, reason: message, member, ...(hint === undefined ? {} : { hint }), ...seen })
}

/**
 * When it is asked to end: the head first finishes what is in flight, so its engine stays until the head says so, or is gone, or it takes too
 * long, or it is asked a second time. Never resolves before it is asked.
 */
async function leaving({ asked, hurried, order, clock }: MemberContext, meeting: MemberMeeting): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (asked.aborted) resolve()
  else asked.addEventListener("abort", () => resolve(), { once: true })
  await promise
  if (!meeting.isMet) return
  meeting.send({ type: "leaving" })
  const { drainMs, graceMs, killMs } = order.limits
  await clock.sleep(drainMs + graceMs + killMs, { signal: hurried }).catch(() => {})
}
